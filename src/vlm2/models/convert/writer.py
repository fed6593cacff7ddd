"""Write safetensors one tensor at a time, never more than one of them in memory, into a folder that appears whole."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

from .checkpoint_source import DTYPES, SourceTensor
from .key_report import KeyReport

WEIGHTS = "model.safetensors"
REPORT = "keys.json"
CODES = {dtype: code for code, dtype in DTYPES.items()}


def write_tensors(file: Path, tensors: Mapping[str, SourceTensor]) -> str:
    """Copy tensors, bit for bit, into one safetensors file; return the sha256 of their names, shapes and values."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + math.prod(tensor.shape) * tensor.dtype.itemsize
        header[name] = {"dtype": CODES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256(text)
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            data = tensor.read().contiguous().flatten().view(torch.uint8).numpy().data
            digest.update(data)
            out.write(data)
            del data  # before the next one is read
    return digest.hexdigest()


def write_report(report: KeyReport, folder: Path) -> None:
    """Write the whole key report, every name with its shape."""
    (folder / REPORT).write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `out` if all goes well and vanishes if not. Raises ValueError where `out`
    holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} is there already. Give a new folder, or delete that one.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        folder = Path(scratch) / out.name
        folder.mkdir()
        yield folder
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
