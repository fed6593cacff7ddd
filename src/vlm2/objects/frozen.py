"""The base of all records of the object memory: frozen, checked when built, and written as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenRecord(BaseModel):
    """An immutable record: unknown fields are refused, and every number is finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
