"""Where the camera was at a time, and where the recalled things were in its frame."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from .object_evidence import CLOSEST, CLOSEST_SHARE, NEAR, ObjectEvidence, ObjectTokens, instances

IN_VIEW = (0.8, 0.65)  # of what lies ahead, how far aside and how far up or down the camera sees [choice]


@dataclass(frozen=True)
class CameraPath:
    """Where the camera was: poses at rising times, in the world of the evidence."""

    times: Float[Tensor, " poses"]  # seconds
    world_from_camera: Float[Tensor, "poses 4 4"]

    def share(self, share: float) -> float:
        """Return the time after a share of the path, from 0 to 1."""
        first, last = float(self.times[0]), float(self.times[-1])
        return first + share * (last - first)

    def at(self, seconds: float) -> Float[Tensor, "4 4"]:
        """Return the pose at a time: the place between those of the neighbouring poses, the nearer one's direction."""
        times = self.times.float()
        after = int(torch.searchsorted(times, seconds).clamp(1, max(len(times) - 1, 1)))
        before = max(after - 1, 0)
        after = min(after, len(times) - 1)
        gap = float(times[after] - times[before])
        share = min(max((seconds - float(times[before])) / gap, 0.0), 1.0) if gap else 0.0
        pose = self.world_from_camera[after if share > 0.5 else before].float().clone()
        places = self.world_from_camera[[before, after], :3, 3].float()
        pose[:3, 3] = torch.lerp(places[0], places[1], share)
        return pose


def moved(path: CameraPath, start: float, end: float) -> Float[Tensor, " 3"]:
    """Return the camera's displacement between two times, in its frame at the first: right, down, forward; metres."""
    pose = path.at(start)
    return pose[:3, :3].T @ (path.at(end)[:3, 3] - pose[:3, 3])


def walked(path: CameraPath, start: float, end: float) -> float:
    """Return the length of the camera's way between two times, in metres, from pose to pose."""
    between = path.world_from_camera[(path.times > start) & (path.times < end), :3, 3].float()
    places = torch.stack([path.at(start)[:3, 3], *between, path.at(end)[:3, 3]])
    return float(places.diff(dim=0).norm(dim=1).sum())


def seen(thing: ObjectTokens, pose: Float[Tensor, "4 4"]) -> Float[Tensor, "tokens 3"]:
    """Return the instance of a thing that a camera with this pose sees, in its frame: the nearest in view, else the one
    that most tokens show."""
    places = (thing.places - pose[:3, 3]) @ pose[:3, :3]
    groups = instances(thing.places, NEAR)
    in_view = []
    for group in groups.unique():
        right, down, ahead = (places[groups == group]).median(0).values.tolist()
        if ahead > 0 and abs(right) < IN_VIEW[0] * ahead and abs(down) < IN_VIEW[1] * ahead:
            in_view.append((ahead, group))
    chosen = groups == min(in_view)[1] if in_view else thing.main
    return places[chosen]


def reach(evidence: ObjectEvidence, name: int, pose: Float[Tensor, "4 4"]) -> float:
    """Return the distance from the camera to the closest point of a thing, in metres."""
    return CLOSEST_SHARE * float(seen(evidence.thing(name), pose).norm(dim=1).quantile(CLOSEST))


def lies(evidence: ObjectEvidence, name: int, pose: Float[Tensor, "4 4"]) -> Float[Tensor, " 3"]:
    """Return where a thing lies for the camera: right, down, forward; metres."""
    return seen(evidence.thing(name), pose).mean(0)
