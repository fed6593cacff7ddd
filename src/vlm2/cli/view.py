"""`vlm2 view`: look into a saved memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

KINDS = {"": "PNG", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

if TYPE_CHECKING:
    from ..session.stream import Stream


def view(
    memory: Annotated[Path, typer.Option(help="A .vlm2mem file, such as `vlm2 ask --save` writes.")],
    out: Annotated[
        Path | None, typer.Option(help="The picture to write (.png, .jpg, .webp); by default beside the file, as .png.")
    ] = None,
    last: Annotated[int, typer.Option(help="How many of the latest writes to print.", min=0)] = 24,
) -> None:
    """Print what the memory did last, and draw what it holds: kept frames on a time line, and a map from above."""
    from rich.console import Console

    from ..session import file
    from ..view.sheet import frames, sheet, waiting

    target = memory.with_suffix(".png") if out is None else out
    stream = file.read(memory)
    kind = _picture_kind(target, memory)
    sheet(stream).save(target, kind)
    console = Console(highlight=False)
    if last:
        console.print(_table(stream, last))
    bank = sum(kept.slot >= 0 for kept in stream.trace.kept)
    waits = f", of which {waiting(stream)}" if stream.times else ""
    console.print(
        f"{frames(stream.frames)} in {stream.last_time:.1f} s{waits}; {bank} entries in the bank. Drawn in {target}",
        markup=False,
    )


def _picture_kind(target: Path, memory: Path) -> str:
    """Return the format that a picture's name asks for. Raises ValueError for a name that no picture
    can have, or that the memory has itself."""
    if target.exists() and memory.exists() and target.samefile(memory):
        raise ValueError(f"{target} is the memory itself, and the picture would replace it. Name another with --out.")
    if not target.absolute().parent.is_dir():
        raise ValueError(f"{target} cannot be drawn: there is no folder {target.absolute().parent}. Make it first.")
    if target.is_dir():
        raise ValueError(f"{target} cannot be drawn: it is a folder. Name a file in it, such as {target / 'page.png'}.")
    if target.suffix.lower() not in KINDS:
        endings = ", ".join(ending for ending in KINDS if ending)
        raise ValueError(f"{target} ends in {target.suffix}, which is no picture that is drawn here; give {endings}.")
    return KINDS[target.suffix.lower()]


def _table(stream: Stream, last: int):
    """Lay out the latest writes, one a row: the frame evicted for it, the frame that this one was like and by what
    cosine, the mean γ, and ρ, the share of what was read in the entry."""
    from rich.table import Table

    log = stream.trace.log
    shown = log[-last:]
    early = not stream.trace.kept
    title = f"The last {len(shown)} of {stream.frames} frames" if log else "This format kept no log"
    title = "Nothing is written yet: the first window is not full" if early else title
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
