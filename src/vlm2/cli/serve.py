"""`vlm2 serve`: one model as a server for several clients."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from .terminal.loading import load_model
from .terminal.options import (
    Device,
    Dtype,
    Eyes,
    Geometry,
    Model,
    Offline,
    OnlyNew,
    Runtime,
    State,
    Vlm,
    Words,
    split_words,
)

GRACE = 5  # seconds that open connections have to end when the server stops
FRAME = 32 * 2**20  # bytes of a WebSocket message, at most
NAMES = "May be given several times."


def serve(
    model: Model = "mini",
    host: Annotated[str, typer.Option(help="Address to listen at; one off this machine needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8765,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token that clients must send; VLM2_TOKEN works as well.")
    ] = None,
    token: Annotated[str | None, typer.Option(envvar="VLM2_TOKEN", help="The token; others may see it here.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help=f"Another name by which clients know this server. {NAMES}")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help=f"Origin of a site whose pages may use this server. {NAMES}")
    ] = None,
    allow_fetch: Annotated[bool, typer.Option(help="Fetch public addresses that chats name.")] = False,
    camera: Annotated[
        list[str] | None, typer.Option(help=f"A camera for sessions to watch: NAME=rtsp://… {NAMES}")
    ] = None,
    state: State = None,
    save_every: Annotated[float, typer.Option(help="Seconds between saves to --state.")] = 30.0,
    sessions: Annotated[int, typer.Option(help="Largest number of sessions.")] = 16,
    fps: Annotated[float | None, typer.Option(help="Frames per second that a session looks at; by default 2.")] = None,
    only_new: OnlyNew = False,
    max_body: Annotated[int, typer.Option(help="Largest request, in MB.")] = 128,
    idle: Annotated[float, typer.Option(help="Hours after which an unused session is deleted.")] = 24.0,
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    vlm: Vlm = None,
    device: Device = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
    offline: Offline = False,
) -> None:
    """Serve a model to browsers, OpenAI's clients, robots and agents, at http://127.0.0.1:8765."""
    if missing := [name for name in ("fastapi", "uvicorn", "websockets", "multipart") if find_spec(name) is None]:
        raise ValueError(f"The server needs {', '.join(missing)}: pip install 'vlm2[serve]'")
    import uvicorn

    from ..serving.app import build_app
    from ..serving.cameras import named_cameras
    from ..serving.guard import Access
    from ..serving.limits import Limits
    from ..serving.store import SessionStore
    from ..streaming.session import frame_rate

    if token_file is not None:
        token = token_file.read_text(encoding="utf-8").strip()
    access = Access.of(host, token, allow_host or (), allow_origin or ())
    cameras = named_cameras(camera or ())
    rate = frame_rate(fps, only_new)
    limits = Limits(sessions=sessions, rate=rate, only_new=only_new, body=max_body * 2**20, idle=idle * 3600)
    chosen = {"eyes": eyes, "words": split_words(words), "geometry": geometry, "vlm": vlm, "runtime": runtime}
    loaded, _ = load_model(model, offline, device=device, dtype=dtype, **chosen)
    app = build_app(SessionStore(loaded, limits, state, save_every), access, allow_fetch, cameras)
    uvicorn.run(
        app,
        host=host,
        port=port,
        ws_max_size=FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        access_log=False,  # the page asks once a second
    )
