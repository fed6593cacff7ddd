"""Frames out of videos, one at a time, and out of cameras and streams as they come."""

from .decode import Frame, VideoError, VideoFile, VideoWarning
from .live import FrameReady, LiveReader, SourceEnded, SourceLost
from .source import find_source

__all__ = [
    "Frame",
    "FrameReady",
    "LiveReader",
    "SourceEnded",
    "SourceLost",
    "VideoError",
    "VideoFile",
    "VideoWarning",
    "find_source",
]
