"""What a cached home keeps of its frames."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from toytraining import write_homes

from vlm2.training.home_cache import CacheConfig, block_points, open_cache, patch_categories, recompress, run


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


def test_an_empty_folder_and_a_foreign_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="vlm2 train cache"):
        open_cache(tmp_path)
    save_file({"times": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="not a cached home"):
        open_cache(tmp_path)


def test_homes_of_another_encoder_or_split_are_refused(tmp_path):
    homes = write_homes(tmp_path / "homes")
    assert len(open_cache(homes, "toy")) == 3
    with pytest.raises(ValueError, match="cached with toy, but this model sees with other"):
        open_cache(homes, "other")
    config = CacheConfig(out=homes, count=0)
    run(config)
    run(replace(config, workers=1))
    with pytest.raises(ValueError, match="another split"):
        run(replace(config, split="validation"))
