"""Read frames from video files, cameras and streams, one at a time."""

from .decode import Frame, VideoFile, VideoWarning
from .folder import PictureFolder, open_video
from .live import FrameReady, LiveReader, SourceEnded, SourceLost, WrongTimestamps
from .new_views import NewViews, new_views
from .picture import PictureChanged, VideoError
from .source import find_source

__all__ = [
    "Frame",
    "FrameReady",
    "LiveReader",
    "NewViews",
    "PictureChanged",
    "PictureFolder",
    "SourceEnded",
    "SourceLost",
    "VideoError",
    "VideoFile",
    "VideoWarning",
    "WrongTimestamps",
    "find_source",
    "new_views",
    "open_video",
]
