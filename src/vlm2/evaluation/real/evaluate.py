"""Evaluate a model on sets of real pictures: geometry, path, recognition and answers, and the oracles' answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...streaming import LoadedModel
from . import answers, geometry, recognition
from .categories import plain
from .geometry import PathPair
from .sets import RealSet
from .watching import Oracle, WatchedSet, compared, oracles, watch

Progress = Callable[[str], None]
"""Takes the name of the step that begins."""

COLUMNS: Mapping[str, tuple[str, str]] = {
    "depth_error": ("depth error", "{:.3f}"),
    "depth_error_scaled": ("after one scale a frame", "{:.3f}"),
    "scale_error": ("scale error", "{:.3f}"),
    "scale": ("scale", "{:.2f}"),
    "correction": ("map's correction", "{:.2f}"),
    "path_error": ("path error m", "{:.2f}"),
    "path_error_scaled": ("with one scale m", "{:.2f}"),
    "length": ("length m", "{:.1f}"),
    "true_length": ("true length m", "{:.1f}"),
    "turn_error": ("turn error °", "{:.1f}"),
    "turn_true": ("true turn °", "{:.1f}"),
    "tilt_error": ("tilt error °", "{:.1f}"),
    "view": ("view °", "{:.0f}"),
    "true_view": ("true view °", "{:.0f}"),
}
"""The heading and the format of each value of a sequence."""

RECOGNITION: Mapping[str, tuple[str, str]] = {
    "ap": ("image AP", "{:.3f}"),
    "f1": ("image F1, odd half", "{:.3f}"),
    "f1_threshold": ("threshold", "{:.2f}"),
    "f1_half": ("image F1 at 0.5", "{:.3f}"),
    "ap50": ("box AP50", "{:.3f}"),
    "box_f1": ("box F1, odd half", "{:.3f}"),
    "box_f1_threshold": ("box threshold", "{:.2f}"),
    "box_f1_half": ("box F1 at 0.5", "{:.3f}"),
    "false_alarms": ("false alarms", "{:.0f}"),
}
"""The heading and the format of each value of the recognition."""


@dataclass(frozen=True)
class SetResult:
    """The measurements on a set. `runs` holds what a session saw, first as it is, then with each oracle. For photos it
    is empty, and `pictures` holds the boxes."""

    real: RealSet
    values: Mapping[str, Any]
    runs: Mapping[Oracle, WatchedSet]
    pictures: Sequence[recognition.ComparedPicture]
    path: PathPair | None = None

    @property
    def unlabelled(self) -> list[str]:
        """The labels of the pictures that are not scored, since the product has no word for them."""
        shown = dict.fromkeys(thing.label for frame in self.real.frames for thing in frame.objects or ())
        return [name for name in shown if not any(plain(name) in words for words in self.real.categories.values())]


def evaluate(
    loaded: LoadedModel, sets: Sequence[RealSet], with_oracles: bool = True, progress: Progress = lambda step: None
) -> Iterator[SetResult]:
    """Watch each set as a user does, and yield the measurements on it."""
    for real in sets:
        yield _photos(loaded, real, progress) if real.photos else _sequence(loaded, real, with_oracles, progress)


def _photos(loaded: LoadedModel, real: RealSet, progress: Progress) -> SetResult:
    """Show each picture to a session of its own."""
    pictures, seconds = list[recognition.ComparedPicture](), 0.0
    for number, frame in enumerate(real.frames, 1):
        progress(f"{real.name}, picture {number} of {len(real.frames)}")
        seen = watch(real, [frame], loaded, Oracle())
        seconds += seen.seconds
        pictures.append(compared(frame, seen.detections[frame.time]))
    values = {"frames": len(pictures), "seconds": seconds}
    if loaded.eyes is not None:
        values |= {"recognition": recognition.compare(pictures, real.categories)}
    return SetResult(real, values, {}, pictures)


def _sequence(loaded: LoadedModel, real: RealSet, with_oracles: bool, progress: Progress) -> SetResult:
    """Show the frames to one session, and to another one for each oracle."""
    runs: dict[Oracle, WatchedSet] = {}
    for oracle in [Oracle(), *(oracles(real) if with_oracles else [])]:
        progress(f"{real.name}, {oracle.title}")
        runs[oracle] = watch(real, real.frames, loaded, oracle)
    seen = runs[Oracle()]
    pair = geometry.path_pair(real, seen.map.path)
    values: dict[str, Any] = {
        "frames": len(real.frames),
        "seconds": seen.seconds,
        "geometry": geometry.depth_errors(real, seen.depths)
        | {"correction": seen.correction}
        | ({} if pair is None else geometry.path_errors(pair))
        | geometry.view_angles(real, seen.map.path),
    }
    pictures = [compared(frame, seen.detections[frame.time]) for frame in real.frames]
    if real.boxed and loaded.eyes is not None:
        values["recognition"] = recognition.compare(pictures, real.categories)
    if real.questions:
        values["answers"] = {oracle.title: answers.summary(run.answers) for oracle, run in runs.items()}
    return SetResult(real, values, runs, pictures, pair)


Table = tuple[str, list[str], list[list[str]]]
"""A title, headings, and rows of cells."""


def tables(results: Sequence[SetResult]) -> list[Table]:
    """Lay out the values: geometry, recognition, categories and answers."""
    found: list[Table] = []
    measured = [(r.real.name, r.values["geometry"]) for r in results if r.values.get("geometry")]
    found += _table("Depth and path", "set", COLUMNS, measured)
    labelled = [(r.real.name, r.values["recognition"]) for r in results if r.values.get("recognition")]
    found += _table("Recognition", "set", RECOGNITION, labelled)
    for name, record in labelled:
        heads = {"pictures": ("pictures", "{}"), "boxes": ("boxes", "{}"), **RECOGNITION}
        found += _table(f"Recognition in {name}", "category", heads, list(record["categories"].items()))
    for result in results:
        if runs := result.values.get("answers"):
            found.append(_answers(result.real.name, runs))
    return found


def _table(
    title: str, first: str, columns: Mapping[str, tuple[str, str]], rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[Table]:
    """Return the table of the columns that a row has; none without rows."""
    used = [name for name in columns if any(name in values for _, values in rows)]
    cells = [[name, *(columns[c][1].format(values[c]) if c in values else "–" for c in used)] for name, values in rows]
    return [(title, [first, *(columns[name][0] for name in used)], cells)] if used else []


def _answers(name: str, runs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return the table of the answers of a set: percent by type, one column a run."""
    first = next(iter(runs.values()))
    rows = [[f"all {first['questions']} questions", *(f"{100 * run['score']:.1f}" for run in runs.values())]]
    for kind, part in first["types"].items():
        rows.append(
            [f"{kind} ({part['questions']})", *(f"{100 * r['types'][kind]['score']:.1f}" for r in runs.values())]
        )
    rows.append(["answerable, but refused", *(f"{100 * run['refused']:.1f}" for run in runs.values())])
    rows.append(["answered, and wrong", *(f"{100 * run['wrong']:.1f}" for run in runs.values())])
    for title, key in (("stated confidence, mean", "stated"), ("of the answers with a confidence: right", "right")):
        rows.append([title, *("–" if run[key] is None else f"{100 * run[key]:.1f}" for run in runs.values())])
    return f"Answers about {name}, percent", ["", *runs], rows
