"""How fast a step of the memory is: beside a plain memory, beside its matrix products alone, and in bfloat16.

All that is compared is timed in turn, round by round, and a ratio is the median of the rounds' ratios: whatever else
the machine does meets all alike.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch

from ...core import DualMemory, DualState, FramePlacement, MemoryConfig
from ...models.precision import multiplies_bfloat16
from .plain_memory import MatrixProducts, operations, plain_memory, plain_state

POOL = 8  # different frames that are shown in turn


@dataclass(frozen=True)
class Shape:
    """A frame's tokens and the memory's heads. `steps`: how many are timed together, so that a clock can tell."""

    patches: int
    dim: int
    heads: int
    steps: int = 1


SHAPES = {"7b": Shape(196, 1152, 8), "mini": Shape(48, 384, 6, steps=10)}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Speed:
    """Milliseconds a step, and ratios, each the median over the rounds.

    `faster`: how much longer the plain memory takes; `allowed`: that ratio by the count of multiplications.
    `over_floor`: our time beside that of the matrix products alone. `faster_than_fp32`: our time in single precision
    beside ours in this one. `difference`: of our output from the plain memory's, at most.
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
    """Steps one memory, frame after frame, from a state that is full."""

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
    """Time the memories of one of `SHAPES`, with the paper's 8 and 32 entries, in both dtypes; on a CPU without
    instructions for bfloat16, which would take far too long in it, in single precision alone."""
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
    seconds = in_turn(runs, rounds, shape.steps, device)
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
            faster=ratio(plain, ours),
            allowed=counts[1] / counts[0],
            over_floor=ratio(ours, floor),
            faster_than_fp32=ratio(seconds["fp32", "ours"], ours),
            difference=difference[kind],
        )
        rows.append(row)
    return rows


def in_turn(
    runs: dict[tuple[str, str], Callable[[], object]], rounds: int, steps: int, device: torch.device
) -> dict[tuple[str, str], list[float]]:
    """Time all in turn; return the seconds a step of each round. The first round is not counted."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    for _ in range(rounds + 1):
        for key, run in runs.items():
            wait()
            started = time.perf_counter()
            for _ in range(steps):
                run()
            wait()
            seconds[key].append((time.perf_counter() - started) / steps)
    return {key: taken[1:] for key, taken in seconds.items()}


def ratio(longer: list[float], shorter: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return median(a / b for a, b in zip(longer, shorter, strict=True))


def machine(device: torch.device) -> dict[str, object]:
    """Say where the figures were taken."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else (models or [platform.processor()])[0]
    return {"device": name, "threads": torch.get_num_threads(), "torch": torch.__version__}


def _full(config: MemoryConfig, shape: Shape, device: torch.device, dtype: torch.dtype) -> tuple[Stepper, Stepper]:
    """Return our memory and the plain one, of the same weights, full of the same entries, about to see the same."""
    torch.manual_seed(0)
    frames = torch.randn(1, POOL, shape.patches, shape.dim).to(device, dtype)
    memory = DualMemory(config).to(device, dtype)
    memory.load_state_dict({**memory.state_dict(), "residual_gate": torch.full((shape.dim,), 0.5)})  # it starts at 0
    seen = torch.cat([frames] * (1 + (config.window + config.capacity) // POOL), dim=1)
    _, state, _ = memory(seen)
    return Stepper(memory, state, frames), Stepper(plain_memory(memory), plain_state(state), frames)
