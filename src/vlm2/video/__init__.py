"""Frames out of videos, one at a time."""

from .decode import Frame, VideoError, VideoFile, VideoWarning

__all__ = ["Frame", "VideoError", "VideoFile", "VideoWarning"]
