"""Sessions on disk: a stream as one safetensors file (`.vlm2mem`), tied to the model that watched."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..geometry.encoder import Geometry
from ..geometry.windows import FrameInputs, WindowState
from ..memory import DualState
from ..model import VLM2Config
from .stream import Stream

FORMAT = "vlm2-session-1"


def model_digest(config: VLM2Config) -> str:
    """Return what tells models apart whose streams do not fit each other: a hash of the configuration."""
    values = {k: v for k, v in config.to_dict().items() if k not in ("transformers_version", "architectures", "dtype")}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def save(stream: Stream, config: VLM2Config, path: str | Path) -> None:
    """Write a stream. Raises ValueError where nothing was seen yet."""
    if stream.windows is None:
        raise ValueError("Nothing was seen yet; there is nothing to save.")
    windows, placed = stream.windows, stream.windows.placed
    parts = {
        "memory": {} if stream.memory is None else stream.memory.to_tensors(),
        "waiting": {"images": torch.stack(stream.images)} if stream.images else {},
        "inputs": {"images": windows.inputs.images, "visual_tokens": windows.inputs.visual_tokens},
        "placed": {} if placed is None else vars(placed),
        "stream": {} if stream.unit is None else {"unit": torch.as_tensor(stream.unit)},
    }
    tensors = {
        f"{part}.{name}": value.detach().cpu().contiguous().clone()
        for part, values in parts.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }
    record = {
        "frames": stream.frames,
        "last_time": stream.last_time,
        "times": stream.times,
        "grid": stream.grid,
        "size": stream.size,
        "window": windows.window,
        "overlap": windows.overlap,
        "inputs_grid": windows.inputs.grid,
        "placed": None if placed is None else {"grid": placed.grid, "metric": placed.metric},
    }
    header = {"format": FORMAT, "model": model_digest(config), "stream": json.dumps(record)}
    save_file(tensors, path, metadata=header)


def load(path: str | Path, config: VLM2Config, device: torch.device) -> Stream:
    """Read what `save` wrote. Raises ValueError for a missing or foreign file and for one of another model."""
    if not Path(path).is_file():
        raise ValueError(f"There is no file {path}. `vlm2 ask VIDEO QUESTION --save {path}` makes one.")
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
    except SafetensorError:
        header, tensors = {}, {}
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is no session of format {FORMAT}. Watch the video again and save it anew.")
    if header["model"] != model_digest(config):
        raise ValueError(f"{path} was saved with another model than this one. Open it with the model that watched.")
    return _stream(json.loads(header["stream"]), tensors)


def _stream(record: dict, tensors: dict[str, Tensor]) -> Stream:
    def part(name: str) -> dict[str, Tensor]:
        return {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}

    grid = record["inputs_grid"]
    inputs = FrameInputs(**part("inputs"), grid=None if grid is None else tuple(grid))
    placed = None
    if record["placed"] is not None:
        values = {**part("placed"), "grid": tuple(record["placed"]["grid"]), "metric": record["placed"]["metric"]}
        placed = Geometry(**{field.name: values[field.name] for field in fields(Geometry)})
    memory = part("memory")
    return Stream(
        frames=record["frames"],
        last_time=record["last_time"],
        images=tuple(part("waiting").get("images", torch.empty(0)).cpu()),
        times=tuple(record["times"]),
        windows=WindowState(record["window"], record["overlap"], inputs, placed),
        unit=part("stream").get("unit"),
        memory=DualState.from_tensors(memory) if memory else None,
        grid=tuple(record["grid"]),
        size=tuple(record["size"]),
    )
