"""vlm2 as a model of lmms-eval, found through its entry points: `lmms-eval --model vlm2 --model_args model=mini ...`.

Every video is watched once by a session of its own, and its questions are asked as users ask.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lmms_eval.api.model import lmms  # pyright: ignore[reportMissingImports]
from lmms_eval.models.registry_v2 import ModelManifest  # pyright: ignore[reportMissingImports]
from PIL import Image

from ..streaming import Session, load
from ..video import VideoFile
from .respondents import without_prefix

SECONDS_BETWEEN_IMAGES = 0.5  # of a task that gives pictures instead of a video


def manifest() -> ModelManifest:
    """Tell lmms-eval where the model is."""
    return ModelManifest("vlm2", simple_class_path=f"{__name__}.VLM2")


class VLM2(lmms):
    """A model of ours behind lmms-eval's interface.

    `model` is what `vlm2.load` takes; `frames` a number spread over the video, or "memory": what streams by at `fps`.
    """

    is_simple = True

    def __init__(
        self,
        model: str = "mini",
        frames: int | str = "memory",
        fps: float = 2.0,
        device: str | None = None,
        dtype: str | None = None,
        batch_size: int | str = 1,
        **others: Any,
    ) -> None:
        super().__init__()
        if others:
            raise ValueError(
                f"The model vlm2 has no argument {', '.join(sorted(others))}; it has model, frames, fps, device, dtype."
            )
        self.frames = None if frames == "memory" else int(frames)
        self.fps, self.batch_size = float(fps), int(batch_size)
        self._share_work()
        self.loaded = load(model, device=device or self._gpu(), dtype=dtype)

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """Answer all requests, those about one video together; the answers are in the order of the requests."""
        replies: dict[int, str] = {}
        for visuals, group in self._by_video(requests).items():
            session = self._watched(visuals, group[0][1])
            for number, request in group:
                prompt, options = request.args[:2]
                reply = session.ask(without_prefix(prompt), int(options.get("max_new_tokens", 16)), guess=True).text
                replies[number] = cut(reply, options.get("until"))
        return [replies[number] for number in range(len(requests))]

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        """Not there: a session answers in words."""
        raise NotImplementedError("vlm2 answers in words; choose a task whose output_type is generate_until.")

    def generate_until_multi_round(self, requests: Sequence[Any]) -> list[str]:
        """Not there: this adapter asks every question on its own."""
        raise NotImplementedError("vlm2 asks every question on its own; choose a task of one round.")

    def _by_video(self, requests: Sequence[Any]) -> dict[Any, list[tuple[int, Any]]]:
        """Group requests, with their numbers, by the video they are about; those about pictures stay alone."""
        groups: dict[Any, list[tuple[int, Any]]] = {}
        for number, request in enumerate(requests):
            visuals = self._visuals(request)
            one = len(visuals) == 1 and isinstance(visuals[0], str | Path)
            groups.setdefault(str(visuals[0]) if one else number, []).append((number, request))
        return groups

    def _visuals(self, request: Any) -> list[Any]:
        _, _, doc_to_visual, number, task, split = request.args
        return list(doc_to_visual(self.task_dict[task][split][number]) or [])

    def _watched(self, video: str | int, request: Any) -> Session:
        session = self.loaded.session()
        for time, image in self._frames(self._visuals(request)):
            session.observe(image, time)
        if not session.frames:
            raise ValueError(f"Request {video} of lmms-eval shows nothing; vlm2 answers about videos and pictures.")
        return session

    def _frames(self, visuals: Sequence[Any]) -> Iterator[tuple[float, np.ndarray]]:
        """Give the frames of a video, or pictures as frames, with their seconds."""
        if len(visuals) == 1 and isinstance(visuals[0], str | Path):
            file = VideoFile(visuals[0])
            for frame in file.sample(self.fps) if self.frames is None else file.spread(self.frames):
                yield frame.time, frame.image
            return
        for index, picture in enumerate(visuals):
            image = picture if isinstance(picture, Image.Image) else Image.open(picture)
            yield SECONDS_BETWEEN_IMAGES * index, np.asarray(image.convert("RGB"))

    def _share_work(self) -> None:
        """Tell lmms-eval which process of how many this is, where `accelerate launch` started several."""
        if int(os.environ.get("WORLD_SIZE", 1)) > 1:
            from accelerate import Accelerator

            self.accelerator = Accelerator()
            self._rank, self._world_size = self.accelerator.process_index, self.accelerator.num_processes

    def _gpu(self) -> str | None:
        place = getattr(getattr(self, "accelerator", None), "device", None)
        return str(place) if place is not None and place.type == "cuda" else None


def cut(reply: str, until: Sequence[str] | str | None) -> str:
    """End a reply where the first of the task's stop texts begins."""
    for stop in [until] if isinstance(until, str) else until or ():
        if stop:
            reply = reply.split(stop, 1)[0]
    return reply.strip()
