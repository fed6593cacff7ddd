"""Files of torch.save (.pth): read without unpickling, and the state dict in them found."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".tar")
DEEPEST = 4  # dictionaries in dictionaries
LISTED = 8  # entries in an error
# Of torch's errors: what a file holds that only unpickling reads.
OBJECT = re.compile(r"(?:GLOBAL|global|class|function) ([A-Za-z_]\w*(?:\.\w+)+)")

StateDict = dict[str, Tensor]


def is_pickled(file: Path) -> bool:
    """Tell whether a file is one of torch.save, by its name or its beginning."""
    return file.suffix in SUFFIXES or (file.suffix != ".safetensors" and zipfile.is_zipfile(file))


def read_pickled(file: Path) -> Any:
    """Return what a file of torch.save holds, on the CPU. No code of the file runs.

    Raises ValueError for a file that is damaged, and for one that only unpickling reads.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except Exception as error:  # unpickling fails in many ways
        objects = sorted(set(OBJECT.findall(str(error))) - {"torch.load"})
        if objects or "TorchScript" in str(error):
            raise ValueError(
                f"{file} is no file of plain tensors: it holds {', '.join(objects) or 'a TorchScript program'}, and no "
                "code of a file is run here. Save its state dict alone, as .safetensors or with torch.save."
            ) from None
        raise ValueError(
            f"{file} is no file of plain tensors that can be read whole ({type(error).__name__}). Fetch it again, or "
            "give a .safetensors file or one that torch.save wrote."
        ) from None


def state_dicts(content: Any, path: str = "") -> Iterator[tuple[str, StateDict]]:
    """Yield every dictionary that holds tensors by their names, with the path to it (such as "state.model"; "": the
    content itself). Everything else in it is left out."""
    if not isinstance(content, Mapping):
        return
    if tensors := {name: value for name, value in content.items() if isinstance(name, str) and _is_plain(value)}:
        yield path, tensors
    if path.count(".") < DEEPEST:
        for name, value in content.items():
            if isinstance(name, str):
                yield from state_dicts(value, f"{path}.{name}" if path else name)


def described(content: Any) -> str:
    """Describe what a file holds, in a few words: "epoch (int), model (dict of 3)"."""
    if not isinstance(content, Mapping):
        return _kind(content)
    if not content:
        return "an empty dict"
    entries = [f"{name} ({_kind(value)})" for name, value in list(content.items())[:LISTED]]
    return ", ".join(entries) + (f" and {len(content) - LISTED} more" if len(content) > LISTED else "")


def _is_plain(value: Any) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"tensor {tuple(value.shape)}"
    if isinstance(value, (Mapping, list, tuple)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
