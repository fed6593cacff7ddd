"""The frozen parts: list them, find them on this machine, fetch and check their source files, prepare them.

The sources of a part are, in this order: an offline folder that the user names, the cache, an installed package, the
Hugging Face hub, a release page, the package index. The source file is checked against the pinned sha256 and prepared
once, in the cache. Only `get_part` uses a network. This module imports no torch and no transformers.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from .. import registry
from ..cache import cache_folder
from .frozen_part import FrozenPart, MissingPart, WrongChecksum, check_source, sha256
from .part_sources import from_hub, from_index, from_release, in_folder, installed_source, offline_folder, unpack

PREPARATION = 1  # raise it when the output of a `prepare` function changes: older caches are then made again
RECORD = "part.json"
KINDS = ("vision", "geometry", "language", "detectors")  # the packages of encoders whose modules may hold parts


@dataclass(frozen=True)
class Progress:
    """The progress of a part: its source, the folder of a download, and whether the part is ready."""

    part: FrozenPart
    source: str = ""
    folder: Path | None = None
    ready: bool = False

    @property
    def bytes(self) -> int:
        """The bytes that arrived so far."""
        total = 0
        for path in self.folder.rglob("*") if self.folder else ():
            with suppress(OSError):  # the file was moved meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total


Report = Callable[[Progress], None]


def read_parts() -> dict[str, FrozenPart]:
    """Read the records in the encoders' modules, without importing them, by the part's name."""
    return {
        record["name"]: FrozenPart(**record, module=f"{package}.{module}")
        for package in (f"{__package__}.{kind}" for kind in KINDS)
        for module, record in registry.literals(package, FrozenPart.__name__)
    }


PARTS = read_parts()


def needed_parts() -> list[str]:
    """Return the names of the parts that mini needs."""
    return [name for name, part in PARTS.items() if part.needed]


def frozen_part(name: str) -> FrozenPart:
    """Return the part of this name. Raises ValueError naming the known ones."""
    if name not in PARTS:
        raise ValueError(f"No frozen part is called {name!r}; there are {', '.join(PARTS)}.")
    return PARTS[name]


def cached_part(name: str) -> Path | None:
    """Return the folder of a prepared part. None if its source is not the pinned one or a file has another size."""
    folder = cache_folder() / name
    try:
        record = json.loads((folder / RECORD).read_text())
        sizes = {file: (folder / file).stat().st_size for file in record["files"]}
    except (OSError, ValueError, KeyError):
        return None
    right = record["source_sha256"] in frozen_part(name).checksums and record["preparation"] == PREPARATION
    return folder if right and sizes == {file: entry["bytes"] for file, entry in record["files"].items()} else None


def find_part(name: str) -> Path:
    """Return the folder of a prepared part. Prepares it first if necessary, and uses no network.

    The offline folder (VLM2_PARTS) comes first; its source file is checked even if the part is cached.
    Raises MissingPart if the part is not on this machine, WrongChecksum for a source file that is not the pinned one,
    and ValueError for an offline folder that does not exist.
    """
    return _find(frozen_part(name), offline_folder())[0]


def _locate(part: FrozenPart, offline: Path | None) -> tuple[Path, str] | None:
    """Return the prepared folder of a part, or else the file to prepare it from, and in words where that is."""
    if offline is not None and (file := in_folder(part, offline)) is not None:
        return file, f"the offline folder: {file}"
    if (ready := cached_part(part.name)) is not None:
        return ready, f"the cache {cache_folder()}"
    if (source := installed_source(part)) is not None:
        return source, f"the installed package {part.package}"
    return None


def _find(part: FrozenPart, offline: Path | None) -> tuple[Path, str]:
    """Return the prepared folder of a part, and in words where the part was found."""
    if (place := _locate(part, offline)) is None:
        places = [f"in the offline folder {offline}"] if offline else []
        places += [f"in {cache_folder() / part.name}"]
        places += [f"in an installed package {part.package}"] if part.package else []
        raise MissingPart(
            f"The frozen part {part.name} ({part.title}) is not on this machine: it is not {' or '.join(places)}. "
            f"Get it ({part.megabytes} MB) with:  {part.command}",
            part.name,
        )
    path, words = place
    return path if path.is_dir() else prepare_part(part.name, path), words


def whereabouts(name: str) -> tuple[bool, str]:
    """Return whether a part is on this machine, and where in words. Prepares nothing; errors are described as well."""
    part = frozen_part(name)
    try:
        place = _locate(part, offline := offline_folder())
        if place is not None and place[0].is_file() and place[0].parent == offline and place[0].suffix != ".whl":
            check_source(part, place[0])
    except (ValueError, OSError) as error:
        return False, str(error)
    if place is None:
        return False, f"not here ({part.megabytes} MB)"
    return True, f"in {place[1]}" + ("" if cached_part(name) else "; prepared at first use")


def get_part(name: str, folder: Path | None = None, report: Report = lambda progress: None) -> Path:
    """Return the folder of a prepared part. Fetches it from the network if it is not on this machine.

    `report` is called at the start, when a download begins, and at the end. A wrong file in an offline folder is an
    error; a wrong file in an installed package is replaced by the right one from the network. Raises MissingPart with
    the errors of all sources, or WrongChecksum if all files found are wrong.
    """
    part, offline = frozen_part(name), offline_folder(folder)
    report(Progress(part))
    try:
        ready, source = _find(part, offline)
    except (MissingPart, WrongChecksum) as error:
        if offline is not None and in_folder(part, offline) is not None:
            raise
        ready, source = _fetch(part, offline, report, error)
    report(Progress(part, source, ready=True))
    return ready


def _fetch(part: FrozenPart, offline: Path | None, report: Report, first: Exception) -> tuple[Path, str]:
    """Fetch and prepare a part that `_find` refused with the error `first`; return its folder and its source."""
    errors: list[ValueError] = [first] if isinstance(first, WrongChecksum) else []
    files = part.offline_files
    if offline is not None:
        errors.append(MissingPart(f"offline folder: {offline} has no {' and no '.join(files)}."))
    for source, fetch in _publishers(part):
        try:
            with tempfile.TemporaryDirectory(prefix="vlm2-") as scratch:
                report(Progress(part, source, Path(scratch)))
                return prepare_part(part.name, fetch(part, Path(scratch))), source
        except (MissingPart, WrongChecksum) as error:
            errors.append(error)
    message = (
        f"The frozen part {part.name} ({part.title}) could not be fetched:"
        + "".join(f"\n  - {error}" for error in errors)
        + f"\nWith a network, or a package index of your own, run:  {part.command}"
        + f"\nWithout one, put {' or '.join(files)} into a folder and run:  {part.command} --from FOLDER"
    )
    if any(isinstance(error, WrongChecksum) for error in errors):
        raise WrongChecksum(message)
    raise MissingPart(message, part.name)


def _publishers(part: FrozenPart) -> list[tuple[str, Callable[[FrozenPart, Path], Path]]]:
    """Return the sources on the network that have a part: their names, and the functions that fetch it."""
    sources = (
        ("the Hugging Face hub", part.hub, from_hub),
        ("a release page", part.release, from_release),
        ("the package index", part.package, from_index),
    )
    return [(name, fetch) for name, place, fetch in sources if place]


def prepare_part(name: str, file: Path) -> Path:
    """Check a part's source file, or that in a wheel, prepare it in the cache, and return the prepared folder.

    A part that is in the cache already is not prepared again. Raises WrongChecksum if the file is not the pinned one,
    MissingPart for a wheel without it, and ValueError if the cache cannot be written.
    """
    part, target = frozen_part(name), cache_folder() / name
    with tempfile.TemporaryDirectory(prefix="vlm2-") as unpacked:
        source = unpack(part, file, Path(unpacked))
        checksum = check_source(part, source)
        if cached_part(name) is not None:
            return target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as scratch:
                folder = Path(scratch) / name
                folder.mkdir()
                _fill(part, source, folder, checksum)
                if cached_part(name) is None:  # otherwise another process was faster
                    shutil.rmtree(target, ignore_errors=True)
                    folder.rename(target)
        except PermissionError as error:
            raise ValueError(f"{target} cannot be written ({error}). Set VLM2_CACHE to a folder of yours.") from error
    return target


def _fill(part: FrozenPart, source: Path, folder: Path, checksum: str) -> None:
    """Write the prepared files of a checked source file, and their record, into an empty folder."""
    import_module(part.module).prepare(source, folder)
    files = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        file.chmod(0o644)  # some writers make files that only their owner can read
        files[str(file.relative_to(folder))] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    record = {"name": part.name, "source_sha256": checksum, "licence": part.licence, "preparation": PREPARATION}
    (folder / RECORD).write_text(json.dumps(record | {"files": files}, indent=1))


def verify_part(name: str) -> Path:
    """Read every file of a prepared part; return its folder. Raises MissingPart, WrongChecksum for a damaged file."""
    folder = find_part(name)
    for file, entry in json.loads((folder / RECORD).read_text())["files"].items():
        found = sha256(folder / file)
        if found != entry["sha256"]:
            raise WrongChecksum(
                f"{folder / file} is damaged: its sha256 is {found}, expected {entry['sha256']}. "
                f"Delete {folder} and run:  {frozen_part(name).command}"
            )
    return folder


def part_checksums(names: Iterable[str]) -> dict[str, str]:
    """Return the first sha256 of each named part's source, to be recorded in a checkpoint."""
    return {name: frozen_part(name).checksums[0] for name in names}


def check_checksums(recorded: Mapping[str, str]) -> None:
    """Raise WrongChecksum if a checkpoint was trained on other frozen parts than those of this version of vlm2."""
    for name, theirs in recorded.items():
        ours = PARTS[name].checksums if name in PARTS else ()
        if theirs not in ours:
            raise WrongChecksum(
                f"This checkpoint was trained on another {name}: its sha256 was {theirs}, here it is "
                f"{' or '.join(ours) or 'not known'}. Use the version of vlm2 that the checkpoint was made with, or "
                f"train it again."
            )
