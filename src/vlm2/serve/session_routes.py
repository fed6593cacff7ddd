"""The routes of sessions: made, shown frames and videos, asked, looked at, saved."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from .events import SessionEvent
from .hosted import HostedSession
from .limits import Refusal
from .replies import answer_body
from .sse import event, event_stream
from .store import SessionStore
from .videos import VideoShelf, frames_of
from .views import keyframe_jpeg, plan_png

EVENTS_WAIT = 256  # events that wait for a slow listener; more end its stream


class SessionRequest(BaseModel):
    """A new session; an `id` is made up where none is given."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = None


class WatchRequest(BaseModel):
    """A video to watch: the id of an uploaded file. With `wait`, the reply comes when it was watched."""

    model_config = ConfigDict(extra="forbid")

    file: str
    wait: bool = False


class QuestionRequest(BaseModel):
    """A question. With `wait`, it is about all frames that the server has got, else about those that the model has
    taken; `guess` as `Session.ask` has it."""

    model_config = ConfigDict(extra="forbid")

    question: str
    wait: bool = False
    guess: bool = False
    stream: bool = False


def session_routes(store: SessionStore, shelf: VideoShelf) -> APIRouter:
    """Return the routes of a store's sessions, and of their videos."""
    routes = APIRouter(prefix="/v1/sessions")

    @routes.get("")
    def list_sessions() -> dict[str, Any]:
        return {"object": "list", "data": [hosted.describe() for hosted in store.list()]}

    @routes.post("", status_code=201)
    def create_session(request: SessionRequest | None = None) -> dict[str, Any]:
        return store.create(request and request.id).describe()

    @routes.get("/{id}")
    def get_session(id: str) -> dict[str, Any]:
        return store.get(id).describe()

    @routes.delete("/{id}")
    def delete_session(id: str) -> dict[str, Any]:
        store.delete(id)
        return {"id": id, "object": "vlm2.session.deleted", "deleted": True}

    @routes.post("/{id}/fork", status_code=201)
    def fork_session(id: str, request: SessionRequest | None = None) -> dict[str, Any]:
        return store.fork(id, request and request.id).describe()

    @routes.post("/{id}/watch", status_code=202)
    async def watch(id: str, request: WatchRequest) -> dict[str, Any]:
        hosted, path = store.get(id), shelf.get(request.file).path
        frames = await run_in_threadpool(frames_of, path, store.limits, hosted.notes.append)
        done = hosted.watch(frames)
        if request.wait:
            await asyncio.wrap_future(done)
        return hosted.describe()

    @routes.post("/{id}/ask")
    async def ask(id: str, request: QuestionRequest) -> Response:
        hosted = store.get(id)
        answer = asyncio.wrap_future(hosted.ask(request.question, request.wait, guess=request.guess))

        async def reply() -> dict[str, Any]:
            return answer_body(await answer, id, hosted.session.stream.keyframes)

        async def events() -> AsyncIterator[str]:
            yield event(hosted.describe(), "asked")
            yield event(await reply(), "answer")

        return event_stream(events()) if request.stream else JSONResponse(await reply())

    @routes.get("/{id}/objects")
    async def objects(id: str, wait: bool = False) -> Response:
        job = store.get(id).submit(lambda session: session.objects.to_json(), wait)
        return Response(await asyncio.wrap_future(job), media_type="application/json")

    @routes.get("/{id}/plan.png")
    def plan(id: str) -> Response:
        return Response(plan_png(store.get(id).session.stream), media_type="image/png")

    @routes.get("/{id}/keyframes")
    def list_keyframes(id: str) -> dict[str, Any]:
        shown = store.get(id).session.stream.keyframes
        return {"object": "list", "data": [{"frame": frame.frame, "time": frame.time} for frame in shown]}

    @routes.get("/{id}/keyframes/{frame}")
    def keyframe(id: str, frame: int, side: Annotated[int | None, Query(ge=16, le=512)] = None) -> Response:
        return Response(keyframe_jpeg(store.get(id).session.stream, frame, side), media_type="image/jpeg")

    @routes.get("/{id}/memory")
    def download(id: str) -> Response:
        fork = store.get(id).session.fork()
        with tempfile.TemporaryDirectory(prefix="vlm2-memory-") as folder:
            fork.save(Path(folder, "memory.vlm2mem"))
            data = Path(folder, "memory.vlm2mem").read_bytes()
        name = {"Content-Disposition": f'attachment; filename="{id}.vlm2mem"'}
        return Response(data, media_type="application/octet-stream", headers=name)

    @routes.put("/{id}/memory", status_code=201)
    async def upload(id: str, request: Request) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile(prefix="vlm2-memory-", suffix=".vlm2mem") as file:
            async for part in request.stream():
                file.write(part)
            file.flush()
            return (await run_in_threadpool(_opened, store, Path(file.name), id)).describe()

    @routes.get("/{id}/events")
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
            yield event(json.dumps(happened.to_json()), happened.kind)
    finally:
        hosted.events.leave(put)
