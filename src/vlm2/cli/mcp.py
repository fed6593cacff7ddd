"""`vlm2 mcp`: the memory as tools for an agent, over stdin and stdout."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from .terminal.loading import load_model
from .terminal.options import Device, Dtype, Eyes, Geometry, Model, Offline, Runtime, State, Vlm, Words, split_words

if TYPE_CHECKING:
    from ..serving.store import SessionStore


def mcp(
    memories: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[MEMORY]...", help="Memory files to open as sessions (.vlm2mem), unless --state holds one."
        ),
    ] = None,
    state: State = None,
    model: Model = "mini",
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    vlm: Vlm = None,
    device: Device = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
    offline: Offline = False,
) -> None:
    """Serve the Model Context Protocol to one agent, which starts this command: `vlm2 mcp`."""
    if find_spec("mcp") is None:
        raise ValueError("The protocol needs the package mcp: pip install 'vlm2[mcp]'")
    with redirect_stdout(sys.stderr):  # stdout is for the protocol only
        import anyio

        from ..serving.mcp_server import build_server, serve_stdio
        from ..serving.store import SessionStore
        from ..serving.videos import open_local

        chosen = {"eyes": eyes, "words": split_words(words), "geometry": geometry, "vlm": vlm, "runtime": runtime}
        loaded, _ = load_model(model, offline, device=device, dtype=dtype, **chosen)
        store = SessionStore(loaded, state=state)
        store.start()
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=_save_and_exit, args=(store,)).start())
    try:
        _open_memories(store, memories or ())
        names = "A video is named by its path on this machine."
        server = build_server(store, lambda path, note: open_local(Path(path), store.limits, note), names)
        anyio.run(serve_stdio, server)
    finally:
        store.stop()


def _open_memories(store: SessionStore, memories: Sequence[Path]) -> None:
    """Open memory files as sessions, named after them. A session of that name that was restored is
    continued instead."""
    restored = {hosted.id for hosted in store.list()}
    for memory in memories:
        if memory.stem in restored:
            typer.echo(f"Session {memory.stem} is continued as --state holds it; {memory} is not opened.", err=True)
        else:
            store.open(memory, memory.stem)


def _save_and_exit(store: SessionStore) -> None:
    """Save the sessions and end the process, whose main thread may wait for a line from stdin. Not in the signal's
    handler itself, which may have interrupted a thread that holds a lock of the store."""
    status = 1
    try:
        store.stop()
        status = 0
    finally:
        os._exit(status)
