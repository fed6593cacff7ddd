"""Rotation and mirroring against what PyAV writes for a viewer."""

import numpy as np
import pytest

from vlm2.video import VideoFile

CORNERS = np.zeros((64, 96, 3), np.uint8)  # red top left, green top right, blue bottom left, black bottom right
CORNERS[:32, :48, 0] = CORNERS[:32, 48:, 1] = CORNERS[32:, :48, 2] = 255


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize(("left_right", "top_bottom"), [(False, False), (True, False), (False, True)])
def test_image_is_shown_as_a_viewer_would(write_video, degrees, left_right, top_bottom):
    shown = np.rot90(CORNERS, degrees // 90)
    shown = shown[:, ::-1] if left_right else shown
    shown = shown[::-1] if top_bottom else shown
    video = VideoFile(write_video([CORNERS], orientation=(degrees, left_right, top_bottom)))
    image = next(video.sample()).image
    assert (video.height, video.width) == image.shape[:2] == shown.shape[:2]
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - shown).mean() < 12
