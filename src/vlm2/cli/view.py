"""`vlm2 view`: look into a saved memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .watch import check_place

if TYPE_CHECKING:
    from ..session.stream import Stream


def view(
    memory: Annotated[Path, typer.Option(help="A .vlm2mem file, such as `vlm2 ask --save` writes.")],
    out: Annotated[Path | None, typer.Option(help="The picture to write; by default beside the file, as .png.")] = None,
    last: Annotated[int, typer.Option(help="How many of the latest writes to print.", min=0)] = 24,
) -> None:
    """Print what the memory did last, and draw what it holds: kept frames on a time line, and a map from above."""
    from rich.console import Console

    from ..session import file
    from ..session.container import put
    from ..view.sheet import sheet

    stream = file.read(memory)
    target = memory.with_suffix(".png") if out is None else out
    check_place(target, "picture.png")
    drawn = io.BytesIO()
    sheet(stream).save(drawn, "PNG")
    put(target, drawn.getvalue())
    console = Console(highlight=False)
    if last:
        console.print(_table(stream, last))
    bank = sum(kept.slot >= 0 for kept in stream.trace.kept)
    waiting = f", {len(stream.times)} of them waiting for their window" if stream.times else ""
    typer.echo(
        f"{stream.frames} frames in {stream.last_time:.1f} s{waiting}; {bank} entries in the bank. Drawn in {target}"
    )


def _table(stream: Stream, last: int):
    """Lay out the latest writes, one a row: the frame evicted for it, the frame that this one was like and by what
    cosine, the mean γ, and ρ, the share of what was read in the entry."""
    from rich.table import Table

    log = stream.trace.log
    shown = log[-last:]
    title = f"The last {len(shown)} of {stream.frames} frames" if log else "This format kept no log"
    table = Table(title=title, title_justify="left")
    for name in ("slot", "frame", "time", "evicted", "its time", "like", "cosine", "γ", "read"):
        table.add_column(name, justify="right", no_wrap=True)
    for write in shown:
        table.add_row(
            str(write.slot) if write.slot >= 0 else "–",
            str(write.frame),
            f"{write.time:.1f} s",
            _told(write.evicted, "{}"),
            _told(write.evicted_time, "{:.1f} s"),
            _told(write.similar, "{}"),
            _told(write.similarity, "{:.4f}"),
            _told(write.gate, "{:.2f}"),
            f"{write.read_share:.0%}",
        )
    return table


def _told(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
