"""The homes of a benchmark: a generated test split with fixed seeds, its questions pinned, its videos made on demand.

Pinned in this package are the questions with their answers, and of every home a hash of its record; the videos are
rendered where they are wanted, and refused where the record differs. Hashes are of geometry to 0.1 mm: not of pixels
and not of what is seen in which frame, which graphics drivers decide to the last pixel.

Homes are furnished with vlm2's own pieces only, so that they do not depend on what else is installed. To pin a
version, after changing what it is made of: `python -m vlm2.evaluation.home_suite --out runs/homes`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from jaxtyping import Float64

from ..questions import ask_all
from ..questions.paraphrase import in_seconds
from ..scenes.record import Scene

if TYPE_CHECKING:
    from ..homes.home import Split

FOLDER = Path(__file__).parent
SPLIT: Split = "test"


@dataclass(frozen=True)
class Span:
    """Videos of one length: the bounds of their seconds, and how many rooms their homes may have."""

    name: str
    seconds: tuple[float, float]
    rooms: tuple[int, ...]


@dataclass(frozen=True)
class Plot:
    """What decides a home and its video: its seed, how many rooms, how many seconds."""

    name: str
    seed: int
    rooms: int
    seconds: float

    def video(self, out: Path) -> Path:
        """Return where its video belongs."""
        return out / "videos" / f"{self.name}.mp4"

    def record(self, out: Path) -> Path:
        """Return where its record belongs."""
        return out / "scenes" / f"{self.name}.json"


@dataclass(frozen=True)
class Suite:
    """What a version of the benchmark consists of: `count` homes of each span, and at most `per_type` questions a home
    of each of its question types, which belong to `families` of tasks. `size` is in pixels."""

    version: int
    seed: int
    spans: tuple[Span, ...]
    count: int
    families: tuple[str, ...]
    types: tuple[str, ...]
    per_type: int
    size: tuple[int, int] = (320, 240)
    fps: float = 2.0

    @property
    def pins(self) -> Path:
        """The file of this package that holds what is pinned."""
        return FOLDER / f"homes-{self.version}.jsonl.gz"

    def plots(self) -> tuple[Plot, ...]:
        """Return the homes to make: the spans by turns, so that the first ones are of every length."""
        return tuple(self._plot(span, index) for index in range(self.count) for span in self.spans)

    def _plot(self, span: Span, index: int) -> Plot:
        rng = np.random.default_rng([self.seed, self.spans.index(span), index])
        return Plot(
            name=f"{span.name}_{index:02d}",
            seed=int(rng.integers(2**32)),
            rooms=int(rng.choice(span.rooms)),
            seconds=round(float(rng.uniform(*span.seconds)), 1),
        )


@dataclass(frozen=True)
class Pin:
    """What is pinned of a home: the hash of its record, its video's seconds, and its questions in VSI-Bench's form."""

    name: str
    record: str
    seconds: float
    questions: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Pins:
    """All that is pinned of a suite: the homes in order. `revision` is the file's hash."""

    homes: tuple[Pin, ...]
    revision: str

    def home(self, name: str) -> Pin:
        """Return a home's pin. Raises ValueError for a name that is none."""
        for pin in self.homes:
            if pin.name == name:
                return pin
        raise ValueError(f"No home of this benchmark is called {name!r}; they are {self.homes[0].name}, … .")


def read_pins(suite: Suite) -> Pins:
    """Read what is pinned. Raises ValueError where nothing is, or where it is of another suite."""
    if not suite.pins.is_file():
        raise ValueError(
            f"Nothing is pinned for version {suite.version} of the homes ({suite.pins.name} is missing). Make it with:"
            "  python -m vlm2.evaluation.home_suite --out runs/homes"
        )
    return _read(suite, suite.pins.read_bytes())


@cache
def _read(suite: Suite, packed: bytes) -> Pins:
    text = gzip.decompress(packed)
    head, *rows = (json.loads(line) for line in text.splitlines())
    if head["suite"] != _identity(suite):
        raise ValueError(
            f"{suite.pins.name} was pinned for other homes than version {suite.version} now describes. A change of the "
            "homes is a new version: raise it, then  python -m vlm2.evaluation.home_suite --out runs/homes"
        )
    homes = tuple(Pin(row["name"], row["record"], row["seconds"], tuple(row["questions"])) for row in rows)
    return Pins(homes, hashlib.sha256(text).hexdigest())


def write_pins(suite: Suite, scenes: Sequence[Scene]) -> Pins:
    """Pin the homes of a suite, all of them, in their order."""
    lines: list[dict[str, Any]] = [{"suite": _identity(suite)}]
    for plot, scene in zip(suite.plots(), scenes, strict=True):
        lines.append(
            {
                "name": plot.name,
                "record": record_hash(scene),
                "seconds": scene.duration,
                "questions": list(_questions(suite, scene, plot.seed)),
            }
        )
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    suite.pins.write_bytes(gzip.compress(text.encode(), mtime=0))
    return read_pins(suite)


def build(suite: Suite, plot: Plot, out: Path) -> Scene:
    """Make one home's video and record under `out`; where both are there, read the record.

    Raises ValueError where the packages are missing that draw homes.
    """
    if plot.video(out).exists() and plot.record(out).exists():
        return Scene.load(plot.record(out))
    try:
        from ..homes.production import HomeOrder, produce_home
    except ImportError as error:
        raise ValueError(f"Drawing homes needs more packages ({error}): pip install 'vlm2[homes]'") from None
    order = HomeOrder(
        name=plot.name,
        seed=plot.seed,
        split=SPLIT,
        size=suite.size,
        fps=suite.fps,
        rooms=plot.rooms,
        duration=plot.seconds,
        sheets=False,
        sweethome=False,
    )
    return produce_home(order, out)


def make_home(suite: Suite, plot: Plot, out: Path) -> Scene:
    """Make one home's video and record under `out`, or read its record where they are there, and check it.

    Raises ValueError where the record is not the pinned one.
    """
    made = plot.video(out).exists() and plot.record(out).exists()
    scene = build(suite, plot, out)
    found, pinned = record_hash(scene), read_pins(suite).home(plot.name).record
    if found != pinned:
        raise ValueError(
            f"{plot.record(out)} is not the home that version {suite.version} asks about: the hash of its "
            f"record is {found[:12]}…, pinned is {pinned[:12]}…. "
            + (
                f"Delete {out} to have the homes made again."
                if made
                else "This machine builds other homes; please report it with the output of `vlm2 doctor`."
            )
        )
    return scene


def record_hash(scene: Scene) -> str:
    """Return the sha256 of a record's rooms, things and camera path: numbers to 0.1 mm, without sightings."""
    digest = hashlib.sha256()
    for room in scene.rooms:
        digest.update(f"{room.name}|{room.kind}|".encode())
        digest.update(_steps(*room.polygon, (room.height,)))
    for thing in scene.objects:
        digest.update(f"{thing.id}|{thing.category}|{thing.room}|{thing.colour}|{thing.model}|".encode())
        digest.update(_steps(thing.box.center, thing.box.size, *thing.box.axes))
    if scene.trajectory is not None:
        view = scene.trajectory.intrinsics
        digest.update(_steps(scene.trajectory.times, (view.fx, view.fy), *scene.trajectory.world_from_camera))
    return digest.hexdigest()


def _steps(*numbers: Sequence[float]) -> bytes:
    """Return numbers in whole steps of 0.1 mm, off the halves that rounding errors of machines could tip."""
    values: Float64[np.ndarray, " numbers"] = np.concatenate([np.asarray(part, np.float64).ravel() for part in numbers])
    return np.floor(values * 1e4 + 0.318).astype("<i8").tobytes()


def _questions(suite: Suite, scene: Scene, seed: int) -> Iterator[dict[str, Any]]:
    for question in ask_all(scene, seed, suite.per_type, suite.families):
        if question.question_type in suite.types:
            row = in_seconds(question).to_vsi(0, scene)
            yield {key: value for key, value in row.items() if key not in ("id", "dataset", "scene_name")}


def _identity(suite: Suite) -> dict[str, Any]:
    """Return what a suite is, as JSON gives it back."""
    plots = [[plot.name, plot.seed, plot.rooms, plot.seconds] for plot in suite.plots()]
    made = hashlib.sha256(json.dumps([plots, suite.size, suite.fps]).encode()).hexdigest()
    return {"version": suite.version, "homes": made, "types": list(suite.types), "per_type": suite.per_type}


def pin(
    out: Annotated[Path, typer.Option(help="Folder for the homes; complete ones are kept.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Make all homes of the current version and pin them in this package."""
    from rich.progress import track

    from .benchmarks.homes import SUITE
    from .workers import stream

    plots = SUITE.plots()
    made = stream(_built, [(SUITE, plot, out) for plot in plots], workers)
    scenes = {scene.name: scene for scene in track(made, total=len(plots), description="Making homes")}
    pins = write_pins(SUITE, [scenes[plot.name] for plot in plots])
    asked = sum(len(home.questions) for home in pins.homes)
    typer.echo(f"{len(pins.homes)} homes, {asked} questions, revision {pins.revision[:12]}: {SUITE.pins}")


def _built(suite: Suite, plot: Plot, out: Path) -> Iterator[Scene]:
    yield build(suite, plot, out)


if __name__ == "__main__":
    typer.run(pin)
