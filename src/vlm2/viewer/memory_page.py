"""A memory on one page: its frames, those that wait for their window, a time line, and a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from ..streaming.memory_log import NO_SLOT, HeldFrame
from ..streaming.stream import Stream
from ..streaming.thumbnail import picture, thumbnail
from .floor_map import BANK, GREY, GRID, INK, LAST, draw_map, font

WIDTH, MARGIN, TILE, GAP = 1400, 28, 88, 8  # pixels
MAP_HEIGHT = 760
WAITING = "#8a929c"
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)  # seconds


@dataclass(frozen=True)
class Tile:
    """A frame on the page. `name` is its slot, "last" or "waits"."""

    time: float
    name: str
    colour: str
    thumbnail: Image.Image | None


def draw_page(stream: Stream) -> Image.Image:
    """Draw a memory. Raises ValueError if it holds no frame."""
    tiles = [*map(_kept_tile, stream.log.held), *_waiting_tiles(stream)]
    if not tiles:
        raise ValueError(
            "This memory holds nothing: no frame was seen. Watch a video first: vlm2 ask VIDEO --save FILE"
        )
    columns = (WIDTH - 2 * MARGIN + GAP) // (TILE + GAP)
    height = max((tile.thumbnail.height for tile in tiles if tile.thumbnail is not None), default=TILE * 3 // 4)
    rows = -(-len(tiles) // columns)
    line_top = MARGIN + 74
    tiles_top = line_top + 64
    map_top = tiles_top + rows * (height + 38) + 18
    image = Image.new("RGB", (WIDTH, map_top + MAP_HEIGHT + MARGIN), "white")
    pen = ImageDraw.Draw(image)
    _draw_title(pen, stream)
    _draw_time_line(pen, stream, tiles, line_top)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = MARGIN + column * (TILE + GAP), tiles_top + row * (height + 38)
        if tile.thumbnail is None:
            pen.rectangle((left, top, left + TILE, top + height), "#f2f4f6")
            pen.text((left + TILE / 2, top + height / 2), "no picture", GREY, font(12), anchor="mm")
        else:
            small = tile.thumbnail
            image.paste(small, (left + (TILE - small.width) // 2, top + (height - small.height) // 2))
        caption = top + height + 2
        pen.rectangle((left, caption, left + TILE - 1, caption + 3), tile.colour)
        pen.text((left, caption + 6), tile.name, INK, font(12))
        pen.text((left + TILE, caption + 6), f"{tile.time:.1f} s", GREY, font(12), anchor="ra")
    draw_map(image, stream, (MARGIN, map_top, WIDTH - MARGIN, map_top + MAP_HEIGHT))
    return image


def _kept_tile(entry: HeldFrame) -> Tile:
    name, colour = ("last", LAST) if entry.slot == NO_SLOT else (f"slot {entry.slot}", BANK)
    shown = None if entry.thumbnail is None else ImageOps.contain(picture(entry.thumbnail), (TILE, TILE))
    return Tile(entry.time, name, colour, shown)


def _waiting_tiles(stream: Stream) -> list[Tile]:
    """Return the frames that wait for their window, with pictures if the memory keeps pictures."""
    waiting = stream.pictures if stream.thumbnails else ()
    pictures = [ImageOps.contain(picture(thumbnail(image)), (TILE, TILE)) for image in waiting]
    pictures = pictures or [None] * len(stream.times)
    return [Tile(time, "waits", WAITING, shown) for time, shown in zip(stream.times, pictures, strict=True)]


def _draw_title(pen: ImageDraw.ImageDraw, stream: Stream) -> None:
    bank = sum(entry.slot != NO_SLOT for entry in stream.log.held)
    pen.text((MARGIN, MARGIN - 6), "What the memory holds", INK, font(26))
    pen.text((MARGIN, MARGIN + 28), frame_counts(stream), GREY, font(15))
    legend = [(BANK, f"in the bank ({bank})"), (LAST, f"only among the last frames ({len(stream.log.held) - bank})")]
    legend += [(WAITING, f"waiting ({len(stream.times)})")] if stream.times else []
    place = WIDTH - MARGIN
    for colour, words in reversed(legend):
        place -= int(pen.textlength(words, font(15)))
        pen.text((place, MARGIN + 28), words, INK, font(15))
        place -= 18
        pen.ellipse((place, MARGIN + 32, place + 10, MARGIN + 42), colour)
        place -= 22


def _draw_time_line(pen: ImageDraw.ImageDraw, stream: Stream, tiles: Sequence[Tile], top: int) -> None:
    """Draw the times of the frames, so that gaps are visible."""
    end = max(stream.last_time, 1e-6)

    def at(time: float) -> float:
        return MARGIN + 8 + (WIDTH - 2 * MARGIN - 16) * time / end

    middle = top + 14
    pen.line((at(0), middle, at(end), middle), GRID, 3)
    step = tick(end)
    for number in range(int(end / step) + 1):
        time = number * step
        pen.line((at(time), middle, at(time), middle + 14), GRID, 2)
        pen.text((at(time), middle + 17), clock(time, step), GREY, font(13), anchor="ma")
    for tile in tiles:
        pen.line((at(tile.time), middle - 12, at(tile.time), middle + 3), tile.colour, 3)
        pen.ellipse((at(tile.time) - 4, middle - 16, at(tile.time) + 4, middle - 8), tile.colour)


def frame_counts(stream: Stream) -> str:
    """Return the number of frames in words: "9 frames in 4.0 s, of which 1 waits for its window of 8"."""
    words = f"{stream.frames} frame{'s' * (stream.frames != 1)} in {stream.last_time:.1f} s"
    if not stream.times:
        return words
    window = "" if stream.windows is None else f" of {stream.windows.window}"
    waits = "1 waits for its" if len(stream.times) == 1 else f"{len(stream.times)} wait for their"
    return f"{words}, of which {waits} window{window}"


def tick(length: float, most: int = 12) -> float:
    """Return a round step in seconds that divides a length into at most `most` parts."""
    return next((step for step in TICKS if length / step <= most), 3600.0 * max(1, round(length / 3600 / most)))


def clock(time: float, step: float) -> str:
    """Return a time in words: seconds below two minutes, else minutes and seconds."""
    if step < 1:
        return f"{time:.1f} s"
    return f"{time:.0f} s" if time < 120 else f"{time // 60:.0f}:{time % 60:02.0f}"
