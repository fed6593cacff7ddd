"""Gauss-Newton steps over camera poses, shared by bundle adjustment and the pose graph.

A pose has six unknowns: a rotation vector (axis times angle, radians) and a translation, both in its own camera frame.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, Int

Poses = Float[np.ndarray, "frames 4 4"]
Pose = Float[np.ndarray, "4 4"]
Steps = Float[np.ndarray, "terms 4 4"]
Ends = Int[np.ndarray, "terms 2"]
Vectors = Float[np.ndarray, "batch 3"]
Matrices = Float[np.ndarray, "batch 3 3"]
MEAN_ROUNDS = 5  # of a robust mean


def rotation_vectors(matrices: Matrices) -> Vectors:
    """Convert rotation matrices to rotation vectors."""
    return np.reshape([cv2.Rodrigues(matrix)[0] for matrix in matrices], (-1, 3))


def rotation_matrices(vectors: Vectors) -> Matrices:
    """Convert rotation vectors to rotation matrices."""
    return np.reshape([cv2.Rodrigues(vector)[0] for vector in vectors], (-1, 3, 3))


def skew(vectors: Vectors) -> Matrices:
    """Return the matrices that take the cross product with `vectors` from the left."""
    result = np.zeros((len(vectors), 3, 3))
    for row, column, axis in ((2, 1, 0), (0, 2, 1), (1, 0, 2)):
        result[:, row, column], result[:, column, row] = vectors[:, axis], -vectors[:, axis]
    return result


def steps_between(poses: Poses, ends: Ends) -> Steps:
    """Return `first_from_second` of pairs of poses."""
    return np.linalg.inv(poses[ends[:, 0]]) @ poses[ends[:, 1]]


def step_terms(
    poses: Poses, ends: Ends, goals: Steps
) -> tuple[Float[np.ndarray, "terms 6 12"], Float[np.ndarray, "terms 6"], Int[np.ndarray, "terms 12"]]:
    """Compare steps with their goals: jacobian, errors (rotation vector, translation), and indices of the unknowns."""
    steps = steps_between(poses, ends)
    rotation, place = steps[:, :3, :3], steps[:, :3, 3]
    errors = np.concatenate((rotation_vectors(goals[:, :3, :3].mT @ rotation), place - goals[:, :3, 3]), 1)
    jacobian = np.zeros((len(ends), 6, 12))
    jacobian[:, :3, :3], jacobian[:, :3, 6:9] = -rotation.mT, np.eye(3)
    jacobian[:, 3:, :3], jacobian[:, 3:, 3:6], jacobian[:, 3:, 9:] = skew(place), -np.eye(3), rotation
    return jacobian, errors, pose_unknowns(ends)


def pose_unknowns(ends: Ends) -> Int[np.ndarray, "terms 12"]:
    """Return the indices of the unknowns of two poses."""
    return (6 * ends[:, :, None] + np.arange(6)).reshape(-1, 12)


def in_world(poses: Poses, directions: Float[np.ndarray, "frames 3"]) -> Float[np.ndarray, "frames 3"]:
    """Turn directions in the cameras' frames to the world."""
    return (poses[:, :3, :3] @ directions[:, :, None])[:, :, 0]


def vertical_terms(
    poses: Poses,
    up: Float[np.ndarray, "frames 3"],
    weights: Float[np.ndarray, " frames"],
    deviation: float,
    kernel: float,
) -> tuple[Float[np.ndarray, "frames 3 3"], Float[np.ndarray, "frames 3"]]:
    """Compare upward directions in the cameras' frames (unit vectors, `deviation` in radians) with their mean in the
    world. Return JᵀJ and Jᵀe for each pose's rotation vector, times its weight, with a robust kernel of so many
    deviations."""
    directions = in_world(poses, up)
    mean = directions.sum(0)
    for _ in range(MEAN_ROUNDS):
        mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
        robust = 1 / (1 + np.square(directions - mean).sum(1) / (deviation * kernel) ** 2)
        mean = (np.square(robust)[:, None] * directions).sum(0)
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    expected = mean @ poses[:, :3, :3]  # in the cameras' frames
    errors = (expected - up) / deviation
    robust = 1 / (1 + np.square(errors).sum(1) / kernel**2)
    factor = np.sqrt(weights) * robust
    jacobian = factor[:, None, None] * skew(expected) / deviation
    return jacobian.mT @ jacobian, (jacobian.mT @ (factor[:, None] * errors)[:, :, None])[:, :, 0]


def normal_equations(
    jacobian: Float[np.ndarray, "terms rows columns"],
    errors: Float[np.ndarray, "terms rows"],
    unknowns: Int[np.ndarray, "terms columns"],
    size: int,
) -> tuple[Float[np.ndarray, "size size"], Float[np.ndarray, " size"]]:
    """Sum JᵀJ and Jᵀe over terms that involve few of `size` unknowns each."""
    return summed(jacobian.mT @ jacobian, (errors[:, None] @ jacobian)[:, 0], unknowns, size)


def summed(
    hessians: Float[np.ndarray, "terms columns columns"],
    gradients: Float[np.ndarray, "terms columns"],
    unknowns: Int[np.ndarray, "terms columns"],
    size: int,
) -> tuple[Float[np.ndarray, "size size"], Float[np.ndarray, " size"]]:
    """Sum the JᵀJ and Jᵀe of terms that involve few of `size` unknowns each."""
    hessian, gradient = np.zeros((size, size)), np.zeros(size)
    np.add.at(hessian, (unknowns[:, :, None], unknowns[:, None]), hessians)
    np.add.at(gradient, unknowns, gradients)
    return hessian, gradient


def kernel_widening(start: float, iteration: int, iterations: int) -> float:
    """Return the factor on a kernel's width: from `start` in the first iteration down to 1 half-way."""
    return max(1.0, start * (1 - 2 * iteration / iterations))


def moved(poses: Poses, change: Float[np.ndarray, " unknowns"]) -> Poses:
    """Return poses after a change of their unknowns."""
    rotation, translation = change.reshape(-1, 2, 3).swapaxes(0, 1)
    result = poses.copy()
    result[:, :3, 3] += (poses[:, :3, :3] @ translation[:, :, None])[:, :, 0]
    result[:, :3, :3] = poses[:, :3, :3] @ rotation_matrices(rotation)
    return result
