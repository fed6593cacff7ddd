"""The record of a frozen part: its pinned source file, where that is published, its licence; and the errors."""

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

    The part's module binds it to a name and defines `prepare(source, folder)`, which turns the source file into the
    files that are loaded. The arguments are literals, so that the record can be read without importing the module.

    - `name`, `title`: the name of the part in commands and its description.
    - `file`: the source file, with its path in the package if there is one.
    - `also`: other names that the source file may have in an offline folder.
    - `checksums`: the accepted sha256 of the source file, several if the same weights were exported several times.
      Checkpoints record the first.
    - `package`, `version`: the package on the package index that holds the file; empty if there is none.
    - `hub`: (repository, revision) on the Hugging Face hub, which has the source file under the same name.
    - `release`: (repository, tag) of a release page, likewise.
    - `needed`: whether mini needs the part.
    - `module`: the module that holds the record; filled in when the record is found.
    """

    name: str
    title: str
    file: str
    checksums: tuple[str, ...]
    megabytes: int
    licence: str
    package: str = ""
    version: str = ""
    hub: tuple[str, str] | None = None
    release: tuple[str, str] | None = None
    also: tuple[str, ...] = ()
    needed: bool = True
    module: str = ""

    def __post_init__(self) -> None:
        if not self.checksums:
            raise ValueError(f"The frozen part {self.name} has no sha256; pin at least one.")

    @property
    def command(self) -> str:
        """The command that fetches the part."""
        return COMMAND if self.needed else f"{COMMAND} {self.name}"

    @property
    def offline_files(self) -> tuple[str, ...]:
        """The names that the part may have in an offline folder: the source file's, and the pattern of the wheel's."""
        wheel = (f"{self.package.replace('-', '_')}-{self.version}-*.whl",) if self.package else ()
        return PurePosixPath(self.file).name, *self.also, *wheel


def check_source(part: FrozenPart, source: Path) -> str:
    """Return a source file's sha256. Raises WrongChecksum with the found and the accepted checksums.

    An unchanged file is read once a process, because loading checks the same part several times.
    """
    facts = source.stat()
    found = _checksum(source, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    if found not in part.checksums:
        raise WrongChecksum(
            f"{source} is not the file that {part.name} needs: its sha256 is {found}, expected "
            f"{' or '.join(part.checksums)}. Remove it and run:  {part.command}"
        )
    return found


@lru_cache(maxsize=64)
def _checksum(file: Path, *_: int) -> str:
    return sha256(file)


def sha256(file: Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
