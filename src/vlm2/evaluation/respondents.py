"""Respondents answer a benchmark's questions: a model through the session that users run, or a baseline.

A baseline is named in the place of a model:

- `chance`: the best constant answer of each question type.
- `random`: an option, or the truth of any question of the type, drawn by the seed.
- `blind:MODEL`: MODEL's language model with its adapters and the same prompt, without the video.
- `llava-video:MODEL`: plain LLaVA-Video from an imported MODEL, on `frames` frames, 32 by default.

`true-objects` answers from the true map of a generated home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from ..questions.question import PREFIX
from ..video import Frame, VideoFile, new_views
from . import true_objects
from .benchmark import Benchmark, FindTruth, Item
from .eyes import RunEyes, check_truth, hash_depth_files, read_eyes
from .predictions import Prediction, StoredAnswer

if TYPE_CHECKING:
    from ..models import VLM2Config
    from ..streaming import LoadedModel, Session

MODEL_FILES = (".json", ".safetensors", ".model", ".txt", ".jinja")  # the files on which a model's replies depend


@dataclass(frozen=True)
class RunSettings:
    """The settings of a run. `frames` are shown, evenly spread over the video; None shows a stream of `fps` frames a
    second, with `only_new` those of them that show something new. `kept` names a model whose memory chooses the frames:
    those that it holds at the end of the stream.
    `threads` is the number of CPU threads per process, on which results depend in their last digits. Without `tools`,
    the model answers from the memory's tokens alone. `eyes` feed the object memory, as `evaluation.eyes` reads them;
    `words`, `geometry` and `runtime` are those of `vlm2.load`."""

    model: str = "mini"
    frames: int | None = None
    fps: float = 2.0
    seed: int = 0
    threads: int = 1
    device: str | None = None
    dtype: str | None = None
    kept: str | None = None
    tools: bool = True
    eyes: str | None = "auto"
    words: tuple[str, ...] = ()
    geometry: str | None = None
    only_new: bool = False
    runtime: str = "torch"

    def __post_init__(self) -> None:
        if self.kept is not None and self.frames is not None:
            raise ValueError(f"Choose: {self.frames} frames spread over a video, or those that {self.kept} keeps.")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"{self.frames} frames show nothing; give 1 or more, or `memory`.")
        if self.only_new and (self.frames, self.kept) != (None, None):
            raise ValueError("Choose: the frames that show something new, a number of frames, or those that are kept.")
        if not self.fps > 0:
            raise ValueError(f"{self.fps} frames a second show nothing; give a number above 0.")


@runtime_checkable
class Respondent(Protocol):
    """Answers the questions about one video, in order. It is pickled for worker processes.

    `needs_video` is True if it watches videos. `identity` returns everything but the items on which its replies depend.
    """

    @property
    def needs_video(self) -> bool: ...

    def identity(self) -> dict[str, Any]: ...

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]: ...


@dataclass(frozen=True)
class FixedReplies:
    """Replies that were decided beforehand, by item id."""

    name: str
    replies: Mapping[str, str]
    seed: int | None = None
    needs_video: bool = False

    def identity(self) -> dict[str, Any]:
        return {"model": {"name": self.name}} | ({} if self.seed is None else {"seed": self.seed})

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]:
        for item in items:
            yield Prediction(item, self.replies[item.id])


@dataclass(frozen=True)
class ModelRespondent:
    """A respondent that runs the model `settings.model`. Replies have at most `most_tokens` tokens."""

    settings: RunSettings
    most_tokens: int

    def load(self, name: str | None = None) -> LoadedModel:
        """Return the model, or the one of this name, loaded once a process."""
        settings = self.settings
        options = (settings.device, settings.dtype, settings.threads, settings.geometry, settings.runtime)
        return load_once(name or settings.model, *options)

    def describe(self, frames: Mapping[str, Any], prompt: Mapping[str, Any], **others: Any) -> dict[str, Any]:
        """Return the identity of a model that is shown these frames behind this prompt, and decodes greedily."""
        from ..models.loading import find_device, usual_dtype

        device = find_device(self.settings.device)
        usual = "as kept" if usual_dtype(device) is None else "float32"
        depth = self.settings.geometry
        return {
            "model": hash_model(self.settings.model),
            **({} if depth is None else {"geometry": {"files": hash_depth_files(depth)}}),
            "prompt": {"decoding": "greedy", "most_tokens": self.most_tokens, **prompt},
            "device": device.type,
            "dtype": self.settings.dtype or usual,
            **({} if self.settings.runtime == "torch" else {"runtime": self.settings.runtime}),
            "threads": self.settings.threads,
            "frames": frames,
            **others,
        }

    def session_prompt(self) -> dict[str, Any]:
        """Return the part of the identity that describes the prompt of a session."""
        from ..models.processing import INTRODUCTION

        return {"before": INTRODUCTION.strip()}


@dataclass(frozen=True)
class SessionRespondent(ModelRespondent):
    """A model that watches each video in its own session and is asked as users ask.

    With eyes, it also gives the language model's guess where the object memory knows no answer. `truth` is the
    benchmark's.
    """

    truth: FindTruth | None = None
    needs_video: bool = True

    def identity(self) -> dict[str, Any]:
        frames, kept, fps = self.settings.frames, self.settings.kept, self.settings.fps
        shown: dict[str, Any] = {"rule": "new views" if self.settings.only_new else "memory", "fps": fps}
        if frames is not None:
            shown = {"rule": "spread", "count": frames}
        elif kept is not None:
            shown = {"rule": "kept", "fps": fps, "by": hash_model(kept)}
        eyes = run_eyes(self.settings)
        seen = {} if eyes is None else {"eyes": eyes.identity()}
        return self.describe(shown, self.session_prompt(), **seen)

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]:
        session = self._session(items[0])
        for item in items:
            session.check(without_prefix(item.prompt), self.most_tokens)
        assert items[0].video is not None
        for frame in self._frames(VideoFile(items[0].video)):
            session.observe(frame.image, frame.time)
        for item in items:
            answer = session.ask(without_prefix(item.prompt), self.most_tokens, self.settings.tools, guess=True)
            stored = None if session.eyes is None else StoredAnswer.of(answer)
            yield Prediction(item, answer.text, session.frames, stored)

    def _session(self, item: Item) -> Session:
        """Return a new session, with the eyes for an item's video."""
        eyes = run_eyes(self.settings)
        if eyes is None:
            return self.load().session()
        from ..streaming.object_frames import ObjectEyes

        loaded = self.load()
        found = ObjectEyes(eyes.title, eyes.open(item, self.truth, self.settings.runtime))
        return replace(loaded, eyes=found).session()

    def _frames(self, file: VideoFile) -> Iterator[Frame]:
        """Yield the frames that the model is shown."""
        settings = self.settings
        if settings.frames is not None:
            return file.spread(settings.frames)
        if settings.kept is None:
            frames = file.sample(settings.fps)
            return new_views(frames) if settings.only_new else frames
        chooser = self.load(settings.kept).session(thumbnails=False)
        chooser.watch(file, settings.fps)
        kept = frozenset(chooser.slots)
        return (frame for number, frame in enumerate(file.sample(settings.fps)) if number in kept)


@dataclass(frozen=True)
class Blind(ModelRespondent):
    """The language model of a model, with the same prompts but without the video. It decodes as the model does."""

    needs_video: bool = False

    def identity(self) -> dict[str, Any]:
        return self.describe({"rule": "none"}, self.session_prompt())

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]:
        from ..streaming.answering import Answerer

        loaded = self.load()
        answerer = Answerer(loaded.model, loaded.processor)
        blind = answerer.read_blind()
        for item in items:
            yield Prediction(item, answerer.reply(blind, without_prefix(item.prompt), self.most_tokens).text)


@dataclass(frozen=True)
class LlavaVideoRespondent(ModelRespondent):
    """Plain LLaVA-Video from an imported model: no memory, no 3D, the frames and the prompt as published."""

    needs_video: bool = True

    @property
    def count(self) -> int:
        """The number of frames that are shown."""
        from ..models.llava_video import FRAMES

        return FRAMES if self.settings.frames is None else self.settings.frames

    def identity(self) -> dict[str, Any]:
        return self.describe({"rule": "linspace", "count": self.count}, {"before": "time instruction"})

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]:
        from ..streaming.llava_baseline import Baseline

        assert items[0].video is not None
        session = Baseline(self.load(), self.count)
        session.watch(VideoFile(items[0].video))
        answers = session.ask([item.prompt for item in items], self.most_tokens)
        for item, answer in zip(items, answers, strict=True):
            yield Prediction(item, answer.text, session.frames)


BASELINES = ("chance", "random", "blind", "llava-video", true_objects.NAME)


def respondent(settings: RunSettings, benchmark: Benchmark, items: Sequence[Item]) -> Respondent:
    """Return the respondent for `settings.model`: a baseline by its name, else a model.

    Raises ValueError for `llava-video` without a model, for eyes or new frames of a baseline, and for a benchmark
    without the truth that is needed.
    """
    name, _, model = settings.model.partition(":")
    if name in BASELINES and settings.eyes not in (None, "none", "auto"):
        raise ValueError(f"{name} has no object memory; leave out --eyes {settings.eyes}.")
    if name in BASELINES and (settings.words or settings.geometry):
        raise ValueError(f"{name} has no object memory; leave out --words and --geometry.")
    if name in BASELINES and settings.only_new:
        raise ValueError(f"{name} has no stream of frames; leave out --only-new.")
    if name == true_objects.NAME:
        return true_objects.true_objects(benchmark)
    if name == "chance":
        return FixedReplies(name, benchmark.chance(items))
    if name == "random":
        return FixedReplies(name, random_replies(items, settings.seed), settings.seed)
    if name == "blind":
        return Blind(replace(settings, model=model or "mini"), benchmark.most_tokens)
    if name == "llava-video":
        if not model:
            raise ValueError("Say out of which imported model: llava-video:DIR.")
        return LlavaVideoRespondent(replace(settings, model=model), benchmark.most_tokens)
    check_truth(run_eyes(settings), benchmark.name, benchmark.truth)
    return SessionRespondent(settings, benchmark.most_tokens, benchmark.truth)


def title(settings: RunSettings) -> str:
    """Return a run's name in tables: the model, and for a model that watches, "objects" with its eyes where they are
    not the packaged ones, or "tokens"."""
    if settings.model == true_objects.NAME:
        return true_objects.TITLE
    if settings.model.partition(":")[0] in BASELINES:
        return settings.model
    eyes, others = run_eyes(settings), f", depth of {Path(settings.geometry).name}" if settings.geometry else ""
    others += f", new of {settings.fps:g} frames a second" if settings.only_new else ""
    if eyes is None:
        return f"{settings.model}, tokens{others}"
    return f"{settings.model}, objects" + ("" if eyes.title == "homes" else f" ({eyes.title})") + others


def run_eyes(settings: RunSettings) -> RunEyes | None:
    """Return the eyes of a run: none without tools, which ask the language model alone."""
    if settings.eyes is None or not settings.tools:
        return None
    return read_eyes(settings.eyes, lambda: _configuration(settings.model), settings.words)


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
    """Remove the introduction before a question; our processor adds its own."""
    return prompt.strip().removeprefix(PREFIX).strip()


@cache
def load_once(
    name: str, device: str | None, dtype: str | None, threads: int, geometry: str | None, runtime: str
) -> LoadedModel:
    """Load a model once a process, and set the number of threads of torch."""
    import torch

    from ..streaming import load

    torch.set_num_threads(threads)
    return load(name, device=device, dtype=dtype, eyes=None, geometry=geometry, runtime=runtime)


def hash_model(name: str) -> dict[str, Any]:
    """Return the sha256 of a model's files and of its frozen parts, without its name and folder."""
    from ..encoders.weights import sha256
    from ..models.checkpoint import find_checkpoint

    files = [file for file in sorted(find_checkpoint(name).iterdir()) if file.suffix in MODEL_FILES and file.is_file()]
    return {"files": {file.name: sha256(file) for file in files}, "frozen": _configuration(name).frozen_sha256}


def _configuration(name: str) -> VLM2Config:
    from ..models.checkpoint import find_checkpoint
    from ..models.configuration import read_config

    return read_config(find_checkpoint(name))
