"""Fetching addresses: public hosts only, whatever form the address has, at every hop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from toyclient import running, written

from vlm2.serving import fetch as module
from vlm2.serving.app import build_app
from vlm2.serving.fetch import fetch, is_public
from vlm2.serving.limits import Refusal

PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::",
    "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:db8::1", "100::1", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are(address) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_in_every_form(host) -> None:
    with pytest.raises(Refusal) as refused:
        fetch(f"http://{host}:9/x", 100)
    assert refused.value.code in ("private_address", "bad_address")


@pytest.mark.parametrize(
    "address",
    ["ftp://example.com/x", "file:///etc/passwd", "http://", "http://a@b/x", "http://[bad", "gopher://x", "x"],
)
def test_other_addresses_are_refused(address) -> None:
    with pytest.raises(Refusal):
        fetch(address, 100)


@pytest.fixture
def site(monkeypatch) -> Iterator[int]:
    """A site on loopback that takes the place of the host public.example; other hosts resolve as they do."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/to/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/to/").replace("PORT", str(port)))
                self.end_headers()
                return
            self.send_response(404 if self.path == "/none" else 200)
            self.end_headers()
            self.wfile.write(b"x" * int(self.path.rpartition("=")[2]) if "=" in self.path else b"hello")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port, resolve, asked = server.server_port, socket.getaddrinfo, []
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def resolved(host: str, *rest: object, **more: object):
        asked.append(host)
        if host == "public.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]
        if host == "mixed.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.215.14", "127.0.0.1")]
        return resolve(host, *rest, **more)

    def connected(target: tuple[str, int], **more: object):
        assert target[0] == "93.184.215.14", "connected to something else than what was checked"
        connection = socket.socket()
        connection.connect(("127.0.0.1", target[1]))
        return connection

    monkeypatch.setattr(module.socket, "getaddrinfo", resolved)
    monkeypatch.setattr(module.socket, "create_connection", connected)
    yield port
    server.shutdown()
    server.server_close()
    assert len(asked) == len(set(asked)) or asked.count("public.example") == len(asked)


def test_a_public_host_is_fetched_from(site) -> None:
    assert fetch(f"http://public.example:{site}/a", 100) == b"hello"
    assert fetch(f"http://public.example:{site}/to//b", 100) == b"hello"


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:PORT/x", "http://169.254.169.254/", "//localhost:PORT/", "file:///x"]
)
def test_a_redirect_to_this_machine_is_refused(site, target) -> None:
    with pytest.raises(Refusal) as refused:
        fetch(f"http://public.example:{site}/to/{target}", 100)
    assert refused.value.code in ("private_address", "bad_address")


def test_a_host_with_any_private_address_is_refused(site) -> None:
    with pytest.raises(Refusal, match="not public"):
        fetch(f"http://mixed.example:{site}/a", 100)


def test_loops_sizes_and_errors_end(site) -> None:
    start = f"http://public.example:{site}"
    with pytest.raises(Refusal, match="redirects more than"):
        fetch(f"{start}/to/" + "/to/" * 6, 100)
    with pytest.raises(Refusal, match="more than 100 bytes"):
        fetch(f"{start}/size=101", 100)
    with pytest.raises(Refusal, match="status 404"):
        fetch(f"{start}/none", 100)


def test_a_chat_fetches_only_if_allowed(make_store, images, monkeypatch) -> None:
    import httpx2

    monkeypatch.setattr("vlm2.serving.media.fetch", lambda url, most: written(images[0]))
    parts = [
        {"type": "image_url", "image_url": {"url": "https://public.example/a.jpg"}},
        {"type": "text", "text": "How many chairs are there?"},
    ]
    body = {"model": "toy", "messages": [{"role": "user", "content": parts}]}
    for allowed, status in ((False, 403), (True, 200)):
        with running(build_app(make_store(start=False), allow_fetch=allowed)) as address:
            assert httpx2.post(f"{address}/v1/chat/completions", json=body, timeout=30).status_code == status
