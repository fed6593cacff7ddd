"""What is particular to memories of the first format, `vlm2-session-1`: they know their model by its configuration
only, and have no digest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..models import VLM2Config
from .evidence import SourceFrame
from .memory_log import NO_SLOT, HeldFrame, Trace
from .model_identity import config_digest
from .stream import Stream


def differences(header: dict[str, Any], config: VLM2Config) -> list[str]:
    """Say what of a model differs from the one that wrote the file, as far as the file can tell."""
    same = header.get("model") == config_digest(config, ("transformers_version", "architectures", "dtype"))
    return [] if same else ["the configuration"]


def with_trace(stream: Stream) -> Stream:
    """Give a stream of the older format the beginning of a diary: which frames it holds."""
    if stream.memory is None:
        return stream
    bank, recent = stream.memory.episodic, stream.memory.recent
    slots = dict(zip(bank.frames.tolist(), range(len(bank)), strict=True))
    weights = dict(zip(bank.frames.tolist(), bank.weights.tolist(), strict=True))
    times = dict(zip((*recent.frames.tolist(), *slots), (*recent.times.tolist(), *bank.times.tolist()), strict=True))
    kept = tuple(
        HeldFrame(
            frame=frame,
            time=times[frame],
            slot=slots.get(frame, NO_SLOT),
            weight=round(weights.get(frame, 1)),
            sources=(SourceFrame(frame, times[frame], 1.0),),
        )
        for frame in sorted(times)
    )
    return replace(stream, trace=Trace(kept=kept))
