"""Read a GGUF file: its metadata, and its tensors unpacked. Just the kinds of tensor that the frozen parts hold.

The layout is llama.cpp's, version 2 and 3, little endian: magic, version, counts, key-value pairs, one description a
tensor, padding, data. Dimensions are stored with the fastest first, so a row-major shape is their reverse.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32
BLOCK = 32  # values that share one scale
STRING, ARRAY = 8, 9
# Type number of a metadata value: how `struct` and NumPy write it.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# Type number of a tensor: its name, and what one block looks like in the file.
BLOCKS = {
    0: ("F32", np.dtype("<f4"), 1),
    1: ("F16", np.dtype("<f2"), 1),
    3: ("Q4_1", np.dtype([("scale", "<f2"), ("least", "<f2"), ("packed", "u1", BLOCK // 2)]), BLOCK),
    8: ("Q8_0", np.dtype([("scale", "<f2"), ("values", "i1", BLOCK)]), BLOCK),
}


@dataclass(frozen=True)
class Gguf:
    """A GGUF file: the metadata by key, and fp32 tensors by name, row-major."""

    metadata: dict[str, Any]
    tensors: dict[str, Float32[np.ndarray, "*shape"]]


def read_gguf(path: Path) -> Gguf:
    """Read a whole file. Raises ValueError for another format, version or kind of tensor, and for a truncated file."""
    data = path.read_bytes()
    try:
        return _read(data, path)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"{path} is damaged or truncated: {error}. Fetch it again.") from error


def _read(data: bytes, path: Path) -> Gguf:
    if data[:4] != MAGIC:
        raise ValueError(f"{path} is not a GGUF file: it begins with {data[:4]!r}, not with {MAGIC!r}.")
    cursor = _Cursor(data, len(MAGIC))
    version = cursor.scalar("I")
    if version not in VERSIONS:
        raise ValueError(f"{path} is a GGUF file of version {version}; this reader knows {VERSIONS}.")
    tensor_count, pair_count = cursor.scalar("Q"), cursor.scalar("Q")
    metadata = {}
    for _ in range(pair_count):
        key = cursor.string()
        metadata[key] = cursor.value(cursor.scalar("I"))
    described = []
    for _ in range(tensor_count):
        name, rank = cursor.string(), cursor.scalar("I")
        shape = tuple(cursor.scalar("Q") for _ in range(rank))[::-1]
        described.append((name, shape, cursor.scalar("I"), cursor.scalar("Q")))
    alignment = metadata.get("general.alignment", ALIGNMENT)
    start = -(-cursor.position // alignment) * alignment
    tensors = {}
    for name, shape, kind, offset in described:
        if kind not in BLOCKS:
            known = ", ".join(label for label, _, _ in BLOCKS.values())
            raise ValueError(f"{path}: the tensor {name} is of type {kind}; this reader knows {known}.")
        label, block, size = BLOCKS[kind]
        count, position = math.prod(shape) // size, start + offset
        if position + count * block.itemsize > len(data):
            raise ValueError(f"{path} is truncated: the tensor {name} ends after it. Fetch it again.")
        tensors[name] = _unpack(label, np.frombuffer(data, block, count, position)).reshape(shape)
    return Gguf(metadata, tensors)


def _unpack(label: str, blocks: np.ndarray) -> Float32[np.ndarray, " values"]:
    """Return the values of a tensor's blocks, in fp32."""
    if label in ("F32", "F16"):
        return blocks.astype(np.float32)
    scale = blocks["scale"].astype(np.float32)[:, None]
    if label == "Q8_0":
        return (scale * blocks["values"].astype(np.float32)).reshape(-1)
    packed = blocks["packed"]  # Q4_1: the first half of a block in the low bits, the second in the high bits
    values = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
    return (scale * values + blocks["least"].astype(np.float32)[:, None]).reshape(-1)


class _Cursor:
    """A position in the file's bytes that moves on with every reading."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data, self.position = data, position

    def scalar(self, code: str) -> Any:
        (value,) = struct.unpack_from("<" + code, self.data, self.position)
        self.position += struct.calcsize("<" + code)
        return value

    def string(self) -> str:
        length = self.scalar("Q")
        end = self.position + length
        if end > len(self.data):
            raise IndexError("a text ends after the file")
        text = self.data[self.position : end].decode("utf-8")
        self.position = end
        return text

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            return self.scalar(_code(kind))
        kind, count = self.scalar("I"), self.scalar("Q")
        if kind in (STRING, ARRAY):
            return [self.value(kind) for _ in range(count)]
        code = f"<{count}{_code(kind)}"
        values = list(struct.unpack_from(code, self.data, self.position))
        self.position += struct.calcsize(code)
        return values


def _code(kind: int) -> str:
    if kind not in SCALARS:
        raise IndexError(f"there is no metadata type {kind}")
    return SCALARS[kind]
