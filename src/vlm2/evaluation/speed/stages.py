"""The time of a frame: milliseconds by stage while a session watches, and those of another commit beside it."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest import mock

from ...heap import ARENAS
from ...models import windows
from ...objects.memory import ObjectMemory
from ...slam import tracking
from ...streaming import LoadedModel, object_frames
from ...streaming.stopwatch import Stopwatch
from .harness import Call, StageTimes, timed_calls

SOURCE = Path(__file__).parents[3]  # the folder that holds this package
REST = "all else"
OF_SESSION = {"decode": "decoding", "encode": "encoding, rest", "memory": "token memory", "objects": "objects, rest"}
ROUNDS = 3  # of each commit, in turn


def forget_frames() -> None:
    """Clear all bounded caches of this package's modules. Some hold what was computed from the last frames, such
    as their features, and a video that is watched again would find them there."""
    for name, module in list(sys.modules.items()):
        for value in list(vars(module).values()) if name.startswith("vlm2.") else ():
            if hasattr(value, "cache_info") and value.cache_info().maxsize is not None:
                value.cache_clear()


# What another commit runs: only names that are public, so that older commits have them too.
WATCH = """
import sys, time, vlm2
try:
    from vlm2.heap import use_one_heap
    use_one_heap()
except ImportError:  # a commit before it
    pass
{forget_frames}
model, video, fps, eyes = sys.argv[1:]
loaded = vlm2.load(model, eyes=eyes)
loaded.session().watch(video, fps=float(fps))
forget_frames()
session = loaded.session()
started = time.perf_counter()
session.watch(video, fps=float(fps))
print(1000 * (time.perf_counter() - started) / session.frames)
"""


@dataclass(frozen=True)
class Profile:
    """Milliseconds a frame by stage, the slowest first; `total_ms` is their sum."""

    frames: int
    stages_ms: dict[str, float]

    @property
    def total_ms(self) -> float:
        """Milliseconds a frame."""
        return sum(self.stages_ms.values())


def profile(loaded: LoadedModel, video: Path, fps: float) -> Profile:
    """Watch a video twice in one thread, and time the stages of the second time. Waiting for a device makes it a little
    slower. A session that looks ahead in a second thread is faster than the sum of its stages."""
    loaded.session(thumbnails=False).watch(video, fps, ahead=False)
    forget_frames()
    session, times = loaded.session(thumbnails=False), StageTimes()
    with _watched(loaded, times), times(REST):
        session.watch(video, fps, ahead=False)
    slowest = sorted(times.seconds.items(), key=lambda pair: -pair[1])
    return Profile(session.frames, {stage: 1000 * seconds / session.frames for stage, seconds in slowest})


@contextmanager
def _watched(loaded: LoadedModel, times: StageTimes) -> Iterator[None]:
    """Time the stages of a model's sessions while the context lasts."""
    model = loaded.model
    calls: list[Call] = [
        (model.vision, "forward", "vision encoder"),
        (model.geometry, "encode", "geometry encoder"),
        (model.representation, "forward", "representation"),
        (tracking, "sift", "tracking: features"),
        (tracking, "detect", "tracking: features"),
        (tracking, "_match_all", "tracking: matches"),
        (tracking, "search_focal", "tracking: focal length"),
        (tracking, "estimate_relative_pose", "tracking: pairs"),
        (tracking, "bundle_adjust", "tracking: bundle adjustment"),
        (windows, "track_window", "tracking: rest"),
        (windows, "_close_loops", "loop closure"),
        (object_frames, "lift", "objects: lifting"),
        (ObjectMemory, "observe", "objects: tracks"),
    ]
    if loaded.eyes is not None:
        names = [name for name in ("detect", "detect_at") if hasattr(loaded.eyes.detector, name)]
        calls += [(loaded.eyes.detector, name, "eyes") for name in names]
    of_session = mock.patch.object(Stopwatch, "__call__", lambda _, name: times(OF_SESSION[name]))
    with timed_calls(times, calls), of_session:
        yield


def against(commit: str, model: str, video: Path, fps: float, eyes: str) -> tuple[float, float]:
    """Return milliseconds a frame of this code and of a commit of this repository.

    They are medians of `ROUNDS` rounds in turn. Each round runs in a process of its own that has watched the video once
    before. Raises ValueError where the code lies in no repository, for an unknown commit, and where one of the two
    fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "commit"
        _run(["git", "-C", str(SOURCE), "worktree", "add", "--detach", str(there), commit])
        try:
            rounds = [
                [_watch(code, model, video, fps, eyes) for code in (SOURCE, there / "src")] for _ in range(ROUNDS)
            ]
        finally:
            _run(["git", "-C", str(SOURCE), "worktree", "remove", "--force", str(there)])
    ours, theirs = zip(*rounds, strict=True)
    return median(ours), median(theirs)


def watch_script() -> str:
    """Return what another commit runs."""
    return WATCH.format(forget_frames=inspect.getsource(forget_frames))


def _watch(code: Path, model: str, video: Path, fps: float, eyes: str) -> float:
    command = [sys.executable, "-c", watch_script(), model, str(video.resolve()), str(fps), eyes]
    return float(_run(command, code).split()[-1])


def _run(command: list[str], code: Path | None = None) -> str:
    """Return what a command prints; with `code`, Python imports from this folder first."""
    own = {name: value for name, value in os.environ.items() if name != ARENAS}  # each commit sets its own
    environment = None if code is None else own | {"PYTHONPATH": str(code)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"`{' '.join(command[:2])} …` failed: {reason}")
    return done.stdout
