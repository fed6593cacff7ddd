"""The model room: from frames to words.

The classes that need transformers' models are imported when they are first asked for, since that takes seconds. The
module of a class registers it with its Auto class of transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import AutoConfig

from .configuration import VLM2Config
from .frame_features import FrameFeatures
from .presets import preset
from .video_model import VideoModel

if TYPE_CHECKING:
    from .modeling import VLM2ForConditionalGeneration
    from .processing import VLM2Processor

AutoConfig.register(VLM2Config.model_type, VLM2Config, exist_ok=True)

__all__ = ["FrameFeatures", "VLM2Config", "VLM2ForConditionalGeneration", "VLM2Processor", "VideoModel", "preset"]


def __getattr__(name: str) -> Any:
    if name == "VLM2ForConditionalGeneration":
        from .modeling import VLM2ForConditionalGeneration

        return VLM2ForConditionalGeneration
    if name == "VLM2Processor":
        from .processing import VLM2Processor

        return VLM2Processor
    raise AttributeError(f"module 'vlm2.models' has no attribute {name!r}; it has {', '.join(__all__)}")
