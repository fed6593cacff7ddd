"""The terms of Gauss-Newton steps are derivatives, and their sums are those of the whole system."""

import numpy as np
import pytest

from vlm2.slam.pose_optimization import (
    moved,
    normal_equations,
    rotation_matrices,
    rotation_vectors,
    skew,
    step_terms,
    steps_between,
    vertical_terms,
)

ENDS = np.array([[0, 1], [1, 2], [0, 2]])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def random_poses(rng: np.random.Generator) -> np.ndarray:
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = rotation_matrices(rng.normal(size=(3, 3))), rng.normal(size=(3, 3))
    return poses


def test_rotation_vectors_and_matrices_are_each_others_inverse(rng):
    vectors = 0.9 * rng.normal(size=(50, 3))
    np.testing.assert_allclose(rotation_vectors(rotation_matrices(vectors)), vectors, atol=1e-9)
    np.testing.assert_array_equal(rotation_matrices(np.zeros((1, 3)))[0], np.eye(3))
    np.testing.assert_array_equal(rotation_vectors(np.eye(3)[None]), np.zeros((1, 3)))


def test_skew_matrices_take_the_cross_product(rng):
    vectors, others = rng.normal(size=(2, 10, 3))
    np.testing.assert_allclose((skew(vectors) @ others[:, :, None])[:, :, 0], np.cross(vectors, others), atol=1e-12)


def test_the_jacobian_of_steps_is_their_derivative(rng):
    poses = random_poses(rng)
    goals = steps_between(poses, ENDS)
    jacobian, errors, unknowns = step_terms(poses, ENDS, goals)
    np.testing.assert_allclose(errors, 0, atol=1e-12)
    change = 1e-5 * rng.normal(size=18)
    _, after, _ = step_terms(moved(poses, change), ENDS, goals)
    np.testing.assert_allclose(after, (jacobian @ change[unknowns][:, :, None])[:, :, 0], atol=1e-9)


def test_vertical_terms_are_derivatives_of_the_angles_to_the_mean(rng):
    poses, deviation, wide = random_poses(rng), 0.2, 1e6  # so wide a kernel takes all alike
    directions = np.array([0.3, -0.9, 0.1]) + 0.2 * rng.normal(size=(3, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    up = np.einsum("nji,nj->ni", poses[:, :3, :3], directions)
    mean = directions.sum(0) / np.linalg.norm(directions.sum(0))

    def cost(poses: np.ndarray) -> np.ndarray:
        return np.square((mean @ poses[:, :3, :3] - up) / deviation).sum(1) / 2

    weights = np.array([1.0, 0.25, 2.0])
    hessian, gradient = vertical_terms(poses, up, weights, deviation, wide)
    for axis in range(3):
        change = np.zeros((3, 6))
        change[:, axis] = 1e-5
        slope = (cost(moved(poses, change.ravel())) - cost(moved(poses, -change.ravel()))) / 2e-5
        np.testing.assert_allclose(gradient[:, axis], weights * slope, rtol=1e-5, atol=1e-8)
    assert (np.linalg.eigvalsh(hessian) > -1e-9).all()
    about = np.einsum("nij,nj->ni", hessian, mean @ poses[:, :3, :3])  # turning about the vertical costs nothing
    np.testing.assert_allclose(about, 0, atol=1e-9)
    level, none = np.stack([np.eye(4)] * 2), np.zeros((0, 4, 4))
    assert not vertical_terms(level, np.tile([0.0, -1.0, 0.0], (2, 1)), np.ones(2), deviation, 3.0)[1].any()
    assert vertical_terms(none, np.zeros((0, 3)), np.zeros(0), deviation, 3.0)[0].shape == (0, 3, 3)


def test_normal_equations_are_those_of_the_whole_system(rng):
    jacobian, errors = rng.normal(size=(3, 6, 12)), rng.normal(size=(3, 6))
    _, _, unknowns = step_terms(random_poses(rng), ENDS, np.tile(np.eye(4), (3, 1, 1)))
    whole = np.zeros((3, 6, 18))
    for term in range(3):
        whole[term][:, unknowns[term]] = jacobian[term]
    whole = whole.reshape(-1, 18)
    hessian, gradient = normal_equations(jacobian, errors, unknowns, 18)
    np.testing.assert_allclose(hessian, whole.T @ whole, atol=1e-12)
    np.testing.assert_allclose(gradient, whole.T @ errors.reshape(-1), atol=1e-12)
