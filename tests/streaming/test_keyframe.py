"""Keyframes for a vision-language model: small, few, and the right ones."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from rooms_of_boxes import MadeBox, MadeRoom, around, watched

from vlm2.objects.memory import ObjectMemory
from vlm2.streaming.keyframe import MOST, SIDE, KeyframePicture, keyframe, thinned

ROOM = MadeRoom(((0, 0), (5, 0), (5, 4), (0, 4)), (MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),))


@pytest.fixture(scope="module")
def room() -> ObjectMemory:
    return watched(ROOM, around(2.5, 2.0, 16))


def frames(count: int, start: int = 0) -> list[KeyframePicture]:
    return [KeyframePicture(n, n / 2, torch.zeros(1, dtype=torch.uint8)) for n in range(start, start + count)]


@pytest.mark.parametrize(
    ("size", "shown"), [((720, 1280), (512, 288)), ((1280, 720), (288, 512)), ((60, 80), (80, 60))]
)
def test_a_picture_is_small_and_upright(size: tuple[int, int], shown: tuple[int, int]) -> None:
    image = np.zeros((*size, 3), np.uint8)
    image[: size[0] // 2, :, 0] = 200
    picture = Image.open(io.BytesIO(keyframe(image, 3, 1.5).jpeg.numpy().tobytes()))
    assert picture.format == "JPEG" and picture.size == shown and max(picture.size) <= SIDE
    above, below = picture.getpixel((5, 5)), picture.getpixel((5, shown[1] - 5))
    assert above == pytest.approx((200, 0, 0), abs=12) and below == pytest.approx((0, 0, 0), abs=12)


def test_few_are_kept_as_they_are() -> None:
    assert thinned(frames(MOST), None) == tuple(frames(MOST))


def test_many_are_spread_over_the_time() -> None:
    kept: tuple[KeyframePicture, ...] = ()
    for start in range(0, 10 * MOST, 8):
        kept = thinned([*kept, *frames(8, start)], None)
    numbers = [frame.frame for frame in kept]
    assert len(kept) == MOST and numbers == sorted(numbers) and (numbers[0], numbers[-1]) == (0, 10 * MOST - 1)
    assert max(np.diff(numbers)) <= 32  # an even spread has 10


def test_the_best_of_each_thing_is_kept(room: ObjectMemory) -> None:
    (track,) = [track for track in room.tracks if track.evidence.sum() == max(t.evidence.sum() for t in room.tracks)]
    best = max(track.kept, key=lambda seen: seen.quality)
    moved = replace(track, kept=(replace(best, frame=77),))
    late = thinned(frames(20 * MOST), replace(room, tracks=(moved,)))
    assert 77 in [frame.frame for frame in late] and len(late) == MOST
    assert 77 not in [frame.frame for frame in thinned(frames(20 * MOST), None)]
