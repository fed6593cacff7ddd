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
    """The record of a frozen part. The part's module binds it to PART and defines `prepare(source, folder)`, which
    turns the source file into the files that are loaded. Arguments are literals, which are read without an import.

    name, title: the name of the part in commands and its description.
    package, version, file: the package on the package index, and the source file's path in it.
    checksums: the accepted sha256 of the source file, several if the same weights were exported several times.
        Checkpoints record the first.
    hub: (repository, revision, file) on the Hugging Face hub.
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
    hub: tuple[str, str, str] | None = None
    needed: bool = True
    module: str = ""

    def __post_init__(self) -> None:
        if not self.checksums:
            raise ValueError(f"The frozen part {self.name} has no sha256; pin at least one.")

    @property
    def wheel(self) -> str:
        """The pattern of the names of its package's wheels."""
        return f"{self.package.replace('-', '_')}-{self.version}-*.whl"

    @property
    def files(self) -> tuple[str, ...]:
        """The accepted names of the source file: in the package, and on the hub."""
        paths = [self.file] + ([self.hub[2]] if self.hub else [])
        return tuple(dict.fromkeys(PurePosixPath(path).name for path in paths))

    @property
    def offline_files(self) -> tuple[str, ...]:
        """The names that the part's file may have in an offline folder: the source file's, or the wheel's pattern."""
        return (*self.files, self.wheel)


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
