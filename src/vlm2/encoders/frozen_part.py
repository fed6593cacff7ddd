"""A frozen part: the pinned source file, what gives it, its licence; and the errors about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

COMMAND = "vlm2 weights get"
CHUNK_BYTES = 1 << 20


class MissingPart(ValueError):
    """A frozen part is not on this machine; the message says which, from where, and the command that gets it.

    `part` is its name where one is known.
    """

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


class WrongChecksum(ValueError):
    """A file is not the one that was pinned; the message says both checksums."""


class LicenceNotice(UserWarning):
    """Weights whose licence forbids some uses were loaded."""


@dataclass(frozen=True)
class FrozenPart:
    """One frozen part: the pinned source file, what gives it, and its licence.

    `sha256` is one checksum, or several where the same weights were exported more than once; checkpoints record the
    first. `hub` is (repository, revision, file); `needed` says whether mini cannot do without it.
    """

    name: str
    title: str
    package: str
    version: str
    file: str
    sha256: str | tuple[str, ...]
    megabytes: int
    licence: str
    hub: tuple[str, str, str] | None = None
    needed: bool = True

    def __post_init__(self) -> None:
        if not self.checksums:
            raise ValueError(f"The frozen part {self.name} has no sha256; pin at least one.")

    @property
    def checksums(self) -> tuple[str, ...]:
        """The accepted checksums of the source file; the first is the one that checkpoints record."""
        return (self.sha256,) if isinstance(self.sha256, str) else tuple(self.sha256)

    @property
    def files(self) -> tuple[str, ...]:
        """The names that the source file has where it is given: in the package, and on the hub."""
        paths = [self.file] + ([self.hub[2]] if self.hub else [])
        return tuple(dict.fromkeys(PurePosixPath(path).name for path in paths))

    @property
    def wheel(self) -> str:
        """The pattern of its package's wheels."""
        return f"{self.package.replace('-', '_')}-{self.version}-*.whl"


def check_source(part: FrozenPart, source: Path) -> str:
    """Return a source file's sha256. Raises WrongChecksum naming what was found and what is accepted.

    An unchanged file is read once in a process: loading looks for the same part several times.
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
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
