"""The model room: from frames to words.

The classes that need transformers' models are imported when they are first asked for, since that takes seconds. It
registers them with the Auto classes of transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import AutoConfig

from .configuration import VLM2Config
from .frame_features import FrameFeatures
from .presets import preset
from .video_model import VideoModel

if TYPE_CHECKING:
    from .auto import VLM2ForConditionalGeneration, VLM2Processor

AutoConfig.register(VLM2Config.model_type, VLM2Config, exist_ok=True)

__all__ = ["FrameFeatures", "VLM2Config", "VLM2ForConditionalGeneration", "VLM2Processor", "VideoModel", "preset"]


def __getattr__(name: str) -> Any:
    if name in ("VLM2ForConditionalGeneration", "VLM2Processor"):
        from . import auto

        return getattr(auto, name)
    raise AttributeError(f"module 'vlm2.models' has no attribute {name!r}; it has {', '.join(__all__)}")
