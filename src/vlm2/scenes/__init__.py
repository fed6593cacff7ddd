"""The scene record, its readers, and what follows from it: geometry of boxes, relations, sides, visibility."""

from __future__ import annotations

from .record import Box, Intrinsics, Room, Scene, SceneObject, Sighting, Trajectory
from .scan_metadata import read_metadata

__all__ = ["Box", "Intrinsics", "Room", "Scene", "SceneObject", "Sighting", "Trajectory", "read_metadata"]
