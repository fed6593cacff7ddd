"""Foreign checkpoints on disk or on the hub, read tensor by tensor."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import snapshot_download
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...encoders.hub_checkpoint import WANTED
from .pickled import SUFFIXES, described, is_pickled, read_pickled, state_dicts

INDEX = "model.safetensors.index.json"
LISTED = 8  # names in an error
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}

Value = TypeVar("Value")


@dataclass(frozen=True)
class SourceTensor:
    """A tensor that is read when it is asked for."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]


def find_source(name: str) -> Path:
    """Return the folder or file of a foreign checkpoint, fetching it from the hub where the name is owner/model. Raises
    ValueError where there is none."""
    if Path(name).exists():
        return Path(name)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ValueError(f"There is no {name!r}: give a folder, a file, or owner/model on the Hugging Face hub.")
    try:
        return Path(snapshot_download(name, allow_patterns=WANTED))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{name!r} is no folder here and could not be had from the hub: {reason}") from error


def read_settings(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's config.json. Raises ValueError where there is none, or no JSON object in it."""
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} has no config.json that can be read ({error}); it is no checkpoint.") from None
    if not isinstance(settings, dict):
        raise ValueError(f"{folder / 'config.json'} holds a {type(settings).__name__}, no JSON object. Fetch it again.")
    return settings


def open_tensors(source: Path, expected: Collection[str]) -> dict[str, SourceTensor]:
    """Return the tensors of a folder of safetensors (in shards or not), of one such file, or of a .pth file, none of
    them read yet. `expected` are the names of the model's tensors. They determine which of the dictionaries in a .pth
    file is the state dict, and which prefix the names have in common (see `unprefixed`).

    Raises ValueError for a file or shard that is missing or damaged, does not hold what the index lists, or holds none
    of the expected tensors.
    """
    if source.is_file() and is_pickled(source):
        return _pickled(source, expected)
    files = [source] if source.is_file() else _shards(source)
    tensors: dict[str, SourceTensor] = {}
    for file in files:
        found = _headed(file)
        if twice := set(tensors) & set(found):
            raise ValueError(f"{source} holds {min(twice)} twice, the second time in {file.name}. Fetch it again.")
        tensors |= found
    tensors = unprefixed(tensors, expected)
    if not set(tensors) & set(expected):
        raise ValueError(_nothing_expected(source, ", ".join(list(tensors)[:LISTED]) or "no tensor", expected))
    return tensors


def unprefixed(tensors: Mapping[str, Value], expected: Collection[str]) -> dict[str, Value]:
    """Take off the prefix, such as "module." or "model.", behind which most of the expected names stand. Names stay as
    they are where one of them is expected, and where none is expected behind a prefix."""
    known = set(expected)
    if known & set(tensors):
        return dict(tensors)
    dots = ((name, match.end()) for name in tensors for match in re.finditer(r"\.", name))
    prefixes = Counter(name[:end] for name, end in dots if name[end:] in known)
    prefix = max(prefixes, key=prefixes.__getitem__, default="")
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def _headed(file: Path) -> dict[str, SourceTensor]:
    """Read the header of a safetensors file."""
    tensors = {}
    try:
        with safe_open(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (it is no mapping)
                piece = opened.get_slice(name)
                if (kind := piece.get_dtype()) not in DTYPES:
                    raise ValueError(f"{file.name} holds {name} as {kind}; import weights in {', '.join(DTYPES)}.")
                tensors[name] = SourceTensor(tuple(piece.get_shape()), DTYPES[kind], partial(_read, file, name))
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{file} is no whole safetensors file ({error}). Fetch it again.") from None
    return tensors


def _read(file: Path, name: str) -> Tensor:
    """Read one tensor. The file is opened anew for it, so that none stays in memory."""
    with safe_open(file, "pt") as opened:
        return opened.get_tensor(name)


def _shards(folder: Path) -> list[Path]:
    """Return a folder's safetensors files, those of its index where it has one."""
    if not (folder / INDEX).is_file():
        if not (files := sorted(folder.glob("*.safetensors"))):
            others = sorted(file.name for file in folder.iterdir() if file.suffix in SUFFIXES)
            others = f" (it holds {', '.join(others[:LISTED])})" if others else ""
            raise ValueError(f"{folder} holds no safetensors{others}; give a folder with {INDEX} or model.safetensors.")
        return files
    files = [folder / name for name in _indexed(folder / INDEX)]
    if missing := [file.name for file in files if not file.is_file()]:
        raise ValueError(f"{folder} lacks {', '.join(missing)}, which its {INDEX} names. Fetch it again.")
    return files


def _indexed(index: Path) -> list[str]:
    """Return the names of the shards in an index. Raises ValueError for a file that is no index."""
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{index} is no JSON ({error}). Fetch it again.") from None
    named = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named.values()):
        raise ValueError(
            f'{index} holds {described(content)}, and no "weight_map" of tensor names to files, which the index of a '
            "checkpoint in shards has. Fetch it again; without an index all safetensors of the folder are read."
        )
    return sorted(set(named.values()))


def _pickled(file: Path, expected: Collection[str]) -> dict[str, SourceTensor]:
    """Return the tensors of the state dict in a .pth file: of the dictionary with most of the expected names."""
    content, known = read_pickled(file), set(expected)
    found = [(path, unprefixed(tensors, expected)) for path, tensors in state_dicts(content)]
    counts = [len(known & set(tensors)) for _, tensors in found]
    most = max(counts, default=0)
    if not most:
        raise ValueError(_nothing_expected(file, described(content), expected))
    best = [entry for entry, count in zip(found, counts, strict=True) if count == most]
    if len(best) > 1:
        places = ", ".join(path or "the file itself" for path, _ in best)
        raise ValueError(
            f"{file} holds several state dicts of this model: {places}. Save the one that you mean alone, as "
            ".safetensors or with torch.save."
        )
    ((_, state),) = best
    if odd := [name for name, tensor in state.items() if tensor.dtype not in DTYPES.values()]:
        raise ValueError(f"{file.name} holds {odd[0]} as {state[odd[0]].dtype}; import weights in {', '.join(DTYPES)}.")
    return {
        name: SourceTensor(tuple(tensor.shape), tensor.dtype, lambda tensor=tensor: tensor)
        for name, tensor in state.items()
    }


def _nothing_expected(source: Path, found: str, expected: Collection[str]) -> str:
    """Return the message that a source holds none of a model's tensors, with its content and the expected names."""
    return (
        f"{source} holds none of the {len(expected)} tensors of this model. Found: {found}. Expected: tensors by their "
        f"names ({', '.join(sorted(expected)[:3])}, ...), alone or under one key such as model or state_dict. Give the "
        "weights of this model."
    )
