"""The language model and its tokenizer, from a frozen part, a folder or the Hugging Face hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from ..encoders.weights import PARTS, find_part

Quantize = Literal["8bit", "4bit"]
SPREAD = "auto"  # the device that is all devices
INSTALL = "pip install 'vlm2[large]'"
SHOWN = 60  # characters of a question in an error


class QuestionTooLong(ValueError):
    """A question that the language model has no room for; the message has both lengths."""


def check_length(context: int | None, tokens: int, before: int, answer: int, question: str = "") -> None:
    """Raise QuestionTooLong where a question of so many tokens does not fit into the language model's `context` (None:
    it has no limit) with the video and all else that stands `before` it, and with an answer of so many tokens."""
    if context is None or before + tokens + answer <= context:
        return
    words = " ".join(question.split())
    named = f' "{words[:SHOWN]}…"' if len(words) > SHOWN else f' "{words}"' if words else ""
    room = max(context - before - answer, 0)
    advice = "Ask a shorter question." if room else "Show fewer frames, or ask for a shorter answer."
    raise QuestionTooLong(
        f"The question{named} has {tokens} tokens, and there is room for {room}: of the {context} that the language "
        f"model reads, the video and the prompt around it take {before} and the answer up to {answer}. {advice}"
    )


def language_folder(name: str) -> str:
    """Return what transformers loads for this name: a prepared part's folder, or the name itself (folder or hub name).

    Raises MissingPart for a part that is not there, ValueError for a name that can be none of these.
    """
    if name in PARTS:
        return str(find_part(name))
    if Path(name).is_dir() or name.count("/") == 1:
        return name
    raise ValueError(
        f"No language model is called {name!r}. Give the name of a part ({', '.join(PARTS)}), a folder with a "
        f"config.json, or a hub name such as Qwen/Qwen2-7B-Instruct."
    )


def load_tokenizer(name: str = "smollm2-135m-instruct") -> PreTrainedTokenizerBase:
    """Load the tokenizer with its chat template. Raises as `language_folder` does."""
    return AutoTokenizer.from_pretrained(language_folder(name))


def load_language_model(
    name: str = "smollm2-135m-instruct",
    dtype: torch.dtype = torch.bfloat16,
    device: torch.device | str = "cpu",
    quantize: Quantize | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a language model in eval mode (a LlamaForCausalLM for SmolLM2) and its tokenizer.

    `device` "auto" spreads it over all devices that there are; `quantize` keeps its matrices in 8 or 4 bits. Both need
    packages of the extra `large`, and raise ValueError without. Raises as `language_folder` does besides.
    """
    folder = language_folder(name)
    options: dict[str, Any] = {}
    if quantize is not None:
        options["quantization_config"] = _quantization(quantize, dtype)
    if quantize is not None or device == SPREAD:
        _need("accelerate", f"device {SPREAD!r} and quantize")
        options["device_map"] = SPREAD if device == SPREAD else {"": device}
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options)
    model.eval()
    if not options:
        nn.Module.to(model, device)
    return model, AutoTokenizer.from_pretrained(folder)


def _quantization(quantize: Quantize, dtype: torch.dtype) -> Any:
    """Say to transformers how to quantise; bitsandbytes is imported only behind this."""
    if quantize not in get_args(Quantize):
        raise ValueError(f"quantize={quantize!r} is not known; choose {' or '.join(get_args(Quantize))}.")
    _need("bitsandbytes", f"quantize={quantize!r}")
    from transformers import BitsAndBytesConfig

    if quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def _need(package: str, what: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"{what} needs the package {package}, which is not installed. Get it with:  {INSTALL}")
