"""Decoding: sampling by time, odd files, broken files, and the reference clips."""

import itertools
import subprocess
import sys
import wave
from fractions import Fraction

import av
import numpy as np
import pytest

from vlm2.video import VideoError, VideoFile, VideoWarning, decode
from vlm2.video.clock import TimestampClock


def grey(levels, height=48, width=64):
    return [np.full((height, width, 3), level, np.uint8) for level in levels]


def times(video, fps=None):
    return [round(frame.time, 3) for frame in video.sample(fps)]


def test_every_frame_comes_with_its_time(write_video):
    video = VideoFile(write_video(grey(range(0, 200, 20))))
    frames = list(video.sample())
    assert (video.frames, video.width, video.height) == (10, 64, 48)
    assert video.seconds == pytest.approx(1.0, abs=0.01)
    assert video.fps == pytest.approx(10, abs=0.1)
    assert [f.time for f in frames] == pytest.approx([i / 10 for i in range(10)])
    assert [int(f.image.mean()) for f in frames] == pytest.approx(range(0, 200, 20), abs=3)


def test_sampling_takes_the_first_frame_of_each_interval(write_video):
    video = VideoFile(write_video(grey([0] * 30)))
    assert times(video, 2) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert times(video, 4) == [0, 0.3, 0.5, 0.8, 1, 1.3, 1.5, 1.8, 2, 2.3, 2.5, 2.8]
    assert times(video, 25) == [i / 10 for i in range(30)]


@pytest.mark.parametrize("name", ["video.mp4", "video.mkv"])
def test_variable_frame_rate_keeps_its_pace(write_video, name):
    stamps = [0, 100, 150, 900, 2000, 2001, 4990, 5000, 5600]
    video = VideoFile(write_video(grey([0] * 9), name=name, times=stamps))
    assert times(video) == [t / 1000 for t in stamps]
    assert times(video, 1) == [0, 2, 4.99, 5]
    assert video.frames == 9


def test_a_first_timestamp_after_zero_is_time_zero(write_video):
    video = VideoFile(write_video(grey([0] * 4), name="video.mkv", times=[7000, 7500, 8000, 8500]))
    assert times(video) == [0, 0.5, 1, 1.5]


def test_frames_without_stamps_are_told_by_their_rate(write_video):
    frames = []
    for stamp in (None, None, 9005, 9010, None, 9010):  # tenths of a second; the last comes too early
        frame = av.VideoFrame(16, 16, "gray")
        frame.pts, frame.time_base = stamp, Fraction(1, 10)
        frames.append(frame)
    with av.open(str(write_video(grey([0] * 3)))) as container:
        told = list(TimestampClock().times(frames, container.streams.video[0]))
    assert [time for time, _ in told] == pytest.approx([0.0, 0.1, 0.2, 0.7, 0.8, 0.9])
    assert [frame for _, frame in told] == frames


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("deep.mp4", "libx265", "yuv420p10le"),
        ("full.mov", "mjpeg", "yuvj444p"),
        ("web.webm", "libvpx-vp9", "yuva420p"),
        ("raw.nut", "rawvideo", "bgr24"),
        ("grey.mkv", "ffv1", "gray"),
        ("stream.h264", "libx264", "yuv422p"),
    ],
)
def test_codecs_and_pixel_formats(write_video, name, codec, pixels):
    video = VideoFile(write_video(grey([40, 120, 200]), name=name, codec=codec, pixels=pixels))
    frames = list(video.sample())
    assert [round(f.image.mean()) for f in frames] == pytest.approx([40, 120, 200], abs=4)
    assert (video.frames, frames[0].image.dtype) == (3, np.uint8)
    assert all(a.time < b.time for a, b in itertools.pairwise(frames))


def test_one_frame_and_odd_sizes(write_video):
    video = VideoFile(write_video(grey([90], 37, 53), name="odd.mkv", codec="ffv1", pixels="bgr0"))
    (frame,) = video.sample(2)
    assert (frame.time, frame.image.shape, video.frames) == (0, (37, 53, 3), 1)


def test_pixels_become_square(write_video, monkeypatch):
    video = VideoFile(write_video(grey([90]), aspect=Fraction(3, 2)))
    assert (video.width, video.height) == (96, 48)
    monkeypatch.setattr(decode, "MAX_SIDE", 90)
    with pytest.raises(VideoError, match="at most 90 a side"):
        VideoFile(video.path)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_impossible_rates_are_refused(write_video, fps):
    video = VideoFile(write_video(grey([0])))
    with pytest.raises(ValueError, match="above 0"):
        video.sample(fps)


def test_missing_file_folder_and_text(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("These are notes.\n" * 40)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path, words in [
        (tmp_path / "none.mp4", "no file"),
        (tmp_path, "folder"),
        (text, "not a video"),
        (empty, "not a video"),
    ]:
        with pytest.raises(VideoError, match=words):
            VideoFile(path)


def test_audio_only(tmp_path):
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(VideoError, match="no video, only audio"):
        VideoFile(path)


def test_no_frames(write_video):
    path = write_video(grey([0, 50, 100]), name="video.avi", codec="mjpeg", pixels="yuvj420p")
    data = path.read_bytes()
    body = data.index(b"movi")
    path.write_bytes(data[: body + 4] + bytes(len(data) - body - 4))
    with pytest.raises(VideoError, match="no frame that can be decoded"):
        VideoFile(path)


def test_absurd_resolution(write_video):
    path = write_video(grey([0], 16, 9000), name="wide.avi", codec="mjpeg", pixels="yuvj420p")
    with pytest.raises(VideoError, match="9000×16 pixels; at most 8192"):
        VideoFile(path)


def test_truncated_video_gives_what_it_has_and_warns(write_video):
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    path = write_video(list(noise), options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    video = VideoFile(path)
    with pytest.warns(VideoWarning, match=r"up to [12]\.\d s of 4\.0 s"):
        frames = list(video.sample())
    assert 10 <= len(frames) < 40


def test_index_missing_from_the_end_is_said(write_video):
    path = write_video(grey([0] * 20))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(VideoError, match="its end is missing"):
        VideoFile(path)


def test_long_video_stays_out_of_memory(write_video):
    path = write_video(grey([0], 720, 1280) * 100)
    code = (
        "import resource, sys; from vlm2.video import VideoFile\n"
        "video = VideoFile(sys.argv[1]); next(video.sample())\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for _ in video.sample())\n"
        "print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, grown = map(int, run.stdout.split())
    assert count == 100
    assert grown < 100  # MiB; all frames would be 263


@pytest.mark.parametrize(
    ("name", "size", "frames", "last"),
    [
        ("bedroom_960x540.mp4", (960, 540), 14, 6.5),
        ("fps_49_4.mp4", (1024, 576), 7, 3.0),
        ("portrait_576x1024.mp4", (576, 1024), 35, 17.0),
        ("room_1fps.mp4", (512, 384), 8, 7.0),
    ],
)
def test_reference_clips(shared, name, size, frames, last):
    video = VideoFile(shared / "data" / "video" / name)
    sampled = list(video.sample(2))
    assert (video.width, video.height) == size
    assert (len(sampled), sampled[-1].time) == (frames, pytest.approx(last, abs=0.03))
    assert {f.image.shape for f in sampled} == {(size[1], size[0], 3)}


@pytest.mark.parametrize(
    ("name", "bright", "dark"),  # corners of the first frame: (from top, from left) of the brightest and the darkest
    [
        ("bedroom_960x540.mp4", (0, 0), (1, 1)),  # curtain; chest of drawers
        ("fps_49_4.mp4", (1, 0), (0, 0)),  # floor; pegboard
        ("portrait_576x1024.mp4", (0, 1), (1, 1)),  # logo; letterbox
        ("room_1fps.mp4", (0, 0), (1, 0)),  # window; floor
    ],
)
def test_reference_clips_stand_upright(shared, name, bright, dark):
    image = next(VideoFile(shared / "data" / "video" / name).sample()).image
    rows, columns = image.shape[0] // 6, image.shape[1] // 3
    light = {
        (y, x): image[-rows if y else 0 :, -columns if x else 0 :][:rows, :columns].mean()
        for y in (0, 1)
        for x in (0, 1)
    }
    assert (max(light, key=light.get), min(light, key=light.get)) == (bright, dark), light
