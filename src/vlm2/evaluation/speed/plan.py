"""Whether a model fits a machine and how long it takes there, with the memory and with all frames kept ("baseline").

`models.capacity` counts operations and memory; this file multiplies them by frames, slots and tokens. A component takes
as long as its operations at `REACHED` of the machine's peak, or its bytes at `MOVED` of its bandwidth: the longer one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...models.capacity import Components
from .machine import Machine
from .workload import BYTES, Workload

REACHED = 0.5  # of the peak of operations, by large matrix products; small models reach less
MOVED = 0.7  # of the bandwidth
TRACKED = 0.08  # seconds a frame to find and match features, measured on 2 cores
DECODED = 2e8  # pixels a second of H.264 on one core: a cautious round number, not measured
BATCH = 16  # frames in one call of the vision encoder in the baseline
OVERLAP = 3  # frames that a window shares with the one before
PROMPT = 40  # tokens around the video
NEUTRAL = 40  # tokens of the neutral question that evidence is compared with
HALVED = 0.625  # of the geometry encoder's working memory in bfloat16: its residual stream and heads stay in float32
FLOAT32 = 4  # bytes
QUANTIZED = {"8bit": 1.0, "4bit": 0.5 + 4 / 64}  # bytes a weight of LLM.int8 and NF4; NF4 has a scale for 64 weights
MODES = ("memory", "baseline")


@dataclass(frozen=True)
class Component:
    """One row of an estimate: bytes of weights, bytes kept between calls, bytes of working memory; operations and
    seconds in all (None: the machine's speed is unknown). `answering`: it runs for a question, not for frames."""

    name: str
    weights: float = 0.0
    kept: float = 0.0
    working: float = 0.0
    operations: float = 0.0
    seconds: float | None = None
    answering: bool = False


@dataclass(frozen=True)
class Estimate:
    """All components in one mode. `tokens` is the longest sequence of the language model, `most_tokens` its limit."""

    mode: str
    components: tuple[Component, ...]
    tokens: int
    most_tokens: int | None
    machine: Machine
    frames: int

    @property
    def weights(self) -> float:
        """Bytes of all weights."""
        return sum(part.weights for part in self.components)

    @property
    def peak(self) -> float:
        """Bytes at most: weights and kept memory are always there; components run one after another."""
        kept = sum(part.kept for part in self.components)
        return self.machine.reserved + self.weights + kept + max(part.working for part in self.components)

    @property
    def too_long(self) -> bool:
        """Whether the sequence is longer than the language model's limit."""
        return self.most_tokens is not None and self.tokens > self.most_tokens

    @property
    def fits(self) -> bool:
        """Whether the sequence is short enough, and the memory of the machine large enough (or unknown)."""
        return not self.too_long and (self.machine.memory is None or self.peak <= self.machine.memory)

    def seconds(self, answering: bool) -> float | None:
        """Return the seconds to watch all frames, or from the first question to the end of its answer."""
        found = [part.seconds for part in self.components if part.answering == answering]
        return None if None in found else sum(value or 0.0 for value in found)


def estimate(model: Components, machine: Machine, workload: Workload, mode: str = "memory") -> Estimate:
    """Estimate one of `MODES`."""
    memory, grid = model.model.memory.config, model.grids(workload.height, workload.width)[0]
    remembers = mode == "memory"
    slots = min(workload.frames, memory.capacity * memory.episodic + memory.shown) if remembers else workload.frames
    read = slots * model.projector(workload.pooling).tokens(grid) + PROMPT
    decoded = workload.frames * max(workload.source_fps / workload.fps, 1.0) * workload.height * workload.width
    components = (
        Component("video decoding", seconds=decoded / DECODED),
        *(_watch(model, machine, workload) if remembers else [_vision(model, machine, workload, BATCH)]),
        *_answer(model, machine, workload, slots, read, remembers),
    )
    tokens = read + workload.question_tokens + workload.answer_tokens
    return Estimate(mode, components, tokens, model.model.context_length, machine, workload.frames)


def _component(name: str, machine: Machine, dtype: str, operations: float, moved: float, **sizes: Any) -> Component:
    """Estimate the seconds of operations in a dtype that have to fetch `moved` bytes."""
    rate, bandwidth = machine.rate(dtype), machine.bandwidth
    known = rate is not None and bandwidth is not None
    seconds = max(operations / (rate * REACHED), moved / (bandwidth * MOVED)) if known else None
    return Component(name, operations=operations, seconds=seconds, **sizes)


def _vision(model: Components, machine: Machine, workload: Workload, batch: int, waiting: float = 0.0) -> Component:
    """Estimate the vision encoder, with so many frames in a call, beside `waiting` bytes of its results."""
    dtype, frames = model.config.encoder_dtype, workload.frames
    cost, weights = (
        model.vision(model.grids(workload.height, workload.width)[0]),
        model.parameters["vision"] * BYTES[dtype],
    )
    working = min(frames, batch) * cost.working * BYTES[dtype] / FLOAT32 + waiting
    operations, moved = frames * cost.operations, -(-frames // batch) * weights
    return _component("vision encoder", machine, dtype, operations, moved, weights=weights, working=working)


def _watch(model: Components, machine: Machine, workload: Workload) -> Iterator[Component]:
    """Estimate encoders and representation, which run once a window, and the memory, which runs once a frame. The
    vision encoder's tokens of a window wait for the geometry encoder; the last frames of a window are seen again."""
    frames, dtype = workload.frames, model.config.encoder_dtype
    grid, geometry_grid = model.grids(workload.height, workload.width, workload.pixels)
    patches, window = grid[0] * grid[1], min(frames, workload.window or frames, model.model.geometry.window)
    overlap = min(OVERLAP, window - 1)
    calls = 1 - (window - frames) // (window - overlap)
    waiting = FLOAT32 * window * patches * model.model.vision.dim
    yield _vision(model, machine, workload, window, waiting)

    cost, result = model.geometry(window, grid, geometry_grid)
    weights = model.parameters["geometry"] * BYTES[dtype]
    operations = cost.operations * (frames + (calls - 1) * overlap) / window
    sizes = {
        "weights": weights,
        "kept": result * overlap / window,
        "working": cost.working * (1 if dtype == "float32" else HALVED) + waiting,
    }
    yield _component("geometry encoder", machine, dtype, operations, calls * weights, **sizes)
    if model.config.geometry.get("tracked"):
        yield Component("camera tracking", seconds=frames * TRACKED)

    cost, weights = model.representation(grid, geometry_grid), model.parameters["representation"] * FLOAT32
    sizes = {"weights": weights, "working": window * cost.working}
    moved = calls * (weights + waiting + result)
    yield _component("representation", machine, "float32", frames * cost.operations, moved, **sizes)

    operations, working, state = model.memory(patches, frames)
    weights = model.parameters["memory"] * FLOAT32
    sizes = {"weights": weights, "kept": state, "working": working + FLOAT32 * window * patches * model.config.dim}
    yield _component("memory", machine, "float32", operations, frames * (weights + state), **sizes)


def _answer(
    model: Components, machine: Machine, workload: Workload, slots: int, read: int, evidence: bool
) -> Iterator[Component]:
    """Estimate the projector and the language model, which reads `read` tokens of video and prompt, then the question,
    and decodes the answer. `evidence`: also the attention of the question's tokens, and a neutral question."""
    text, dtype = model.text, workload.dtype
    number, question = BYTES[dtype], workload.question_tokens
    cost, weights = (
        model.projection(model.grids(workload.height, workload.width)[0]),
        model.parameters["projector"] * FLOAT32,
    )
    projected = FLOAT32 * read * text.hidden_size
    sizes = {"weights": weights, "working": (slots if evidence else min(slots, BATCH)) * cost.working + projected}
    yield _component("projector", machine, "float32", slots * cost.operations, weights, **sizes, answering=True)

    matrices = model.matrices()
    weights = model.parameters["language_model"] * number
    if workload.quantize is not None:
        weights += sum(matrices) * (QUANTIZED[workload.quantize] - number)
    unpacked = 0 if workload.quantize is None else max(matrices) * number  # one matrix at a time
    cache, head = model.cache_bytes() * number / FLOAT32, 2 * text.hidden_size * text.vocab_size
    past = read + question
    cost = model.language(read, 0)
    sizes = {
        "weights": weights,
        "kept": cache * (past + workload.answer_tokens),
        "working": cost.working * number / FLOAT32 + projected + unpacked,
    }
    yield _component("prefill, video", machine, dtype, cost.operations, weights, **sizes, answering=True)

    fetched = weights - (0 if text.tie_word_embeddings else text.hidden_size * text.vocab_size * number)
    questions = (question, NEUTRAL) if evidence else (question,)
    operations = sum(model.language(new, read).operations + head for new in questions)
    working = model.language(question, read).working * number / FLOAT32 + unpacked
    working += evidence * text.num_hidden_layers * text.num_attention_heads * question * past * number
    moved = len(questions) * (fetched + cache * read)
    yield _component("prefill, question", machine, dtype, operations, moved, working=working, answering=True)

    steps = workload.answer_tokens - 1  # the question's last token gives the first one
    operations, moved = steps * (model.language(1, past).operations + head), steps * (fetched + cache * past)
    yield _component("answer decoding", machine, dtype, operations, moved, answering=True)
