"""An OpenAI-compatible server on the loopback address, which records what it gets and replies what a test wants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


def completion(text: Any) -> bytes:
    """Return a chat completion with these words."""
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@dataclass
class FakeServer:
    """What the server replies (`status`, `headers`, `body`), and the requests it got: path, headers, body. `hold` makes
    it wait for its release."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = completion("Somebody had breakfast.")
    models: bytes = b'{"data": [{"id": "first/model"}, {"id": "second"}]}'
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    hold: Event | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def content(self) -> list[dict[str, Any]]:
        """The parts of the last message."""
        return self.requests[-1][2]["messages"][0]["content"]

    @property
    def texts(self) -> list[str]:
        return [part["text"] for part in self.content if part["type"] == "text"]

    @property
    def pictures(self) -> list[str]:
        return [part["image_url"]["url"] for part in self.content if part["type"] == "image_url"]


@contextmanager
def fake_server(**replies: Any) -> Iterator[FakeServer]:
    """Run a server in a thread."""
    fake = FakeServer(**replies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.requests.append((self.path, dict(self.headers), None))
            self._reply(200, fake.models)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.requests.append((self.path, dict(self.headers), body))
            if fake.hold is not None:
                fake.hold.wait(30)
            self._reply(fake.status, fake.body)

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in fake.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        if fake.hold is not None:
            fake.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
