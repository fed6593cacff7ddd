"""A path that stays small and does not depend on its portions."""

from __future__ import annotations

import torch

from vlm2.streaming import trajectory
from vlm2.streaming.trajectory import ThinnedTrajectory


def walk(portion: int, frames: int = 100) -> ThinnedTrajectory:
    path = ThinnedTrajectory()
    for start in range(0, frames, portion):
        index = torch.arange(start, min(start + portion, frames))
        poses = torch.eye(4).repeat(len(index), 1, 1)
        poses[:, 0, 3] = index.float()
        path = path.then(index, index.double() / 2, poses)
    return path


def test_poses_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(trajectory, "MOST", 10)
    path = walk(1)
    assert path.frames.tolist() == list(range(0, 100, 16))
    assert path.times.tolist() == [frame / 2 for frame in range(0, 100, 16)]
    assert path.world_from_camera[:, 0, 3].tolist() == path.frames.tolist()


def test_portions_do_not_matter(monkeypatch):
    monkeypatch.setattr(trajectory, "MOST", 10)
    assert {tuple(walk(portion).frames.tolist()) for portion in (1, 5, 7, 100)} == {tuple(range(0, 100, 16))}
    assert len(walk(5, 10)) == 10
