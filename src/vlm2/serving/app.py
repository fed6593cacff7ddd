"""The application: routes, guard and errors over one store."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from .. import __version__
from ..video.source import VideoSource
from .chat import Chats
from .chat_routes import chat_routes
from .description import REFUSED, TEXT, sends
from .frame_routes import frame_routes
from .guard import Access, Guard
from .limits import Refusal
from .media import MediaReader
from .memory_routes import memory_routes
from .metrics import MEDIA_TYPE, metrics_text
from .page_routes import page_routes, scene_routes
from .replies import error_body, invalid_body
from .session_routes import session_routes
from .store import SessionStore
from .videos import VideoShelf, frames_of

LOG = logging.getLogger(__name__)


def build_app(
    store: SessionStore,
    access: Access | None = None,
    allow_fetch: bool = False,
    cameras: Mapping[str, VideoSource] | None = None,
) -> FastAPI:
    """Return the application over a store, which starts and stops with it. With `allow_fetch`, it fetches public
    addresses that chats name. Sessions may watch the `cameras`, by their names."""
    cameras = cameras or {}
    shelf = VideoShelf(store.limits)
    chats = Chats(store, MediaReader(shelf, store.limits, allow_fetch))

    protocol = _mcp(store, shelf) if find_spec("mcp") else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(store.start)
        try:
            async with protocol[1].run() if protocol else nullcontext():
                yield
        finally:
            await run_in_threadpool(store.stop)
            shelf.close()

    app = FastAPI(
        title="vlm2", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, responses=REFUSED
    )
    app.add_middleware(Guard, access=access or Access(), body=store.limits.body)
    app.include_router(chat_routes(chats, shelf, int(time.time())))
    app.include_router(frame_routes(store))
    app.include_router(session_routes(store, shelf, cameras))
    app.include_router(memory_routes(store))
    app.include_router(scene_routes(store))
    app.include_router(page_routes())

    if protocol:
        app.router.routes.append(protocol[0])

    @app.get("/v1/cameras")
    def list_cameras() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "vlm2.camera"} for name in cameras]}

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", response_class=Response, responses=sends(TEXT))
    def metrics() -> Response:
        return Response(metrics_text(store), media_type=MEDIA_TYPE)

    app.exception_handler(ValueError)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_failed)
    return app


def _mcp(store: SessionStore, shelf: VideoShelf) -> Any:
    """Return the route of the Model Context Protocol, and its manager."""
    from .mcp_server import build_server, mcp_route

    names = "A video is named by its file id: upload it to /v1/files first."
    return mcp_route(build_server(store, lambda id, note: frames_of(shelf.get(id).path, store.limits, note), names))


async def _refused(_: Request, error: Any) -> JSONResponse:
    status, code = (error.status, error.code) if isinstance(error, Refusal) else (400, "bad_request")
    return JSONResponse(error_body(status, code, str(error)), status)


async def _invalid(_: Request, error: Any) -> JSONResponse:
    return JSONResponse(invalid_body(error.errors()), 400)


async def _http_error(_: Request, error: Any) -> JSONResponse:
    body = error_body(error.status_code, None, str(error.detail))
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _failed(request: Request, error: Any) -> JSONResponse:
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse(error_body(500, "failed", "The server failed; see its log."), 500)
