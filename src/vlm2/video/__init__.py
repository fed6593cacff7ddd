"""Frames out of videos, one at a time, and out of cameras and streams as they come."""

from .decode import Frame, VideoFile, VideoWarning
from .live import FrameReady, LiveReader, SourceEnded, SourceLost, StampsDoubted
from .picture import PictureChanged, VideoError
from .source import find_source

__all__ = [
    "Frame",
    "FrameReady",
    "LiveReader",
    "PictureChanged",
    "SourceEnded",
    "SourceLost",
    "StampsDoubted",
    "VideoError",
    "VideoFile",
    "VideoWarning",
    "find_source",
]
