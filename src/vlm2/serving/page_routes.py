"""The routes of the web page: its files, and what only it reads of a session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from ..viewer.gltf_file import gltf_scene
from ..viewer.scene import scene_of
from ..viewer.scene_page import scene_page
from .description import JSON, TEXT, sends
from .limits import Refusal
from .store import SessionStore

FOLDER = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
GLB = "model/gltf-binary"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def page_routes() -> APIRouter:
    """Return the routes of the page's own files."""
    routes = APIRouter(include_in_schema=False)
    files = {file.name: file for file in FOLDER.iterdir() if file.suffix in KINDS}

    @routes.get("/")
    def index() -> Response:
        return _sent(files["index.html"])

    @routes.get("/page/{name}")
    def part(name: str) -> Response:
        if name not in files:
            raise Refusal(404, "no_such_page", f"The page has no file {name[:64]!r}.")
        return _sent(files[name])

    return routes


def scene_routes(store: SessionStore) -> APIRouter:
    """Return the routes that show the whole of a session's memory: its timeline, and its scene in 3D."""
    routes = APIRouter(prefix="/v1/sessions/{id}")

    @routes.get("/timeline")
    def timeline(id: str) -> dict[str, Any]:
        """Return seconds: of the frames that the memory holds, of those that it gave up, and of those at which the
        camera was lost."""
        stream = store.get(id).session.whole_windows
        evicted = [write.evicted_time for write in stream.log.writes if write.evicted_time is not None]
        return {
            "held": [held.time for held in stream.log.held],
            "evicted": evicted,
            "lost": list(stream.object_map().path.lost),
        }

    @routes.get("/scene.glb", response_class=Response, responses=sends(GLB))
    async def scene_file(id: str) -> Response:
        """Return the scene in 3D as a binary glTF file."""
        stream = await asyncio.wrap_future(store.get(id).completed())
        try:
            data = await run_in_threadpool(lambda: gltf_scene(scene_of(stream), id))
        except ValueError as error:  # too few frames
            raise Refusal(404, "no_scene", str(error)) from None
        name = {"Content-Disposition": f'attachment; filename="{id}.glb"'}
        return Response(data, media_type=GLB, headers=name)

    @routes.get("/scene.html", response_class=Response, responses=sends("text/html") | sends(TEXT, JSON, status=404))
    async def scene(id: str) -> Response:
        stream = await asyncio.wrap_future(store.get(id).completed())
        try:
            page = await run_in_threadpool(lambda: scene_page(scene_of(stream), id))
        except ValueError as error:  # no viser, or too few frames
            return Response(str(error), 404, media_type="text/plain")
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": "frame-ancestors 'self'"})

    return routes


def _sent(file: Path) -> FileResponse:
    return FileResponse(file, media_type=KINDS[file.suffix], headers=HEADERS)
