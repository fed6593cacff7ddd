"""A vision-language model of the hub or of a folder, through transformers: what `AutoModelForImageTextToText` and
`AutoProcessor` load."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from ..hub_checkpoint import load_pretrained, load_processor, read_pretrained_config
from . import SECONDS, VLMError, answer_words

NEEDED = ("torchvision", "num2words")  # of some processors: those of SmolVLM2 and Qwen3-VL
INSTALL = "pip install torchvision num2words (torchvision of the same source and build as torch)"


class HubModel:
    """A model with its processor, on a device ("auto" spreads it over all GPUs), in `dtype` or that of its weights.

    Decoding is greedy, and stops after `SECONDS`. Threads take turns. Code of the hub is never run. Raises VLMError
    where the model is missing, is no image-text model, or lacks its processor or chat template.
    """

    def __init__(self, name: str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> None:
        self.name = f"hub:{name}"
        try:
            folder, config = read_pretrained_config(name)
        except ValueError as error:
            raise VLMError(f"{self.name} cannot be loaded ({_first_line(error)}).") from error
        if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
            raise VLMError(f"{name} is a {config.model_type}, no image-text model; name a model such as SmolVLM2.")
        self.processor = self._loaded(load_processor, AutoProcessor, folder)
        if not hasattr(self.processor, "image_processor") or not getattr(self.processor, "chat_template", None):
            raise VLMError(f"{name} has no processor for pictures with a chat template; name an instructed model.")
        options = {"device_map": "auto" if device == "auto" else {"": device}, "dtype": dtype or "auto"}
        self.model = self._loaded(load_pretrained, AutoModelForImageTextToText, folder, **options)
        self._lock = threading.Lock()

    def answer(self, message: Sequence[str | bytes], most_tokens: int) -> str:
        """Put texts and pictures into the chat template, and decode. Raises VLMError for whatever goes wrong."""
        try:
            content = [_part(part) for part in message]
            with self._lock, torch.inference_mode():
                inputs = self.processor.apply_chat_template(
                    [{"role": "user", "content": content}],
                    add_generation_prompt=True,
                    tokenize=True,
                    return_dict=True,
                    return_tensors="pt",
                ).to(self.model.device, self.model.dtype)
                options = {"max_new_tokens": most_tokens, "max_time": SECONDS, "do_sample": False}
                tokens = self.model.generate(**inputs, **options)[0, inputs["input_ids"].shape[1] :]
            text = self.processor.decode(tokens, skip_special_tokens=True)
        except Exception as error:  # any of some hundred models: too long a prompt, too little memory, a bad template
            raise VLMError(f"{self.name} failed ({_first_line(error)}).") from error
        return answer_words(text, self.name)

    def _loaded(self, load: Any, kind: Any, folder: Path, **options: Any) -> Any:
        try:
            return load(kind, folder, **options)
        except Exception as error:  # ours, and those of packages that are not there
            missing = [package for package in NEEDED if kind is AutoProcessor and find_spec(package) is None]
            hint = f" Its processor may need {' and '.join(missing)}: {INSTALL}" if missing else ""
            raise VLMError(f"{self.name}: {_first_line(error)}.{hint}") from error


def _part(part: str | bytes) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image", "image": Image.open(io.BytesIO(part)).convert("RGB")}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
