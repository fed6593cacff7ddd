"""The routes of sessions: made, renamed, forked, deleted, shown videos, asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from ..streaming.intent_planner import MOST_EARLIER
from ..video.source import VideoSource
from .cameras import attach_camera
from .description import EVENTS, JSON, sends
from .replies import answer_body
from .sse import event, event_stream
from .store import SessionStore
from .videos import VideoShelf, frames_of


class SessionRequest(BaseModel):
    """A new session; an `id` is made up where none is given."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = None


class NewIdRequest(BaseModel):
    """Another id for a session."""

    model_config = ConfigDict(extra="forbid")

    id: str


class WatchRequest(BaseModel):
    """The source to watch: a video, by the id of an uploaded file, or a camera, by its name. With `wait`, the reply
    comes when the video was watched."""

    model_config = ConfigDict(extra="forbid")

    file: str | None = None
    camera: str | None = None
    wait: bool = False

    @model_validator(mode="after")
    def _check(self) -> WatchRequest:
        if (self.file is None) == (self.camera is None):
            raise ValueError("name a file or a camera")
        return self


class QuestionRequest(BaseModel):
    """A question. With `wait`, it is about all frames that the server has got. Without, while frames or a video come,
    it is about those of whole windows, which is much cheaper; the answer's `seen_until` is the time of the last one.
    `guess` and `earlier` (the questions before it) as `Session.ask` has them."""

    model_config = ConfigDict(extra="forbid")

    question: str
    wait: bool = False
    guess: bool = False
    earlier: Annotated[list[str], Field(max_length=MOST_EARLIER)] = []
    stream: bool = False


def session_routes(store: SessionStore, shelf: VideoShelf, cameras: Mapping[str, VideoSource]) -> APIRouter:
    """Return the routes of a store's sessions, and of their videos and cameras."""
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

    @routes.patch("/{id}")
    def rename_session(id: str, request: NewIdRequest) -> dict[str, Any]:
        return store.rename(id, request.id).describe()

    @routes.delete("/{id}")
    def delete_session(id: str) -> dict[str, Any]:
        store.delete(id)
        return {"id": id, "object": "vlm2.session.deleted", "deleted": True}

    @routes.post("/{id}/fork", status_code=201)
    def fork_session(id: str, request: SessionRequest | None = None) -> dict[str, Any]:
        return store.fork(id, request and request.id).describe()

    @routes.post("/{id}/watch", status_code=202)
    async def watch(id: str, request: WatchRequest) -> dict[str, Any]:
        hosted = store.get(id)
        if request.file is None:
            attach_camera(cameras, request.camera or "", hosted)
            return hosted.describe()
        path = shelf.get(request.file).path
        frames = await run_in_threadpool(frames_of, path, store.limits, hosted.notes.append)
        done = hosted.watch(frames)
        if request.wait:
            await asyncio.wrap_future(done)
        return hosted.describe()

    @routes.delete("/{id}/watch")
    def stop_camera(id: str) -> dict[str, Any]:
        """Stop the camera that the session watches."""
        hosted = store.get(id)
        hosted.detach()
        return hosted.describe()

    @routes.post("/{id}/ask", responses=sends(JSON, EVENTS))
    async def ask(id: str, request: QuestionRequest) -> Response:
        hosted = store.get(id)
        options = {"guess": request.guess, "earlier": request.earlier}
        asked = await run_in_threadpool(hosted.ask, request.question, request.wait, **options)
        answer = asyncio.wrap_future(asked)

        async def reply() -> dict[str, Any]:
            return answer_body(await answer, id, hosted.session.stream.keyframes)

        async def events() -> AsyncIterator[str]:
            yield event(hosted.describe(), "asked")
            yield event(await reply(), "answer")

        return event_stream(events()) if request.stream else JSONResponse(await reply())

    return routes
