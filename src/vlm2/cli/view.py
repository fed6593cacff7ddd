"""`vlm2 view`: draw a saved memory, as a picture or as a scene in 3D."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .terminal.options import check_output_file

MARK = "Software"  # the text of a PNG file that names its maker
KINDS = {"": "PNG", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

if TYPE_CHECKING:
    from ..streaming.stream import Stream


def view(
    memory: Annotated[Path, typer.Argument(metavar="MEMORY", help="A memory file of `vlm2 ask --save` (.vlm2mem).")],
    out: Annotated[
        Path | None, typer.Option(help="The picture to write (.png, .jpg, .webp); by default MEMORY ending in .png.")
    ] = None,
    last: Annotated[int, typer.Option(help="Number of latest memory writes to print with the picture.", min=0)] = 24,
    html: Annotated[
        Path | None, typer.Option(help="Write the 3D scene with its things and frames as one HTML file (extra `view`).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Show the 3D scene on http://127.0.0.1:PORT (extra `view`).", min=1, max=65535)
    ] = None,
    glb: Annotated[
        Path | None, typer.Option(help="Write the 3D scene as a binary glTF file, for Blender and other viewers.")
    ] = None,
    rrd: Annotated[
        Path | None, typer.Option(help="Write the 3D scene as a recording for rerun (needs rerun-sdk).")
    ] = None,
) -> None:
    """Draw a memory as a picture, with its frames, a time line and a map, and print the latest writes. With --html,
    --port, --glb or --rrd, draw it as a scene in 3D instead; with --out, do both."""
    from ..streaming import memory_file as file

    in_3d = html is not None or port is not None or glb is not None or rrd is not None
    target = memory.with_suffix(".png") if out is None and not in_3d else out
    kind = "" if target is None else _picture_kind(target, memory)
    for given, example in ((target, "picture.png"), (html, "scene.html"), (glb, "scene.glb"), (rrd, "scene.rrd")):
        check_output_file(given, example)
    if target is not None and out is None and target.exists() and not _is_drawn(target):
        raise ValueError(f"{target} is no picture of vlm2, and the new one would replace it. Name another with --out.")
    stream = file.read(memory)
    if target is not None:
        _draw_picture(stream, target, kind, last)
    if in_3d:
        _show_scene(stream, memory.name, html, port, glb, rrd)


def _show_scene(
    stream: Stream, title: str, html: Path | None, port: int | None, glb: Path | None, rrd: Path | None
) -> None:
    """Write the scene to files, and then serve it until it is interrupted."""
    from ..streaming.container import put
    from ..viewer.scene import scene_of

    scene = scene_of(stream)
    counts = f"{len(scene.things)} things, {len(scene.frames)} frames"
    if html is not None:
        from ..viewer.scene_page import scene_page

        put(html, scene_page(scene, title).encode())
        typer.echo(f"{counts}. The scene is in {html}; open it in a browser")
    if glb is not None:
        from ..viewer.gltf_file import gltf_scene

        put(glb, gltf_scene(scene, title))
        typer.echo(f"{counts}. The scene is in {glb}; open it in Blender or another viewer of glTF")
    if rrd is not None:
        from ..viewer.rerun_file import rerun_recording

        put(rrd, rerun_recording(scene, title))
        typer.echo(f"{counts}. The recording is in {rrd}; open it: rerun {rrd}")
    if port is not None:
        from ..viewer.viser_scene import serve

        server = serve(scene, port)
        typer.echo(f"The scene is at http://127.0.0.1:{port}. Press Ctrl-C to stop.")
        server.sleep_forever()


def _draw_picture(stream: Stream, target: Path, kind: str, last: int) -> None:
    """Draw the 2D page, and print the `last` writes."""
    from PIL.PngImagePlugin import PngInfo

    from ..streaming.container import put
    from ..viewer.memory_page import draw_page, frame_counts

    drawn, marks = io.BytesIO(), PngInfo()
    marks.add_text(MARK, "vlm2")
    draw_page(stream).save(drawn, kind, pnginfo=marks)  # other kinds have no such texts
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


def _is_drawn(picture: Path) -> bool:
    """Tell whether this command has drawn a picture."""
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return opened.info.get(MARK) == "vlm2"
    except (OSError, Image.DecompressionBombError):
        return False


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
