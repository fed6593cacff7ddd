"""The object memory: tracks of things, the floor, the camera's path, and the map that holds them."""

from __future__ import annotations

from .floor import Doorway, Floor
from .object_map import ObjectMap
from .path import ObservedPath
from .result import Result
from .track import Track, TrackView, upright_box

__all__ = ["Doorway", "Floor", "ObjectMap", "ObservedPath", "Result", "Track", "TrackView", "upright_box"]
