"""What the stations of a plan really take here: a session watches a short film and answers, each by the clock."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import av
import numpy as np
import torch
from torch import nn

from ...models import windows
from ...streaming import LoadedModel
from .plan import Wish
from .soak import AGAIN, pictures

FILM = (480, 640, 10)  # height and width in pixels, frames a second
LOOKED_AT = 2.0  # frames a second


@dataclass(frozen=True)
class Measured:
    """Seconds by station, as `Station.name` has them; and what was done, for a plan of the same."""

    seconds: dict[str, float]
    wish: Wish


def measure(loaded: LoadedModel, frames: int, wish: Wish, words: int = 8) -> Measured:
    """Let a session see so many frames of a film made for this, and ask once, after a first film that is not counted.

    Hooks wait for the device at each station's ends, so the sum is a little more than a session takes.
    """
    with tempfile.TemporaryDirectory(prefix="vlm2-") as folder:
        warm, film = Path(folder) / "warm.mp4", Path(folder) / "film.mp4"
        write_film(warm, 2)
        write_film(film, frames)
        _watch(loaded, warm, 1)
        spent, said = _watch(loaded, film, words)
    height, width, rate = FILM
    question = len(loaded.processor.question_ids(AGAIN))
    done = replace(wish, frames=frames, height=height, width=width, fps=LOOKED_AT, source_fps=rate)
    return Measured(spent, replace(done, question=question, words=said))


def write_film(path: Path, frames: int) -> None:
    """Write a film in which a session looks at so many frames: a view that drifts over a random picture."""
    height, width, rate = FILM
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = round((frames - 1) * rate / LOOKED_AT) + 1
        for index, picture in enumerate(islice(pictures(None), count)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _watch(loaded: LoadedModel, film: Path, words: int) -> tuple[dict[str, float], int]:
    """Return the seconds by station, and how many words the answer had, at least one."""
    session = loaded.session()
    with _timed(loaded) as (spent, passes):
        session.watch(film, fps=LOOKED_AT)
        session.ask(AGAIN, words)
    spent |= {"video decoding": session.spent["decode"], "memory": session.spent["memory"]}
    read = [seconds for tokens, seconds in passes if tokens > 1]
    said = [seconds for tokens, seconds in passes if tokens == 1]
    spent["language: the video"], spent["language: the question"] = read[0], sum(read[1:])
    spent["language: the words"] = sum(said)
    return spent, len(said) + 1


@contextmanager
def _timed(loaded: LoadedModel) -> Iterator[tuple[dict[str, float], list[tuple[int, float]]]]:
    """Note the seconds of the parts that run as modules, and (tokens, seconds) of every pass of the language model."""
    model, hooks = loaded.model, []
    parts: dict[str, nn.Module] = {
        "vision encoder": model.vision,
        "representation": model.representation,
        "projector": model.projector,
    }
    functions: dict[str, tuple[Any, str]] = {"geometry encoder": (model.geometry, "encode")}
    if model.frame_encoder.windows.tracking is not None:
        functions["camera tracking"] = (windows, "track_window")
    spent, passes, started = dict.fromkeys([*parts, *functions], 0.0), [], {}

    def begin(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            _wait()
            started[name] = time.perf_counter()

        return hook

    def end(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            _wait()
            spent[name] += time.perf_counter() - started[name]

        return hook

    def passed(_: object, args: tuple, options: dict[str, Any], __: object) -> None:
        _wait()
        given = [options.get("input_ids"), options.get("inputs_embeds"), *args]
        tokens = next(tensor.shape[1] for tensor in given if tensor is not None)
        passes.append((tokens, time.perf_counter() - started["language"]))

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed_function(*given: Any) -> Any:
            begin(name)()
            found = function(*given)
            end(name)()
            return found

        return timed_function

    for name, part in parts.items():
        hooks += [part.register_forward_pre_hook(begin(name)), part.register_forward_hook(end(name))]
    backbone = model.language_backbone
    hooks += [
        backbone.register_forward_pre_hook(begin("language")),
        backbone.register_forward_hook(passed, with_kwargs=True),
    ]
    try:
        with ExitStack() as patched:  # these are no module's forward, so hooks do not reach them
            for name, (owner, function) in functions.items():
                timed_function = timed(name, getattr(owner, function))
                patched.enter_context(mock.patch.object(owner, function, timed_function))
            yield spent, passes
    finally:
        for hook in hooks:
            hook.remove()


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
