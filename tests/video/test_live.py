"""The reader: newest frame only, drops counted, lost streams tried again, files at their own pace."""

import os
from queue import SimpleQueue
from threading import Thread

import numpy as np
import pytest
from films import jpeg, mux_jpegs
from streams import Lockstep, Ticking, encode, served

from vlm2.video import (
    FrameReady,
    LiveReader,
    PictureChanged,
    SourceEnded,
    SourceLost,
    VideoError,
    WrongTimestamps,
    find_source,
)
from vlm2.video.source import VideoSource


def read(source: VideoSource, fps: float, wall: Ticking, tries: int = 3, take: bool = True):
    """Read to the end: the reader, the frames taken, and the other events."""
    events: SimpleQueue = SimpleQueue()
    reader = LiveReader(source, fps, events.put, tries, wall)
    reader.start()
    frames, told = [], []
    while not told or not isinstance(told[-1], SourceEnded):
        event = events.get(timeout=10)
        if not isinstance(event, FrameReady):
            told.append(event)
        elif take:
            frames.append(reader.take())
            if isinstance(wall, Lockstep):
                wall.turn.release()
    reader.stop()
    return reader, frames, told


@pytest.fixture
def film(write_video):
    return find_source(str(write_video([np.full((32, 48, 3), 10 * i, np.uint8) for i in range(20)])))


def test_a_file_plays_at_its_own_pace(film):
    wall = Lockstep()
    reader, frames, told = read(film, 5, wall)
    assert [round(frame.time, 3) for frame in frames] == [round(0.2 * i, 3) for i in range(10)]
    assert wall.waits == pytest.approx([0.2] * 9, abs=1e-6)
    assert told == [SourceEnded()]
    assert (reader.wanted, reader.dropped, reader.lost) == (10, 0, 0)


def test_nobody_waits_for_stamps_far_away(tmp_path):
    jpegs = [jpeg(np.full((32, 48, 3), 4 * i, np.uint8)) for i in range(62)]
    stamps = [100 * i + 4_000_000 * (i in (20, 21)) for i in range(62)]
    mux_jpegs(tmp_path / "odd.mkv", jpegs, stamps)
    ours, theirs = os.pipe()
    writer = Thread(target=lambda: (os.write(theirs, (tmp_path / "odd.mkv").read_bytes()), os.close(theirs)))
    writer.start()
    for source in (find_source(str(tmp_path / "odd.mkv")), VideoSource("stdin", "pipe", f"pipe:{ours}")):
        wall = Lockstep()
        reader, frames, (doubted, ended) = read(source, 10, wall)
        assert isinstance(doubted, WrongTimestamps) and "4000 s" in doubted.reason
        assert ended == SourceEnded()
        assert max(wall.waits) < 0.3 and wall.time < 6.5
        assert [round(frame.time, 3) for frame in frames] == [round(0.1 * i, 3) for i in range(62)]
        assert reader.dropped == 0
    writer.join()
    os.close(ours)


def test_a_picture_of_another_shape_ends_reading_and_another_resolution_does_not(tmp_path):
    def film(*sizes):
        return [jpeg(np.full((*size, 3), 100, np.uint8)) for size in sizes for _ in range(5)]

    mux_jpegs(tmp_path / "same.mkv", film((36, 64), (72, 128)))
    _, frames, told = read(find_source(str(tmp_path / "same.mkv")), 10, Lockstep())
    assert told == [SourceEnded()] and {frame.image.shape for frame in frames} == {(36, 64, 3)}
    mux_jpegs(tmp_path / "other.mkv", film((36, 64), (64, 36)))
    _, frames, (ended,) = read(find_source(str(tmp_path / "other.mkv")), 10, Lockstep())
    assert len(frames) == 5 and isinstance(ended.error, PictureChanged)
    assert "64×36 to 36×64 pixels at 0.5 s" in str(ended.error) and "\n" not in str(ended.error)


def test_a_stream_that_comes_back_with_another_shape_ends_reading():
    streams = [encode(12), encode(12, size=(48, 32))]
    with served(streams, "video/mp2t", times=2) as address:
        reader, frames, told = read(find_source(address), 100, Lockstep(tick=0.1))
    assert [type(event) for event in told] == [SourceLost, SourceEnded]
    assert isinstance(told[-1].error, PictureChanged)
    assert {frame.image.shape for frame in frames} == {(32, 48, 3)} and reader.lost == 1


def test_frames_that_nobody_takes_are_dropped_and_the_newest_stays(film):
    reader, _, _ = read(film, 5, Ticking(), take=False)
    assert (reader.wanted, reader.dropped) == (10, 9)
    frame = reader.take()
    assert frame is not None
    assert frame.time == pytest.approx(1.8)
    assert frame.image.mean() == pytest.approx(180, abs=4)
    assert reader.take() is None


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("mpegts", "mpeg2video", "video/mp2t"),
        ("mpjpeg", "mjpeg", "multipart/x-mixed-replace;boundary=ffmpeg"),
    ],
)
def test_a_lost_stream_is_taken_up_again_and_given_up_in_the_end(container, codec, kind):
    wall = Lockstep(tick=0.1)
    with served(encode(12, container, codec), kind, times=2) as address:
        reader, frames, told = read(find_source(address), 100, wall)
    times = [frame.time for frame in frames]
    assert reader.wanted == len(frames) >= 2 * 10  # a decoder may keep the last frames of a stream that breaks off
    assert np.diff(times).min() == pytest.approx(0.1)  # a frame is of the moment when it arrives
    assert reader.lost == 2
    assert [type(event) for event in told] == [SourceLost] * 4 + [SourceEnded]
    assert [event.pause for event in told[:-1]] == [0.5, 0.5, 1.0, 2.0] == wall.waits
    assert isinstance(told[-1].error, VideoError)
    assert "Given up after 3 more tries" in str(told[-1].error)


def test_a_source_may_be_away_for_days(monkeypatch):
    def away(reader: LiveReader) -> str:
        reader.wanted = 1  # a frame came, at first
        return "It is away."

    monkeypatch.setattr(LiveReader, "_read_connection", away)
    _, _, told = read(find_source("http://127.0.0.1:1/"), 2, Ticking(), tries=1100)
    assert len(told) == 1101 and "Given up after 1100 more tries" in str(told[-1].error)
    assert {event.pause for event in told[8:-1]} == {30.0}


def test_a_recording_that_breaks_off_is_told_and_one_that_ends_is_not():
    film = encode(24)
    for data, whole in ((film, True), (film[: len(film) // 2], False)):
        with served(data, "video/mp2t", times=1, size=len(film)) as address:
            reader, frames, (ended,) = read(find_source(address), 100, Lockstep())
        assert len(frames) >= (22 if whole else 5) and reader.lost == 0
        assert (ended.error is None) == whole
    assert isinstance(ended.error, VideoError) and "broke off" in str(ended.error)


def test_live_frames_are_thinned_by_the_time_of_their_arrival():
    with served(encode(20), "video/mp2t", times=1) as address:
        reader, _, _ = read(find_source(address), 2, Ticking(tick=0.1), tries=0)
    assert reader.wanted == 4  # of 18 or more frames over two seconds


def test_the_first_connection_has_to_work():
    _, frames, told = read(find_source("http://127.0.0.1:1/"), 2, Ticking(), tries=9)
    assert frames == []
    assert "cannot be opened" in str(told[0].error)


def test_a_pipe_is_read_to_its_end():
    ours, theirs = os.pipe()
    writer = Thread(target=lambda: (os.write(theirs, encode(10, "matroska", "mpeg4", rate=10)), os.close(theirs)))
    writer.start()
    wall = Lockstep()
    reader, frames, told = read(VideoSource("stdin", "pipe", f"pipe:{ours}"), 5, wall)
    writer.join()
    os.close(ours)
    assert [round(frame.time, 3) for frame in frames] == [0, 0.2, 0.4, 0.6, 0.8]
    assert told == [SourceEnded()]
    assert reader.dropped == 0


def test_an_unexpected_error_reaches_whoever_waits(film, monkeypatch):
    def fail(*_) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("vlm2.video.live.read_frames", fail)
    _, _, told = read(film, 5, Ticking())
    assert isinstance(told[-1].error, RuntimeError)


@pytest.mark.parametrize(("fps", "tries", "words"), [(0, 1, "above 0"), (2, -1, "0 times or more")])
def test_impossible_settings_are_refused(film, fps, tries, words):
    with pytest.raises(ValueError, match=words):
        LiveReader(film, fps, print, tries)
