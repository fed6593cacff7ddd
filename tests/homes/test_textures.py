"""Textures: names by split, the same picture every time, seamless edges."""

import numpy as np
import pytest

from vlm2.homes.textures import KINDS, texture_image, texture_names

SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_is_in_two_splits(kind):
    names = [set(texture_names(kind, split)) for split in SPLITS]
    assert all(len(n) >= 3 for n in names)
    assert len(set.union(*names)) == sum(len(n) for n in names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_texture_is_a_picture_that_is_always_the_same(kind):
    first, second = texture_names(kind, "train")[:2]
    image = texture_image(first)
    assert image.shape == (256, 256, 3)
    assert image.dtype == np.uint8
    assert image.std() > 1.0
    texture_image.cache_clear()
    assert np.array_equal(image, texture_image(first))
    assert not np.array_equal(image, texture_image(second))


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "picture"])
def test_edges_continue(kind):
    for name in texture_names(kind, "train")[:6]:
        image = texture_image(name).astype(float)
        for axis in (0, 1):
            inner = np.abs(np.diff(image, axis=axis)).mean((1 - axis, 2)).max()
            over = np.abs(image.take(0, axis) - image.take(-1, axis)).mean()
            assert over <= inner + 6.0, name
