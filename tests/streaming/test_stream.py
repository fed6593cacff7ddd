"""Pictures of a stream are bounded, and of one size; freed memory is given back."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.streaming import stream
from vlm2.streaming.stream import bounded


@pytest.mark.parametrize(
    ("size", "expected"),
    [((240, 320), (240, 320)), ((720, 1280), (360, 640)), ((1024, 576), (640, 360)), ((1, 5000), (1, 640))],
)
def test_no_side_is_longer_than_the_bound(size, expected):
    picture = np.full((*size, 3), [10, 20, 30], np.uint8)
    small = bounded(picture)
    assert small.shape == (*expected, 3) and (small == [10, 20, 30]).all()
    assert small is not picture


def test_frames_in_another_resolution_are_brought_to_that_of_the_first(make_session, images):
    session = make_session()
    session.observe(images[0], 0.0)
    session.observe(np.repeat(np.repeat(images[1], 2, 0), 2, 1), 0.5)
    assert {picture.shape for picture in session._stream.pictures} == {images[0].shape}
    assert np.array_equal(session._stream.pictures[1], images[1])


def test_freed_memory_is_given_back_after_a_window(make_session, images, monkeypatch):
    given = []
    monkeypatch.setattr(stream, "give_back_if_grown", lambda: given.append(1))
    session = make_session()
    for n in range(session.model.geometry.window + 1):
        session.observe(images[n % len(images)], n / 2)
    assert given
