"""Watch a video, keep a memory of fixed size, answer questions."""

from .answer import Answer, Evidence
from .load import LoadedModel, load
from .session import Session

__all__ = ["Answer", "Evidence", "LoadedModel", "Session", "load"]
