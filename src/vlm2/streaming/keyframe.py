"""Keyframes as pictures, for people and for a vision-language model: a bounded number of small JPEG files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ..objects.memory import ObjectMemory
from .thumbnail import small_jpeg

SIDE, QUALITY = 512, 85  # pixels of the longer side; of the JPEG file
MOST = 128  # keyframes: some 5 MB


@dataclass(frozen=True)
class KeyframePicture:
    """A frame, its time in seconds, and its picture as the bytes of a JPEG file."""

    frame: int
    time: float
    jpeg: UInt8[Tensor, " bytes"]


def keyframe(image: UInt8[np.ndarray, "height width 3"], frame: int, time: float) -> KeyframePicture:
    """Return an RGB frame as a keyframe of at most `SIDE` pixels a side."""
    return KeyframePicture(frame, time, small_jpeg(image, SIDE, QUALITY, Image.Resampling.BOX))


def thinned(
    keyframes: Sequence[KeyframePicture], objects: ObjectMemory | None, most: int | None = None
) -> tuple[KeyframePicture, ...]:
    """Return at most `most` (`MOST`) keyframes, in order: the best of each thing, as far as half of the places reach,
    and others spread over the time."""
    kept, most = list(keyframes), MOST if most is None else most
    if len(kept) <= most:
        return tuple(kept)
    tracks = sorted(() if objects is None else objects.tracks, key=lambda track: -float(track.evidence.sum()))
    best = dict.fromkeys(max(track.kept, key=lambda seen: seen.quality).frame for track in tracks)
    bound = set(list(best)[: most // 2])
    while len(kept) > most:
        free = [i for i in range(1, len(kept) - 1) if kept[i].frame not in bound]
        del kept[min(free, key=lambda i: kept[i + 1].time - kept[i - 1].time)]
    return tuple(kept)
