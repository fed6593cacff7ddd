"""A folder of pictures as a video: order, times, orientation, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from vlm2.video import PictureFolder, VideoError, VideoFile, open_video


@pytest.fixture
def folder(tmp_path):
    """Pictures that are named as cameras do, brighter and brighter, beside a text."""
    (tmp_path / "photos").mkdir()
    for index, name in enumerate(["IMG_2.png", "IMG_9.JPG", "img_10.jpeg"]):
        Image.new("RGB", (48, 32), (50 * index,) * 3).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("none")
    return tmp_path / "photos"


def shades(frames):
    return [int(frame.image.mean().round()) for frame in frames]


def test_pictures_come_by_name_with_numbers_as_numbers(folder):
    video = open_video(folder)
    assert isinstance(video, PictureFolder)
    frames = list(video.sample())
    assert shades(frames) == [0, 50, 100] and [frame.time for frame in frames] == [0.0, 0.5, 1.0]
    assert (video.frames, video.seconds, video.width, video.height) == (3, 1.5, 48, 32)
    assert frames[0].image.shape == (32, 48, 3) and frames[0].image.flags.writeable


def test_fps_gives_their_distance_and_leaves_none_out(folder):
    assert [frame.time for frame in open_video(folder, 0.5).sample()] == [0.0, 2.0, 4.0]
    assert [frame.time for frame in open_video(folder).sample(4)] == [0.0, 0.25, 0.5]
    assert open_video(folder, 0.5).seconds == 6.0
    for fps in (0, -1):
        with pytest.raises(ValueError, match="above 0"):
            open_video(folder, fps)


def test_pictures_by_number(folder):
    assert shades(open_video(folder).numbered([2, 0, 2])) == [0, 100]


def test_a_picture_that_was_held_upright_is_upright(tmp_path):
    shown = np.zeros((48, 32, 3), np.uint8)
    shown[:8] = 255  # at the top
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(np.rot90(shown)).save(tmp_path / "1.png", exif=exif)
    Image.fromarray(shown).save(tmp_path / "2.png")
    video = open_video(tmp_path)
    assert (video.width, video.height) == (32, 48)
    assert all(np.array_equal(frame.image, shown) for frame in video.sample())


def test_another_size_is_refused_with_both(folder):
    Image.new("RGB", (32, 48)).save(folder / "IMG_11.png")
    with pytest.raises(VideoError, match=r"IMG_11.png is 32×48 pixels, but IMG_2.png is 48×32"):
        open_video(folder)


def test_folders_without_readable_pictures_are_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(VideoError, match="empty holds no pictures"):
        open_video(tmp_path / "empty")
    (folder / "a.jpg").write_bytes(b"none")
    with pytest.raises(VideoError, match="a.jpg is not a picture"):
        open_video(folder)
    (folder / "a.jpg").rename(folder / "a.HEIC")
    with pytest.raises(VideoError, match="a.HEIC, which cannot be read. Save such photos as JPEG"):
        open_video(folder)


def test_a_damaged_picture_is_named(folder):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)).save(folder / "IMG_9.JPG")
    content = (folder / "IMG_9.JPG").read_bytes()
    (folder / "IMG_9.JPG").write_bytes(content[: len(content) // 2])
    with pytest.raises(VideoError, match="IMG_9.JPG is a damaged picture"):
        list(open_video(folder).sample())


def test_a_file_is_a_video(write_video):
    assert isinstance(open_video(write_video([np.zeros((32, 48, 3), np.uint8)] * 3)), VideoFile)
    with pytest.raises(VideoError, match="name of the video is empty"):
        open_video("")
