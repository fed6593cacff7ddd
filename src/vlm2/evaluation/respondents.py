"""Who answers a benchmark's questions: a model through the session that users run, or a baseline.

A baseline is a model by its name: `chance` (the commonest answer of each question type), `random` (an option, or the
truth of another question of the type, drawn by the seed), `blind:MODEL` (the language model of MODEL, its adapters
included, with the same prompt and no video), and `llava-video:MODEL` (plain LLaVA-Video out of an imported MODEL, on
`frames` frames, 32 by default).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from ..questions.question import PREFIX
from ..video import Frame, VideoFile
from .benchmark import Benchmark, Item

if TYPE_CHECKING:
    from ..models import VLM2Config
    from ..streaming import LoadedModel

Frames = int | None
"""How many frames of a video are shown, evenly spread; None: the stream, some a second."""


@dataclass(frozen=True)
class Reply:
    """A model's words, and how many frames of the video it saw."""

    text: str
    frames: int = 0


@dataclass(frozen=True)
class Settings:
    """What a run may choose. Without `tools`, the model answers from the memory's tokens alone. `kept` names a model
    whose memory chooses the frames: those that it still holds when it has watched the stream are shown. `threads` is of
    every process: results on a CPU depend on it in their last digits."""

    model: str = "mini"
    frames: Frames = None
    fps: float = 2.0
    seed: int = 0
    threads: int = 1
    device: str | None = None
    dtype: str | None = None
    kept: str | None = None
    tools: bool = True

    def __post_init__(self) -> None:
        if self.kept is not None and self.frames is not None:
            raise ValueError(f"Choose: {self.frames} frames spread over a video, or those that {self.kept} keeps.")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"{self.frames} frames show nothing; give 1 or more, or `memory`.")
        if not self.fps > 0:
            raise ValueError(f"{self.fps} frames a second show nothing; give a number above 0.")


@runtime_checkable
class Respondent(Protocol):
    """Answers the questions about one video, in order. It is sent to other processes as it is.

    `needs_video` tells whether it looks at videos; `identity` is all that its replies depend on beside the items.
    """

    @property
    def needs_video(self) -> bool: ...

    def identity(self) -> dict[str, Any]: ...

    def answer(self, items: Sequence[Item]) -> Iterator[Reply]: ...


@dataclass(frozen=True)
class FixedReplies:
    """Replies that were decided beforehand, by item id."""

    name: str
    replies: Mapping[str, str]
    seed: int | None = None
    needs_video: bool = False

    def identity(self) -> dict[str, Any]:
        return {"model": {"name": self.name}} | ({} if self.seed is None else {"seed": self.seed})

    def answer(self, items: Sequence[Item]) -> Iterator[Reply]:
        for item in items:
            yield Reply(self.replies[item.id])


@dataclass(frozen=True)
class SessionRespondent:
    """A model that watches each video in a session of its own and is asked as users ask."""

    settings: Settings
    most_tokens: int
    needs_video: bool = True

    def identity(self) -> dict[str, Any]:
        """Return the hashes of the model's files and how it watches and answers."""
        frames, kept = self.settings.frames, self.settings.kept
        shown = {"rule": "memory", "fps": self.settings.fps} if frames is None else {"rule": "spread", "count": frames}
        if kept is not None:
            chooser = _model_identity(kept, self.settings, self.most_tokens)["model"]
            shown = {"rule": "kept", "fps": self.settings.fps, "by": chooser}
        return {
            **_answering_identity(self.settings, self.most_tokens),
            "frames": shown,
            "tools": has_tools(self.settings),
        }

    def load(self, name: str | None = None) -> LoadedModel:
        """Return the model, or the one of this name, loaded once a process."""
        settings = self.settings
        return load_once(name or settings.model, settings.device, settings.dtype, settings.threads)

    def answer(self, items: Sequence[Item]) -> Iterator[Reply]:
        session = self.load().session()
        for item in items:
            session.check(without_prefix(item.prompt), self.most_tokens)
        assert items[0].video is not None
        for frame in self._frames(VideoFile(items[0].video)):
            session.observe(frame.image, frame.time)
        for item in items:
            answer = session.ask(without_prefix(item.prompt), self.most_tokens, self.settings.tools)
            yield Reply(answer.text, session.frames)

    def _frames(self, file: VideoFile) -> Iterator[Frame]:
        """Give the frames that the model is shown."""
        settings = self.settings
        if settings.frames is not None:
            return file.spread(settings.frames)
        if settings.kept is None:
            return file.sample(settings.fps)
        chooser = self.load(settings.kept).session(thumbnails=False)
        chooser.watch(file, settings.fps)
        kept = frozenset(chooser.slots)
        return (frame for number, frame in enumerate(file.sample(settings.fps)) if number in kept)


@dataclass(frozen=True)
class Blind:
    """The language model of a model, asked the same prompts with nothing where the video was, and decoded as the model
    is: words greedily, numbers as its configuration says."""

    settings: Settings  # of which `model` is the model's own name
    most_tokens: int
    needs_video: bool = False

    def identity(self) -> dict[str, Any]:
        return {**_answering_identity(self.settings, self.most_tokens), "frames": {"rule": "none"}, "tools": False}

    def load(self) -> LoadedModel:
        """Return the model, loaded once a process."""
        return load_once(self.settings.model, self.settings.device, self.settings.dtype, self.settings.threads)

    def answer(self, items: Sequence[Item]) -> Iterator[Reply]:
        from ..streaming.answering import Answerer

        loaded = self.load()
        answerer = Answerer(loaded.model, loaded.processor)
        blind = answerer.read_blind()
        for item in items:
            yield Reply(answerer.reply(blind, without_prefix(item.prompt), self.most_tokens).text)


@dataclass(frozen=True)
class LlavaVideoRespondent:
    """Plain LLaVA-Video out of an imported model: no memory, no 3D, the frames and the prompt as published."""

    settings: Settings  # of which `model` is the model's own name
    most_tokens: int
    needs_video: bool = True

    @property
    def count(self) -> int:
        """How many frames are shown."""
        from ..models.llava_video import FRAMES

        return FRAMES if self.settings.frames is None else self.settings.frames

    def identity(self) -> dict[str, Any]:
        shared = _model_identity(self.settings.model, self.settings, self.most_tokens)
        prompt = shared["prompt"] | {"before": "time instruction"}
        return {**shared, "prompt": prompt, "frames": {"rule": "linspace", "count": self.count}}

    def load(self) -> LoadedModel:
        """Return the model, loaded once a process."""
        return load_once(self.settings.model, self.settings.device, self.settings.dtype, self.settings.threads)

    def answer(self, items: Sequence[Item]) -> Iterator[Reply]:
        from ..streaming.llava_baseline import Baseline as Plain
        from ..video import VideoFile

        plain = Plain(self.load(), self.count)
        assert items[0].video is not None
        plain.watch(VideoFile(items[0].video))
        for answer in plain.ask([item.prompt for item in items], self.most_tokens):
            yield Reply(answer.text, plain.frames)


def _chance(settings: Settings, benchmark: Benchmark, items: Sequence[Item], rest: str) -> Respondent:
    return FixedReplies("chance", benchmark.chance(items))


def _random(settings: Settings, benchmark: Benchmark, items: Sequence[Item], rest: str) -> Respondent:
    return FixedReplies("random", random_replies(items, settings.seed), settings.seed)


def _blind(settings: Settings, benchmark: Benchmark, items: Sequence[Item], rest: str) -> Respondent:
    changed = {**vars(settings), "model": rest or "mini"}
    return Blind(Settings(**changed), benchmark.most_tokens)


def _llava_video(settings: Settings, benchmark: Benchmark, items: Sequence[Item], rest: str) -> Respondent:
    if not rest:
        raise ValueError("Say out of which imported model: llava-video:DIR.")
    changed = {**vars(settings), "model": rest}
    return LlavaVideoRespondent(Settings(**changed), benchmark.most_tokens)


Make = Callable[[Settings, Benchmark, Sequence[Item], str], Respondent]
BASELINES: Mapping[str, Make] = {"chance": _chance, "random": _random, "blind": _blind, "llava-video": _llava_video}


def respondent(settings: Settings, benchmark: Benchmark, items: Sequence[Item]) -> Respondent:
    """Return who answers under the model's name of these settings: a baseline by its name, else a model."""
    name, _, rest = settings.model.partition(":")
    if name in BASELINES:
        return BASELINES[name](settings, benchmark, items, rest)
    return SessionRespondent(settings, benchmark.most_tokens)


def title(settings: Settings) -> str:
    """Return what a run is called in tables: the name of its model, and for one that watches, whether its answers are
    those of the memory's tokens alone or were made with tools."""
    if settings.model.partition(":")[0] in BASELINES:
        return settings.model
    return f"{settings.model}, {'with tools' if has_tools(settings) else 'tokens'}"


def has_tools(settings: Settings) -> bool:
    """Tell whether anything but the memory's tokens has a part in a model's answers."""
    return settings.tools and _configuration(settings.model).recall


def random_replies(items: Sequence[Item], seed: int) -> dict[str, str]:
    """Draw a reply to every item: one of its options, or the truth of any item of its type. Each draw depends on the
    seed and the item alone."""
    truths: dict[str, list[str]] = {}
    for item in items:
        truths.setdefault(item.question_type, []).append(item.answers[0])
    replies = {}
    for item in items:
        rng = np.random.default_rng(list(hashlib.sha256(f"{seed}/{item.id}".encode()).digest()[:16]))
        choices = truths[item.question_type] if item.options is None else [option[0] for option in item.options]
        replies[item.id] = choices[int(rng.integers(len(choices)))]
    return replies


def without_prefix(prompt: str) -> str:
    """Leave out the words before a question that our processor puts there itself."""
    return prompt.strip().removeprefix(PREFIX).strip()


@cache
def load_once(name: str, device: str | None, dtype: str | None, threads: int) -> LoadedModel:
    """Load a model, once a process, which computes with so many threads from then on."""
    import torch

    from ..streaming import load

    torch.set_num_threads(threads)
    return load(name, device=device, dtype=dtype)


def _model_identity(name: str, settings: Settings, most_tokens: int) -> dict[str, Any]:
    """Return what tells models apart, and how they compute: not where they lie or what they are called."""
    from ..encoders.weights import sha256
    from ..models.checkpoint import find_checkpoint
    from ..models.processing import INTRODUCTION
    from ..streaming.load import find_device, usual_dtype

    folder, device = find_checkpoint(name), find_device(settings.device)
    usual = "as kept" if usual_dtype(device) is None else "float32"
    files = {file.name: sha256(file) for file in sorted(folder.iterdir()) if _decides(file)}
    return {
        "model": {"files": files, "frozen": _configuration(name).frozen_sha256},
        "prompt": {"before": INTRODUCTION.strip(), "decoding": "greedy", "most_tokens": most_tokens},
        "device": device.type,
        "dtype": settings.dtype or usual,
        "threads": settings.threads,
    }


def _answering_identity(settings: Settings, most_tokens: int) -> dict[str, Any]:
    """Return the identity of a model that a session's answerer decodes, which follows the model's rule for numbers."""
    shared = _model_identity(settings.model, settings, most_tokens)
    return {**shared, "prompt": shared["prompt"] | {"numbers": _configuration(settings.model).numbers}}


def _configuration(name: str) -> VLM2Config:
    from ..models.checkpoint import find_checkpoint
    from ..models.configuration import read_config

    return read_config(find_checkpoint(name))


def _decides(file: Path) -> bool:
    return file.suffix in (".json", ".safetensors", ".model", ".txt", ".jinja") and file.is_file()
