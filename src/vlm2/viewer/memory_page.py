"""A memory on one page: its frames on a time line, those that wait for their window too, and a map from above with the
way walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from ..streaming.memory_log import NO_SLOT, HeldFrame
from ..streaming.stream import Stream
from ..streaming.thumbnail import picture, thumbnail
from .floor_map import draw_map

WIDTH, MARGIN, TILE, GAP = 1400, 28, 88, 8
MAP_HEIGHT = 760
INK, FAINT, LINE, BANK, LAST = "#22272e", "#8a929c", "#d5dae0", "#c2410c", "#2563eb"
WAITING = FAINT


@dataclass(frozen=True)
class Tile:
    """A frame on the page: of the memory, or one that waits for its window."""

    time: float
    name: str
    colour: str
    thumbnail: Image.Image | None


def sheet(stream: Stream) -> Image.Image:
    """Draw a memory. Raises ValueError where no frame was seen."""
    shown = [*map(_kept, stream.log.held), *_waiting(stream)]
    if not shown:
        raise ValueError(
            "This memory holds nothing: no frame was seen. Watch a video first: vlm2 ask VIDEO --save FILE"
        )
    columns = (WIDTH - 2 * MARGIN + GAP) // (TILE + GAP)
    height = max((frame.thumbnail.height for frame in shown if frame.thumbnail is not None), default=TILE * 3 // 4)
    rows = -(-len(shown) // columns)
    line_top = MARGIN + 74
    tiles_top = line_top + 64
    map_top = tiles_top + rows * (height + 38) + 18
    image = Image.new("RGB", (WIDTH, map_top + MAP_HEIGHT + MARGIN), "white")
    pen = ImageDraw.Draw(image)
    _title(pen, stream)
    _time_line(pen, stream, shown, line_top)
    for index, frame in enumerate(shown):
        row, column = divmod(index, columns)
        left, top = MARGIN + column * (TILE + GAP), tiles_top + row * (height + 38)
        if frame.thumbnail is None:
            pen.rectangle((left, top, left + TILE, top + height), "#f2f4f6")
            pen.text((left + TILE / 2, top + height / 2), "no picture", FAINT, font(12), anchor="mm")
        else:
            tile = frame.thumbnail
            image.paste(tile, (left + (TILE - tile.width) // 2, top + (height - tile.height) // 2))
        _caption(pen, frame, left, top + height + 2)
    draw_map(image, stream, (MARGIN, map_top, WIDTH - MARGIN, map_top + MAP_HEIGHT))
    return image


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of this size in pixels."""
    return ImageFont.load_default(size=size)


def _kept(entry: HeldFrame) -> Tile:
    """Show a frame of the bank, or of the last frames alone."""
    small = None if entry.thumbnail is None else picture(entry.thumbnail)
    name, tint = ("last", LAST) if entry.slot == NO_SLOT else (f"slot {entry.slot}", BANK)
    return Tile(entry.time, name, tint, _tile(small))


def _waiting(stream: Stream) -> list[Tile]:
    """Show the frames that wait for their window, with pictures where the memory keeps pictures."""
    images = (stream.geometry_images or stream.images) if stream.thumbnails else ()
    pictures = [_tile(picture(thumbnail(image))) for image in images] or [None] * len(stream.times)
    return [Tile(time, "waits", WAITING, shown) for time, shown in zip(stream.times, pictures, strict=True)]


def _tile(shown: Image.Image | None) -> Image.Image | None:
    """Bring a picture to the size of a tile."""
    if shown is None:
        return None
    scale = TILE / max(shown.size)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    return shown.resize(size, Image.Resampling.BICUBIC)


def _title(pen: ImageDraw.ImageDraw, stream: Stream) -> None:
    bank = sum(entry.slot != NO_SLOT for entry in stream.log.held)
    pen.text((MARGIN, MARGIN - 6), "What the memory holds", INK, font(26))
    told = f"{frames(stream.frames)} in {stream.last_time:.1f} s"
    told += f", of which {waiting(stream)}" if stream.times else ""
    pen.text((MARGIN, MARGIN + 28), told, FAINT, font(15))
    legend = [(BANK, f"in the bank ({bank})"), (LAST, f"only among the last frames ({len(stream.log.held) - bank})")]
    legend += [(WAITING, f"waiting ({len(stream.times)})")] if stream.times else []
    place = WIDTH - MARGIN
    for tint, words in reversed(legend):
        place -= int(pen.textlength(words, font(15)))
        pen.text((place, MARGIN + 28), words, INK, font(15))
        place -= 18
        pen.ellipse((place, MARGIN + 32, place + 10, MARGIN + 42), tint)
        place -= 22


def _time_line(pen: ImageDraw.ImageDraw, stream: Stream, shown: Sequence[Tile], top: int) -> None:
    """Draw when the frames were seen, so that gaps show."""
    end = max(stream.last_time, 1e-6)

    def at(time: float) -> float:
        return MARGIN + 8 + (WIDTH - 2 * MARGIN - 16) * time / end

    middle = top + 14
    pen.line((at(0), middle, at(end), middle), LINE, 3)
    step = tick(end)
    for number in range(int(end / step) + 1):
        time = number * step
        pen.line((at(time), middle, at(time), middle + 14), LINE, 2)
        pen.text((at(time), middle + 17), clock(time, step), FAINT, font(13), anchor="ma")
    for frame in shown:
        pen.line((at(frame.time), middle - 12, at(frame.time), middle + 3), frame.colour, 3)
        pen.ellipse((at(frame.time) - 4, middle - 16, at(frame.time) + 4, middle - 8), frame.colour)


def _caption(pen: ImageDraw.ImageDraw, frame: Tile, left: int, top: int) -> None:
    """Write a frame's slot, as on the map, and its time."""
    pen.rectangle((left, top, left + TILE - 1, top + 3), frame.colour)
    pen.text((left, top + 6), frame.name, INK, font(12))
    pen.text((left + TILE, top + 6), f"{frame.time:.1f} s", FAINT, font(12), anchor="ra")


def frames(count: int) -> str:
    """Return "1 frame", "2 frames"."""
    return f"{count} frame" if count == 1 else f"{count} frames"


def waiting(stream: Stream) -> str:
    """Say how many frames wait: "3 wait for their window of 8"."""
    window = "" if stream.windows is None else f" of {stream.windows.window}"
    count = len(stream.times)
    return f"1 waits for its window{window}" if count == 1 else f"{count} wait for their window{window}"


def tick(length: float, most: int = 12) -> float:
    """Return a round step that divides a length into at most `most` parts."""
    steps: Sequence[float] = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    return next((step for step in steps if length / step <= most), 3600.0 * max(1, round(length / 3600 / most)))


def clock(time: float, step: float) -> str:
    """Return a time in words: seconds below two minutes, else minutes and seconds."""
    if step < 1:
        return f"{time:.1f} s"
    return f"{time:.0f} s" if time < 120 else f"{time // 60:.0f}:{time % 60:02.0f}"
