"""The base of all records of the object memory: frozen, checked when built, and written as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenRecord(BaseModel):
    """A value: it never changes, holds only its own fields, and every number in it is finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
