"""Which frames show something new: those of a moving camera and a cut, and now and then one of a still camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vlm2.video import Frame, NewViews, new_views

STEP = 0.1  # seconds between frames


def wall(width: int = 900, seed: int = 0) -> np.ndarray:
    """A wall with a random pattern, 120 pixels high."""
    coarse = np.random.default_rng(seed).integers(0, 256, (16, width // 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, 120), interpolation=cv2.INTER_CUBIC)


def times(pictures) -> list[float]:
    """The times of the frames that show something new."""
    frames = (Frame(index * STEP, picture) for index, picture in enumerate(pictures))
    return [round(frame.time, 1) for frame in new_views(frames)]


def panned(speed: float, count: int) -> list[np.ndarray]:
    """The view of a camera that moves along the wall, so many pixels a frame; 160 pixels wide."""
    return [wall()[:, round(index * speed) :][:, :160] for index in range(count)]


def test_a_still_camera_shows_something_new_now_and_then() -> None:
    noise = np.random.default_rng(1).integers(-4, 5, (41, 120, 160, 3))
    noisy = [np.clip(wall()[:, :160].astype(int) + grain, 0, 255).astype(np.uint8) for grain in noise]
    assert times(noisy) == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(("speed", "frames"), [(4, 7), (8, 4)])
def test_a_moving_camera_does_when_it_has_moved_far_enough(speed, frames) -> None:
    """A sixth of the picture is 26 pixels."""
    found = times(panned(speed, 30))
    assert found[:4] == pytest.approx([0.0, *(round(STEP * frames * k, 1) for k in (1, 2, 3))])


def test_another_size_of_the_same_picture_is_the_same() -> None:
    large = [cv2.resize(picture, (640, 480), interpolation=cv2.INTER_CUBIC) for picture in panned(4, 30)]
    assert times(large) == times(panned(4, 30))


def test_a_cut_does_but_not_at_once() -> None:
    first, second = wall()[:, :160], wall(seed=2)[:, :160]
    assert times([first] * 5 + [second] * 2) == [0.0, 0.5, 0.6], "the last frame comes in any case"
    assert times([first, second] * 3 + [first]) == [0.0, 0.3, 0.6]


def test_a_view_without_corners_waits_for_its_time() -> None:
    plain = [np.full((120, 160, 3), 90, np.uint8)] * 41
    assert times(plain) == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("noise", [0.5, 2.0, 8.0])
def test_noise_on_a_plain_wall_is_nothing_new(noise) -> None:
    grain = np.random.default_rng(0).normal(120, noise, (31, 480, 640, 3))
    assert times(np.clip(grain, 0, 255).astype(np.uint8)) == [0.0, 1.0, 2.0, 3.0]


def test_the_last_frame_is_looked_at() -> None:
    still = [wall()[:, :160]]
    assert times(still * 13) == [0.0, 1.0, 1.2]
    assert times(still) == [0.0] and times([]) == []


@pytest.mark.parametrize("shape", [(12, 16), (12, 16, 4), (0, 16, 3)])
def test_what_is_no_picture_is_refused(shape) -> None:
    with pytest.raises(ValueError, match="RGB picture"):
        NewViews().is_new(np.zeros(shape, np.uint8), 0.0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (3, 2, 3)])
def test_odd_shapes_are_compared(shape) -> None:
    assert times([np.zeros(shape, np.uint8)] * 11) == [0.0, 1.0]


def test_frames_may_change_their_shape() -> None:
    views = NewViews()
    assert views.is_new(wall()[:, :160], 0.0)
    assert views.is_new(wall()[:, :90], 0.1)
    assert not views.is_new(wall()[:, :90], 0.2)
