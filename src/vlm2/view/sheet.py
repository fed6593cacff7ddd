"""A memory on one page: its kept frames on a time line, and a map from above with the way walked."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ..session.stream import Stream
from ..session.thumbnail import picture
from ..session.trace import NO_SLOT, Kept
from .floor import draw_map

WIDTH, MARGIN, TILE, GAP = 1400, 28, 88, 8
MAP_HEIGHT = 760
INK, FAINT, LINE, BANK, LAST = "#22272e", "#8a929c", "#d5dae0", "#c2410c", "#2563eb"


def sheet(stream: Stream) -> Image.Image:
    """Draw a memory. Raises ValueError where it holds nothing yet."""
    kept = stream.trace.kept
    if not kept:
        raise ValueError(
            f"This memory holds nothing yet: its {stream.frames} frames still wait for their first window to fill."
        )
    pictures = [_picture(entry) for entry in kept]
    columns = (WIDTH - 2 * MARGIN + GAP) // (TILE + GAP)
    height = max((shown.height for shown in pictures if shown is not None), default=TILE * 3 // 4)
    rows = -(-len(kept) // columns)
    line_top = MARGIN + 74
    tiles_top = line_top + 64
    map_top = tiles_top + rows * (height + 38) + 18
    image = Image.new("RGB", (WIDTH, map_top + MAP_HEIGHT + MARGIN), "white")
    pen = ImageDraw.Draw(image)
    _title(pen, stream)
    _time_line(pen, stream, line_top)
    for index, (entry, shown) in enumerate(zip(kept, pictures, strict=True)):
        row, column = divmod(index, columns)
        left, top = MARGIN + column * (TILE + GAP), tiles_top + row * (height + 38)
        if shown is None:
            pen.rectangle((left, top, left + TILE, top + height), "#f2f4f6")
            pen.text((left + TILE / 2, top + height / 2), "no picture", FAINT, font(12), anchor="mm")
        else:
            image.paste(shown, (left + (TILE - shown.width) // 2, top + (height - shown.height) // 2))
        _caption(pen, entry, left, top + height + 2)
    draw_map(image, stream, (MARGIN, map_top, WIDTH - MARGIN, map_top + MAP_HEIGHT))
    return image


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of this size in pixels."""
    return ImageFont.load_default(size=size)


def colour(entry: Kept) -> str:
    """Return the colour of an entry: of the bank, or of the last frames alone."""
    return LAST if entry.slot == NO_SLOT else BANK


def _title(pen: ImageDraw.ImageDraw, stream: Stream) -> None:
    bank = sum(entry.slot != NO_SLOT for entry in stream.trace.kept)
    pen.text((MARGIN, MARGIN - 6), "What the memory holds", INK, font(26))
    told = f"{stream.frames} frames in {stream.last_time:.1f} s"
    told += f", of which {len(stream.times)} wait for their window" if stream.times else ""
    pen.text((MARGIN, MARGIN + 28), told, FAINT, font(15))
    legend = ((BANK, f"in the bank ({bank})"), (LAST, f"only among the last frames ({len(stream.trace.kept) - bank})"))
    place = WIDTH - MARGIN
    for tint, words in reversed(legend):
        place -= int(pen.textlength(words, font(15)))
        pen.text((place, MARGIN + 28), words, INK, font(15))
        place -= 18
        pen.ellipse((place, MARGIN + 32, place + 10, MARGIN + 42), tint)
        place -= 22


def _time_line(pen: ImageDraw.ImageDraw, stream: Stream, top: int) -> None:
    """Draw when the kept frames were seen, so that gaps show."""
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
    for entry in stream.trace.kept:
        pen.line((at(entry.time), middle - 12, at(entry.time), middle + 3), colour(entry), 3)
        pen.ellipse((at(entry.time) - 4, middle - 16, at(entry.time) + 4, middle - 8), colour(entry))


def _picture(entry: Kept) -> Image.Image | None:
    """Return a kept frame's thumbnail in the size of a tile."""
    if entry.thumbnail is None:
        return None
    shown = picture(entry.thumbnail)
    scale = TILE / max(shown.size)
    return shown.resize((round(shown.width * scale), round(shown.height * scale)), Image.Resampling.BICUBIC)


def _caption(pen: ImageDraw.ImageDraw, entry: Kept, left: int, top: int) -> None:
    """Write a kept frame's slot, as on the map, and its time."""
    pen.rectangle((left, top, left + TILE - 1, top + 3), colour(entry))
    pen.text((left, top + 6), f"slot {entry.slot}" if entry.slot != NO_SLOT else "last", INK, font(12))
    pen.text((left + TILE, top + 6), f"{entry.time:.1f} s", FAINT, font(12), anchor="ra")


def tick(length: float, most: int = 12) -> float:
    """Return a round step that divides a length into at most `most` parts."""
    steps: Sequence[float] = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    return next((step for step in steps if length / step <= most), 3600.0 * max(1, round(length / 3600 / most)))


def clock(time: float, step: float) -> str:
    """Return a time in words: seconds below two minutes, else minutes and seconds."""
    if step < 1:
        return f"{time:.1f} s"
    return f"{time:.0f} s" if time < 120 else f"{time // 60:.0f}:{time % 60:02.0f}"
