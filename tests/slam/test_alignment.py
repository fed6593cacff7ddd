"""Robust alignment of points."""

import math

import numpy as np
import pytest

from vlm2.slam.alignment import align


def turn(angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("with_scale", [True, False])
def test_finds_the_motion_despite_a_third_of_outliers(with_scale, rng):
    source = 3 * rng.random((900, 3))
    scale = 1.7 if with_scale else 1.0
    target = scale * source @ turn(2.0).T + [1.0, -2.0, 0.5]
    target[:300] += 4 * rng.random((300, 3))
    found = align(source, target, with_scale=with_scale)
    assert found.scale == pytest.approx(scale, rel=1e-4)
    np.testing.assert_allclose(found.rotation, turn(2.0), atol=1e-4)
    np.testing.assert_allclose(found.translation, [1.0, -2.0, 0.5], atol=1e-3)


def test_weightless_points_have_no_say(rng):
    source = rng.random((40, 3))
    target = source + 1
    target[:30] = rng.random((30, 3))
    weight = (np.arange(40) >= 30).astype(float)
    np.testing.assert_allclose(align(source, target, weight).points(source[30:]), target[30:], atol=1e-4)
    with pytest.raises(ValueError, match="at least 3"):
        align(source, target, np.zeros(40))


def test_never_mirrors(rng):
    source = rng.random((50, 3))
    assert np.linalg.det(align(source, source * [1.0, 1.0, -1.0]).rotation) == pytest.approx(1.0, abs=1e-5)
