"""Colours counted over pixels."""

import numpy as np
import pytest

from vlm2.homes.seen_colours import SeenColours


def frame(*columns: tuple[int, int, int]) -> np.ndarray:
    """A picture of one column of four pixels per colour."""
    return np.tile(np.array(columns, np.uint8), (4, 1, 1))


def test_shares_are_of_the_pixels_of_all_frames():
    seen = SeenColours()
    ids = np.tile(np.array([1, 1, 0, 2], np.int32), (4, 1))
    seen.add(frame((200, 30, 30), (30, 30, 200), (200, 30, 30), (25, 25, 25)), ids)
    seen.add(frame((200, 30, 30), (180, 20, 30), (200, 30, 30), (25, 25, 25)), np.where(ids == 2, 7, ids))
    assert seen.share(1, "red") == 0.75 and seen.share(1, "blue") == 0.25 and seen.share(1, "green") == 0.0
    assert seen.share(2, "black") == seen.share(7, "black") == 1.0


@pytest.mark.parametrize(("id", "colour"), [(3, "red"), (99, "red"), (1, None)])
def test_what_was_not_seen_has_no_share(id, colour):
    seen = SeenColours()
    assert seen.share(id, colour) is None
    seen.add(frame((200, 30, 30), (0, 0, 0)), np.tile(np.array([1, 5], np.int32), (4, 1)))
    assert seen.share(id, colour) is None


def test_white_things_in_the_shade_may_be_called_white_or_grey():
    seen = SeenColours()
    seen.add(frame((180, 180, 180), (110, 110, 110)), np.tile(np.array([1, 2], np.int32), (4, 1)))
    assert seen.share(1, "white") == seen.share(1, "grey") == 1.0
    assert seen.share(2, "white") == 0.0 and seen.share(2, "grey") == 1.0
