"""Who is let in, over real HTTP: Host, Origin, token, size."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from toyclient import running
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from vlm2.serving.app import build_app
from vlm2.serving.guard import Access, is_loopback
from vlm2.serving.limits import Limits

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def guarded(make_store) -> Iterator[str]:
    """The address of a server with a token, another name and a small limit of bodies."""
    access = Access.of("127.0.0.1", "secret", ["Robot.local"], ["https://page.example"])
    store = make_store(start=False, limits=Limits(body=1000))
    with running(build_app(store, access)) as address:
        yield address


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[bad"]
)
def test_another_host_is_misdirected(guarded, host) -> None:
    reply = httpx2.get(f"{guarded}/v1/models", headers=TOKEN | {"Host": host})
    assert reply.status_code == 421 and reply.json()["error"]["code"] == "wrong_host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:80", "robot.local:8765"])
def test_our_names_are_known(guarded, host) -> None:
    assert httpx2.get(f"{guarded}/v1/models", headers=TOKEN | {"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"])
def test_another_origin_is_forbidden(guarded, origin) -> None:
    reply = httpx2.get(f"{guarded}/v1/models", headers=TOKEN | {"Origin": origin})
    assert reply.status_code == 403 and reply.json()["error"]["code"] == "wrong_origin"


def test_our_origins_are_allowed(guarded) -> None:
    for origin in (guarded, "https://page.example"):
        assert httpx2.get(f"{guarded}/v1/models", headers=TOKEN | {"Origin": origin}).status_code == 200


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Basic secret", "Bearer secrets", "secret"])
@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/openapi.json", "/nothing", "/v1/sessions"])
def test_without_the_token_nothing_is_told(guarded, path, given) -> None:
    reply = httpx2.get(guarded + path, headers={} if given is None else {"Authorization": given})
    assert reply.status_code == 401 and reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["error"]["type"] == "authentication_error"


def test_health_needs_no_token(guarded) -> None:
    assert httpx2.get(f"{guarded}/healthz").status_code == 200
    assert httpx2.get(f"{guarded}/healthz", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (TOKEN | {"Origin": "https://evil.example"}, 403)],
    ids=["token", "origin"],
)
def test_sockets_are_guarded_as_well(guarded, headers, status) -> None:
    address = f"{guarded}/v1/sessions/none/frames".replace("http:", "ws:")
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers):
        pass
    assert refused.value.response.status_code == status


def test_large_bodies_are_refused(guarded) -> None:
    reply = httpx2.post(f"{guarded}/v1/chat/completions", headers=TOKEN, content=b" " * 1001)
    assert reply.status_code == 413 and reply.json()["error"]["code"] == "too_large"
    parts = (b" " * 100 for _ in range(11))  # chunked: its length is not stated
    assert httpx2.post(f"{guarded}/v1/chat/completions", headers=TOKEN, content=parts).status_code == 413
    assert httpx2.put(f"{guarded}/v1/sessions/a/memory", headers=TOKEN, content=iter([b" " * 2000])).status_code == 413
    assert httpx2.post(f"{guarded}/v1/chat/completions", headers=TOKEN, content=b" " * 1000).status_code == 400


def test_a_server_off_loopback_needs_a_token() -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "robot.local"):
        with pytest.raises(ValueError, match="needs a token"):
            Access.of(host, None)
        access = Access.of(host, "secret")
        assert access.addresses and host in access.hosts
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert is_loopback(host) and not Access.of(host, None).addresses
    for token in ("", " secret", "sécret", "a\nb"):
        with pytest.raises(ValueError, match="printable"):
            Access.of("localhost", token)
