"""The model room: from frames to words. Importing it registers the Auto classes of transformers."""

from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from .configuration import VLM2Config
from .frame_features import FrameFeatures
from .modeling import VLM2ForConditionalGeneration
from .presets import preset
from .processing import VLM2Processor

AutoConfig.register(VLM2Config.model_type, VLM2Config, exist_ok=True)
AutoModelForImageTextToText.register(VLM2Config, VLM2ForConditionalGeneration, exist_ok=True)
AutoProcessor.register(VLM2Config, VLM2Processor, exist_ok=True)

__all__ = ["FrameFeatures", "VLM2Config", "VLM2ForConditionalGeneration", "VLM2Processor", "preset"]
