"""`vlm2 view`: look into a saved memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .watch import check_place

KINDS = {"": "PNG", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

if TYPE_CHECKING:
    from ..streaming.stream import Stream


def view(
    memory: Annotated[
        Path | None, typer.Argument(metavar="MEMORY", help="A .vlm2mem file, such as `vlm2 ask --save` writes.")
    ] = None,
    named: Annotated[Path | None, typer.Option("--memory", hidden=True)] = None,
    out: Annotated[
        Path | None, typer.Option(help="The picture to write (.png, .jpg, .webp); by default beside the file, as .png.")
    ] = None,
    last: Annotated[int, typer.Option(help="How many of the latest writes to print.", min=0)] = 24,
) -> None:
    """Print what the memory did last, and draw what it holds: kept frames on a time line, and a map from above."""
    from ..streaming import memory_file as file
    from ..streaming.container import put
    from ..viewer.memory_page import frames, sheet, waiting

    memory = memory or named
    if memory is None:
        raise ValueError(
            "Name a memory: vlm2 view room.vlm2mem (`vlm2 ask VIDEO QUESTION --save room.vlm2mem` makes one)."
        )
    target = memory.with_suffix(".png") if out is None else out
    check_place(target, "picture.png")
    kind = _picture_kind(target, memory)
    stream = file.read(memory)
    drawn = io.BytesIO()
    sheet(stream).save(drawn, kind)
    put(target, drawn.getvalue())
    if last:
        _print_writes(stream, last)
    bank = sum(kept.slot >= 0 for kept in stream.log.held)
    waits = f", of which {waiting(stream)}" if stream.times else ""
    typer.echo(
        f"{frames(stream.frames)} in {stream.last_time:.1f} s{waits}; {bank} entries in the bank. Drawn in {target}"
    )


def _picture_kind(target: Path, memory: Path) -> str:
    """Return the format that a picture's name asks for. Raises ValueError for an ending that no picture has, and for
    the memory's own name."""
    if target.exists() and memory.exists() and target.samefile(memory):
        raise ValueError(f"{target} is the memory itself, and the picture would replace it. Name another with --out.")
    if target.suffix.lower() not in KINDS:
        endings = ", ".join(ending for ending in KINDS if ending)
        raise ValueError(f"{target} ends in {target.suffix}, which is no picture that is drawn here; give {endings}.")
    return KINDS[target.suffix.lower()]


def _print_writes(stream: Stream, last: int) -> None:
    """Print the latest writes, one a row: the frame evicted for it, the frame that this one was like and by what
    cosine, the mean γ, and ρ, the share of what was read in the entry."""
    from ..figures import print_figures

    log = stream.log.writes
    shown = log[-last:]
    early = not stream.log.held
    title = f"The last {len(shown)} of {stream.frames} frames"
    title = "Nothing is written yet: the first window is not full" if early else title
    rows = [
        (
            str(write.frame),
            f"{write.time:.1f} s",
            str(write.slot) if write.slot >= 0 else "–",
            _told(write.evicted, "{}"),
            _told(write.evicted_time, "{:.1f} s"),
            _told(write.similar, "{}"),
            _told(write.similarity, "{:.4f}"),
            _told(write.gate, "{:.2f}"),
            f"{write.read_share:.0%}",
        )
        for write in shown
    ]
    print_figures(("frame", "time", "slot", "evicted", "its time", "like", "cosine", "γ", "read"), rows, title)


def _told(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
