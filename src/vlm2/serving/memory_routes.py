"""The routes of what sessions remember: things, plan, keyframes, events, the memory file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from ..streaming import Session
from .description import EVENTS, JPEG, PNG, sends, takes
from .events import SessionEvent
from .hosted import HostedSession
from .limits import Refusal
from .sse import event, event_stream
from .store import SessionStore
from .views import keyframe_jpeg, plan_png

MEMORY = "application/octet-stream"  # the media type of a memory file
EVENTS_WAIT = 256  # events that wait for a slow listener; more end its stream


def memory_routes(store: SessionStore) -> APIRouter:
    """Return the routes of a store's sessions."""
    routes = APIRouter(prefix="/v1/sessions")

    @routes.get("/{id}/objects")
    async def objects(id: str, wait: bool = False, placed: bool = False) -> Response:
        """Return the map as JSON: with `wait`, of all frames that came; with `placed`, without those that wait for
        their window, which costs little and may be asked often."""

        def look(session: Session) -> str:
            return (session.whole_windows.object_map() if placed else session.objects).to_json()

        job = store.get(id).submit(look, wait)
        return Response(await asyncio.wrap_future(job), media_type="application/json")

    @routes.get("/{id}/plan.png", response_class=Response, responses=sends(PNG))
    async def plan(id: str) -> Response:
        stream = await asyncio.wrap_future(store.get(id).completed())
        return Response(await run_in_threadpool(plan_png, stream), media_type="image/png")

    @routes.get("/{id}/keyframes")
    def list_keyframes(id: str) -> dict[str, Any]:
        shown = store.get(id).session.stream.keyframes
        return {"object": "list", "data": [{"frame": frame.frame, "time": frame.time} for frame in shown]}

    @routes.get("/{id}/keyframes/{frame}", response_class=Response, responses=sends(JPEG))
    def keyframe(id: str, frame: int, side: Annotated[int | None, Query(ge=16, le=512)] = None) -> Response:
        return Response(keyframe_jpeg(store.get(id).session.stream, frame, side), media_type="image/jpeg")

    @routes.get("/{id}/memory", response_class=Response, responses=sends(MEMORY))
    def download(id: str) -> Response:
        fork = store.get(id).session.fork()
        with tempfile.TemporaryDirectory(prefix="vlm2-memory-") as folder:
            fork.save(Path(folder, "memory.vlm2mem"))
            data = Path(folder, "memory.vlm2mem").read_bytes()
        name = {"Content-Disposition": f'attachment; filename="{id}.vlm2mem"'}
        return Response(data, media_type=MEMORY, headers=name)

    @routes.put("/{id}/memory", status_code=201, openapi_extra=takes(MEMORY))
    async def upload(id: str, request: Request) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile(prefix="vlm2-memory-", suffix=".vlm2mem") as file:
            async for part in request.stream():
                file.write(part)
            file.flush()
            return (await run_in_threadpool(_opened, store, Path(file.name), id)).describe()

    @routes.get("/{id}/events", response_class=Response, responses=sends(EVENTS))
    async def events(id: str) -> Response:
        return event_stream(_events(store.get(id)))

    return routes


def _opened(store: SessionStore, path: Path, id: str) -> HostedSession:
    """Open a memory file that a client sent, without the server's path in what is wrong with it."""
    try:
        return store.open(path, id)
    except Refusal:
        raise
    except ValueError as error:
        raise Refusal(400, "bad_memory", str(error).replace(str(path), "The file")) from None


async def _events(hosted: HostedSession) -> AsyncIterator[str]:
    """Yield what happens in a session until it is deleted, or the listener is too slow."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[SessionEvent | None]()

    def put(happened: SessionEvent | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, happened)

    await run_in_threadpool(hosted.events.listen, hosted.session, put)
    try:
        yield event(hosted.describe(), "session")
        while queue.qsize() < EVENTS_WAIT and (happened := await queue.get()) is not None:
            yield event(happened.to_json(), happened.kind)
    finally:
        hosted.events.leave(put)
