"""Checkpoints of transformers: a folder, or `OWNER/NAME` or `OWNER/NAME@REVISION` on the Hugging Face hub.

Weights are read from safetensors only, and no code of a repository runs. A private repository needs the token that
`hf auth login` or HF_TOKEN sets.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from huggingface_hub import snapshot_download
from transformers import AutoConfig, PreTrainedConfig
from transformers.utils import logging

from .part_sources import HUB_OFFLINE, OFFLINE, is_set

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PREFIX = "hub:"
WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
SAFE = {"local_files_only": True, "trust_remote_code": False}
COUNTERS = ("num_batches_tracked", "position_ids")  # buffers that old files lack, and that no result depends on
# Held while transformers' from_pretrained runs: it replaces methods of the class of all models meanwhile.
LOADING = threading.Lock()


def find_folder(name: str) -> Path:
    """Return a checkpoint's folder, fetching it from the hub where the name is no folder here. Raises ValueError for
    one that cannot be had."""
    if Path(name).is_dir():
        return Path(name)
    repository, _, revision = name.partition("@")
    if not HUB_NAME.fullmatch(repository) or repository.startswith("."):
        raise ValueError(
            f"There is no folder {name!r}: give a folder, or OWNER/NAME or OWNER/NAME@REVISION on the hub."
        )
    offline = [variable for variable in (OFFLINE, *HUB_OFFLINE) if is_set(variable)]
    options = {"revision": revision or None, "allow_patterns": WANTED, "local_files_only": bool(offline)}
    try:
        return Path(snapshot_download(repository, **options))
    except (OSError, ValueError) as error:
        problem = f"could not be had from the Hugging Face hub: {_first_line(error)}"
        if offline:
            problem = f"is not in the cache of the Hugging Face hub, and {' and '.join(offline)} set."
        raise ValueError(
            f"{name} is no folder here and {problem} Without a network, copy the repository's files into a folder, and "
            "name that."
        ) from error


def read_pretrained_config(name: str) -> tuple[Path, PreTrainedConfig]:
    """Return a checkpoint's folder and configuration. Raises ValueError for a folder without one."""
    folder = find_folder(name)
    if not (folder / "config.json").is_file():
        raise ValueError(f"{folder} has no config.json, so it is no checkpoint of transformers.")
    try:
        return folder, AutoConfig.from_pretrained(folder, **SAFE)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{folder / 'config.json'} cannot be read: {_first_line(error)}") from error


def load_pretrained(kind: Any, folder: Path, **options: Any) -> PreTrainedModel:
    """Load a model with one of transformers' Auto classes, frozen; `options` are those of its `from_pretrained`.
    Without a `device_map` among them, it is on a GPU where there is one.

    Raises ValueError for weights that are no safetensors, and for weights that lack a tensor or have it in another
    shape, which transformers would fill with random numbers.
    """
    try:
        with LOADING, without_bars():
            wanted = options | SAFE | {"use_safetensors": True, "output_loading_info": True}
            model, report = kind.from_pretrained(folder, **wanted)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ValueError(f"The weights in {folder} cannot be loaded: {_first_line(error)}") from error
    missing = [name for name in report["missing_keys"] if not name.endswith(COUNTERS)]
    if missing := sorted(missing + [str(entry) for entry in report["mismatched_keys"]]):
        raise ValueError(
            f"The weights in {folder} lack {len(missing)} tensors, such as {missing[0]}. Fetch them again."
        )
    model = model.requires_grad_(False).eval()
    return model if "device_map" in options else model.to("cuda" if torch.cuda.is_available() else "cpu")


def load_processor(kind: Any, folder: Path) -> Any:
    """Load a checkpoint's own processor with one of transformers' Auto classes.

    Raises ValueError where there is none. Some processors exist for torchvision only; where it is
    not installed, the error names it.
    """
    try:
        return kind.from_pretrained(folder, **SAFE)
    except (OSError, ValueError, ImportError, AttributeError) as error:
        lacking = importlib.util.find_spec("torchvision") is None and "torchvision" in str(error).lower()
        advice = " Install the torchvision that fits your torch (pip install torchvision)." if lacking else ""
        raise ValueError(f"The processor in {folder} cannot be loaded: {_first_line(error)}{advice}") from error


@contextmanager
def without_bars() -> Iterator[None]:
    """Keep transformers from drawing a bar for every part that it reads from disk."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
