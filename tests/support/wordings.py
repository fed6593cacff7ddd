"""Sets of wordings of VSI-Bench's questions, in tests/query/wordings/, and of close questions."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "query"
NAMES = {"thing": "lamp", "things": "lamps", "first": "lamp", "second": "trash bin", "target": "lamp", "stand": "bed",
         "face": "tv stand", "among": "sofa, the desk or the sink"}  # fmt: skip
"""What fills the gaps of a wording."""


def rows(file: str) -> list[list[str]]:
    """Return the rows of a file in tests/query, without comments: of a set, question type and wording."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if not line.startswith("#")]
