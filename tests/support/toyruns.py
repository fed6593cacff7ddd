"""A benchmark of toy size whose questions a toy model answers through the real runner, in this process or in others."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from toys import ToyVision, toy_model, toy_processor

from vlm2.evaluation.benchmark import Benchmark, Item, Loaded, Values
from vlm2.evaluation.respondents import RunSettings, SessionRespondent
from vlm2.evaluation.runner import ProcessRank, run
from vlm2.models.halves import ModelHalves
from vlm2.streaming.load import LoadedModel

KINDS = ("counting", "distance", "direction")


def load(source=None, videos=None, limit=None) -> Loaded:
    """Five videos with three questions each; `videos` is the folder with video_K.mp4."""
    items = []
    for video in range(5):
        for number, kind in enumerate(KINDS):
            options = ("A. left", "B. right") if kind == "direction" else None
            question = f"{kind} of thing {number} in place {video}?"
            items.append(
                Item(
                    id=f"{video}/{kind}",
                    video=Path(videos or ".") / f"video_{video}.mp4",
                    group=f"video_{video}",
                    question_type=kind,
                    prompt=f"These are frames of a video.\n{question}\nAnswer.",
                    question=question,
                    options=options,
                    answers=("AB"[video % 2],) if options else (str(video + number + 1),),
                    length=(40.0, 90.0, 200.0)[video % 3],
                )
            )
    return Loaded(tuple(items[: limit and 3 * limit]), "sha256:toy")


def score(item: Item, reply: str) -> Values:
    """An equal text is right; so that scores differ, a part of a point for a reply's length."""
    return {"score": 1.0 if reply == item.answers[0] else 0.1 * (len(reply) % 5)}


def summary(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for kind, values in scores:
        groups.setdefault(kind, []).append(values["score"])
    means = {kind: sum(values) / len(values) for kind, values in groups.items()}
    return means | ({"overall": sum(means.values()) / len(means)} if means else {})


def chance(items: Sequence[Item]) -> dict[str, str]:
    return {item.id: "A" if item.options else "3" for item in items}


TOY = Benchmark(
    name="toy",
    version=3,
    load=load,
    scorers={"plain": score},
    summary=summary,
    headline="overall",
    chance=chance,
    most_tokens=6,
)


@cache
def toy_loaded() -> LoadedModel:
    """The toy model, ready to watch."""
    torch.set_num_threads(1)
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    return LoadedModel("toy", Path("."), ModelHalves.of(toy_model().eval(), processor))


class ToyRespondent(SessionRespondent):
    """The respondent of real runs, on the toy model."""

    def load(self, name: str | None = None) -> LoadedModel:
        return toy_loaded()

    def identity(self) -> dict:
        return {"model": {"name": self.settings.model}, "threads": self.settings.threads}


def toy_respondent(model: str = "toy", **settings) -> ToyRespondent:
    return ToyRespondent(RunSettings(model=model, **{"eyes": None, **settings}), TOY.most_tokens)


def write_videos(write_video, seed: int = 0) -> None:
    """Write the benchmark's videos with the fixture `write_video`."""
    rng = np.random.default_rng(seed)
    for video in range(5):
        frames = rng.integers(0, 256, (6 + video, 32, 48, 3), dtype=np.uint8)
        write_video(list(frames), name=f"video_{video}.mp4", times=[500 * k for k in range(len(frames))])


def toy_run(videos: Path, out: Path, process: ProcessRank | None = None, fatal_line: int = 0) -> int:
    """Run the benchmark, and die by SIGKILL when the runner's code comes to its n-th line (0: never).

    Returns the number of its lines that were executed, if they are counted.
    """
    lines = 0
    counted = tuple(
        os.path.join("evaluation", name) for name in ("runner.py", "predictions.py", "receipt.py", "workers.py")
    )

    def trace(frame: FrameType, event: str, _):
        nonlocal lines
        if not frame.f_code.co_filename.endswith(counted):
            return None
        if event == "line":
            lines += 1
            if lines == fatal_line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    loaded = load(videos=videos)
    if fatal_line:
        sys.settrace(trace)
    try:
        run(TOY, loaded, toy_respondent(), out, "toy", process)
    finally:
        sys.settrace(None)
    return lines
