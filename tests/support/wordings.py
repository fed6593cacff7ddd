"""Sets of wordings of VSI-Bench's questions, in tests/query/wordings/, and of close questions."""

from __future__ import annotations

from pathlib import Path

from vlm2.query import Query, call_of
from vlm2.query.operators.bearing import Bearing
from vlm2.query.things import Things

FOLDER = Path(__file__).parents[1] / "query"
NAMES = {"thing": "lamp", "things": "lamps", "first": "lamp", "second": "trash bin", "target": "lamp", "stand": "bed",
         "face": "tv stand", "among": "sofa, the desk or the sink"}  # fmt: skip
"""What fills the gaps of a wording."""
MEANT = {
    "object_counting": ("count(lamp",),
    "object_abs_distance": (
        "distance(lamp, 'trash bin'",
        "distance('trash bin', lamp",
        "distance('trash bin', view(at=lamp)",
    ),
    "object_size_estimation": ("size(lamp",),
    "room_size_estimation": ("area(",),
    "object_rel_distance": ("nearest(lamp, [sofa, desk, sink]", "nearest(view(at=lamp)"),
    "object_rel_direction": ("bearing(lamp",),
}
OPTIONS = {
    "object_rel_distance": ("sofa", "desk", "sink"),
    "object_rel_direction_easy": ("left", "right"),
    "object_rel_direction_medium": ("left", "right", "back"),
    "object_rel_direction_hard": ("front-left", "front-right", "back-left", "back-right"),
}


def rows(file: str) -> list[list[str]]:
    """Return the rows of a file in tests/query, without comments: of a set, question type and wording."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if not line.startswith("#")]


def is_meant(query: Query, question_type: str) -> bool:
    """Tell whether a query has the operator of a question type and the things of `NAMES` in their roles."""
    if isinstance(query, Bearing):
        view = query.view
        facing = view is not None and view.facing == Things(label="tv stand")
        at = view is not None and (view.at == Things(label="bed") or ("back", Things(label="bed")) in view.cues)
        return query.target == Things(label="lamp") and facing and at and "direction" in question_type
    name = "object_rel_direction" if "direction" in question_type else question_type
    return call_of(query).startswith(MEANT[name])
