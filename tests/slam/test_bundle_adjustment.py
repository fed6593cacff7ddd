"""The normal equations of matches are those of the numerical derivatives of their errors."""

import numpy as np
import pytest

from vlm2.slam.bundle_adjustment import MatchBlocks, back_project, inverse_roots, project
from vlm2.slam.configuration import TrackingConfig
from vlm2.slam.features import Matches
from vlm2.slam.pose_optimization import moved, rotation_matrices, steps_between

CONFIG = TrackingConfig()
FOCAL, KERNEL = 200.0, 3.0


@pytest.fixture
def poses() -> np.ndarray:
    rng = np.random.default_rng(1)
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, :3, :3] = rotation_matrices(0.2 * rng.normal(size=(3, 3)))
    poses[:, :3, 3] = 0.3 * rng.normal(size=(3, 3))
    return poses


@pytest.fixture
def matches(poses) -> Matches:
    """Matches of two pairs in both directions, some pixels from where the poses project them."""
    rng = np.random.default_rng(0)
    source, target = np.repeat([[0, 1], [1, 0], [1, 2], [2, 1]], (7, 7, 4, 4), axis=0).T
    pixels = rng.uniform(-100, 100, (22, 2))
    matches = Matches(source, target, pixels, rng.uniform(2, 4, 22), np.zeros((22, 2)))
    errors = project(matches, relative(matches, poses), FOCAL, CONFIG).errors.T
    return Matches(source, target, pixels, matches.source_depth, errors + rng.normal(size=(22, 2)))


def relative(matches: Matches, poses: np.ndarray) -> np.ndarray:
    return np.moveaxis(steps_between(poses, np.stack((matches.target, matches.source), 1)), 0, -1)


def test_points_are_projected_by_the_pinhole_model(matches, poses):
    seen = project(matches, relative(matches, poses), FOCAL, CONFIG)
    for index, point in enumerate(back_project(matches, FOCAL)):
        world = poses[matches.source[index]] @ (*point, 1)
        x, y, z, _ = np.linalg.inv(poses[matches.target[index]]) @ world
        assert seen.visible[index] == (z > 0) and seen.depth[index] == pytest.approx(z)
        expected = np.array((FOCAL * x / z, FOCAL * y / z)) - matches.target_pixels[index]
        np.testing.assert_allclose(seen.errors[:, index], expected, atol=1e-9)


def test_the_pixels_by_a_depth_are_their_derivative(matches, poses):
    seen = project(matches, relative(matches, poses), FOCAL, CONFIG)
    after = project(matches.scaled(1 + 1e-6), relative(matches, poses), FOCAL, CONFIG)
    np.testing.assert_allclose(
        seen.by_depth, CONFIG.depth_deviation * (after.errors - seen.errors) / 1e-6, rtol=1e-3, atol=1e-3
    )


def test_squared_deviations_are_mahalanobis_distances(matches, poses):
    seen = project(matches, relative(matches, poses), FOCAL, CONFIG)
    roots = inverse_roots(CONFIG.pixel_deviation, seen.by_depth)
    expected = (np.einsum("ijm,jm->im", roots, seen.errors) ** 2).sum(0)
    np.testing.assert_allclose(seen.squared_deviations(CONFIG.pixel_deviation), expected, rtol=1e-9)
    behind = Matches(*(array[:1] for array in vars(matches).values())).scaled(-1.0)
    assert project(behind, relative(behind, poses), FOCAL, CONFIG).squared_deviations(1.0) == np.inf


def test_the_normal_equations_are_those_of_the_derivatives_of_the_errors(matches, poses):
    hessian, gradient = MatchBlocks.of(matches).normal_equations(matches, poses, FOCAL, KERNEL, CONFIG)
    seen = project(matches, relative(matches, poses), FOCAL, CONFIG)
    robust = 1 / (1 + seen.squared_deviations(CONFIG.pixel_deviation) / KERNEL**2)
    factor = robust * inverse_roots(CONFIG.pixel_deviation, seen.by_depth)

    def errors(change: np.ndarray) -> np.ndarray:
        there, scale = moved(poses, change[:-1]), float(np.exp(change[-1]))
        return project(matches.scaled(scale), relative(matches, there), scale * FOCAL, CONFIG).errors

    changes = 1e-6 * np.eye(19)
    jacobian = np.stack([(errors(change) - errors(-change)) / 2e-6 for change in changes], -1)
    whitened = np.einsum("ijm,jmk->imk", factor, jacobian).reshape(-1, 19)
    by_errors = np.einsum("ijm,jm->im", factor, seen.errors).reshape(-1)
    np.testing.assert_allclose(hessian, whitened.T @ whitened, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(gradient, whitened.T @ by_errors, rtol=1e-5, atol=1e-3)
