"""The Model Context Protocol: the tools and resources of a store, over stdio and HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import Any

from mcp import types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from .. import __version__
from .limits import Refusal
from .store import SessionStore
from .tools import MemoryTools, OpenVideo, ToolCard
from .views import plan_png

URI = re.compile(r"memory://([^/]+)/(objects|plan\.png)")
KINDS = {"objects": "application/json", "plan.png": "image/png"}
INSTRUCTIONS = (
    "A spatial memory of places seen on video. Watch a video, then ask in words, or call an operator (count, distance, "
    "where, …). Lengths are in metres. An answer with another status than ok is not known for sure. "
)


def build_server(store: SessionStore, open_video: OpenVideo, video_names: str) -> Server[Any]:
    """Return the protocol's server; `video_names` explains what names a video."""
    tools = MemoryTools(store, open_video)

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(card) for card in tools.cards()])

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            reply = await tools.call(params.name, params.arguments or {})
        except ValueError as error:  # told to the agent, which may do better
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        blocks: list[Any] = [types.TextContent(text=reply.text)]
        blocks += [types.ImageContent(data=_encoded(jpeg), mime_type="image/jpeg") for jpeg in reply.pictures]
        return types.CallToolResult(content=blocks, structured_content=reply.structured)

    async def list_resources(_: Any, __: Any) -> types.ListResourcesResult:
        ids = [hosted.id for hosted in store.list()]
        found = [(f"memory://{id}/{part}", f"{id}: {part}", kind) for id in ids for part, kind in KINDS.items()]
        resources = [types.Resource(uri=uri, name=name, mime_type=kind) for uri, name, kind in found]
        return types.ListResourcesResult(resources=resources)

    async def list_templates(_: Any, __: Any) -> types.ListResourceTemplatesResult:
        templates = [
            types.ResourceTemplate(uri_template=f"memory://{{session}}/{part}", name=part, mime_type=kind)
            for part, kind in KINDS.items()
        ]
        return types.ListResourceTemplatesResult(resource_templates=templates)

    async def read_resource(_: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            return types.ReadResourceResult(contents=[await _resource(tools, str(params.uri))])
        except Refusal as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None

    return Server(
        "vlm2",
        version=__version__,
        instructions=INSTRUCTIONS + video_names,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


async def serve_stdio(server: Server[Any]) -> None:
    """Serve one client over stdin and stdout until it closes them."""
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def mcp_route(server: Server[Any]) -> tuple[Route, StreamableHTTPSessionManager]:
    """Return the route /mcp of streamable HTTP, and the manager that must run meanwhile. Host and Origin are checked by
    the application's guard."""
    manager = StreamableHTTPSessionManager(server)
    return Route("/mcp", endpoint=StreamableHTTPASGIApp(manager)), manager


async def _resource(tools: MemoryTools, uri: str) -> types.TextResourceContents | types.BlobResourceContents:
    """Return what an address such as memory://SESSION/objects holds. Raises Refusal where there is nothing."""
    found = URI.fullmatch(uri)
    if found is None:
        raise Refusal(404, "no_such_resource", f"There is no resource {uri[:100]!r}; see memory://SESSION/objects.")
    id, part = found.groups()
    if part == "objects":
        reply = await tools.call("objects", {"session": id})
        return types.TextResourceContents(uri=uri, mime_type=KINDS[part], text=json.dumps(reply.structured))
    stream = await asyncio.wrap_future(tools.session(id).completed())
    png = await run_in_threadpool(plan_png, stream)
    return types.BlobResourceContents(uri=uri, mime_type=KINDS[part], blob=_encoded(png))


def _listed(card: ToolCard) -> types.Tool:
    return types.Tool(
        name=card.name,
        description=card.description,
        input_schema=card.arguments,
        output_schema=card.result,
        annotations=types.ToolAnnotations(read_only_hint=card.name != "watch", open_world_hint=False),
    )


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
