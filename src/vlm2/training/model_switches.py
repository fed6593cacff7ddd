"""Switches of a model's configuration that a training may change; see `VLM2Config` and `MemoryConfig` for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..core.configuration import EpisodicWrite
from ..core.position import PositionFeatures
from ..models.configuration import Context, Tokens, VLM2Config
from ..models.presets import changed


@dataclass(frozen=True)
class MemorySwitches:
    """Switches of the dual memory. None: as the preset has it."""

    working: bool | None = None  # use the working memory
    episodic: bool | None = None  # use the episodic memory
    window: int | None = None  # L_w, frames in the working memory
    capacity: int | None = None  # L_e, entries in the episodic memory
    episodic_write: EpisodicWrite | None = None  # which entry a full episodic memory drops
    memory_residual: bool | None = None  # M = H + what was read
    recent: int | None = None  # how many of the last M the language model sees


@dataclass(frozen=True)
class ModelSwitches:
    """Switches of the model. None: as the preset has it."""

    representation: Tokens | None = None  # what the frames' tokens are made of
    position_features: PositionFeatures | None = None  # what φ reads of the coordinates
    position_confidence: bool | None = None  # the gate α reads the geometry's confidence
    fusion_residual: bool | None = None  # H = LayerNorm(F_pa + attention)
    context: Context | None = None  # the M of every frame, or the memory's slots
    slot_time: bool | None = None  # add the time to a slot's tokens
    dim: int | None = None  # width of H and M
    memory: MemorySwitches = field(default_factory=MemorySwitches)

    def apply(self, config: VLM2Config) -> VLM2Config:
        """Return a configuration with these switches, checked as a whole. Raises ValueError for those that conflict."""
        changes = dict(_given(self))
        changes["memory_config"] = config.memory_config.to_dict() | dict(_given(self.memory))
        return changed(config, changes)


def _given(switches: object) -> Mapping[str, Any]:
    """Return the single switches that are not None."""
    values = {entry.name: getattr(switches, entry.name) for entry in fields(switches)}  # pyright: ignore
    return {name: value for name, value in values.items() if value is not None and name != "memory"}
