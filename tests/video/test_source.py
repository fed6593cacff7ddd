"""What the name of a source means."""

import os

import numpy as np
import pytest

from vlm2.video import VideoError, find_source


def test_names_mean_cameras_addresses_pipes_and_files(write_video, tmp_path):
    film = write_video([np.zeros((32, 48, 3), np.uint8)] * 3)
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    assert find_source("-").kind == "pipe"
    assert find_source(str(fifo)).kind == "pipe"
    assert find_source("rtsp://camera.example/1").kind == "network"
    assert find_source(str(film)).kind == "file"


@pytest.mark.parametrize(
    ("name", "words"),
    [("99", "no camera /dev/video99"), ("/dev/video98", "no camera /dev/video98"), ("none.mp4", "no file none.mp4")],
)
def test_what_is_not_there_is_said_at_once(name, words, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(VideoError, match=words):
        find_source(name)


def test_a_platform_without_cameras_tells_the_way_round(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(VideoError, match="vlm2 watch -"):
        find_source("0")


def test_the_kind_of_connection_follows_from_what_answers(write_video):
    film = write_video([np.zeros((32, 48, 3), np.uint8)] * 3)
    with find_source(str(film)).open() as connection:
        assert connection.ends
        assert connection.paced
    with pytest.raises(VideoError, match="cannot be opened"), find_source("http://127.0.0.1:1/").open():
        pass
