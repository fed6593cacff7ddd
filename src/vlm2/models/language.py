"""The language model and its tokenizer, from a frozen part, a folder or the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..encoders.hub_checkpoint import LOADING, without_bars
from ..encoders.weights import PARTS, find_part

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SHOWN = 60  # characters of a question in an error


class QuestionTooLong(ValueError):
    """A question that the language model has no room for; the message has both lengths."""


def check_length(context: int | None, tokens: int, before: int, answer: int, question: str = "") -> None:
    """Raise QuestionTooLong where a question does not fit into the language model's `context` (None: it has no limit).

    The question has so many `tokens`. The context must also hold the video and all else that stands `before` the
    question, and an `answer` of so many tokens.
    """
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
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(language_folder(name))


def load_language_model(
    name: str = "smollm2-135m-instruct", dtype: torch.dtype = torch.bfloat16, **options: Any
) -> PreTrainedModel:
    """Load a language model in eval mode (a LlamaForCausalLM for SmolLM2), with options of transformers'
    `from_pretrained`. Threads that load at the same time wait for each other. Raises as `language_folder` does."""
    from transformers import AutoModelForCausalLM

    folder = language_folder(name)
    with LOADING, without_bars():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options).eval()
