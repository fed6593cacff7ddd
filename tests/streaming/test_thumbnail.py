"""Thumbnails show the frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vlm2.streaming.thumbnail import picture, thumbnail


def test_a_thumbnail_is_a_small_picture_of_the_frame():
    ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (192, 1, 3))
    jpeg = thumbnail(ramp)
    assert jpeg.dtype == torch.uint8
    assert len(jpeg) < 2000
    shown = np.asarray(picture(jpeg))
    assert shown.shape == (48, 64, 3)
    assert np.abs(shown.mean((0, 2)) - np.linspace(2, 253, 64)).max() < 4


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="no JPEG"):
        picture(torch.zeros(30, dtype=torch.uint8))
