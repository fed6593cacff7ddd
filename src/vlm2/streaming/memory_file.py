"""A stream as a file (`.vlm2mem`), tied to the model that watched (`docs/reference/memory-file.md`)."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import torch
from torch import Tensor

from ..core import DualState
from ..encoders.geometry.encoder import Geometry
from ..encoders.runtime import Runtime
from ..models.video_model import VideoModel
from ..models.windows import FrameInputs, WindowState, grey
from ..objects.storage import from_arrays, to_arrays
from ..slam.bundle_adjustment import FocalEstimate
from ..slam.loop_closure import PoseGraph
from . import container
from .evidence import SourceFrame
from .keyframe import KeyframePicture
from .memory_log import HeldFrame, MemoryLog, WriteRecord
from .model_identity import Identity
from .stream import Stream
from .trajectory import ThinnedTrajectory

Tensors = dict[str, Tensor]


def save(stream: Stream, model: VideoModel, path: str | Path) -> None:
    """Write a stream. Raises ValueError where nothing was seen yet."""
    if stream.windows is None:
        raise ValueError("Nothing was seen yet; there is nothing to save.")
    tensors, record = pack(stream)
    container.write(path, tensors, {**record, "model": Identity.of(model).to_json()})


def load(path: str | Path, model: VideoModel) -> Stream:
    """Read a stream to where the model is. Raises ValueError, saying why, for a file that is missing, damaged, none of
    ours, or of another model."""
    tensors, record = container.read(path)
    try:
        watcher = Identity(**record["model"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not say which model saved it ({error!r}). Save it anew.") from None
    if differing := Identity.of(model).differences(watcher):
        raise ValueError(
            f"{path} was saved with another model than this one (not the same: {', '.join(differing)}). "
            "Open it with the model that watched."
        )
    stream, device = _stream(path, tensors, record), next(model.parameters()).device
    return replace(stream, **{part: _to(getattr(stream, part), device) for part in ("windows", "memory", "unit")})


def read(path: str | Path) -> Stream:
    """Read a stream without its model, to look at. Raises ValueError as `load` does."""
    return _stream(path, *container.read(path))


def _stream(path: str | Path, tensors: Tensors, record: dict[str, Any]) -> Stream:
    try:
        return unpack(tensors, record)
    except (KeyError, IndexError, TypeError, AttributeError, OverflowError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} lacks something or holds it in another form ({error!r}). Save it anew.") from None


def pack(stream: Stream) -> tuple[Tensors, dict[str, Any]]:
    """Divide a stream into named tensors and a JSON record."""
    assert stream.windows is not None
    windows, placed, log = stream.windows, stream.windows.placed, stream.log
    arrays, objects = ({}, None) if stream.objects is None else to_arrays(stream.objects)
    parts: dict[str, dict[str, Any]] = {
        "memory": {} if stream.memory is None else stream.memory.to_tensors(),
        "waiting": {"pictures": torch.from_numpy(np.stack(stream.pictures))} if stream.pictures else {},
        "inputs": vars(windows.inputs),
        "placed": {} if placed is None else vars(placed),
        "graph": {name: torch.from_numpy(array) for name, array in windows.graph.to_arrays().items()},
        "stream": {} if stream.unit is None else {"unit": torch.as_tensor(stream.unit)},
        "trajectory": vars(stream.trajectory),
        "objects": {name: torch.from_numpy(array) for name, array in arrays.items()},
        **{f"held.{index}": vars(held) for index, held in enumerate(log.held)},
        "keyframes": {str(index): shown.jpeg for index, shown in enumerate(stream.keyframes)},
    }
    tensors = {
        f"{part}.{name}": value for part, values in parts.items() for name, value in values.items() if _is_tensor(value)
    }
    record = {
        "frames": stream.frames,
        "last_time": stream.last_time,
        "times": stream.times,
        "grid": stream.grid,
        "size": stream.size,
        "thumbnails": stream.thumbnails,
        "window": windows.window,
        "overlap": windows.overlap,
        "inputs_grid": windows.inputs.grid,
        "focal": None if windows.focal is None else asdict(windows.focal),
        "placed": None if placed is None else {"grid": placed.grid, "metric": placed.metric},
        "stride": stream.trajectory.stride,
        "objects": objects,
        "eyes": stream.eyes,
        "runtime": stream.runtime,
        "keyframes": [(shown.frame, shown.time) for shown in stream.keyframes],
        "log": {
            "held": [{k: v for k, v in vars(held).items() if not _is_tensor(v)} for held in log.held],
            "writes": [asdict(write) for write in log.writes],
        },
    }
    return tensors, record


def unpack(tensors: Tensors, record: dict[str, Any]) -> Stream:
    """Join what `pack` divided."""

    def part(name: str) -> Tensors:
        return {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}

    grid, pictures = record["inputs_grid"], _waiting_pictures(part("waiting"))
    size = pictures[0].shape[:2] if pictures else tuple(record["size"])
    inputs = _with_grey(FrameInputs(**part("inputs"), grid=None if grid is None else tuple(grid)), size)
    focal = FocalEstimate(**record["focal"]) if record.get("focal") else None
    placed = None
    if record["placed"] is not None:
        values = {**part("placed"), "grid": tuple(record["placed"]["grid"]), "metric": record["placed"]["metric"]}
        placed = Geometry(**{field.name: values[field.name] for field in fields(Geometry)})
    memory, entries, jpegs = part("memory"), record["log"]["held"], part("keyframes")
    shown = record.get("keyframes", [])
    placed_frames = record["frames"] - len(record["times"])
    graph = PoseGraph.from_arrays({name: tensor.numpy() for name, tensor in part("graph").items()})
    held: list[dict[str, Any]] = [{**entry, **part(f"held.{index}")} for index, entry in enumerate(entries)]
    log = MemoryLog(
        tuple(HeldFrame(**{**h, "sources": tuple(SourceFrame(*source) for source in h["sources"])}) for h in held),
        tuple(WriteRecord(**line) for line in record["log"]["writes"]),
    )
    return Stream(
        frames=record["frames"],
        last_time=record["last_time"],
        pictures=pictures,
        times=tuple(record["times"]),
        windows=WindowState(record["window"], record["overlap"], inputs, placed, placed_frames, graph, focal),
        unit=part("stream").get("unit"),
        memory=DualState.from_tensors(memory) if memory else None,
        objects=from_arrays(_arrays(part("objects")), record["objects"]) if record.get("objects") else None,
        eyes=_name(record.get("eyes")),
        runtime=_runtime(record.get("runtime", "torch")),
        grid=tuple(record["grid"]),
        size=size,
        trajectory=ThinnedTrajectory(**part("trajectory"), stride=record["stride"]),
        log=log,
        keyframes=tuple(KeyframePicture(frame, time, jpegs[str(i)]) for i, (frame, time) in enumerate(shown)),
        thumbnails=record["thumbnails"],
    )


def _name(value: Any) -> str | None:
    """Return a name or None. Raises TypeError for anything else."""
    if not isinstance(value, str | None):
        raise TypeError(f"{value!r} is no name")
    return value


def _runtime(value: Any) -> Any:
    """Return a runtime. Raises ValueError for anything else."""
    if value not in get_args(Runtime):
        raise ValueError(f"{value!r} is no runtime")
    return value


def _waiting_pictures(tensors: Tensors) -> tuple[np.ndarray, ...]:
    """Return the waiting pictures. Files of November 2026 hold them in [0, 1], channels first."""
    if "images" in tensors:
        images = tensors.get("geometry_images", tensors["images"])
        return tuple((images * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy())
    return tuple(tensors["pictures"].numpy()) if "pictures" in tensors else ()


def _with_grey(inputs: FrameInputs, size: tuple[int, int]) -> FrameInputs:
    """Return the inputs with grey frames of `size`. Files of November 2026 hold only images of another one."""
    if inputs.grey is not None or inputs.images is None:
        return inputs
    frames = [cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA) for frame in grey(inputs.images).numpy()]
    return replace(inputs, grey=torch.from_numpy(np.stack(frames)))


def _arrays(tensors: Tensors) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _to(value: Any, device: torch.device) -> Any:
    """Move the tensors of a record, and of the records in it, to a device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if not is_dataclass(value) or isinstance(value, type | PoseGraph):
        return value
    return replace(value, **{entry.name: _to(getattr(value, entry.name), device) for entry in fields(value)})
