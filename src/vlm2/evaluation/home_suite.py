"""The homes of a benchmark: a generated test split with fixed seeds, pinned questions, and videos made on demand.

The package holds the questions with their answers, and a hash of every home's record. Videos are rendered on demand and
refused where the record differs. The hash covers geometry to 0.1 mm; it leaves out pixels and visibility, which depend
on the graphics driver.

Homes have vlm2's own furniture only, so they do not depend on what is installed. After a change of the suite, raise its
version and pin it with `tests/support/pin_homes.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float64

from ..scenes.record import Scene

if TYPE_CHECKING:
    from ..homes.home import Home

FOLDER = Path(__file__).parent
SPLIT: Final = "test"
PIN_COMMAND = "Make it with:  python tests/support/pin_homes.py --out runs/homes"


@dataclass(frozen=True)
class LengthBand:
    """Videos of one length: the range of their seconds, and the possible numbers of rooms of their homes."""

    name: str
    seconds: tuple[float, float]
    rooms: tuple[int, ...]


@dataclass(frozen=True)
class HomeSpec:
    """The settings that determine a home and its video. `seconds` is the length of the walk."""

    name: str
    seed: int
    rooms: int
    seconds: float


@dataclass(frozen=True)
class HomeSuite:
    """A version of the benchmark: `count` homes of each length band, with at most `per_type` questions a home of each
    question type in `types`, from `families` of tasks. `size` is in pixels."""

    version: int
    seed: int
    bands: tuple[LengthBand, ...]
    count: int
    families: tuple[str, ...]
    types: tuple[str, ...]
    per_type: int
    size: tuple[int, int] = (320, 240)
    fps: float = 2.0

    @property
    def pins(self) -> Path:
        """The file of this package with the pinned homes."""
        return FOLDER / f"homes-{self.version}.jsonl.gz"

    def homes(self) -> tuple[HomeSpec, ...]:
        """Return the homes: the bands by turns, so that the first homes are of every length."""
        return tuple(self._home(band, index) for index in range(self.count) for band in self.bands)

    def _home(self, band: LengthBand, index: int) -> HomeSpec:
        rng = np.random.default_rng([self.seed, self.bands.index(band), index])
        return HomeSpec(
            name=f"{band.name}_{index:02d}",
            seed=int(rng.integers(2**32)),
            rooms=int(rng.choice(band.rooms)),
            seconds=round(float(rng.uniform(*band.seconds)), 1),
        )


@dataclass(frozen=True)
class PinnedHome:
    """A pinned home: the hash of its record, its video's seconds, and its questions in VSI-Bench's form."""

    name: str
    record: str
    seconds: float | None
    questions: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class PinnedHomes:
    """The pinned homes of a suite, by name in their order. `revision` is the hash of the file's text."""

    homes: Mapping[str, PinnedHome]
    revision: str


def read_pins(suite: HomeSuite) -> PinnedHomes:
    """Read the pinned homes. Raises ValueError where there are none, or those of another suite."""
    if not suite.pins.is_file():
        raise ValueError(
            f"Nothing is pinned for version {suite.version} of the homes ({suite.pins.name} is missing). {PIN_COMMAND}"
        )
    return _read(suite, suite.pins.read_bytes())


@cache
def _read(suite: HomeSuite, packed: bytes) -> PinnedHomes:
    text = gzip.decompress(packed)
    head, *rows = (json.loads(line) for line in text.splitlines())
    if head["suite"] != identity(suite):
        raise ValueError(
            f"{suite.pins.name} was pinned for other homes than version {suite.version} now describes. A change of the "
            f"homes is a new version: raise it. {PIN_COMMAND}"
        )
    homes = {row["name"]: PinnedHome(**row | {"questions": tuple(row["questions"])}) for row in rows}
    return PinnedHomes(homes, hashlib.sha256(text).hexdigest())


def build(suite: HomeSuite, home: HomeSpec, out: Path) -> Scene:
    """Make a home's video and record under `out`, or read the record where both are there.

    Raises ValueError where the packages that render homes are missing.
    """
    video, record = out / "videos" / f"{home.name}.mp4", out / "scenes" / f"{home.name}.json"
    if video.exists() and record.exists():
        return Scene.load(record)
    try:
        from ..homes.production import HomeOrder, produce_home

        order = HomeOrder(
            name=home.name,
            seed=home.seed,
            split=SPLIT,
            size=suite.size,
            fps=suite.fps,
            rooms=home.rooms,
            duration=home.seconds,
            sheets=False,
            sweethome=False,
        )
        return produce_home(order, out)
    except ImportError as error:
        raise ValueError(f"Drawing homes needs more packages ({error}): pip install 'vlm2[homes]'") from None


def make_home(suite: HomeSuite, home: HomeSpec, out: Path) -> Scene:
    """Make a home as `build` does and check its record. Raises ValueError if it is not the pinned one."""
    scene = build(suite, home, out)
    found, pinned = record_hash(scene), read_pins(suite).homes[home.name].record
    if found != pinned:
        raise ValueError(
            f"{home.name} in {out} is not the home that version {suite.version} asks about: the hash of its record is "
            f"{found[:12]}…, pinned is {pinned[:12]}…. Delete {out} to have the homes made again. If the hash is still "
            "another, this machine builds other homes; please report it with the output of `vlm2 doctor`."
        )
    return scene


def rebuild(suite: HomeSuite, home: HomeSpec) -> Home:
    """Build a home again, without rendering it. Raises ValueError where the packages for homes are missing."""
    try:
        from ..homes.build import build_home
        from ..homes.furniture.catalogue import Catalogue

        return build_home(home.seed, SPLIT, home.rooms, Catalogue(SPLIT, sweethome=False))
    except ImportError as error:
        raise ValueError(f"Homes need more packages ({error}): pip install 'vlm2[homes]'") from None


def record_hash(scene: Scene) -> str:
    """Return the sha256 of a record's rooms, objects and camera path: numbers to 0.1 mm, without sightings."""
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
    """Return numbers in whole steps of 0.1 mm; an offset keeps halves away from the edges of the steps."""
    values: Float64[np.ndarray, " numbers"] = np.concatenate([np.asarray(part, np.float64).ravel() for part in numbers])
    return np.floor(values * 1e4 + 0.318).astype("<i8").tobytes()


def identity(suite: HomeSuite) -> dict[str, Any]:
    """Return the first record of a pinned file: the homes and questions for which it was made."""
    homes = [[home.name, home.seed, home.rooms, home.seconds] for home in suite.homes()]
    digest = hashlib.sha256(json.dumps([homes, suite.size, suite.fps]).encode()).hexdigest()
    return {"version": suite.version, "homes": digest, "types": list(suite.types), "per_type": suite.per_type}
