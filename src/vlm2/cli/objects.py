"""`vlm2 objects`: the things that a video or a saved memory shows."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal.loading import load_model
from .terminal.options import (
    Device,
    Dtype,
    Eyes,
    Geometry,
    Json,
    Model,
    Offline,
    OnlyNew,
    Runtime,
    Words,
    is_memory,
    print_json,
    split_words,
)
from .terminal.progress import progress_bar, warning_lines

if TYPE_CHECKING:
    from ..objects import ObjectMap, Track


def objects(
    source: Annotated[
        str,
        typer.Argument(metavar="VIDEO_OR_MEMORY", help="A video file, a folder of pictures, or a memory (.vlm2mem)."),
    ],
    model: Model = "mini",
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second to look at; by default 2.")] = None,
    only_new: OnlyNew = False,
    json: Json = False,
    device: Device = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
    offline: Offline = False,
) -> None:
    """List the things that were seen: what, where, how big, when."""
    if is_memory(source):
        from ..streaming import memory_file

        stream = memory_file.read(source)
        if stream.objects is None:
            raise ValueError(f"{source} holds no object memory; watch again: vlm2 ask VIDEO QUESTION --save FILE")
        found = stream.object_map()
    else:
        with warning_lines():
            chosen = {"eyes": eyes, "words": split_words(words), "geometry": geometry, "runtime": runtime}
            found = _watched(source, model, fps, only_new, offline, device=device, dtype=dtype, **chosen)
    if json:
        print_json(json_module.loads(found.to_json()))
        return
    _print(found, Path(source).name)


def _watched(source: str, model: str, fps: float | None, only_new: bool, offline: bool, **options: Any) -> ObjectMap:
    """Watch a video, and return the map of its things; `options` are those of `vlm2.load`."""
    from ..video import open_video

    file = open_video(source, fps)
    loaded, _ = load_model(model, offline, **options)
    if loaded.eyes is None:
        raise ValueError(f"The model {model} has no eyes for things; the packaged mini has some.")
    session = loaded.session(thumbnails=False)
    with progress_bar("Watching", file.seconds, transient=True) as progress:
        session.watch(file, fps=fps, progress=progress, only_new=only_new)
    return session.objects


def _print(found: ObjectMap, name: str) -> None:
    """Print one row a thing, and the floor."""
    from ..figures import print_figures
    from ..query.operators.area import Area

    tracks = sorted((t for t in found.tracks if t.status != "removed"), key=lambda t: (t.label, t.id))
    heads = ("thing", "room", "size, m", "at, m", "seen, s", "sure")
    print_figures(heads, [_row(track, found) for track in tracks], f"{len(tracks)} things in {name}")
    rooms = ", ".join(room.name for room in found.floor.rooms)
    floor = Area().run(found)
    area = "area unknown" if floor.value is None else f"{floor.value:.1f} m² (± {floor.uncertainty or 0:.1f})"
    typer.echo(f"Floor: {area}" + (f": {rooms}" if rooms else ""))
    if floor.value is None:
        typer.echo(floor.sentence)


def _row(track: Track, found: ObjectMap) -> tuple[str, ...]:
    from ..query.query import label_chance

    place, size = track.box.center, track.box.size
    label = f"{track.colours[0]} {track.label}" if track.colours else track.label
    seen = "–" if track.first_seen is None else f"{track.first_seen:.1f}–{track.last_seen:.1f}"
    return (
        label + (" (not there any more?)" if track.status == "stale" else ""),
        found.room_of(track) or "–",
        " × ".join(f"{side:.1f}" for side in size),
        ", ".join(f"{value:.1f}" for value in place),
        seen,
        f"{label_chance(track):.0%}",
    )
