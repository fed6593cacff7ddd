"""VLM2Processor: words to ids, frames to the size that the vision encoder wants, ids to words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer, BatchFeature, PreTrainedTokenizerBase

from ..encoders.geometry.encoder import native_size, nearest_size
from ..encoders.weights import PARTS
from .configuration import VLM2Config
from .language import load_tokenizer

RECORD = "processor_config.json"
NEEDED = frozenset(("source", "video_token_id", "stride"))  # in the record
OPTIONAL = frozenset(("processor_class", "max_pixels", "side", "geometry_images"))
INTRODUCTION = "\nThese are frames of a video.\n"  # VSI-Bench's words before a question
VIDEO, QUESTION = "\x01", "\x02"  # mark places in the chat template
MARKED = re.compile(r"\s*[<\[{].*[>\]}]\s*", re.DOTALL)  # an added token that is no word: "<image>", "[IMG]"


class VLM2Processor:
    """Prepare prompts and videos. A prompt is the chat template's user turn: the video first, so that its keys and
    values serve many questions, then `INTRODUCTION` and the question.

    The pieces are tokenised apart, so that ids do not depend on what stands beside them. Questions and answers are
    plain text: a control token's text in them, such as "<|im_end|>", gives the ids of its characters. `side`: whole
    frames become squares of so many pixels. `geometry_images`: "stride" and "max_pixels" of what a geometry encoder
    that sees images is given.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        video_token_id: int,
        stride: int,
        max_pixels: int = 65_536,
        source: str | None = None,
        side: int | None = None,
        geometry_images: dict[str, int] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.video_token_id = video_token_id
        self.stride, self.max_pixels, self.source = stride, max_pixels, source
        self.side, self.geometry_images = side, geometry_images
        self._controls = _control_tokens(tokenizer)
        self._end = cast(int, tokenizer.convert_tokens_to_ids(str(tokenizer.eos_token)))
        turn = [{"role": "user", "content": VIDEO + QUESTION}]
        rendered = str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
        self._before, rest = rendered.split(VIDEO)
        self._closing = rest.split(QUESTION)[1]

    @classmethod
    def from_config(cls, config: VLM2Config, tokenizer: PreTrainedTokenizerBase | None = None) -> VLM2Processor:
        """Return the processor of a model; the tokenizer is the language model's unless one is given."""
        source: str | None = None
        if tokenizer is None:
            source = str(config.text["source"])
            tokenizer = load_tokenizer(source)
        return cls(
            tokenizer,
            config.video_token_id,
            config.vision["stride"],
            source=source,
            side=config.vision.get("side"),
            geometry_images=config.geometry.get("images"),
        )

    def prefix_ids(self) -> tuple[list[int], list[int]]:
        """Return the ids before and after the video; together with it, the part that all questions share."""
        return self._ids(self._before), self._ids(INTRODUCTION)

    def question_ids(self, question: str) -> list[int]:
        """Return the ids of a question and of all up to the answer. Raises ValueError for an empty one."""
        if not question.strip():
            raise ValueError("The question is empty; ask something about the video.")
        return self.text_ids(question.strip(), self._closing)

    def offsets(self, question: str) -> list[tuple[int, int]]:
        """Return the characters of a question that each of its ids covers: those of `question_ids`, not the closing."""
        found, start = [], 0
        for piece in self._pieces(question.strip()):
            pairs = self.tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
            found += [(start + first, start + last) for first, last in pairs]
            start += len(piece)
        return found

    def answer_ids(self, answer: str) -> list[int]:
        """Return the ids of an answer with the token that ends it, for training."""
        return [*self.text_ids(answer), self._end]

    def text_ids(self, text: str, closing: str = "") -> list[int]:
        """Return the ids of what somebody wrote, none of them a control token, and of a piece of the chat template
        behind it, in which control tokens are what they are."""
        *pieces, last = self._pieces(text)
        return [*(token for piece in pieces for token in self._ids(piece)), *self._ids(last + closing)]

    def _pieces(self, text: str) -> list[str]:
        """Cut a text behind the first character of every control token in it: no piece holds a whole one, so that the
        tokenizer finds none. A text without control tokens is one piece."""
        if self._controls is None:
            return [text]
        pieces, start = [], 0
        while (found := self._controls.search(text, start)) is not None:
            pieces.append(text[start : found.start() + 1])
            start = found.start() + 1
        return [*pieces, text[start:]]

    def frame_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) to which whole frames of a video are resized."""
        if self.side is not None:
            return self.side, self.side
        return nearest_size(width / height, 2 * self.stride, self.max_pixels)

    def resize(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Float[Tensor, "frames 3 rows columns"]:
        """Resize whole RGB frames and scale them to [0, 1]; squares by cubic interpolation, as SigLIP was trained."""
        mode = "bilinear" if self.side is None else "bicubic"
        return _resized(frames, self.frame_size(*frames.shape[1:3]), mode)

    def resize_for_geometry(
        self, frames: UInt8[np.ndarray, "frames height width 3"]
    ) -> Float[Tensor, "frames 3 rows columns"] | None:
        """Resize whole RGB frames for a geometry encoder that sees images; None where it reads visual tokens."""
        if self.geometry_images is None:
            return None
        limits = self.geometry_images
        size = native_size(frames.shape[1], frames.shape[2], limits["stride"], limits["max_pixels"])
        return _resized(frames, size, "bilinear")

    def __call__(
        self,
        text: str | Sequence[str],
        videos: UInt8[np.ndarray, "frames height width 3"] | None = None,
        times: Sequence[float] | None = None,
    ) -> BatchFeature:
        """Prepare questions, all about one video (or about one whose features are given to the model).

        Returns input_ids and attention_mask, padded on the left, and with a video pixel_values_videos and video_times,
        and pixel_values_geometry where the geometry encoder sees images.
        """
        before, after = self.prefix_ids()
        questions = [text] if isinstance(text, str) else text
        rows = [[*before, self.video_token_id, *after, *self.question_ids(question)] for question in questions]
        length = max(map(len, rows))
        fill = self._end
        data: dict[str, Tensor] = {
            "input_ids": torch.tensor([[fill] * (length - len(row)) + row for row in rows]),
            "attention_mask": torch.tensor([[0] * (length - len(row)) + [1] * len(row) for row in rows]),
        }
        if videos is not None:
            data["pixel_values_videos"] = self.resize(videos)[None]
            if (seen := self.resize_for_geometry(videos)) is not None:
                data["pixel_values_geometry"] = seen[None]
            seconds = range(len(videos)) if times is None else times
            data["video_times"] = torch.tensor([[float(time) for time in seconds]])
        return BatchFeature(data)

    def decode(self, ids: list[int] | Tensor) -> str:
        """Return the words of one answer, without special tokens and outer spaces."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def batch_decode(self, ids: Sequence[list[int]] | Tensor) -> list[str]:
        """Return the words of several answers."""
        return [self.decode(row) for row in ids]

    def save_pretrained(self, save_directory: str | Path) -> None:
        """Write the processor's record, and the tokenizer unless it comes with a frozen part."""
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "processor_class": type(self).__name__,
            "source": self.source if self.source in PARTS else None,
            "video_token_id": self.video_token_id,
            "stride": self.stride,
            "max_pixels": self.max_pixels,
            "side": self.side,
            "geometry_images": self.geometry_images,
        }
        (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        if self.source not in PARTS:
            self.tokenizer.save_pretrained(folder)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **_: Any) -> VLM2Processor:
        """Read what `save_pretrained` wrote. Raises ValueError where there is none, or none that can be read."""
        folder = Path(pretrained_model_name_or_path)
        if not (folder / RECORD).is_file():
            raise ValueError(f"{folder} has no {RECORD}; give a folder that VLM2Processor.save_pretrained wrote.")
        advice = f"Use the {RECORD} that was saved with the weights."
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{folder / RECORD} cannot be read as JSON ({error}). {advice}") from None
        if not isinstance(record, dict) or not NEEDED <= set(record) <= NEEDED | OPTIONAL:
            raise ValueError(
                f"{folder / RECORD} is no record of this processor; it has {', '.join(sorted(NEEDED))} and may have "
                f"{', '.join(sorted(OPTIONAL))}. {advice}"
            )
        record.pop("processor_class", None)
        source = record["source"]
        tokenizer = AutoTokenizer.from_pretrained(folder) if source is None else load_tokenizer(source)
        return cls(tokenizer, **record)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str] | None:
    """Return a pattern of the texts that a tokenizer takes for control tokens, wherever they stand; None for none.

    Added tokens that are words or spaces, as some tokenizers have them, are text.
    """
    added = tokenizer.added_tokens_decoder.values()
    texts = {token.content for token in added if token.special or MARKED.fullmatch(token.content)}
    texts = {text for text in texts.union(tokenizer.all_special_tokens) if len(text) > 1}
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True)))) if texts else None


def _resized(frames: np.ndarray, size: tuple[int, int], mode: str) -> Float[Tensor, "frames 3 rows columns"]:
    images = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
    if images.shape[-2:] != size:
        images = functional.interpolate(images, size, mode=mode, antialias=True).clamp(0, 1)
    return images
