"""The routes that OpenAI's clients use: models, chat completions, files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from .chat import Chats
from .chat_request import ChatRequest
from .description import BINARY, EVENTS, JSON, sends, takes_form
from .limits import Refusal
from .sse import event, event_stream
from .videos import UploadedVideo, VideoShelf


def chat_routes(chats: Chats, shelf: VideoShelf, started: int) -> APIRouter:
    """Return the routes; `started` is the time of day at which the server started, in seconds."""
    routes = APIRouter(prefix="/v1")
    model = {"id": chats.model, "object": "model", "created": started, "owned_by": "vlm2"}

    @routes.get("/models")
    def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [model]}

    @routes.get("/models/{name}")
    def get_model(name: str) -> dict[str, Any]:
        if name != chats.model:
            raise Refusal(404, "model_not_found", f"There is no model {name[:64]!r}; this is {chats.model!r}.")
        return model

    @routes.post("/chat/completions", responses=sends(JSON, EVENTS))
    async def complete(request: ChatRequest) -> Response:
        if request.stream:
            return event_stream(_events(await chats.stream(request)))
        return JSONResponse(await chats.complete(request))

    @routes.post("/files", openapi_extra=takes_form(file=BINARY))
    async def add_file(request: Request) -> dict[str, Any]:
        async with request.form(max_files=1) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Refusal(400, "no_file", "Send the video as the part `file` of a form (multipart/form-data).")
            return _described(await run_in_threadpool(shelf.add, file.file, file.filename or ""))

    @routes.get("/files")
    def list_files() -> dict[str, Any]:
        return {"object": "list", "data": [_described(video) for video in shelf.list()], "has_more": False}

    @routes.get("/files/{id}")
    def get_file(id: str) -> dict[str, Any]:
        return _described(shelf.get(id))

    @routes.delete("/files/{id}")
    def delete_file(id: str) -> dict[str, Any]:
        shelf.delete(id)
        return {"id": id, "object": "file", "deleted": True}

    return routes


async def _events(chunks: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    async for chunk in chunks:
        yield event(chunk)
    yield event("[DONE]")


def _described(video: UploadedVideo) -> dict[str, Any]:
    head = {"id": video.id, "object": "file", "bytes": video.size, "created_at": video.created}
    return {**head, "filename": video.name, "purpose": "user_data", "status": "processed"}
