"""`vlm2 doctor`: what this machine has, what is missing, and the command for it."""

from __future__ import annotations

import importlib.util
import json as json_module
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer

LEAST_PYTHON = (3, 11)
LEAST_MEMORY_GB = 2.0
EGL_SECONDS = 30
# Makes the context that the renderer makes; a driver may crash, so it runs in a process of its own.
EGL_PROBE = (
    "import moderngl; context = moderngl.create_context(standalone=True, backend='egl', require=330); "
    "print(context.info['GL_RENDERER'])"
)
EGL_INSTALL = "apt-get install libegl1 libgl1-mesa-dri   (or your system's EGL and Mesa)"
# Beside torch: what `vlm2 ask` imports, as (import name, package).
LIBRARIES = (("transformers", "transformers"), ("peft", "peft"), ("safetensors", "safetensors"), ("numpy", "numpy"))


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether `vlm2 ask` needs it, whether it is there, what was found, what mends it."""

    name: str
    needed: bool
    present: bool
    found: str
    command: str | None = None

    @property
    def state(self) -> Literal["ok", "missing", "without"]:
        """ok; missing, when `vlm2 ask` needs it; or without, when only other commands do."""
        return "ok" if self.present else "missing" if self.needed else "without"

    @property
    def mend(self) -> str | None:
        """The command to run, when there is something to mend."""
        return None if self.present else self.command


def doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Look at this machine: libraries, weights, renderer, GPU. Exit status 1 when `vlm2 ask` lacks something."""
    checks = list(examine())
    ready = all(check.present for check in checks if check.needed)
    if json:
        rows = [asdict(check) | {"state": check.state, "command": check.mend} for check in checks]
        typer.echo(json_module.dumps({"ready": ready, "checks": rows}, indent=1))
    else:
        show(checks, ready)
    raise typer.Exit(0 if ready else 1)


def examine() -> Iterator[Check]:
    """Run the checks in order, needed things first."""
    for look in (python, libraries, torch, video, parts, checkpoint, memory, gpu, egl):
        yield from look()


def python() -> Iterator[Check]:
    """Check Python's version."""
    least = ".".join(map(str, LEAST_PYTHON))
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check("Python", True, sys.version_info >= LEAST_PYTHON, found, f"install Python {least} or newer")


def libraries() -> Iterator[Check]:
    """Check that the Python packages are there, without importing them."""
    for module, package in LIBRARIES:
        present = importlib.util.find_spec(module) is not None
        yield Check(package, True, present, version(package) if present else "not installed", f"pip install {package}")


def torch() -> Iterator[Check]:
    """Check torch: version, threads, bf16 arithmetic in the processor."""
    if importlib.util.find_spec("torch") is None:
        yield Check("torch", True, False, "not installed", "pip install torch")
        return
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check("torch", True, False, f"does not load: {error}", "pip install --force-reinstall torch")
        return
    bf16 = "bf16 in hardware" if has_bf16() else "no bf16 in hardware: float32 may be faster (--dtype float32)"
    yield Check("torch", True, True, f"{torch.__version__}, {torch.get_num_threads()} threads, {bf16}")


def has_bf16() -> bool:
    """Say whether the processor multiplies bfloat16 numbers itself (known on Linux only)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def video() -> Iterator[Check]:
    """Check PyAV and the FFmpeg in it."""
    try:
        import av
    except ImportError as error:
        yield Check("video (PyAV)", True, False, f"does not load: {error}", "pip install av")
        return
    yield Check("video (PyAV)", True, True, f"{av.__version__} with FFmpeg {av.ffmpeg_version_info}")


def parts() -> Iterator[Check]:
    """Check the frozen parts: prepared, or in an installed package from which they are prepared at first use."""
    try:
        from ..model import weights
    except ImportError as error:
        yield Check("frozen parts", True, False, f"cannot be looked at: {error}", "pip install vlm2")
        return
    for part in weights.PARTS.values():
        if not part.needed:
            continue
        if folder := weights.cached_part(part.name):
            found = str(folder)
        elif source := weights.installed_source(part):
            found = f"in the package {part.package} ({source.name}); prepared at first use"
        else:
            yield Check(f"weights {part.name}", True, False, f"not here ({part.megabytes} MB)", weights.COMMAND)
            continue
        yield Check(f"weights {part.name}", True, True, found)


def checkpoint() -> Iterator[Check]:
    """Check the trained checkpoint of mini that lies in the package."""
    from importlib.resources import files

    folder = files("vlm2") / "checkpoints" / "mini"
    present = (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()
    found = str(folder) if present else f"no config.json and model.safetensors in {folder}"
    yield Check("checkpoint mini", True, present, found, "pip install --force-reinstall vlm2   (or: make train-mini)")


def memory() -> Iterator[Check]:
    """Check the machine's memory and cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        yield Check("memory", False, True, f"unknown; {cores} cores")
        return
    enough = total >= LEAST_MEMORY_GB
    yield Check("memory", False, enough, f"{total:.1f} GB; {cores} cores", f"mini wants {LEAST_MEMORY_GB:.0f} GB")


def gpu() -> Iterator[Check]:
    """Look for a GPU; mini does without."""
    try:
        import torch

        names = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    except (ImportError, OSError, RuntimeError) as error:
        yield Check("GPU", False, False, f"cannot be looked at: {error}")
        return
    found = ", ".join(f"{device.name} ({device.total_memory / 1e9:.0f} GB)" for device in names)
    yield Check("GPU", False, bool(names), found or "none; mini runs on the CPU")


def egl() -> Iterator[Check]:
    """Check that the renderer of generated homes can draw; `vlm2 ask` does without."""
    name = "renderer (EGL)"
    if importlib.util.find_spec("moderngl") is None:
        yield Check(
            name, False, False, "moderngl is not installed; needed for `vlm2 homes`", 'pip install "vlm2[homes]"'
        )
        return
    try:
        result = subprocess.run([sys.executable, "-c", EGL_PROBE], capture_output=True, text=True, timeout=EGL_SECONDS)
    except subprocess.TimeoutExpired:
        yield Check(name, False, False, f"no answer within {EGL_SECONDS} s", EGL_INSTALL)
        return
    if result.returncode:
        said = (result.stderr.strip().splitlines() or [f"crashed with status {result.returncode}"])[-1]
        yield Check(name, False, False, f"no context: {said}", EGL_INSTALL)
        return
    yield Check(name, False, True, result.stdout.strip())


def version(package: str) -> str:
    """Return an installed package's version."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "installed, version unknown"


def show(checks: list[Check], ready: bool) -> None:
    """Print the checks as a table, then the commands that mend what is missing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    marks = {"ok": "[green]ok[/]", "missing": "[red]missing[/]", "without": "[yellow]without[/]"}
    console = Console()
    table = Table("", "what", "found", box=None, pad_edge=False)
    for check in checks:
        table.add_row(marks[check.state], check.name, escape(check.found))
    console.print(table)
    for check in checks:
        if check.mend:
            console.print(f"{marks[check.state]} {check.name}:  {escape(check.mend)}", highlight=False)
    console.print("[green]`vlm2 ask` is ready.[/]" if ready else "[red]`vlm2 ask` lacks what is marked missing.[/]")
