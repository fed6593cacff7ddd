"""The scene record and its readers."""

from __future__ import annotations

from .metadata import read_metadata
from .record import Box, Intrinsics, Room, Scene, SceneObject, Sighting, Trajectory

__all__ = ["Box", "Intrinsics", "Room", "Scene", "SceneObject", "Sighting", "Trajectory", "read_metadata"]
