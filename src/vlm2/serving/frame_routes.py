"""The routes by which sessions get frames: by POST, one or several, and by WebSocket."""

from __future__ import annotations

import struct
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from .description import BINARY, JPEG, PNG, takes, takes_form
from .hosted import HostedSession
from .limits import Refusal
from .pictures import decode_picture
from .replies import error_body
from .store import SessionStore

MOST_FRAMES = 64  # of one form
FRAMES = {"type": "array", "items": BINARY, "maxItems": MOST_FRAMES}
TIMES = {"type": "array", "items": {"type": "number"}, "maxItems": MOST_FRAMES}
REASON = 120  # bytes of the reason for closing a WebSocket, at most
HEAD = struct.Struct("<d")  # the time in seconds, before the picture in a WebSocket's message


def frame_routes(store: SessionStore) -> APIRouter:
    """Return the routes of a store's sessions."""
    routes = APIRouter(prefix="/v1/sessions/{id}")

    @routes.post("/frame", status_code=202, openapi_extra=takes(JPEG, PNG))
    async def post_frame(id: str, request: Request, time: Annotated[float, Query()]) -> dict[str, Any]:
        hosted, data = store.get(id), await request.body()
        return _state(hosted, int(await run_in_threadpool(_push, store, hosted, data, time)), 1)

    @routes.post("/frames", status_code=202, openapi_extra=takes_form(frame=FRAMES, time=TIMES))
    async def post_frames(id: str, request: Request) -> dict[str, Any]:
        hosted = store.get(id)
        async with request.form(max_files=MOST_FRAMES, max_fields=MOST_FRAMES) as form:
            files = [file for file in form.getlist("frame") if isinstance(file, UploadFile)]
            times = form.getlist("time")
            if not files or len(files) != len(times):
                raise Refusal(
                    400,
                    "bad_times",
                    f"{len(files)} frames came with {len(times)} times; send as many parts `frame` as parts `time`.",
                )
            pushed = 0
            for file, time in zip(files, map(_seconds, times), strict=True):
                pushed += await run_in_threadpool(_push, store, hosted, await file.read(), time)
        return _state(hosted, pushed, len(files))

    @routes.websocket("/frames")
    async def stream_frames(socket: WebSocket, id: str) -> None:
        await socket.accept()
        try:
            hosted = store.get(id)
        except Refusal as error:  # after the handshake: a refused one shows clients no reason
            await socket.send_json(error_body(error.status, error.code, str(error)))
            await socket.close(1008, str(error).encode()[:REASON].decode(errors="ignore"))
            return
        try:
            while True:
                await socket.send_json(await _reply(store, hosted, await socket.receive()))
        except WebSocketDisconnect:
            return

    return routes


async def _reply(store: SessionStore, hosted: HostedSession, message: Any) -> dict[str, Any]:
    """Take one message of a WebSocket; return the reply to it. An error leaves the connection open."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000), message.get("reason"))
    data = message.get("bytes") or b""
    try:
        if len(data) <= HEAD.size:
            raise Refusal(
                400, "bad_message", "A message is binary: the time as a little-endian double, then a picture."
            )
        time, picture = HEAD.unpack_from(data)[0], data[HEAD.size :]
        return _state(hosted, int(await run_in_threadpool(_push, store, hosted, picture, time)), 1)
    except Refusal as error:
        return error_body(error.status, error.code, str(error))


def _seconds(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        raise Refusal(400, "bad_time", f"{str(text)[:40]!r} is no time in seconds.") from None


def _push(store: SessionStore, hosted: HostedSession, data: bytes, time: float) -> bool:
    """Decode a picture, and queue it."""
    return hosted.push(decode_picture(data, store.limits.pixels), time)


def _state(hosted: HostedSession, queued: int, came: int) -> dict[str, Any]:
    """Return how many frames were queued and skipped, and the state of the session."""
    return {"queued": queued, "skipped": came - queued, "session": hosted.describe()}
