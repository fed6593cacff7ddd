"""Checks of this machine: what it has, and the command that installs what is missing. No check raises an error."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

LEAST_PYTHON = (3, 11)
LEAST_MEMORY_GB = 2.0
EGL_SECONDS = 30
# Makes the renderer's context, in a process of its own, since a driver may crash.
EGL_PROBE = (
    "import moderngl; context = moderngl.create_context(standalone=True, backend='egl', require=330); "
    "print(context.info['GL_RENDERER'])"
)
EGL_INSTALL = "apt-get install libegl1 libgl1 libgl1-mesa-dri   (or your system's EGL and Mesa)"
# Instructions for fast matrix products, by their names in Linux.
INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
    "asimd": "NEON",
    "sve": "SVE",
    "bf16": "BF16",
}
BF16 = {"avx512_bf16", "amx_bf16", "bf16"}
NVIDIA = Path("/proc/driver/nvidia/version")
OWN_CHECKS = ("torch", "av")  # required packages that have checks of their own
DEVELOPERS = ("dev",)  # extras that users do not need
STYLES = {"ok": "[green]ok[/]", "missing": "[red]missing[/]", "without": "[yellow]without[/]"}


@dataclass(frozen=True)
class Check:
    """One check: whether `vlm2 ask` needs the thing, whether it is present, what was found, and the command that
    installs it."""

    name: str
    needed: bool
    present: bool
    found: str
    command: str | None = None

    @property
    def state(self) -> Literal["ok", "missing", "without"]:
        """Return "ok"; "missing", when `vlm2 ask` needs it; or "without", when only other commands do."""
        return "ok" if self.present else "missing" if self.needed else "without"

    @property
    def repair(self) -> str | None:
        """The command to run, when the thing is not present."""
        return None if self.present else self.command


def examine() -> Iterator[Check]:
    """Run all checks, those of needed things first. A check that fails becomes a row."""
    for check in (python, libraries, torch, video, parts, eyes, checkpoint, processor, memory, gpu, egl, extras):
        try:
            yield from check()
        except Exception as error:
            yield Check(check.__name__, False, False, f"check failed: {type(error).__name__}: {error}")


def python() -> list[Check]:
    """Check Python's version."""
    least = ".".join(map(str, LEAST_PYTHON))
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return [Check("Python", True, sys.version_info >= LEAST_PYTHON, found, f"install Python {least} or newer")]


def requirements() -> dict[str, list[str]]:
    """Return the packages that the installed vlm2 requires, by extra; "" has those that it always needs."""
    packages: dict[str, list[str]] = defaultdict(list)
    with suppress(metadata.PackageNotFoundError):
        for line in metadata.requires("vlm2") or []:
            name, extra = re.match(r"[\w.-]+", line), re.search(r"extra\s*==\s*['\"]([\w-]+)", line)
            packages[extra[1] if extra else ""].append(name[0] if name else line)
    return packages


def version(package: str) -> str | None:
    """Return a package's version; None where it is not installed."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(package)


def libraries() -> Iterator[Check]:
    """Check that the required Python packages are installed, without importing them."""
    for package in requirements()[""]:
        if package not in OWN_CHECKS:
            found = version(package)
            yield Check(package, True, found is not None, found or "not installed", f"pip install {package}")


def torch() -> list[Check]:
    """Check torch: version, build, threads, kernels."""
    if importlib.util.find_spec("torch") is None:
        return [Check("torch", True, False, "not installed", "pip install torch")]
    try:
        import torch
    except (ImportError, OSError) as error:
        return [Check("torch", True, False, f"does not load: {error}", "pip install --force-reinstall torch")]
    build = "for CUDA " + torch.version.cuda if torch.version.cuda else "for ROCm" if torch.version.hip else "CPU only"
    kernels = torch.backends.cpu.get_cpu_capability()
    found = f"{torch.__version__}, {build}, {torch.get_num_threads()} threads, {kernels} kernels"
    return [Check("torch", True, True, found)]


def video() -> list[Check]:
    """Check PyAV and its FFmpeg."""
    try:
        import av
    except ImportError as error:
        return [Check("video (PyAV)", True, False, f"does not load: {error}", "pip install av")]
    return [Check("video (PyAV)", True, True, f"{av.__version__} with FFmpeg {av.ffmpeg_version_info}")]


def parts() -> Iterator[Check]:
    """Check the frozen parts: prepared, or in an installed package from which the first use prepares them."""
    from ...encoders import weights
    from ...encoders.frozen_part import COMMAND

    needed = [weights.PARTS[name] for name in weights.needed_parts()]
    found = [weights.whereabouts(part.name) for part in needed]
    for part, (here, words) in zip(needed, found, strict=True):
        yield Check(f"weights {part.name}", True, here, words, part.command)
    if not all(here for here, _ in found):
        files = [f"{' or '.join(part.offline_files)}   sha256 {' or '.join(part.checksums)}" for part in needed]
        yield Check("offline folder", False, True, f"{COMMAND} --from FOLDER takes {'; '.join(files)}")


def eyes() -> Iterator[Check]:
    """Check the detectors' parts, and name the eyes that `--eyes auto` takes."""
    from ...encoders import weights
    from ...encoders.detectors import best_detector, yolox

    yield Check("eyes", False, True, f"--eyes auto takes {best_detector()}")
    for size, part in yolox.SIZES.items():
        here, words = weights.whereabouts(part.name)
        cost = f"{words}; {yolox.COSTS[size]}"
        yield Check(f"eyes {part.name}", False, here, cost, part.command)


def checkpoint() -> list[Check]:
    """Check the trained checkpoint of mini, which is in the package."""
    from importlib.resources import files

    folder = files("vlm2") / "checkpoints" / "mini"
    present = (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()
    found = str(folder) if present else f"no config.json and model.safetensors in {folder}"
    return [
        Check("checkpoint mini", True, present, found, "pip install --force-reinstall vlm2   (or: make train-mini)")
    ]


def processor() -> list[Check]:
    """Describe the processor: its name, the cores that this process may use, and its fast instructions."""
    from ...evaluation.speed import machine

    info = machine.processor_info()
    found = [machine.processor_name(), f"{machine.cores()} cores"]
    if flags := set((info.get("flags") or info.get("Features") or "").split()):
        found.append(" ".join(INSTRUCTIONS[flag] for flag in INSTRUCTIONS if flag in flags) or "no vector instructions")
        found.append("bf16 in hardware" if flags & BF16 else "no bf16 in hardware: float32 instead")
    return [Check("processor", False, True, ", ".join(found))]


def memory() -> list[Check]:
    """Check the memory of the machine, or of the container around this process."""
    from ...evaluation.speed.machine import available_memory, total_memory

    total, free = total_memory(), available_memory()
    if total is None:
        return [Check("memory", False, True, "unknown")]
    found = f"{total / 1e9:.1f} GB" + ("" if free is None else f", {min(free, total) / 1e9:.1f} GB free")
    return [Check("memory", False, total >= LEAST_MEMORY_GB * 1e9, found, f"mini needs {LEAST_MEMORY_GB:.0f} GB")]


def gpu() -> list[Check]:
    """Check for a GPU that torch can use, and for one that it cannot. mini needs none."""
    import torch

    found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    if found:
        cards = (f"{d.name} ({d.total_memory / 1e9:.0f} GB, compute {d.major}.{d.minor})" for d in found)
        half = "" if torch.cuda.is_bf16_supported() else "; no bf16 in hardware: --dtype float16"
        return [Check("GPU", False, True, ", ".join(cards) + half)]
    if torch.backends.mps.is_available():
        return [Check("GPU", False, True, "Apple's, as mps")]
    if NVIDIA.exists() or shutil.which("nvidia-smi"):
        cpu_build = torch.version.cuda is None
        reason = "this torch is built for the CPU" if cpu_build else "torch cannot use it (driver too old?)"
        found = f"an NVIDIA driver is here, but {reason}"
        return [Check("GPU", False, False, found, "install torch for CUDA (pytorch.org)")]
    return [Check("GPU", False, False, "none; mini runs on the CPU")]


def egl() -> list[Check]:
    """Check that the renderer of generated homes can draw. `vlm2 ask` does not need it."""
    if importlib.util.find_spec("moderngl") is None:
        found, command = "moderngl is not installed; needed for `vlm2 homes`", 'pip install "vlm2[homes]"'
        return [Check("renderer (EGL)", False, False, found, command)]
    try:
        result = subprocess.run([sys.executable, "-c", EGL_PROBE], capture_output=True, text=True, timeout=EGL_SECONDS)
        error = (result.stderr.strip().splitlines() or [f"crashed with status {result.returncode}"])[-1]
        found = f"no context: {error}" if result.returncode else result.stdout.strip()
        present = result.returncode == 0
    except subprocess.TimeoutExpired:
        found, present = f"no answer within {EGL_SECONDS} s", False
    return [Check("renderer (EGL)", False, present, found, EGL_INSTALL)]


def extras() -> Iterator[Check]:
    """Check the optional sets of packages that this installation of vlm2 names."""
    required = requirements()
    if not required:
        yield Check("extras", False, False, "vlm2 is not installed, only imported", "pip install vlm2")
    for extra in [extra for extra in required if extra not in ("", *DEVELOPERS)]:
        versions = {name: version(name) for name in required[extra]}
        absent = [name for name, installed in versions.items() if installed is None]
        installed = ", ".join(f"{name} {number}" for name, number in versions.items())
        found = f"without {', '.join(absent)}" if absent else installed
        yield Check(f"extra {extra}", False, not absent, found, f'pip install "vlm2[{extra}]"')


def show(checks: list[Check], ready: bool) -> None:
    """Print the checks as a table, then the commands that install what is missing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table("", "what", "found", box=None, pad_edge=False)
    for check in checks:
        table.add_row(STYLES[check.state], check.name, escape(check.found))
    console.print(table)
    for check in checks:
        if check.repair:
            console.print(f"{STYLES[check.state]} {check.name}:  {escape(check.repair)}", highlight=False)
    console.print("[green]`vlm2 ask` is ready.[/]" if ready else "[red]`vlm2 ask` needs what is marked missing.[/]")
