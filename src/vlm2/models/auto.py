"""The classes of the whole model, registered with the Auto classes of transformers."""

from transformers import AutoModelForImageTextToText, AutoProcessor

from .configuration import VLM2Config
from .modeling import VLM2ForConditionalGeneration
from .processing import VLM2Processor

AutoModelForImageTextToText.register(VLM2Config, VLM2ForConditionalGeneration, exist_ok=True)
AutoProcessor.register(VLM2Config, VLM2Processor, exist_ok=True)

__all__ = ["VLM2ForConditionalGeneration", "VLM2Processor"]
