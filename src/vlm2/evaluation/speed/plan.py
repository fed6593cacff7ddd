"""Whether a model fits a machine and how long it takes there: every station's memory and seconds, in the mode that
remembers and in the one that keeps all frames; and what to turn down where it does not fit.

The counts come from `model.capacity`; this file adds bytes a number, what is on the machine at the same time, and
rates. A station takes as long as its operations at `REACHED` of the machine's peak, or its bytes at `MOVED` of its
bandwidth, whichever is longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

from ...models import VLM2Config
from ...models.capacity import (
    GeometrySize,
    Language,
    Memory,
    ProjectorSize,
    RepresentationSize,
    geometry,
    sizes,
    vision,
)
from ...models.capacity.counting import PATCH
from ...models.language import Quantize
from .machine import Device

REACHED = 0.5  # of the peak of operations, by well-shaped work; small models reach less
MOVED = 0.7  # of the bandwidth
TRACKED = 0.08  # seconds a frame of finding and matching features, on the processor: as measured on 2 cores
DECODED = 2e8  # pixels a second of H.264 on one core: a cautious round number, not a measured one
TOGETHER = 16  # frames at once through the vision encoder where all frames are kept
OVERLAP = 3  # frames that a window shares with the one before
FLOAT32 = 4
PROMPT = 40  # tokens around the video
NEUTRAL = 40  # tokens of the question about nothing, which evidence is compared with
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
MODES = ("memory", "baseline")


@dataclass(frozen=True)
class Wish:
    """What is to be done, and with what turned down.

    `frames` of `height` × `width` pixels are looked at, `fps` a second, of a video with `source_fps`. `dtype` and
    `quantize` are the language model's. `window`: frames at once through the geometry encoder; `pixels`: at most so
    many of a frame for it; `pooling`: patches a side of a token; each None for the model's own. `question` and `words`:
    tokens of a question and of its answer.
    """

    frames: int = 120
    height: int = 720
    width: int = 1280
    fps: float = 2.0
    source_fps: float = 30.0
    dtype: str = "bfloat16"
    quantize: str | None = None
    window: int | None = None
    pixels: int | None = None
    pooling: int | None = None
    question: int = 64
    words: int = 8

    def __post_init__(self) -> None:
        for name in (
            "frames",
            "height",
            "width",
            "fps",
            "source_fps",
            "window",
            "pixels",
            "pooling",
            "question",
            "words",
        ):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}.")
        if self.dtype not in BYTES:
            raise ValueError(f"There is no dtype {self.dtype!r}; choose one of {', '.join(BYTES)}.")
        if self.quantize not in (None, *get_args(Quantize)):
            raise ValueError(f"quantize={self.quantize!r} is not known; choose {' or '.join(get_args(Quantize))}.")


@dataclass(frozen=True)
class Station:
    """One station. Bytes of weights, of what it keeps from frame to frame, and of what it needs while it runs;
    operations and seconds of everything asked of it (None: the machine's speed is not known). `asking`: it runs when a
    question comes, not when frames do."""

    name: str
    weights: float = 0.0
    kept: float = 0.0
    working: float = 0.0
    operations: float = 0.0
    seconds: float | None = None
    asking: bool = False


@dataclass(frozen=True)
class Mode:
    """A plan for a mode. `tokens`: all that the language model reads and says; `most_tokens`: what it was made for."""

    name: str
    stations: tuple[Station, ...]
    tokens: int
    most_tokens: int
    device: Device
    frames: int

    @property
    def weights(self) -> float:
        """Bytes of all weights."""
        return sum(station.weights for station in self.stations)

    @property
    def peak(self) -> float:
        """Bytes at most: weights and what is kept are there all the time, and one station works at a time."""
        kept = sum(station.kept for station in self.stations)
        return self.device.reserved + self.weights + kept + max(station.working for station in self.stations)

    @property
    def fits(self) -> bool:
        """Whether the language model can read so many tokens, and the machine has the memory (if it is known)."""
        return self.tokens <= self.most_tokens and (self.device.memory is None or self.peak <= self.device.memory)

    @property
    def watching(self) -> float | None:
        """Seconds for all frames."""
        return _total(station.seconds for station in self.stations if not station.asking)

    @property
    def answering(self) -> float | None:
        """Seconds from a question to the end of its answer, the video not read yet."""
        return _total(station.seconds for station in self.stations if station.asking)


def _total(seconds: Iterator[float | None]) -> float | None:
    found = list(seconds)
    return None if None in found else sum(value for value in found if value is not None)


@dataclass(frozen=True)
class Planner:
    """Plans for one model on one machine."""

    config: VLM2Config
    device: Device
    wish: Wish = field(default_factory=Wish)

    @cached_property
    def geometry(self) -> GeometrySize:
        """The geometry encoder."""
        return geometry(self.config)

    @cached_property
    def language(self) -> Language:
        """The language model."""
        return Language.of(self.config)

    @cached_property
    def projector(self) -> ProjectorSize:
        """The projector, at the wished pooling."""
        made = ProjectorSize.of(self.config, self.language.width)
        return made if self.wish.pooling is None else replace(made, pooling=self.wish.pooling)

    @cached_property
    def grids(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Patches of a frame for the vision and for the geometry encoder."""
        return sizes(self.config, self.wish.height, self.wish.width, self.wish.pixels)

    @property
    def window(self) -> int:
        """Frames at once through the geometry encoder: never more than it was made for."""
        most = self.geometry.config.window
        return min(self.wish.window or most, most)

    @property
    def encoder_dtype(self) -> str:
        """What the frozen encoders compute in."""
        return self.config.encoder_dtype

    def plan(self, mode: str) -> Mode:
        """Return the plan of a mode: "memory" or "baseline"."""
        frames = self.wish.frames
        if mode == "memory":
            memory = self.config.memory_config()
            slots = min(frames, memory.capacity * memory.episodic + memory.window)
            stations = (self._decoding(), *self._encoding(), *self._remembering(), *self._asking(slots, shown=True))
        else:
            slots = frames
            stations = (self._decoding(), self._seeing(), *self._asking(slots, shown=False))
        read = slots * self.projector.tokens(self.grids[0]) + PROMPT + self.wish.question + self.wish.words
        return Mode(mode, stations, read, self.language.positions, self.device, frames)

    def parameters(self) -> dict[str, int]:
        """Return the parameters of the parts."""
        return {
            "vision encoder": vision(self.config).parameters,
            "geometry encoder": self.geometry.parameters,
            "representation": self._representation.parameters,
            "memory": Memory(self.config.memory_config()).parameters,
            "projector": ProjectorSize.of(self.config, self.language.width).parameters,
            "language model": self.language.parameters - self.language.adapters,
            "adapters": self.language.adapters,
        }

    @cached_property
    def _representation(self) -> RepresentationSize:
        return RepresentationSize.of(self.config, self.geometry)

    def _seconds(self, operations: float, moved: float, dtype: str) -> float | None:
        rate, bandwidth = self.device.rate(dtype), self.device.bandwidth
        if rate is None or bandwidth is None:
            return None
        return max(operations / (rate * REACHED), moved / (bandwidth * MOVED))

    def _decoding(self) -> Station:
        """All frames up to the last one that is looked at are decoded, on the processor; one is in memory at a time."""
        wish = self.wish
        decoded = wish.frames * max(wish.source_fps / wish.fps, 1.0)
        return Station("video decoding", seconds=decoded * wish.height * wish.width / DECODED)

    def _encoding(self) -> Iterator[Station]:
        """Vision and geometry encoder, window by window; F of the window waits while the geometry encoder works."""
        frames, dtype, (grid, geometry_grid) = self.wish.frames, self.encoder_dtype, self.grids
        number, encoder = BYTES[dtype], vision(self.config)
        together = min(frames, self.window)
        seen = FLOAT32 * together * grid[0] * grid[1] * self.config.vision["dim"]
        weights = encoder.parameters * number
        parts = list(windows(frames, self.window))
        operations = encoder.operations(frames, grid)
        seconds = self._seconds(operations, len(parts) * weights, dtype)
        working = encoder.working(together, grid) * number + seen
        yield Station("vision encoder", weights, 0, working, operations, seconds)
        model = self.geometry
        weights, operations = model.parameters * number, sum(model.operations(part, geometry_grid) for part in parts)
        kept = FLOAT32 * model.kept(min(frames, OVERLAP), geometry_grid)
        # Residual stream and heads stay in single precision where the matrices do not: about a quarter of it.
        halved = 1.0 if number == FLOAT32 else 0.625
        working = model.working(together, geometry_grid) * FLOAT32 * halved + seen
        seconds = self._seconds(operations, len(parts) * weights, dtype)
        yield Station("geometry encoder", weights, kept, working, operations, seconds)
        if self.config.geometry.get("tracked"):
            yield Station("camera tracking", seconds=frames * TRACKED)

    def _remembering(self) -> Iterator[Station]:
        """Representation, a window at a time, and memory, a frame at a time; both in single precision."""
        frames, (grid, geometry_grid) = self.wish.frames, self.grids
        patches, geometry_patches = grid[0] * grid[1], geometry_grid[0] * geometry_grid[1]
        together, part = min(frames, self.window), self._representation
        given = together * patches * self.config.vision["dim"] + self.geometry.kept(together, geometry_grid)
        weights = FLOAT32 * part.parameters
        operations = part.operations(frames, patches, geometry_patches)
        calls = len(list(windows(frames, self.window)))
        working = FLOAT32 * (given + part.working(together, patches, geometry_patches))
        seconds = self._seconds(operations, calls * (weights + FLOAT32 * given), "float32")
        yield Station("representation", weights, 0, working, operations, seconds)
        memory = Memory(self.config.memory_config())
        full = max(memory.config.window, memory.config.capacity)
        operations = sum(memory.operations(patches, seen) for seen in range(min(frames, full)))
        operations += max(frames - full, 0) * memory.operations(patches, full)
        state, weights = memory.state_bytes(patches, frames), FLOAT32 * memory.parameters
        working = FLOAT32 * (memory.working(patches) + together * patches * self.config.dim)
        seconds = self._seconds(operations, frames * (weights + state), "float32")
        yield Station("memory", weights, state, working, operations, seconds)

    def _seeing(self) -> Station:
        """The vision encoder alone, a few frames at once."""
        frames, dtype, grid = self.wish.frames, self.encoder_dtype, self.grids[0]
        number, encoder = BYTES[dtype], vision(self.config)
        weights, operations = encoder.parameters * number, encoder.operations(frames, grid)
        seconds = self._seconds(operations, -(-frames // TOGETHER) * weights, dtype)
        return Station(
            "vision encoder", weights, 0, encoder.working(min(frames, TOGETHER), grid) * number, operations, seconds
        )

    def _asking(self, slots: int, shown: bool) -> Iterator[Station]:
        """Projector, and the language model: it reads the video, then a question, then says word after word. `shown`:
        it shows the attention of the question's tokens, which becomes the evidence."""
        wish, grid, number, model = self.wish, self.grids[0], BYTES[self.wish.dtype], self.language
        part, tokens = self.projector, slots * self.projector.tokens(grid)
        weights, operations = FLOAT32 * part.parameters, part.operations(slots, grid)
        said = FLOAT32 * tokens * model.width
        together = slots if shown else min(slots, TOGETHER)
        working = FLOAT32 * part.working(together, grid) + said
        seconds = self._seconds(operations, weights, "float32")
        yield Station("projector", weights, 0, working, operations, seconds, asking=True)
        weights, read = model.weight_bytes(number, wish.quantize), tokens + PROMPT
        operations = model.operations(read, words=0)
        # Quantised matrices are unpacked for the product, one at a time.
        unpacked = 0 if wish.quantize is None else model.width * model.hidden * number
        working = model.working(read) * number + said + unpacked
        cache = model.cache_bytes(read + wish.question + wish.words, number)
        seconds = self._seconds(operations, weights, wish.dtype)
        yield Station("language: the video", weights, cache, working, operations, seconds, asking=True)
        # Evidence compares the question with a neutral one, which is read as well.
        new = (wish.question, NEUTRAL) if shown else (wish.question,)
        operations = sum(model.operations(tokens, read) for tokens in new)
        working = model.working(wish.question, read) * number + unpacked
        working += shown * model.shown(wish.question, read) * number
        seconds = self._seconds(operations, len(new) * model.read_bytes(read, number, wish.quantize), wish.dtype)
        yield Station("language: the question", 0, 0, working, operations, seconds, asking=True)
        past, words = read + wish.question, wish.words - 1  # the question's last token says the first word
        operations = words * model.operations(1, past)
        moved = words * model.read_bytes(past, number, wish.quantize)
        seconds = self._seconds(operations, moved, wish.dtype)
        yield Station("language: the words", 0, 0, 0, operations, seconds, asking=True)


def windows(frames: int, window: int) -> Iterator[int]:
    """Yield how many frames each window of a video holds, those that it shares with the one before included."""
    overlap = min(OVERLAP, window - 1)
    yield min(frames, window)
    for done in range(window, frames, window - overlap):
        yield min(window, overlap + frames - done)


@dataclass(frozen=True)
class Advice:
    """Something to turn down, in words, with the peak in bytes that is left, and whether it then fits."""

    words: str
    peak: float
    fits: bool


def advise(planner: Planner) -> list[Advice]:
    """Return what makes the memory mode fit where it does not: each thing to turn down alone, the mildest first; then,
    if none is enough, one after another until they are."""
    before = planner.plan("memory").peak
    found = []
    for words, change in _turns(planner):
        alone = replace(planner, wish=replace(planner.wish, **change)).plan("memory")
        if alone.peak < before:
            found.append(Advice(words, alone.peak, alone.fits))
    if any(advice.fits for advice in found):
        return found
    together: list[str] = []
    wish = planner.wish
    for words, change in _turns(planner):
        wish = replace(wish, **change)
        together.append(words.partition(":")[0])
        plan = replace(planner, wish=wish).plan("memory")
        if plan.fits:
            return [*found, Advice(", ".join(together), plan.peak, True)]
    return found


def _turns(planner: Planner) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what can be turned down, the mildest first: the option (and where it stands in config.json) with what it
    does, and the change to the wish."""
    wish, window = planner.wish, planner.window
    if wish.dtype == "float32":
        yield "--dtype bfloat16: hardly changes an answer", {"dtype": "bfloat16"}
    for fewer in (16, 8):
        if fewer < window:
            yield f"--window {fewer} (geometry.config.window): geometry drifts more", {"window": fewer}
    if planner.geometry.backbone is not None:
        pixels = planner.grids[1][0] * planner.grids[1][1] * PATCH**2 // 2
        words = f"--pixels {pixels} (geometry.images.max_pixels): half the pixels for the geometry encoder"
        yield words, {"pixels": pixels}
    if wish.quantize is None:
        yield "--quantize 8bit: the language model in 8 bits, slower", {"quantize": "8bit"}
    if wish.quantize != "4bit":
        yield "--quantize 4bit: the language model in 4 bits, a little worse", {"quantize": "4bit"}
    pooling = 2 * planner.projector.pooling
    yield f"--pooling {pooling} (pooling): a quarter of the tokens; wants training with it", {"pooling": pooling}


def most_frames(planner: Planner) -> int:
    """Return how many frames the mode that keeps all of them has room for, at most; 0 where not even one fits."""

    def fits(frames: int) -> bool:
        return replace(planner, wish=replace(planner.wish, frames=frames)).plan("baseline").fits

    low, high = 0, 1
    while high < 1 << 20 and fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
