"""Read a GGUF file: its metadata, and its tensors unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

MAGIC = b"GGUF"


@dataclass(frozen=True)
class Gguf:
    """A GGUF file: the metadata by key, and fp32 tensors by name, row-major."""

    metadata: dict[str, Any]
    tensors: dict[str, Float32[np.ndarray, "*shape"]]


def read_gguf(path: Path) -> Gguf:
    """Read a whole file. Raises ValueError for another format and for a damaged or truncated file."""
    from gguf import GGUFReader, dequantize

    with path.open("rb") as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        raise ValueError(f"{path} is not a GGUF file: it begins with {start!r}, not with {MAGIC!r}.")
    try:
        reader = GGUFReader(path)
        metadata = {key: field.contents() for key, field in reader.fields.items()}
        tensors = {
            part.name: np.require(dequantize(part.data, part.tensor_type), requirements="W") for part in reader.tensors
        }
    except (ValueError, IndexError, KeyError, TypeError, NotImplementedError) as error:  # the library has no own errors
        raise ValueError(f"{path} is damaged, truncated, or of an unknown kind: {error}. Fetch it again.") from error
    return Gguf(metadata, tensors)
