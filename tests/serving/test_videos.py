"""Uploaded videos: what is taken, how many are kept, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streams import encode
from toyclient import small_video

from vlm2.serving.limits import Limits, Refusal
from vlm2.serving.videos import VideoShelf, ending_of, frames_of, frames_of_bytes

PLAYLISTS = (
    b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    b"ffconcat version 1.0\nfile /etc/passwd\n",
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
)


@pytest.mark.parametrize("container", ["matroska", "mp4", "mov", "avi", "flv", "webm", "gif"])
def test_common_containers_are_taken(container) -> None:
    codec = {"webm": "libvpx", "flv": "flv", "gif": "gif", "mp4": "libx264", "mov": "mjpeg"}.get(container, "mpeg4")
    try:
        data = encode(12, container, codec, rate=10)
    except Exception as error:
        pytest.skip(f"this FFmpeg cannot write it: {error}")
    frames = list(frames_of_bytes(data, Limits(), print))
    assert [frame.time for frame in frames][:2] == pytest.approx([0.0, 0.5], abs=0.06) and len(frames) == 3


@pytest.fixture
def shelf() -> Iterator[VideoShelf]:
    """A shelf with room for two videos."""
    shelf = VideoShelf(Limits(videos=2))
    yield shelf
    shelf.close()


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"plain text", *PLAYLISTS])
def test_playlists_and_others_are_refused(shelf, data) -> None:
    with pytest.raises(Refusal, match="no video of a kind"):
        ending_of(data)
    with pytest.raises(Refusal, match="no video of a kind"):
        shelf.add(io.BytesIO(data))


def test_a_playlist_behind_a_signature_opens_no_other_file() -> None:
    with pytest.raises(Refusal) as refused:
        list(frames_of_bytes(b"\x00\x00\x00\x08ftyp" + PLAYLISTS[0], Limits(), print))
    assert refused.value.status == 400 and "/tmp" not in str(refused.value) and "vlm2-video" not in str(refused.value)


def test_long_and_large_videos_are_refused() -> None:
    with pytest.raises(Refusal, match="at most 1 s are watched") as long:
        frames_of_bytes(small_video(), Limits(frames=2), print)
    with pytest.raises(Refusal, match="48×32 pixels") as large:
        frames_of_bytes(small_video(), Limits(pixels=1000), print)
    assert long.value.status == large.value.status == 413


def test_only_what_is_new_is_watched(write_video) -> None:
    shown = np.repeat(np.random.default_rng(0).integers(0, 255, (3, 32, 48, 3), dtype=np.uint8), [3, 8, 5], axis=0)
    path, limits = write_video(list(shown)), Limits(rate=10.0, only_new=True, frames=6)
    assert [frame.time for frame in frames_of(path, limits, print)] == pytest.approx([0.0, 0.3, 1.1, 1.5])
    with pytest.raises(Refusal, match="at most 1 s"):
        frames_of(path, replace(limits, frames=4), print)


def test_damage_is_told_without_the_servers_path(write_video) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    path = write_video(list(noise), options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    notes: list[str] = []
    assert 0 < len(list(frames_of(path, Limits(), notes.append))) < 8
    assert notes and notes[0].startswith("The video is truncated") and str(path) not in notes[0]


def test_the_shelf_keeps_the_latest(shelf) -> None:
    added = [shelf.add(io.BytesIO(small_video()), f"{number}.mkv") for number in range(3)]
    assert [video.name for video in shelf.list()] == ["1.mkv", "2.mkv"]
    assert not added[0].path.exists() and added[1].path.read_bytes() == small_video()
    with pytest.raises(Refusal, match="no file"):
        shelf.get(added[0].id)
    shelf.delete(added[1].id)
    assert not added[1].path.exists()
    folder = Path(added[2].path).parent
    shelf.close()
    assert not folder.exists()
