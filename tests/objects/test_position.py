"""Positions: rays from several places locate a thing better than any depth."""

from __future__ import annotations

import numpy as np
import pytest
from places import turned
from rooms_of_boxes import sighting

from vlm2.objects.position import fused, placed, separation


def looked_at(place, pose, frame, depth_error=0.0, **changes):
    """A sighting of a place from a pose, too far or too near along its ray."""
    local = np.linalg.inv(pose)[:3, :3] @ (np.array(place, float) - pose[:3, 3])
    return sighting(local * (1 + depth_error), frame=frame, **changes)


def test_errors_are_long_along_the_ray() -> None:
    pose = turned(30, 1.0)
    centres, covariances = placed([looked_at((1.5, 0.2, 3.0), pose, 0)], {0: pose})
    assert np.allclose(centres[0], (1.5, 0.2, 3.0), atol=1e-6)
    values, vectors = np.linalg.eigh(covariances[0])
    ray = (np.array([1.5, 0.2, 3.0]) - pose[:3, 3]) / np.linalg.norm(np.array([1.5, 0.2, 3.0]) - pose[:3, 3])
    assert abs(vectors[:, 2] @ ray) == pytest.approx(1, abs=1e-6)
    assert np.sqrt(values[2] / values[0]) > 2
    assert values[0] == pytest.approx(values[1])


def test_a_thing_that_is_cut_off_is_less_sure() -> None:
    whole, cut = (placed([sighting((0, 0, 2), whole=w)], {0: np.eye(4)})[1][0] for w in (True, False))
    assert (np.linalg.eigvalsh(cut) > np.linalg.eigvalsh(whole)).all()


def test_two_rays_beat_either_depth() -> None:
    """Seen from two sides, each time 25 % too far away."""
    place = np.array([0.0, 0.0, 3.0])
    poses = {0: turned(45, -3.0), 1: turned(-45, 3.0)}
    seen = [looked_at(place, poses[frame], frame, 0.25) for frame in poses]
    alone = [np.linalg.norm(fused([s], poses)[0] - place) for s in seen]
    centre, covariance = fused(seen, poses)
    assert np.linalg.norm(centre - place) < 0.5 * min(alone)
    assert np.trace(covariance) < 0.5 * min(np.trace(fused([s], poses)[1]) for s in seen)


def test_one_sighting_far_off_hardly_counts() -> None:
    place, poses = (0.0, 0.0, 3.0), {frame: turned(0, 0.1 * frame) for frame in range(8)}
    seen = [looked_at(place, poses[frame], frame) for frame in range(7)]
    wrong = looked_at((2.0, 0.0, 3.0), poses[7], 7)
    assert abs(fused([*seen, wrong], poses)[0][0]) < 0.25 / 4  # the plain mean is off by 0.25 m


def test_many_sightings_from_one_place_do_not_make_sure() -> None:
    poses = {frame: np.eye(4) for frame in range(16)}
    one = fused([sighting((0, 0, 3))], poses)[1]
    many = fused([sighting((0, 0, 3), frame=frame) for frame in range(16)], poses)[1]
    assert np.allclose(np.sqrt(np.diag(one)), 2 * np.sqrt(np.diag(many)))


def test_a_rigid_motion_moves_the_result() -> None:
    poses = {0: turned(20, 1.0), 1: turned(-30, 2.0)}
    seen = [looked_at((0.5, 0.1, 3.0), poses[f], f, 0.1 * f) for f in poses]
    motion = turned(70, 5.0)
    centre, covariance = fused(seen, poses)
    moved, spread = fused(seen, {f: motion @ p for f, p in poses.items()})
    assert np.allclose(moved, motion[:3, :3] @ centre + motion[:3, 3])
    assert np.allclose(spread, motion[:3, :3] @ covariance @ motion[:3, :3].T)


def test_no_score_is_no_error() -> None:
    assert np.isfinite(fused([sighting((0, 0, 3), score=0.0)], {0: np.eye(4)})[0]).all()


def test_separation_is_mahalanobis() -> None:
    random = np.random.default_rng(0)
    factors = random.normal(size=(7, 3, 3))
    centres, covariances = random.normal(size=(7, 3)), factors @ factors.swapaxes(1, 2) + 0.01 * np.eye(3)
    slack = random.uniform(0, 0.5, (3, 4))
    found = separation((centres[:3], covariances[:3]), (centres[3:], covariances[3:]), slack)
    for i in range(3):
        for j in range(4):
            total = covariances[i] + covariances[3 + j] + slack[i, j] ** 2 * np.eye(3)
            off = centres[i] - centres[3 + j]
            assert found[i, j] == pytest.approx(np.sqrt(off @ np.linalg.solve(total, off)))
