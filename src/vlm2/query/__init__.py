"""Queries on an object map: operators, planners that turn words into them, and their results."""

from __future__ import annotations

from .calls import call_of, operator_types, parse_call
from .query import NoAnswer, Query, Unplanned
from .things import NOW, Place, Things, Viewpoint

__all__ = [
    "NOW",
    "NoAnswer",
    "Place",
    "Query",
    "Things",
    "Unplanned",
    "Viewpoint",
    "call_of",
    "operator_types",
    "parse_call",
]
