"""Vision-language models of others, which answer questions about pictures: from the hub, or behind an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

SECONDS = 180.0  # that an answer may take
LONGEST = 1000  # characters of an answer
THOUGHTS = re.compile(r"^.*</think>", re.DOTALL)  # what some models write before their answer


class VLMError(ValueError):
    """A vision-language model cannot be had, or gave no answer: which one, and why."""


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answer a message of texts (str) and pictures (bytes of JPEG files), in this order.

    `name` is what a user calls it by. `answer` raises VLMError where there is no answer.
    """

    @property
    def name(self) -> str: ...

    def answer(self, message: Sequence[str | bytes], most_tokens: int) -> str: ...


def load_vlm(name: str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> VisionLanguageModel:
    """Load `hub:NAME` (a name on the hub, or a folder) onto a device, or reach an OpenAI-compatible address,
    `http://host:port/v1#model`.

    Raises VLMError for any other name, and for a model that cannot be had.
    """
    if name.startswith(("http://", "https://")):
        from .server import OpenAIServer

        return OpenAIServer(name)
    if name.startswith("hub:") and name != "hub:":
        from .hub import HubModel

        return HubModel(name.removeprefix("hub:"), device, dtype)
    raise VLMError(
        f"There is no VLM {name!r}: give hub:NAME (a name on the Hugging Face hub, or a folder), or the address of an "
        "OpenAI-compatible server such as http://localhost:8000/v1 or http://localhost:8000/v1#model."
    )


def answer_words(text: str, name: str) -> str:
    """Return an answer on one line, without thoughts, of at most `LONGEST` characters. Raises VLMError for none."""
    words = " ".join(THOUGHTS.sub("", text).split())
    if not words:
        raise VLMError(f"{name} gave no words.")
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
