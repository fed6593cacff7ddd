"""What this machine has, what is missing, and the command for it. No check raises, whatever the machine."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

LEAST_PYTHON = (3, 11)
LEAST_MEMORY_GB = 2.0
EGL_SECONDS = 30
# Makes the context that the renderer makes; a driver may crash, so it runs in a process of its own.
EGL_PROBE = (
    "import moderngl; context = moderngl.create_context(standalone=True, backend='egl', require=330); "
    "print(context.info['GL_RENDERER'])"
)
EGL_INSTALL = "apt-get install libegl1 libgl1 libgl1-mesa-dri   (or your system's EGL and Mesa)"
# Beside torch: what `vlm2 ask` imports, as (import name, package).
LIBRARIES = (
    ("transformers", "transformers"),
    ("peft", "peft"),
    ("safetensors", "safetensors"),
    ("numpy", "numpy"),
    ("cv2", "opencv-python-headless"),
    ("PIL", "pillow"),
    ("jaxtyping", "jaxtyping"),
)
# What makes a processor fast here, as Linux names it, and what we call it.
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
DEVELOPERS = ("dev",)  # extras that no user lacks


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


def examine() -> Iterator[Check]:
    """Run the checks in order, needed things first. A check that fails in a way that nobody thought of says so."""
    for look in (python, libraries, torch, video, parts, checkpoint, processor, memory, gpu, egl, extras):
        try:
            yield from look()
        except Exception as error:
            name = look.__name__
            yield Check(name, False, False, f"cannot be looked at: {type(error).__name__}: {error}")


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
    build = "for CUDA " + torch.version.cuda if torch.version.cuda else "for ROCm" if torch.version.hip else "CPU only"
    kernels = torch.backends.cpu.get_cpu_capability()
    yield Check(
        "torch", True, True, f"{torch.__version__}, {build}, {torch.get_num_threads()} threads, {kernels} kernels"
    )


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
        from ...encoders import weights
    except ImportError as error:
        yield Check("frozen parts", True, False, f"cannot be looked at: {error}", "pip install vlm2")
        return
    for part in weights.PARTS.values():
        if not part.needed:
            continue
        found = weights.whereabouts(part.name)
        yield Check(f"weights {part.name}", True, found.here, found.words, weights.COMMAND)
    if not all(weights.whereabouts(name).here for name in weights.needed_parts()):
        needs = "; ".join(weights.offline_needs(weights.PARTS[name]) for name in weights.needed_parts())
        yield Check("offline folder", False, True, f"{weights.COMMAND} --from FOLDER takes {needs}")


def checkpoint() -> Iterator[Check]:
    """Check the trained checkpoint of mini that lies in the package."""
    from importlib.resources import files

    folder = files("vlm2") / "checkpoints" / "mini"
    present = (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()
    found = str(folder) if present else f"no config.json and model.safetensors in {folder}"
    yield Check("checkpoint mini", True, present, found, "pip install --force-reinstall vlm2   (or: make train-mini)")


def processor() -> Iterator[Check]:
    """Look at the processor: its name, the cores that this process may use, and what it multiplies fast."""
    from ...evaluation.speed.machine import cores

    told = _told_of_processor()
    found = [told.get("model name") or platform.processor() or platform.machine(), f"{cores()} cores"]
    if flags := set((told.get("flags") or told.get("Features") or "").split()):
        known = [name for flag, name in INSTRUCTIONS.items() if flag in flags]
        found.append(" ".join(known) or "no vector instructions that we know")
        found.append("bf16 in hardware" if flags & BF16 else "no bf16 in hardware: float32 instead")
    yield Check("processor", False, True, ", ".join(found))


def _told_of_processor() -> dict[str, str]:
    """Return what Linux says of its first processor; nothing elsewhere."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def memory() -> Iterator[Check]:
    """Check the machine's memory, or what a container leaves of it."""
    from ...evaluation.speed.machine import available_memory, total_memory

    total, free = total_memory(), available_memory()
    if total is None:
        yield Check("memory", False, True, "unknown")
        return
    found = f"{total / 1e9:.1f} GB" + ("" if free is None else f", {min(free, total) / 1e9:.1f} GB free")
    yield Check("memory", False, total >= LEAST_MEMORY_GB * 1e9, found, f"mini wants {LEAST_MEMORY_GB:.0f} GB")


def gpu() -> Iterator[Check]:
    """Look for a GPU that torch can use, and for one that this torch cannot; mini does without."""
    try:
        import torch

        found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        mps = torch.backends.mps.is_available()
    except (ImportError, OSError, RuntimeError, AssertionError) as error:
        yield Check("GPU", False, False, f"cannot be looked at: {error}")
        return
    if found:
        cards = (f"{d.name} ({d.total_memory / 1e9:.0f} GB, compute {d.major}.{d.minor})" for d in found)
        half = "" if torch.cuda.is_bf16_supported() else "; no bf16 in hardware: --dtype float16"
        yield Check("GPU", False, True, ", ".join(cards) + half)
    elif mps:
        yield Check("GPU", False, True, "Apple's, as mps")
    elif NVIDIA.exists() or shutil.which("nvidia-smi"):
        why = (
            "this torch is built for the CPU" if torch.version.cuda is None else "torch cannot use it (driver too old?)"
        )
        yield Check("GPU", False, False, f"an NVIDIA driver is here, but {why}", "install torch for CUDA (pytorch.org)")
    else:
        yield Check("GPU", False, False, "none; mini runs on the CPU")


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


def extras() -> Iterator[Check]:
    """Check the optional sets of packages, as this installation of vlm2 names them."""
    try:
        required = metadata.requires("vlm2") or []
    except metadata.PackageNotFoundError:
        yield Check("extras", False, False, "vlm2 is not installed, only imported", "pip install vlm2")
        return
    packages: dict[str, list[str]] = defaultdict(list)
    for line in required:
        if match := re.match(r"([\w.-]+).*;.*extra\s*==\s*['\"]([\w-]+)['\"]", line):
            packages[match[2]].append(match[1])
    for extra, names in packages.items():
        if extra in DEVELOPERS:
            continue
        absent = [name for name in names if not _installed(name)]
        found = f"without {', '.join(absent)}" if absent else ", ".join(f"{name} {version(name)}" for name in names)
        yield Check(f"extra {extra}", False, not absent, found, f'pip install "vlm2[{extra}]"')


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


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
