"""The eyes of a run: the detector that feeds the object memory, or the truth about generated homes.

`truth` and `truth-labels` are the rungs of the oracle ladder. `truth` detects the true things of each frame; poses,
depth, association and memory are the model's. `truth-labels` takes the masks and boxes of a trained detector and gives
each the true label. They need a benchmark that knows the truth about its videos.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .benchmark import FindTruth, Item

if TYPE_CHECKING:
    from ..encoders.detectors import Detector
    from ..models import VLM2Config

TRUTH, TRUTH_LABELS = "truth", "truth-labels"


@dataclass(frozen=True)
class RunEyes:
    """The eyes of a run. `oracle` is None, `TRUTH` or `TRUTH_LABELS`. `detector` is the registered name of a trained
    detector, followed by `:` and a folder where it is one of the user's; None for the truth. `words` are what one with
    an open vocabulary looks for, instead of its usual words."""

    detector: str | None
    oracle: str | None = None
    words: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name for tables: the oracle's, or that of the detector with its folder's last part."""
        registered, _, folder = (self.detector or "").partition(":")
        trained = f"{registered}:{Path(folder).name}" if folder else registered
        return ":".join(filter(None, (self.oracle, trained if folder or self.oracle is None else "")))

    def identity(self) -> dict[str, Any]:
        """Return the names and the sha256 of the files on which the detections depend, without their folder."""
        found: dict[str, Any] = {} if self.oracle is None else {"oracle": self.oracle}
        if self.detector is not None:
            found |= {"name": self.detector.partition(":")[0], "files": _hash_files(self.detector)}
        return found | ({"words": list(self.words)} if self.words else {})

    def open(self, item: Item, truth: FindTruth | None, runtime: str = "torch") -> Detector:
        """Return the detector for an item's video, which computes in a runtime of `vlm2.load`."""
        if self.oracle is None:
            assert self.detector is not None
            return load_detector_once(self.detector, self.words, runtime)
        from .true_eyes import TrueDetector, TrueFrames, TrueLabels

        assert truth is not None  # `check_truth` was called
        frames = TrueFrames.render(truth(item))
        if self.detector is None:
            return TrueDetector(frames)
        return TrueLabels(frames, load_detector_once(self.detector, self.words, runtime))


def read_eyes(name: str | None, configuration: Callable[[], VLM2Config], words: tuple[str, ...] = ()) -> RunEyes | None:
    """Return the eyes of a run by their name; None for None, "none", and for "auto" with a model that has none.

    `configuration` reads the model's. Raises ValueError for an unknown name, where the model's geometry is not metric,
    and for words of eyes that are none or the truth.
    """
    from ..streaming.load import choose_eyes

    if words and name in (None, "none", TRUTH):
        raise ValueError("Words are for eyes with an open vocabulary: name such eyes, or leave out the words.")
    if name in (None, "none"):
        return None
    oracle, _, given = name.partition(":")
    if oracle not in (TRUTH, TRUTH_LABELS):
        oracle, given = None, name
    detector = None if oracle == TRUTH else _detector(given or "auto")
    config = configuration()
    metric = bool(config.geometry_config.settings.get("metric"))
    if choose_eyes(name, metric, config.vision_config.name) is None:
        return None
    return RunEyes(detector, oracle, words)


def check_truth(eyes: RunEyes | None, benchmark: str, truth: FindTruth | None) -> None:
    """Raise ValueError for an oracle on a benchmark that does not know the truth about its videos."""
    if eyes is not None and eyes.oracle is not None and truth is None:
        raise ValueError(
            f"{benchmark} does not hold what its videos truly show, so --eyes {eyes.oracle} is not possible there. Use "
            "the benchmark homes, or another --eyes (auto, homes, or a folder of `vlm2 train eyes`)."
        )


@cache
def load_detector_once(name: str, words: tuple[str, ...], runtime: str) -> Detector:
    """Load a detector once a process; `words` and `runtime` as `load_detector` has them."""
    from ..encoders.detectors import load_detector

    return load_detector(name, words, runtime)


def _detector(name: str) -> str:
    """Return a detector's name as `load_detector` takes it. Raises ValueError for what is none."""
    from ..encoders.detectors import best_detector, detectors

    if name == "auto":
        return best_detector()
    if name.partition(":")[0] in detectors():
        return name
    if (Path(name) / "config.json").is_file():
        return f"homes:{name}"
    raise ValueError(
        f"There are no eyes {name!r}: give auto, none, a detector ({', '.join(detectors())}), a folder that "
        f"`vlm2 train eyes` wrote, or for benchmarks with generated homes {TRUTH} or {TRUTH_LABELS}."
    )


def _hash_files(detector: str) -> dict[str, str]:
    """Return the sha256 of a detector's files by their names."""
    from ..encoders.detectors import detector_files
    from ..encoders.weights import sha256

    return {file.name: sha256(file) for file in detector_files(detector) if file.is_file()}


def hash_depth_files(name: str) -> dict[str, str]:
    """Return the sha256 of the files of a depth model of the hub by their names, without its folder. Raises ValueError
    for one that cannot be had."""
    from ..encoders.geometry.hub import check_name

    check_name(name)
    return _hash_files(name)
