"""Pictures of odd files: side data without a name, another resolution, another shape, photos and animations."""

from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.stream import Disposition
from films import jpeg, mux_jpegs
from PIL import Image

from vlm2.video import VideoError, VideoFile, VideoWarning
from vlm2.video import orientation as orientations
from vlm2.video.decode import find_video_stream
from vlm2.video.orientation import DisplayMatrix

CORNERS = np.zeros((64, 96, 3), np.uint8)  # red top left, green top right, blue bottom left, black bottom right
CORNERS[:32, :48, 0] = CORNERS[:32, 48:, 1] = CORNERS[32:, :48, 2] = 255
EXIF = {  # orientation to what a viewer shows (JEITA CP-3451, table 8)
    1: CORNERS,
    2: CORNERS[:, ::-1],
    3: CORNERS[::-1, ::-1],
    4: CORNERS[::-1],
    5: CORNERS.swapaxes(0, 1),
    6: np.rot90(CORNERS, -1),
    7: np.rot90(CORNERS, 2).swapaxes(0, 1),
    8: np.rot90(CORNERS),
}


def alike(image: np.ndarray, shown: np.ndarray) -> bool:
    return image.shape == shown.shape and bool(np.abs(image.astype(int) - shown).mean() < 12)


@pytest.mark.parametrize("name", ["camera.avi", "camera.mov", "camera.mkv", "photo.jpg"])
@pytest.mark.parametrize("orientation", EXIF)
def test_side_data_without_a_name_stops_nothing_and_orientation_counts(tmp_path, name, orientation):
    path = tmp_path / name
    if name == "photo.jpg":
        path.write_bytes(jpeg(CORNERS, orientation))
    else:
        mux_jpegs(path, [jpeg(CORNERS, orientation)] * 3)
    video = VideoFile(path)
    assert (video.height, video.width) == EXIF[orientation].shape[:2]
    for frame in video.sample():
        assert alike(frame.image, EXIF[orientation])
        assert frame.image.flags.c_contiguous


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_angle_is_known_even_where_no_filter_helps(tmp_path, monkeypatch, orientation):
    def none(_):
        raise av.error.FilterNotFoundError(1, "no filter")

    monkeypatch.setattr(orientations, "_without_unknown", none)
    (tmp_path / "photo.jpg").write_bytes(jpeg(CORNERS, orientation))
    assert alike(next(VideoFile(tmp_path / "photo.jpg").sample()).image, EXIF[orientation])


def test_angles_go_to_the_nearest_quarter_turn():
    for degrees, turns in ((0, 0), (44, 0), (90, 1), (-90, 3), (180, 2), (-180, 2), (269, 3), (360, 0)):
        assert alike(DisplayMatrix.of_angle(degrees).apply(CORNERS), np.rot90(CORNERS, turns))


def changing(path, *sizes):
    """A film of five frames, half a second, of each height and width."""
    pictures = [np.full((*size, 3), 100, np.uint8) for size in sizes for _ in range(5)]
    return VideoFile(mux_jpegs(path, [jpeg(image) for image in pictures]))


@pytest.mark.parametrize("name", ["change.mkv", "change.avi"])
def test_another_resolution_of_the_same_shape_is_scaled(tmp_path, name):
    video = changing(tmp_path / name, (36, 64), (72, 128), (18, 32), (50, 90))
    assert {frame.image.shape for frame in video.sample()} == {(36, 64, 3)}
    assert len(list(video.spread(20))) == 20


@pytest.mark.parametrize("name", ["change.mkv", "change.avi"])
@pytest.mark.parametrize("size", [(64, 36), (48, 64), (64, 64)])
def test_reading_ends_with_a_warning_where_the_shape_changes(tmp_path, name, size):
    video = changing(tmp_path / name, (36, 64), size, (36, 64))
    words = f"changes from 64×36 to {size[1]}×{size[0]} pixels at 0.5 s.*what came before"
    for frames in (video.sample(), video.spread(15), video.numbered(range(15))):
        with pytest.warns(VideoWarning, match=words) as told:
            assert [frame.image.shape for frame in frames] == [(36, 64, 3)] * 5
        assert len(told) == 1


def test_a_turn_in_the_middle_changes_the_shape_only_where_it_is_none_of_half_a_circle(tmp_path):
    wide, square = np.full((36, 64, 3), 100, np.uint8), np.full((48, 48, 3), 100, np.uint8)
    upside_down = [jpeg(wide, 1)] * 5 + [jpeg(wide, 3)] * 5
    assert len(list(VideoFile(mux_jpegs(tmp_path / "half.mkv", upside_down)).sample())) == 10
    turned = [jpeg(square, 1)] * 5 + [jpeg(square, 6)] * 5
    assert len(list(VideoFile(mux_jpegs(tmp_path / "square.mkv", turned)).sample())) == 10
    portrait = [jpeg(wide, 1)] * 5 + [jpeg(wide, 6)] * 5
    with pytest.warns(VideoWarning, match="64×36 to 36×64"):
        assert len(list(VideoFile(mux_jpegs(tmp_path / "quarter.mkv", portrait)).sample())) == 5
    rescaled = [jpeg(wide, 6)] * 5 + [jpeg(np.full((72, 128, 3), 100, np.uint8), 6)] * 5
    shapes = {frame.image.shape for frame in VideoFile(mux_jpegs(tmp_path / "phone.mkv", rescaled)).sample()}
    assert shapes == {(64, 36, 3)}


def test_an_animated_webp_is_read(tmp_path):
    levels = [20 + 25 * i for i in range(8)]
    first, *others = [Image.new("RGB", (53, 37), (level, level, level)) for level in levels]
    durations = [100, 200, 50, 100, 300, 100, 100, 1000]
    path = tmp_path / "10:30.webp"
    first.save(path, save_all=True, append_images=others, duration=durations, lossless=True)
    video = VideoFile(path)
    frames = list(video.sample())
    assert (video.frames, video.width, video.height) == (8, 53, 37)
    assert video.seconds == pytest.approx(1.95)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.3, 0.35, 0.45, 0.75, 0.85, 0.95])
    assert [frame.image.mean() for frame in frames] == pytest.approx(levels, abs=2)
    assert len(list(video.spread(4))) == 4
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(VideoError, match="damaged animated WebP"):
        VideoFile(path)


@pytest.mark.parametrize("ending", ["png", "webp", "gif", "bmp", "tif", "jpg", "avif"])
def test_a_picture_is_a_video_of_one_frame(tmp_path, ending):
    path = tmp_path / f"img%03d.{ending}"  # no series of pictures
    Image.fromarray(CORNERS).save(path)
    Image.new("RGB", (96, 64)).save(tmp_path / f"img001.{ending}")
    video = VideoFile(path)
    (frame,) = video.sample(2)
    assert video.frames == 1 and alike(frame.image, CORNERS)


def test_a_photo_in_tiles_is_not_taken_for_its_first_tile():
    tiles = [SimpleNamespace(disposition=Disposition.dependent, frames=1, type="video") for _ in range(4)]
    container = SimpleNamespace(streams=SimpleNamespace(video=tiles))
    with pytest.raises(VideoError, match="IMG_1.HEIC is a photo that is stored in tiles"):
        getattr(find_video_stream, "__wrapped__", find_video_stream)(
            container, "IMG_1.HEIC"
        )  # types are checked in tests
