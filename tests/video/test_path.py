"""Names of files that FFmpeg or a shell would take for something else, and what is said of what is no file."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from vlm2.video import VideoError, VideoFile, find_source

NAMES = [
    "10:30.mp4",
    "http:room.mp4",
    "concat:a|b.mp4",
    "file:room.mp4",
    "pipe:0",
    "-room.mp4",
    "[kitchen] [red].mp4",
    "50%d 100%.mp4",
    "a%20b#c?d=e&f.mp4",
    "Küche 台所.mp4",
    "two\nlines.mp4",
    "caf\udce9.mp4",  # bytes that are no UTF-8
    "no_ending",
]


@pytest.fixture
def here(write_video, tmp_path, monkeypatch):
    """A folder to be in, and a film."""
    film = write_video([np.full((32, 48, 3), 100, np.uint8)] * 5)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    return film


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_file(here, name):
    shutil.copy(here, os.fsencode(name))
    for spelled in (name, f"./{name}", str(Path(name).absolute())):
        assert len(list(VideoFile(spelled).sample())) == 5
        source = find_source(spelled)
        assert (source.kind, source.name) == ("file", spelled)
        with source.open() as connection:
            assert connection.paced


def test_addresses_of_files_are_files(here):
    shutil.copy(here, "my room.mp4")
    address = Path("my room.mp4").absolute().as_uri()
    assert "%20" in address
    assert VideoFile(address).frames == VideoFile(Path(address)).frames == 5
    assert find_source(address).kind == "file"


def test_a_pipe_with_a_colon_is_opened_as_one(here):
    os.mkfifo("10:30")
    assert Path(find_source("10:30").location).is_absolute()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http://camera/stream?a=1", "http://camera/stream?a=1 is an address"),
        ("rtsp://user@camera:554/1", "vlm2 watch rtsp://user@camera:554/1"),
        (Path("https://camera/1.mp4"), "https://camera/1.mp4 is an address"),
        ("file:///none.mp4", "no file"),
        ("-", "vlm2 watch -"),
        ("0", "vlm2 watch 0"),
        ("", "name of the video is empty"),
        ("/dev/null", "a device or a pipe"),
        ("pipe", "a device or a pipe"),
        (".", "a folder. Name one video file in it."),
        ("photos", "vlm2 ask photos QUESTION"),
        ("none:1.mp4", "no file none:1.mp4"),
    ],
)
def test_what_is_no_file_is_explained(here, name, words):
    os.mkfifo("pipe")
    Path("photos").mkdir()
    Path("photos/1.JPG").touch()
    with pytest.raises(VideoError) as told:
        VideoFile(name)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
