"""`vlm2 view`: draw a saved memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .terminal.options import check_output_file

KINDS = {"": "PNG", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

if TYPE_CHECKING:
    from ..streaming.stream import Stream


def view(
    memory: Annotated[Path, typer.Argument(metavar="MEMORY", help="A memory file of `vlm2 ask --save` (.vlm2mem).")],
    out: Annotated[
        Path | None, typer.Option(help="The picture to write (.png, .jpg, .webp); by default MEMORY ending in .png.")
    ] = None,
    last: Annotated[int, typer.Option(help="Number of latest memory writes to print.", min=0)] = 24,
) -> None:
    """Draw a memory as a picture, with its frames, a time line and a map, and print the latest writes."""
    from ..streaming import memory_file as file
    from ..streaming.container import put
    from ..viewer.memory_page import draw_page, frame_counts

    target = memory.with_suffix(".png") if out is None else out
    check_output_file(target, "picture.png")
    kind = _picture_kind(target, memory)
    stream = file.read(memory)
    drawn = io.BytesIO()
    draw_page(stream).save(drawn, kind)
    put(target, drawn.getvalue())
    if last:
        _print_writes(stream, last)
    bank = sum(kept.slot >= 0 for kept in stream.log.held)
    typer.echo(f"{frame_counts(stream)}; {bank} entries in the bank. Drawn in {target}")


def _picture_kind(target: Path, memory: Path) -> str:
    """Return the image format of a picture's name. Raises ValueError for an unknown ending, and if the picture would
    replace the memory."""
    if target.exists() and memory.exists() and target.samefile(memory):
        raise ValueError(f"{target} is the memory itself, and the picture would replace it. Name another with --out.")
    if target.suffix.lower() not in KINDS:
        endings = ", ".join(ending for ending in KINDS if ending)
        raise ValueError(f"{target} ends in {target.suffix}, which is not a supported picture format; give {endings}.")
    return KINDS[target.suffix.lower()]


def _print_writes(stream: Stream, last: int) -> None:
    """Print the latest writes, one per row: the frame, the frame that it evicted, and the most similar one.

    γ is the mean gate. "read" is ρ, the share of the memory read in the entry.
    """
    from ..figures import figure, print_figures

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
            figure(write.evicted, "{}"),
            figure(write.evicted_time, "{:.1f} s"),
            figure(write.similar, "{}"),
            figure(write.similarity, "{:.4f}"),
            figure(write.gate, "{:.2f}"),
            f"{write.read_share:.0%}",
        )
        for write in shown
    ]
    print_figures(("frame", "time", "slot", "evicted", "its time", "like", "cosine", "γ", "read"), rows, title)
