"""The speed of a step of the memory beside a plain memory and its matrix products alone, in float32 and bfloat16.

All are timed in turn. A ratio is the median of the ratios of the rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch

from ...core import DualMemory, DualState, FramePlacement, MemoryConfig
from ...encoders.precision import multiplies_bfloat16
from .harness import median_ratio, time_in_turn
from .plain_memory import MatrixProducts, operations, plain_memory, plain_state

POOL = 8  # different frames, used in turn


@dataclass(frozen=True)
class Shape:
    """A frame's tokens and the memory's heads. `steps` are timed together: one is too short for the clock."""

    patches: int
    dim: int
    heads: int
    steps: int = 1


SHAPES = {"7b": Shape(196, 1152, 8), "mini": Shape(48, 384, 6, steps=10)}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Speed:
    """Milliseconds a step, and ratios, each the median over the rounds.

    `faster`: the plain memory's time to ours; `allowed`: the same ratio of multiplications. `over_floor`: our time to
    that of the matrix products alone. `faster_than_fp32`: our time in fp32 to ours in this dtype. `difference`: the
    largest of our output from the plain memory's.
    """

    shape: str
    dtype: str
    ours_ms: float
    plain_ms: float
    floor_ms: float
    faster: float
    allowed: float
    over_floor: float
    faster_than_fp32: float
    difference: float


class Stepper:
    """Runs one memory frame by frame, from a full state."""

    def __init__(self, memory: DualMemory, state: DualState, frames: torch.Tensor) -> None:
        self.memory, self.frames, self.seen = memory, frames, int(state.recent.frames.max()) + 1
        self.state = state.writable(memory.config)

    def __call__(self) -> torch.Tensor:
        """Step once, and return M."""
        tokens_3d = self.frames[:, self.seen % self.frames.shape[1]]
        placement = FramePlacement.of(tokens_3d, self.seen, float(self.seen))
        found, self.state, _ = self.memory.step(tokens_3d, self.state, placement)
        self.seen += 1
        return found


@torch.inference_mode()
def compare(name: str, rounds: int, device: torch.device) -> list[Speed]:
    """Time the memories of one of `SHAPES`, with the paper's 8 and 32 entries, in both dtypes. A CPU without
    instructions for bfloat16, where it is far too slow, is timed in fp32 only."""
    shape = SHAPES[name]
    kinds = DTYPES if multiplies_bfloat16(device) else {"fp32": torch.float32}
    config = MemoryConfig(shape.dim, shape.heads)
    runs: dict[tuple[str, str], Callable[[], object]] = {}
    difference = {}
    for kind, dtype in kinds.items():
        ours, plain = _full(config, shape, device, dtype)
        difference[kind] = float((ours().float() - plain().float()).abs().max())
        runs |= {(kind, "ours"): ours, (kind, "plain"): plain}
        runs[kind, "floor"] = MatrixProducts(config, shape.patches, device, dtype)
    seconds = time_in_turn(runs, rounds, shape.steps)
    counts = [operations(config, shape.patches, projected) for projected in (2, config.window + config.capacity)]
    rows = []
    for kind in kinds:
        ours, plain, floor = (seconds[kind, part] for part in ("ours", "plain", "floor"))
        row = Speed(
            shape=name,
            dtype=kind,
            ours_ms=1000 * median(ours),
            plain_ms=1000 * median(plain),
            floor_ms=1000 * median(floor),
            faster=median_ratio(plain, ours),
            allowed=counts[1] / counts[0],
            over_floor=median_ratio(ours, floor),
            faster_than_fp32=median_ratio(seconds["fp32", "ours"], ours),
            difference=difference[kind],
        )
        rows.append(row)
    return rows


def _full(config: MemoryConfig, shape: Shape, device: torch.device, dtype: torch.dtype) -> tuple[Stepper, Stepper]:
    """Return our memory and the plain one, with the same weights, the same entries and the same frames to come."""
    torch.manual_seed(0)
    frames = torch.randn(1, POOL, shape.patches, shape.dim).to(device, dtype)
    memory = DualMemory(config).to(device, dtype)
    memory.load_state_dict({**memory.state_dict(), "residual_gate": torch.full((shape.dim,), 0.5)})  # it starts at 0
    seen = torch.cat([frames] * (1 + (config.window + config.capacity) // POOL), dim=1)
    _, state, _ = memory(seen)
    return Stepper(memory, state, frames), Stepper(plain_memory(memory), plain_state(state), frames)
