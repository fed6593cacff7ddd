"""Rendered homes: what the cache keeps of their frames, and of which settings."""

from dataclasses import replace

import numpy as np
import pytest
from toytraining import write_homes

from vlm2.training.recipes.cache import CacheConfig, block_points, patch_categories, recompress, run


def test_points_are_taken_not_averaged():
    points = np.zeros((1, 8, 8, 3), np.float32)
    points[:, :, 4:, 2] = 5.0
    kept = block_points(points)
    assert kept.shape == (1, 2, 2, 3)
    assert set(kept[..., 2].unique().tolist()) == {0.0, 5.0}


def test_a_patch_is_named_by_what_covers_it_most():
    instances = np.zeros((1, 64, 64), np.int32)
    instances[0, :32, :20] = 1  # most of the first patch
    instances[0, 32:36, 32:] = 2  # an eighth of the last: not more than nothing's share
    instances[0, 32:, :8] = 2  # a quarter of the third
    named = patch_categories(instances, (2, 2), np.array([0, 7, 9]))
    assert named.tolist() == [[7, 0, 9, 0]]


def test_recompression_keeps_frames_close_but_not_equal():
    ramp = np.add.outer(np.arange(32), 3 * np.arange(32)).astype(np.uint8)
    frames = np.stack([np.stack([ramp, ramp[::-1], ramp.T], -1)] * 2)
    lossy = recompress(frames, 80)
    assert lossy.shape == frames.shape and lossy.dtype == np.uint8
    assert 0 < np.abs(lossy.astype(int) - frames).mean() < 8


def test_homes_of_another_split_are_refused(tmp_path):
    homes = write_homes(tmp_path / "homes")
    config = CacheConfig(out=homes, count=0)
    run(config)
    run(replace(config, workers=1))
    with pytest.raises(ValueError, match="another split"):
        run(replace(config, split="validation"))
