"""The `.vlm2mem` container: tensors and one JSON record in a safetensors file, sealed by a digest, written whole.

The file is plain safetensors with one entry of metadata, "vlm2mem": the record, with "format", "version" and "digest"
beside the caller's fields. The digest is the SHA-256 of the whole file with the digest's own 64 characters as zeros, so
that no bit of header or tensors can change unnoticed. The same contents give the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from ..cache import whole_file

FORMAT = "vlm2mem"
VERSION = 3
LONGEST_HEADER = 1 << 24  # bytes
BLANK = "0" * 64
# The record is JSON inside a JSON string, so its quotes are escaped.
DIGEST = re.compile(rb'\\"digest\\":\\"([0-9a-f]{64})\\"')
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write(path: str | Path, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
    """Write a container: into a new file beside it, to the disk, and only then in its place. A crash at any moment
    leaves the earlier file or the new one (and perhaps a `.partial` file, which may be deleted). Raises ValueError for
    a folder that is not there, and OSError, naming the file, where it cannot be written."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise ValueError(f"There is no folder {target.parent}, so nothing can be saved in it. Make it first.")
    sealed = {**record, "format": FORMAT, "version": VERSION, "digest": BLANK}
    data = bytearray(
        tensors_to_bytes(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            metadata={FORMAT: json.dumps(sealed, sort_keys=True, allow_nan=False, separators=(",", ":"))},
        )
    )
    place = _digest_place(bytes(data[: 8 + int.from_bytes(data[:8], "little")]))
    assert place is not None
    data[place] = hashlib.sha256(data).hexdigest().encode()
    put(target, data)


def read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a container's tensors (on the CPU) and record. Raises ValueError, saying why, for a file that is missing,
    damaged, of another version, or no container."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder. Give a .vlm2mem file, such as `vlm2 ask VIDEO QUESTION --save` writes.")
    if not path.is_file():
        raise ValueError(f"There is no file {path}. `vlm2 ask VIDEO QUESTION --save {path}` makes one.")
    header = _header(path)
    if (place := _digest_place(header)) is not None:
        data = bytearray(path.read_bytes())
        digest = bytes(data[place])
        data[place] = BLANK.encode()
        if hashlib.sha256(data).hexdigest().encode() != digest:
            raise ValueError(
                f"{path} is damaged: its contents do not match its digest. Use another copy, or watch the video again."
            )
        tensors, metadata = _parse(path, bytes(data))
        return tensors, _sealed_record(path, metadata)
    raise ValueError(
        f"{path} is no memory of vlm2, or its beginning is damaged. "
        "Give a .vlm2mem file that Session.save or `vlm2 ask --save` wrote."
    )


def is_container(path: Path) -> bool:
    """Tell whether a file begins as a container, whole or not."""
    return _digest_place(_header(path)) is not None


def _header(path: Path) -> bytes:
    """Return the safetensors header with its length; nothing where the file cannot have one."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        file.seek(0)
        return file.read(8 + length) if 0 < length <= LONGEST_HEADER else b""


def _digest_place(header: bytes) -> slice | None:
    found = [match.span(1) for match in DIGEST.finditer(header)]
    return slice(*found[0]) if len(found) == 1 else None


def _parse(path: Path, data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return tensors_from_bytes(data), header["__metadata__"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no whole safetensors file: {error}. Watch the video again.") from None


def _sealed_record(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    record = json.loads(metadata.get(FORMAT, "null"))
    if not isinstance(record, dict) or "version" not in record:
        raise ValueError(f"{path} is no memory of vlm2: it has no record of its version.")
    if record["version"] != VERSION:
        raise ValueError(
            f"{path} has version {record['version']} of the format; this vlm2 reads version {VERSION}. "
            "Open it with the vlm2 that wrote it."
        )
    return record


def put(path: Path, data: bytes | bytearray) -> None:
    """Put a file in its place in one step, its contents on the disk first. Raises OSError, naming the file and what to
    do, where that fails; an earlier file is as it was."""
    try:
        _replace(path, data)
    except OSError as error:
        full = error.errno in FULL
        remedy = "Free some space, or name a file on another disk." if full else "Name a file in another folder."
        size = f" ({len(data) / 1e6:.1f} MB)" if full else ""
        told = OSError(f"{path}{size} cannot be saved: {error.strerror or error}. {remedy}")
        told.errno = error.errno
        raise told from error


def _replace(path: Path, data: bytes | bytearray) -> None:
    with whole_file(path) as partial, partial.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":  # the folder's entry as well
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
