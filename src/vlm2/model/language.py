"""The language model and its tokenizer, from a frozen part, a folder or the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from .weights import PARTS, find_part


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
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a language model in eval mode (a LlamaForCausalLM for SmolLM2) and its tokenizer.

    Raises as `language_folder` does.
    """
    folder = language_folder(name)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    model.eval()
    nn.Module.to(model, device)
    return model, AutoTokenizer.from_pretrained(folder)
