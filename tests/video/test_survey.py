"""Frames and seconds of a file are those that decoding yields."""

import av
import numpy as np
import pytest
from films import jpeg, mux_jpegs, recut
from PIL import Image
from streams import encode

from vlm2.video import VideoFile, VideoWarning

PICTURES = [np.full((48, 64, 3), 4 * i, np.uint8) for i in range(60)]


def agree(video: VideoFile, frames: int, seconds: float) -> None:
    """Check the counts against decoding, and that `spread` and `numbered` find what they count."""
    shown = list(video.sample())
    assert (video.frames, len(shown)) == (frames, frames)
    assert video.seconds == pytest.approx(seconds, abs=0.06)
    assert video.fps == pytest.approx(frames / seconds, rel=0.1)
    assert shown[-1].time < video.seconds
    assert len(list(video.spread(8))) == min(8, frames)
    assert [frame.time for frame in video.numbered([0, frames - 1])] == [shown[0].time, shown[-1].time]


@pytest.mark.parametrize("b_frames", ["0", "3"])
@pytest.mark.parametrize(("start", "end"), [(4.5, None), (0.0, 2.0), (2.0, 4.0), (-3.0, None), (-3.0, 3.0)])
def test_what_an_edit_list_hides_is_not_counted(write_video, tmp_path, b_frames, start, end):
    whole = write_video(PICTURES, codec="libx264", options=None)
    if b_frames == "0":
        whole = without_b_frames(tmp_path / "plain.mp4")
    cut = recut(whole, tmp_path / "cut.mp4", start, end)
    with av.open(str(cut)) as container:
        shown = len(list(container.decode(video=0)))
    agree(VideoFile(cut), shown, shown / 10)
    assert shown >= 14


def without_b_frames(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"bf": "0"})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for array in PICTURES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "movflags"),
    [
        ("first.mp4", "libx264", "yuv420p", "frag_keyframe"),  # the header counts the first fragment only
        ("fragments.mp4", "libx264", "yuv420p", "frag_keyframe+empty_moov"),
        ("ticks.avi", "mpeg4", "yuv420p", None),  # the header counts ticks
        ("plain.mkv", "libx264", "yuv420p", None),
        ("plain.webm", "libvpx-vp9", "yuv420p", None),
    ],
)
def test_containers_that_miscount(write_video, name, codec, pixels, movflags):
    options = {"movflags": movflags, "frag_duration": "1000000"} if movflags else None
    agree(VideoFile(write_video(PICTURES, name=name, codec=codec, pixels=pixels, options=options)), 60, 6.0)


def test_streams_without_an_index_and_animations(tmp_path):
    (tmp_path / "stream.ts").write_bytes(encode(25))
    agree(VideoFile(tmp_path / "stream.ts"), 25, 1.0)
    first, *others = [Image.fromarray(picture) for picture in PICTURES[:10]]
    for name in ("picture.gif", "picture.png", "picture.avif"):  # the last holds its first picture beside the animation
        first.save(tmp_path / name, save_all=True, append_images=others, duration=200)
        agree(VideoFile(tmp_path / name), 10, 2.0)


def test_frames_of_vp8_that_are_not_shown(write_video, tmp_path):
    path = tmp_path / "alternate.webm"
    with (
        av.open(str(write_video(PICTURES, name="plain.webm", codec="libvpx"))) as read,
        av.open(str(path), "w") as written,
    ):
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for index, packet in enumerate(read.demux(stream)):
            if packet.pts is not None:
                data = bytearray(packet)
                data[0] &= 0xFF if index % 20 != 10 else 0xEF  # show_frame
                hidden = av.Packet(bytes(data))
                hidden.pts, hidden.dts, hidden.time_base = packet.pts, packet.dts, packet.time_base
                hidden.is_keyframe, hidden.stream = packet.is_keyframe, copy
                written.mux(hidden)
    agree(VideoFile(path), 57, 6.0)


@pytest.mark.parametrize("name", ["video.mkv", "video.mp4", "video.mov", "video.nut"])
@pytest.mark.parametrize("chosen", [{20, 21}, {20, 40}, {60, 61}])
def test_stamps_far_away_make_no_file_long(tmp_path, name, chosen):
    jpegs = [jpeg(np.full((32, 48, 3), 4 * i, np.uint8)) for i in range(62)]
    stamps = [100 * i + 4_000_000 * (i in chosen) for i in range(62)]
    video = VideoFile(mux_jpegs(tmp_path / name, jpegs, stamps))
    assert (video.frames, video.seconds) == (62, pytest.approx(6.2, abs=0.01))
    with pytest.warns(VideoWarning, match=r"wrong time stamps: .*4000 s") as told:
        frames = list(video.sample())
    assert len(told) == 1
    assert [frame.time for frame in frames] == pytest.approx([i / 10 for i in range(62)])
    with pytest.warns(VideoWarning):
        assert len(list(video.sample(2))) == 13
    with pytest.warns(VideoWarning):
        assert len(list(video.spread(8))) == 8


def test_stamps_far_away_among_frames_stored_out_of_order(write_video, tmp_path):
    path = tmp_path / "odd.mp4"
    with av.open(str(write_video(PICTURES))) as read, av.open(str(path), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for index, packet in enumerate(read.demux(stream)):
            if packet.pts is not None and packet.time_base is not None:
                packet.pts += round(4000 / packet.time_base) if index in (20, 21, 33) else 0
                packet.stream = copy
                written.mux(packet)
    video = VideoFile(path)
    with pytest.warns(VideoWarning, match="3 frames carry"):
        times = [frame.time for frame in video.sample()]
    assert (len(times), video.frames) == (60, 60)
    assert times == pytest.approx([i / 10 for i in range(60)], abs=0.15)
    assert video.seconds == pytest.approx(6.0, abs=0.15)


def test_files_put_together_are_as_long_as_both(tmp_path):
    (tmp_path / "both.ts").write_bytes(4 * encode(28))
    video = VideoFile(tmp_path / "both.ts")
    times = [frame.time for frame in video.sample()]
    assert len(times) == video.frames == 112
    assert video.seconds == pytest.approx(112 / 25, abs=0.2)
    assert times[-1] == pytest.approx(111 / 25, abs=0.2)


def test_a_last_frame_that_stays_is_no_damage(write_video):
    path = write_video(PICTURES[:3], name="still.gif", codec="gif", pixels="rgb8", times=[0, 100, 200])
    data = bytearray(path.read_bytes())
    last = data.rindex(b"\x21\xf9\x04") + 4
    data[last : last + 2] = (3000).to_bytes(2, "little")  # hundredths of a second
    path.write_bytes(data)
    video = VideoFile(path)
    assert len(list(video.sample())) == 3
    assert video.seconds == pytest.approx(30.2, abs=0.1)
