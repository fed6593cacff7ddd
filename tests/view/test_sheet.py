"""The page of a memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vlm2.session.stream import Stream
from vlm2.session.thumbnail import thumbnail
from vlm2.session.trace import Kept, Trace
from vlm2.view.sheet import clock, sheet, tick

GREEN = torch.tensor([0.0, 0.6, 0.0])[:, None, None].expand(3, 48, 64)


def memory(entries: int, pictures: bool = True) -> Stream:
    kept = tuple(
        Kept(index, index / 2, index if index < 3 else -1, thumbnail=thumbnail(GREEN) if pictures else None)
        for index in range(entries)
    )
    return Stream(frames=entries, last_time=(entries - 1) / 2, trace=Trace(kept=kept))


def test_every_kept_frame_is_shown():
    page = np.asarray(sheet(memory(5))).astype(int)
    green = (np.abs(page - (0, 153, 0)) < 12).all(-1)
    assert green.sum() > 0.9 * 5 * 88 * 66
    assert (np.abs(np.asarray(sheet(memory(5, pictures=False))).astype(int) - (0, 153, 0)) < 12).all(-1).sum() == 0


def test_the_page_grows_by_rows_of_frames():
    assert sheet(memory(40)).height > sheet(memory(5)).height
    assert sheet(memory(40)).width == sheet(memory(5)).width


def test_an_empty_memory_is_refused():
    with pytest.raises(ValueError, match="3 frames still wait"):
        sheet(Stream(frames=3, images=(torch.zeros(3, 8, 8),) * 3, times=(0.0, 0.5, 1.0)))


def test_round_steps_and_clocks():
    assert [tick(length) for length in (1.0, 46.0, 600.0, 86_400.0)] == [0.1, 5, 60, 7200.0]
    assert [clock(30, 5), clock(150, 30), clock(0.25, 0.1)] == ["30 s", "2:30", "0.2 s"]
