"""Whether a model fits a machine and how long it takes there, with the memory and with all frames kept ("baseline").

`models.capacity` counts the operations and the memory of each component; this file multiplies them by frames, slots and
tokens, and adds what the machine holds at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...models.capacity import BYTES, Components
from ...models.windows import WindowState
from .estimate import Component, Estimate
from .machine import Machine
from .workload import Workload

TRACKED = 0.08  # seconds a frame to find and match features, measured on 2 cores
DECODED = 2e8  # pixels a second of H.264 on one core: a cautious round number, not measured
BATCH = 16  # frames in one call of the vision encoder in the baseline
PROMPT = 40  # tokens around the video
NEUTRAL = 40  # tokens of the neutral question that evidence is compared with
HALVED = 0.625  # of the geometry encoder's working memory in bfloat16: its residual stream and heads stay in float32
FLOAT32 = BYTES["float32"]
QUANTIZED = {"8bit": 1.0, "4bit": 0.5 + 4 / 64}  # bytes a weight of LLM.int8 and NF4; NF4 has a scale for 64 weights
MODES = ("memory", "baseline")


def estimate(model: Components, machine: Machine, workload: Workload, mode: str = "memory") -> Estimate:
    """Estimate one of `MODES`."""
    remembers, memory = mode == "memory", model.model.memory.config
    slots = min(workload.frames, memory.capacity * memory.episodic + memory.shown) if remembers else workload.frames
    grid = model.grids(workload.height, workload.width)[0]
    read = slots * model.projector(workload.pooling).tokens(grid) + PROMPT
    decoded = workload.frames * max(workload.source_fps / workload.fps, 1.0) * workload.height * workload.width
    components = (
        Component("video decoding", seconds=decoded / DECODED),
        *(_watch(model, machine, workload) if remembers else [_vision(model, machine, workload, BATCH)]),
        *_answer(model, machine, workload, slots, read, remembers),
    )
    tokens = read + workload.question_tokens + workload.answer_tokens
    return Estimate(mode, components, tokens, model.model.context_length, machine, workload.frames)


def _vision(model: Components, machine: Machine, workload: Workload, batch: int, waiting: float = 0.0) -> Component:
    """Estimate the vision encoder with `batch` frames in a call, beside `waiting` bytes of its results."""
    dtype, frames = model.config.encoder_dtype, workload.frames
    cost = model.vision(model.grids(workload.height, workload.width)[0])
    weights, operations = model.bytes("vision", dtype), frames * cost.operations
    working = min(frames, batch) * cost.working * BYTES[dtype] / FLOAT32 + waiting
    seconds = machine.seconds(operations, -(-frames // batch) * weights, dtype)
    return Component("vision encoder", weights, 0.0, working, operations, seconds)


def _watch(model: Components, machine: Machine, workload: Workload) -> Iterator[Component]:
    """Estimate encoders and representation, which run once a window, and the memory, which runs once a frame. The
    vision encoder's tokens of a window wait for the geometry encoder; the last frames of a window are seen again."""
    frames, dtype = workload.frames, model.config.encoder_dtype
    grid, geometry_grid = model.grids(workload.height, workload.width, workload.pixels)
    patches, window = grid[0] * grid[1], min(frames, workload.window or frames, model.model.geometry.window)
    overlap = min(WindowState.overlap, window - 1)
    calls = 1 - (window - frames) // (window - overlap)
    waiting = FLOAT32 * window * patches * model.model.vision.dim
    yield _vision(model, machine, workload, window, waiting)

    cost, result = model.geometry(window, grid, geometry_grid)
    weights, operations = model.bytes("geometry", dtype), cost.operations * (frames + (calls - 1) * overlap) / window
    working = cost.working * (1.0 if dtype == "float32" else HALVED) + waiting
    seconds = machine.seconds(operations, calls * weights, dtype)
    yield Component("geometry encoder", weights, result * overlap / window, working, operations, seconds)
    if model.config.geometry_config.tracked:
        yield Component("camera tracking", seconds=frames * TRACKED)

    cost, weights = model.representation(grid, geometry_grid), model.bytes("representation")
    operations = frames * cost.operations
    seconds = machine.seconds(operations, calls * (weights + waiting + result), "float32")
    yield Component("representation", weights, 0.0, window * cost.working, operations, seconds)

    operations, working, state = model.memory(patches, frames)
    weights = model.bytes("memory")
    working += FLOAT32 * window * patches * model.config.dim
    seconds = machine.seconds(operations, frames * (weights + state), "float32")
    yield Component("memory", weights, state, working, operations, seconds)


def _answer(
    model: Components, machine: Machine, workload: Workload, slots: int, read: int, evidence: bool
) -> Iterator[Component]:
    """Estimate the projector and the language model, which reads `read` tokens of video and prompt, then the question,
    and decodes the answer. `evidence`: also the attention of the question's tokens, and a neutral question."""
    text, dtype, question = model.text, workload.dtype, workload.question_tokens
    number, past = BYTES[dtype], read + question
    cost, weights = model.projection(model.grids(workload.height, workload.width)[0]), model.bytes("projector")
    operations, projected = slots * cost.operations, FLOAT32 * read * text.hidden_size
    working = (slots if evidence else min(slots, BATCH)) * cost.working + projected
    seconds = machine.seconds(operations, weights, "float32")
    yield Component("projector", weights, 0.0, working, operations, seconds, answering=True)

    vocabulary, matrices = text.hidden_size * text.vocab_size, model.matrices()
    weights, unpacked = model.bytes("language_model", dtype), 0.0
    if workload.quantize is not None:
        weights += sum(matrices) * (QUANTIZED[workload.quantize] - number)
        unpacked = max(matrices) * number  # one matrix at a time
    cost, cache = model.language(read, 0), model.cache_bytes() * number / FLOAT32
    working = cost.working * number / FLOAT32 + projected + unpacked
    seconds = machine.seconds(cost.operations, weights, dtype)
    kept = cache * (past + workload.answer_tokens)
    yield Component("prefill, video", weights, kept, working, cost.operations, seconds, answering=True)

    fetched = weights - (0 if text.tie_word_embeddings else vocabulary * number)
    questions = (question, NEUTRAL) if evidence else (question,)
    operations = sum(model.language(new, read).operations + 2 * vocabulary for new in questions)
    working = model.language(question, read).working * number / FLOAT32 + unpacked
    working += evidence * text.num_hidden_layers * text.num_attention_heads * question * past * number
    seconds = machine.seconds(operations, len(questions) * (fetched + cache * read), dtype)
    yield Component("prefill, question", 0.0, 0.0, working, operations, seconds, answering=True)

    steps = workload.answer_tokens - 1  # the question's last token gives the first token of the answer
    operations = steps * (model.language(1, past).operations + 2 * vocabulary)
    seconds = machine.seconds(operations, steps * (fetched + cache * past), dtype)
    yield Component("answer decoding", 0.0, 0.0, 0.0, operations, seconds, answering=True)
