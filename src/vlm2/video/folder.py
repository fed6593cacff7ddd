"""A folder of pictures of one place, in the order of their names, read as a video is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from .decode import MAX_SIDE, Frame, VideoFile, check_fps
from .path import PICTURES, UNREADABLE, local_path
from .picture import VideoError

FRAMES_PER_SECOND = 2.0  # of pictures without times
TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height
ORIENTATION = 0x0112  # the EXIF tag


class PictureFolder:
    """The pictures of a folder as the frames of a video: one every 1/fps seconds, in the order of their names.

    Numbers in names count as numbers, so that IMG_9 comes before IMG_10. Pictures are upright (EXIF) and of one size,
    `width` × `height` pixels. `fps` is the rate if `sample` is given none. Raises VideoError for a folder without
    pictures, and for a picture of another size or format.
    """

    def __init__(self, path: str | Path, fps: float = FRAMES_PER_SECOND) -> None:
        check_fps(fps)
        self.name, self.path, self.fps = str(path), local_path(path), fps
        kinds = PICTURES - UNREADABLE
        self._files = sorted((f for f in self.path.iterdir() if f.suffix.lower() in kinds), key=_natural)
        others = sorted(f.name for f in self.path.iterdir() if f.suffix.lower() in UNREADABLE)
        if others:
            raise VideoError(f"{self.path} holds {others[0]}, which cannot be read. Save such photos as JPEG first.")
        if not self._files:
            raise VideoError(f"{self.path} holds no pictures ({', '.join(sorted(kinds))}). Name a video file in it.")
        self.width, self.height = _size(self._files[0])
        for file in self._files[1:]:
            if (size := _size(file)) != (self.width, self.height):
                raise VideoError(
                    f"{file} is {size[0]}×{size[1]} pixels, but {self._files[0].name} is {self.width}×{self.height}. "
                    "All pictures of a folder must have one size and be held the same way; move the others elsewhere."
                )
        self.frames = len(self._files)

    @property
    def seconds(self) -> float:
        """The time that the pictures take at `fps`."""
        return self.frames / self.fps

    def sample(self, fps: float | None = None) -> Iterator[Frame]:
        """Yield every picture, 1/fps seconds after the one before; by default at the folder's own rate."""
        check_fps(fps)
        for index, file in enumerate(self._files):
            yield Frame(index / (fps or self.fps), _upright(file))

    def numbered(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Yield the pictures of these numbers, counted from 0, in their order."""
        for index in sorted(set(indices)):
            yield Frame(index / self.fps, _upright(self._files[index]))


def open_video(path: str | Path, fps: float | None = None) -> VideoFile | PictureFolder:
    """Open a video file, or a folder of pictures that are 1/fps seconds apart (by default 2 a second)."""
    if str(path) and local_path(path).is_dir():
        return PictureFolder(path, FRAMES_PER_SECOND if fps is None else fps)
    return VideoFile(path)


def _natural(file: Path) -> list[tuple[int, str]]:
    """Return the key by which names are sorted: their digits as numbers, their letters in either case."""
    parts = re.split(r"(\d+)", file.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _size(file: Path) -> tuple[int, int]:
    """Return the width and the height of a picture as it is shown, from its header."""
    try:
        with Image.open(file) as picture:
            width, height = picture.size
            turned = picture.getexif().get(ORIENTATION) in TURNED
    except (UnidentifiedImageError, OSError):
        raise VideoError(f"{file} is not a picture that can be read. Save it anew, or move it elsewhere.") from None
    if max(width, height) > MAX_SIDE:
        raise VideoError(f"{file} is {width}×{height} pixels; at most {MAX_SIDE} a side are read. Scale it down first.")
    return (height, width) if turned else (width, height)


def _upright(file: Path) -> UInt8[np.ndarray, "height width 3"]:
    try:
        with Image.open(file) as picture:
            return np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    except OSError as error:
        raise VideoError(f"{file} is a damaged picture: {error}. Save it anew, or move it elsewhere.") from None
