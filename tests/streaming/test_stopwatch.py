"""Seconds are counted once, for the innermost stage."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vlm2.streaming import stopwatch
from vlm2.streaming.stopwatch import Stopwatch


def test_seconds_of_a_stage_inside_another_count_for_the_inner_one_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 3.0, 3.5, 4.5, 10.0, 20.0, 21.0])
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    watch = Stopwatch("outer", "inner")
    with watch("outer"):  # from 0 to 10
        with watch("inner"):  # from 1 to 3
            pass
        with pytest.raises(ValueError, match="broken"), watch("inner"):  # from 3.5 to 4.5
            raise ValueError("broken")
    with watch("outer"):  # from 20 to 21
        pass
    assert watch.seconds == {"outer": 8.0, "inner": 3.0}
