"""The stages of a frame: their times add up, nothing stays patched, and another commit runs its own code."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from toyeyes import toy_eyes
from toyruns import toy_loaded

from vlm2.evaluation.speed import harness, stages
from vlm2.evaluation.speed.harness import StageTimes
from vlm2.evaluation.speed.stages import REST
from vlm2.models import windows
from vlm2.objects.memory import ObjectMemory
from vlm2.slam import features, tracking
from vlm2.slam.configuration import FeatureConfig
from vlm2.streaming.stopwatch import Stopwatch


def test_a_stage_does_not_count_those_inside_it(monkeypatch) -> None:
    clock = iter([0.0, 1.0, 3.0, 4.0, 6.0, 10.0])
    monkeypatch.setattr(harness, "now", lambda: next(clock))
    times = StageTimes()
    with times("outer"):
        with times("inner"):
            pass
        with times("inner"):
            pass
    assert times.seconds == {"inner": 4.0, "outer": 6.0}


def test_a_session_is_timed_by_stage_and_left_as_it_was(write_video) -> None:
    video = write_video(list(np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), dtype=np.uint8)))
    loaded = replace(toy_loaded(), eyes=toy_eyes())
    before = tracking.detect, windows.track_window, ObjectMemory.observe, Stopwatch.__call__
    profile = stages.profile(loaded, video, 4.0)
    assert (tracking.detect, windows.track_window, ObjectMemory.observe, Stopwatch.__call__) == before
    assert not {"forward", "encode"} & (vars(loaded.model.vision).keys() | vars(loaded.model.geometry).keys())
    assert profile.frames == 8
    expected = {
        "vision encoder",
        "geometry encoder",
        "eyes",
        "objects: lifting",
        "objects: tracks",
        "token memory",
        "decoding",
    }
    assert expected <= profile.stages_ms.keys() and profile.stages_ms.keys() >= {REST}
    assert all(ms >= 0 for ms in profile.stages_ms.values())
    assert list(profile.stages_ms.values()) == sorted(profile.stages_ms.values(), reverse=True)
    assert profile.total_ms == pytest.approx(sum(profile.stages_ms.values()))


def test_features_of_an_earlier_watch_are_found_again() -> None:
    image, config = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8), FeatureConfig()
    first = features.sift(image, config)
    assert features.sift(image, config) is first
    stages.forget_frames()
    second = features.sift(image, config)
    assert second is not first
    exec(stages.watch_script().partition("model, video")[0] + "forget_frames()", {})  # as another commit runs it
    assert features.sift(image, config) is not second


def git(folder, *words: str) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", str(folder), *named, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository whose package says how long a frame takes: 30 ms in the first commit, 10 in its working tree."""
    package = tmp_path / "code" / "src" / "vlm2"
    package.mkdir(parents=True)
    git(tmp_path, "init", "-q", "code")
    code = (
        "class Session:\n    frames = 4\n    def watch(self, video, fps): clock[0] += 4 * {ms} / 1000\n"
        "class Loaded:\n    def session(self): return Session()\n"
        "import time\nclock = [0.0]\ntime.perf_counter = lambda: clock[0]\n"
        "def load(model, eyes): return Loaded()\n"
    )
    for ms in (30, 10):
        (package / "__init__.py").write_text(code.format(ms=ms))
        if ms == 30:
            git(tmp_path / "code", "add", "-A")
            git(tmp_path / "code", "commit", "-q", "-m", "slow")
    monkeypatch.setattr(stages, "SOURCE", package.parent)
    return tmp_path / "code"


def test_a_commit_runs_its_own_code(repository, tmp_path) -> None:
    ours, theirs = stages.against("HEAD", "mini", tmp_path / "video.mp4", 2.0, "none")
    assert (ours, theirs) == (pytest.approx(10.0), pytest.approx(30.0))
    listed = subprocess.run(
        ["git", "-C", str(repository), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1


def test_an_unknown_commit_is_refused(repository, tmp_path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        stages.against("nowhere", "mini", tmp_path / "video.mp4", 2.0, "none")
