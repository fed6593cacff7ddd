"""Load a model and download its missing frozen parts."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from .progress import part_lines

if TYPE_CHECKING:
    from ...streaming import LoadedModel


def load_model(name: str, offline: bool = False, **options: Any) -> tuple[LoadedModel, float]:
    """Load a model as `vlm2.load` does. Downloads missing frozen parts, with one line for each on stderr.

    Returns the model and the seconds that loading took, without downloading. Raises MissingPart for a missing part if
    `offline` or VLM2_OFFLINE is set, and the errors of `vlm2.load` and `get_part`.
    """
    from ...encoders.part_sources import HUB_OFFLINE, OFFLINE, is_set

    if offline:
        os.environ[OFFLINE] = "1"
    if is_set(OFFLINE):
        os.environ[HUB_OFFLINE[0]] = "1"
    import vlm2

    from ...encoders.weights import MissingPart, get_part

    fetched: set[str] = set()
    while True:
        started = time.perf_counter()
        try:
            return vlm2.load(name, **options), time.perf_counter() - started
        except MissingPart as error:
            if is_set(OFFLINE) or error.part in {"", *fetched}:
                raise
            fetched.add(error.part)
            with part_lines(sys.stderr) as report:
                get_part(error.part, report=report)
