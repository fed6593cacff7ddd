"""Thumbnails show the frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vlm2.streaming.thumbnail import picture, thumbnail


def test_a_thumbnail_is_a_small_picture_of_the_frame():
    ramp = torch.linspace(0, 1, 256).expand(3, 192, 256)
    jpeg = thumbnail(ramp)
    assert jpeg.dtype == torch.uint8
    assert len(jpeg) < 2000
    shown = np.asarray(picture(jpeg))
    assert shown.shape == (48, 64, 3)
    assert np.abs(shown.mean((0, 2)) - np.linspace(2, 253, 64)).max() < 4


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="no JPEG"):
        picture(torch.zeros(30, dtype=torch.uint8))
