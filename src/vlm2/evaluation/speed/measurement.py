"""How long each component of a model takes on this machine: a session watches a short film and answers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from ...streaming import LoadedModel
from .harness import FPS, SECOND_QUESTION, pictures, timed
from .workload import Workload

FILM = (480, 640, 10)  # height and width in pixels, frames a second


@dataclass(frozen=True)
class Measurement:
    """Seconds by component, named as in an estimate; and the workload, from which the same can be estimated."""

    seconds: dict[str, float]
    workload: Workload


def measure_components(loaded: LoadedModel, frames: int, workload: Workload) -> Measurement:
    """Let a session watch so many frames of a generated film and answer one question with at most
    `workload.answer_tokens` tokens, after a warm-up."""
    with tempfile.TemporaryDirectory(prefix="vlm2-") as folder:
        warm_up, film = Path(folder) / "warm_up.mp4", Path(folder) / "film.mp4"
        write_film(warm_up, 2)
        write_film(film, frames)
        _watch(loaded, warm_up, 1)
        seconds, answer_tokens = _watch(loaded, film, workload.answer_tokens)
    height, width, rate = FILM
    question = len(loaded.processor.question_ids(SECOND_QUESTION))
    done = replace(workload, frames=frames, height=height, width=width, fps=FPS, source_fps=rate)
    return Measurement(seconds, replace(done, question_tokens=question, answer_tokens=answer_tokens))


def write_film(path: Path, frames: int) -> None:
    """Write a film that has so many frames at the rate of a session: a view that drifts over a random picture."""
    height, width, rate = FILM
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = round((frames - 1) * rate / FPS) + 1
        for index, picture in enumerate(islice(pictures(), count)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _watch(loaded: LoadedModel, film: Path, answer_tokens: int) -> tuple[dict[str, float], int]:
    """Return the seconds by component, and the number of tokens in the answer, at least one."""
    session = loaded.session()
    with timed(loaded.model, session) as timing:
        session.watch(film, fps=FPS, ahead=False)
        session.ask(SECOND_QUESTION, answer_tokens)
    (_, video), *questions = timing.prefills
    seconds = {
        **timing.seconds,
        "prefill, video": video,
        "prefill, question": sum(seconds for _, seconds in questions),
        "answer decoding": sum(seconds for _, seconds in timing.steps),
    }
    return seconds, len(timing.steps) + 1
