"""Source frames: the formula against a plain reading of it."""

from __future__ import annotations

import pytest

from vlm2.streaming.evidence import SourceFrame, mix

FIRST, SECOND = (SourceFrame(0, 0.0, 1.0),), (SourceFrame(0, 0.0, 0.25), SourceFrame(3, 1.5, 0.75))


def test_parts_add_up_by_frame_and_to_one():
    assert mix([(1.0, FIRST), (3.0, SECOND)]) == (SourceFrame(0, 0.0, 1.75 / 4), SourceFrame(3, 1.5, 2.25 / 4))


def test_what_has_no_weight_is_left_out():
    assert mix([(0.0, FIRST)]) == mix([]) == ()
    assert mix([(0.0, FIRST), (0.5, (SourceFrame(4, 2.0, 1.0),))]) == (SourceFrame(4, 2.0, 1.0),)


def test_only_the_heaviest_stay():
    many = tuple(SourceFrame(frame, frame / 2, weight) for frame, weight in enumerate((0.1, 0.4, 0.2, 0.3)))
    kept = mix([(1.0, many)], most=2)
    assert [source.frame for source in kept] == [1, 3]
    assert [source.weight for source in kept] == pytest.approx([4 / 7, 3 / 7])
    assert len(mix([(1.0, many)], most=None)) == 4
