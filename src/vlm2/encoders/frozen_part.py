"""The record of a frozen part: its pinned source file, the package that holds it, its licence; and the errors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

COMMAND = "vlm2 weights get"


class MissingPart(ValueError):
    """A frozen part is not on this machine. The message names the part, its source and the command that fetches it.

    `part` is the part's name, if it is known.
    """

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


class WrongChecksum(ValueError):
    """A file is not the pinned one. The message has both checksums."""


class LicenceNotice(UserWarning):
    """The licence of the loaded weights forbids some uses."""


@dataclass(frozen=True)
class FrozenPart:
    """The record of a frozen part.

    The part's module binds it to PART and defines `prepare(source, folder)`, which turns the source file into the files
    that are loaded. The arguments are literals, so that the record can be read without importing the module.

    name, title: the name of the part in commands and its description.
    package, version, file: the package on the package index, and the source file's path in it.
    checksums: the accepted sha256 of the source file, several if the same weights were exported several times.
        Checkpoints record the first.
    hub: (repository, revision) on the Hugging Face hub, which has the source file under the same name.
    needed: whether mini needs the part.
    module: the module that holds the record; filled in when the record is found.
    """

    name: str
    title: str
    package: str
    version: str
    file: str
    checksums: tuple[str, ...]
    megabytes: int
    licence: str
    hub: tuple[str, str] | None = None
    needed: bool = True
    module: str = ""

    def __post_init__(self) -> None:
        if not self.checksums:
            raise ValueError(f"The frozen part {self.name} has no sha256; pin at least one.")

    @property
    def offline_files(self) -> tuple[str, str]:
        """The names that the part may have in an offline folder: the source file's, and the pattern of the wheel's."""
        return PurePosixPath(self.file).name, f"{self.package.replace('-', '_')}-{self.version}-*.whl"


def check_source(part: FrozenPart, source: Path) -> str:
    """Return a source file's sha256. Raises WrongChecksum with the found and the accepted checksums.

    An unchanged file is read once a process, because loading checks the same part several times.
    """
    facts = source.stat()
    found = _checksum(source, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    if found not in part.checksums:
        raise WrongChecksum(
            f"{source} is not the file that {part.name} needs: its sha256 is {found}, expected "
            f"{' or '.join(part.checksums)}. Remove it and run:  {COMMAND}"
        )
    return found


@lru_cache(maxsize=64)
def _checksum(file: Path, *_: int) -> str:
    return sha256(file)


def sha256(file: Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
