"""The page of a memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.streaming.memory_log import HeldFrame, MemoryLog
from vlm2.streaming.stream import Stream
from vlm2.streaming.thumbnail import thumbnail
from vlm2.viewer.memory_page import clock, draw_page, frame_counts, tick

GREEN = np.full((48, 64, 3), [0, 153, 0], np.uint8)


def memory(entries: int, pictures: bool = True) -> Stream:
    kept = tuple(
        HeldFrame(index, index / 2, index if index < 3 else -1, thumbnail=thumbnail(GREEN) if pictures else None)
        for index in range(entries)
    )
    return Stream(frames=entries, last_time=(entries - 1) / 2, log=MemoryLog(kept))


def test_every_kept_frame_is_shown():
    page = np.asarray(draw_page(memory(5))).astype(int)
    green = (np.abs(page - (0, 153, 0)) < 12).all(-1)
    assert green.sum() > 0.9 * 5 * 88 * 66
    assert (np.abs(np.asarray(draw_page(memory(5, pictures=False))).astype(int) - (0, 153, 0)) < 12).all(-1).sum() == 0


def test_the_page_grows_by_rows_of_frames():
    assert draw_page(memory(40)).height > draw_page(memory(5)).height
    assert draw_page(memory(40)).width == draw_page(memory(5)).width


def waiting_memory(count: int, pictures: bool = True) -> Stream:
    times = tuple(index / 2 for index in range(count))
    return Stream(frames=count, last_time=times[-1], pictures=(GREEN,) * count, times=times, thumbnails=pictures)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_frames_that_wait_are_shown(count):
    page = np.asarray(draw_page(waiting_memory(count))).astype(int)
    assert (np.abs(page - (0, 153, 0)) < 12).all(-1).sum() > 0.9 * count * 88 * 66
    hidden = np.asarray(draw_page(waiting_memory(count, pictures=False))).astype(int)
    assert (np.abs(hidden - (0, 153, 0)) < 12).all(-1).sum() == 0


def test_frames_that_wait_are_shown_beside_the_kept_ones():
    both = replace(memory(5), pictures=(GREEN,) * 2, times=(2.5, 3.0), last_time=3.0, frames=7)
    page = np.asarray(draw_page(both)).astype(int)
    assert (np.abs(page - (0, 153, 0)) < 12).all(-1).sum() > 0.9 * 7 * 88 * 66


def test_waiting_and_frames_are_counted_in_words():
    assert [frame_counts(waiting_memory(count)) for count in (1, 3)] == [
        "1 frame in 0.0 s, of which 1 waits for its window",
        "3 frames in 1.0 s, of which 3 wait for their window",
    ]
    assert frame_counts(memory(3)) == "3 frames in 1.0 s"


def test_an_empty_memory_is_refused():
    with pytest.raises(ValueError, match="no frame was seen"):
        draw_page(Stream())


def test_round_steps_and_clocks():
    assert [tick(length) for length in (1.0, 46.0, 600.0, 86_400.0)] == [0.1, 5, 60, 7200.0]
    assert [clock(30, 5), clock(150, 30), clock(0.25, 0.1)] == ["30 s", "2:30", "0.2 s"]
