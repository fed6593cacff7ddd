"""Machines: memory, operations and bytes a second. Cards are known by name; this machine is measured.

Importing this file does not import torch. Its functions do not raise on an unusual machine: unknown values are None.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "MIB": 2.0**20, "GIB": 2.0**30, "TIB": 2.0**40}
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container
SIDE = 512  # of the matrices that are multiplied to learn a peak
COPIED = 1 << 26  # bytes
TRIES = 3
REACHED = 0.5  # of the peak of operations, by large matrix products; small models reach less
MOVED = 0.7  # of the bandwidth


@dataclass(frozen=True)
class Machine:
    """A machine to plan for. `memory` is in bytes. `peak` is the most operations a second, by dtype. `bandwidth` is in
    bytes a second. `reserved` are the bytes of the runtime, without any model."""

    name: str
    memory: float | None = None
    peak: Mapping[str, float] = field(default_factory=dict)
    bandwidth: float | None = None
    reserved: float = 0.6e9

    def rate(self, dtype: str) -> float | None:
        """Return the peak in a dtype; float16 is as fast as bfloat16 where only that is known."""
        return self.peak.get(dtype, self.peak.get("bfloat16") if dtype == "float16" else None)

    def seconds(self, operations: float, moved: float, dtype: str) -> float | None:
        """Return how long operations in a dtype take that fetch `moved` bytes: the longer of both, at `REACHED` of the
        peak and at `MOVED` of the bandwidth. None where a speed is unknown."""
        if (rate := self.rate(dtype)) is None or self.bandwidth is None:
            return None
        return max(operations / (rate * REACHED), moved / (self.bandwidth * MOVED))


def _card(name: str, gigabytes: int, half: float, single: float, bandwidth: float) -> Machine:
    peak = {"bfloat16": half * 1e12, "float32": single * 1e12}
    return Machine(name, gigabytes * 1e9, peak, bandwidth * 1e9)


# From the vendors' data sheets: dense tensor-core teraflops with 16-bit inputs and sums in 32 bits, teraflops in
# float32 (without TF32, which torch leaves off), gigabytes a second. The first of a size stands for it. A "24 GB" card
# is counted as 24·10⁹ bytes and has 24·2³⁰: the difference is left to fragmentation.
CARDS = {
    card.name: card
    for card in (
        _card("RTX 4090", 24, 165.2, 82.6, 1008),
        _card("RTX 3090", 24, 71.2, 35.6, 936),
        _card("L4", 24, 121, 30.3, 300),
        _card("A10", 24, 125, 31.2, 600),
        _card("L40S", 48, 362, 91.6, 864),
        _card("RTX A6000", 48, 154.8, 38.7, 768),
        _card("A100 80GB", 80, 312, 19.5, 2039),
        _card("H100", 80, 989, 66.9, 3350),
    )
}


def find_card(name: str) -> Machine:
    """Return the card of this name, in any case and with or without spaces. Raises ValueError naming the known ones."""
    wanted, *names = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (name, *CARDS))
    found = [CARDS[card] for card, plain in zip(CARDS, names, strict=True) if wanted and plain.endswith(wanted)]
    if len(found) != 1:
        raise ValueError(
            f"There is no card {name!r} in the table; it has {', '.join(CARDS)}. For another one give --memory, --peak "
            "and --bandwidth."
        )
    return found[0]


def card_of(memory: float) -> Machine:
    """Return a machine of so many bytes: the first card of that size, or one whose speed is not known."""
    return next((card for card in CARDS.values() if card.memory == memory), Machine(f"{memory / 1e9:g} GB", memory))


def parse_bytes(text: str) -> float:
    """Read a size such as 24GB, 24GiB or 80. A plain number is gigabytes, of 10⁹ bytes. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    unit = UNITS.get((match[2] or "GB").upper()) if match else None
    if match is None or unit is None or not float(match[1]):
        raise ValueError(f"--memory {text}: give a size such as 24GB or 24GiB.")
    return float(match[1]) * unit


def parse_peak(text: str) -> dict[str, float]:
    """Read teraflops: 165 for every dtype, or bfloat16=165,float32=82. Raises ValueError."""
    dtypes, peak = ("float32", "bfloat16", "float16"), {}
    for entry in text.split(","):
        name, _, value = entry.rpartition("=")
        try:
            rate = float(value) * 1e12
        except ValueError:
            rate = 0.0
        if not rate > 0 or name.strip() not in ("", *dtypes):
            raise ValueError(f"--peak {text}: give teraflops, such as 165 or bfloat16=165,float32=82.")
        peak |= dict.fromkeys([name.strip()] if name else dtypes, rate)
    return peak


def total_memory() -> float | None:
    """Return this machine's memory in bytes, or the limit of the container around this process."""
    try:
        total = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None
    for file in map(Path, LIMITS):
        with suppress(OSError, ValueError):
            total = min(total, float(file.read_text()))  # "max" is no number
    return total


def available_memory() -> float | None:
    """Return the bytes that are free now or can be freed at once; None where the system does not report them."""
    try:
        match = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return None
    return float(match[1]) * 1024 if match else None


def mean_megabytes(samples: Sequence[float | None]) -> float | None:
    """Return the mean of samples in bytes, in megabytes; None where one is unknown."""
    known = [sample for sample in samples if sample is not None]
    return fmean(known) / 1e6 if len(known) == len(samples) else None


def cores() -> int:
    """Return how many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def this_machine(place: str) -> Machine:
    """Return the record of a device of this machine ("cpu", "cuda:0", "mps"): its memory from the system, its speed
    from one matrix product and one copy. Takes a fraction of a second."""
    import torch

    device = torch.device(place)
    name, memory = f"this machine, {cores()} cores", total_memory()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        name, memory = properties.name, float(properties.total_memory)
    elif device.type != "cpu":
        name = f"this machine's {device.type}"
    with torch.inference_mode():
        rates = {str(kind).removeprefix("torch."): _rate(device, kind) for kind in (torch.float32, torch.bfloat16)}
        moved = _bandwidth(device)
    return Machine(name, memory, {kind: rate for kind, rate in rates.items() if rate}, moved)


def _rate(device, dtype) -> float | None:
    """Return the operations a second of the fastest of a few matrix products; None where torch cannot do them."""
    import torch

    side = SIDE * (8 if device.type == "cuda" else 1)
    try:
        matrix = torch.ones(side, side, device=device, dtype=dtype)
        return 2 * side**3 / _fastest(lambda: matrix @ matrix)
    except RuntimeError:
        return None


def _bandwidth(device) -> float | None:
    import torch

    try:
        source = torch.ones(COPIED, device=device, dtype=torch.uint8)
        target = torch.empty_like(source)
        return 2 * COPIED / _fastest(lambda: target.copy_(source))
    except RuntimeError:
        return None


def _fastest(run: Callable[[], object]) -> float:
    from .harness import time_in_turn

    return min(time_in_turn({"run": run}, TRIES)["run"])


def processor_info() -> dict[str, str]:
    """Return Linux's description of its first processor ("model name", "flags", …); nothing on other systems."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def processor_name() -> str:
    """Return the processor's name."""
    return processor_info().get("model name") or platform.processor() or platform.machine()


def describe(device: torch.device) -> dict[str, object]:
    """Return where figures were measured: the device, the CPU threads and the version of torch."""
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()
    return {"device": name, "threads": torch.get_num_threads(), "torch": torch.__version__}
