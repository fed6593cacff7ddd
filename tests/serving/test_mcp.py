"""The Model Context Protocol with its own client, over stdio and over HTTP: every tool is listed and called."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client, types
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from PIL import Image
from sessions import observe
from toyclient import running, small_video
from toyhome import at_home

from vlm2.query import operator_types
from vlm2.query.calls import operator_modules, parse_call
from vlm2.serving.app import build_app
from vlm2.serving.guard import Access
from vlm2.serving.tools import OWN

SUPPORT = Path(__file__).resolve().parents[1] / "support"


def arguments_of(name: str) -> dict:
    """The arguments of an operator's first example, as JSON."""
    query = parse_call(operator_modules()[name].EXAMPLES[0][1])
    return query.model_dump(mode="json", exclude={"options"}, exclude_defaults=True)


async def use(client: Client, video: str) -> None:
    """List and call every tool, and read every resource, of a server with the session "home"."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == set(OWN) | set(operator_types())
    for name in operator_types():
        result = await client.call_tool(name, {**arguments_of(name), "session": "home"})
        assert not result.is_error, (name, result.content)
        assert result.structured_content["sentence"] == result.content[0].text
    counted = await client.call_tool("count", {"things": {"label": "chair"}})
    assert counted.structured_content["value"] == 2
    asked = await client.call_tool("ask", {"question": "How many chairs are there?"})
    assert asked.structured_content["value"] == 2 and asked.content[0].text.startswith("I count 2 chairs")
    shown = await client.call_tool("keyframes", {"times": [0.0, 1.5]})
    images = [block for block in shown.content if isinstance(block, types.ImageContent)]
    assert len(images) == 2 and images[0].mime_type == "image/jpeg"
    assert max(Image.open(io.BytesIO(base64.b64decode(images[0].data))).size) <= 512
    assert len((await client.call_tool("objects", {})).structured_content["objects"]) == 4
    refused = await client.call_tool("count", {"things": {"label": "chair"}, "session": "none"})
    assert refused.is_error and "no session" in refused.content[0].text
    listed = {str(resource.uri) for resource in (await client.list_resources()).resources}
    assert listed == {"memory://home/objects", "memory://home/plan.png"}
    assert len((await client.list_resource_templates()).resource_templates) == 2
    (things,) = (await client.read_resource("memory://home/objects")).contents
    assert len(json.loads(things.text)["objects"]) == 4
    (plan,) = (await client.read_resource("memory://home/plan.png")).contents
    assert Image.open(io.BytesIO(base64.b64decode(plan.blob))).format == "PNG"
    with pytest.raises(MCPError, match="no session 'none'"):
        await client.read_resource("memory://none/objects")
    watched = await client.call_tool("watch", {"video": video, "session": "walk"})
    assert not watched.is_error and watched.structured_content["session"]["frames"] == 3
    assert len((await client.call_tool("sessions", {})).structured_content["sessions"]) == 2


def run(main: Callable) -> None:
    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(main)


def test_over_stdio(loaded, tmp_path) -> None:
    at_home(loaded).save(tmp_path / "home.vlm2mem")
    (tmp_path / "walk.mkv").write_bytes(small_video())
    environment = {"PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path]), "OMP_NUM_THREADS": "1"}
    state, memory = tmp_path / "state", str(tmp_path / "home.vlm2mem")
    command = [str(SUPPORT / "toymcp.py"), memory, "--state", str(state)]

    async def main() -> None:
        server = StdioServerParameters(command=sys.executable, args=command, env=environment)
        async with Client(stdio_client(server)) as client:
            await use(client, str(tmp_path / "walk.mkv"))

    run(main)
    assert sorted(file.name for file in state.iterdir()) == ["home.vlm2mem", "walk.vlm2mem"]  # saved as it ended


def test_a_session_of_the_state_is_continued_not_opened_again(loaded, images, tmp_path) -> None:
    memory, state = tmp_path / "home.vlm2mem", tmp_path / "state"
    state.mkdir()
    at_home(loaded).save(memory)
    observe(loaded.session(), images[:7]).save(state / "home.vlm2mem")  # has seen more than the file
    environment = {"PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path]), "OMP_NUM_THREADS": "1"}
    command = [str(SUPPORT / "toymcp.py"), str(memory), "--state", str(state)]

    async def main() -> None:
        server = StdioServerParameters(command=sys.executable, args=command, env=environment)
        with (tmp_path / "stderr").open("w") as stderr:
            async with Client(stdio_client(server, errlog=stderr)) as client:
                (session,) = (await client.call_tool("sessions", {})).structured_content["sessions"]
                assert (session["id"], session["frames"]) == ("home", 7)

    run(main)
    assert "Session home is continued" in (tmp_path / "stderr").read_text()


@pytest.mark.parametrize("saved", [True, False])
def test_a_terminated_server_saves_while_its_client_is_silent(loaded, tmp_path, saved) -> None:
    at_home(loaded).save(tmp_path / "home.vlm2mem")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path]), "OMP_NUM_THREADS": "1"}
    state = tmp_path / "state"
    command = [sys.executable, str(SUPPORT / "toymcp.py"), str(tmp_path / "home.vlm2mem"), "--state", str(state)]
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "toy", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as server:
        assert server.stdin and server.stdout
        server.stdin.write(json.dumps(message).encode() + b"\n")
        server.stdin.flush()
        assert json.loads(server.stdout.readline())["id"] == 1
        if not saved:
            (state / "home.vlm2mem").mkdir()  # in the way
        server.terminate()
        assert server.wait(30) == (0 if saved else 1)
    assert (state / "home.vlm2mem").is_file() == saved


def test_over_http(served_store) -> None:
    address = served_store[0]
    file = httpx2.post(f"{address}/v1/files", files={"file": ("walk.mkv", small_video())}, timeout=30).json()["id"]

    async def main() -> None:
        async with Client(f"{address}/mcp") as client:
            await use(client, file)

    run(main)


def test_over_http_the_same_guard_stands(make_store, loaded) -> None:
    access = Access.of("127.0.0.1", "secret")
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with running(build_app(make_store(start=False), access)) as address:
        token = {"Authorization": "Bearer secret"}
        for headers, status in (
            (token | {"Host": "evil.example"}, 421),
            (token | {"Origin": "https://evil.example"}, 403),
            ({}, 401),
        ):
            assert httpx2.post(f"{address}/mcp", json=body, headers=headers).status_code == status

        async def main() -> None:
            async with (
                httpx2.AsyncClient(headers=token) as http,
                Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
            ):
                assert (await client.call_tool("sessions", {})).structured_content == {"sessions": []}

        run(main)
