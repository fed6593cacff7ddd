"""Who may use the server: checks of Host, Origin, token and size before a request reaches the application."""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .replies import error_body

LOOPBACK = frozenset(["localhost", "127.0.0.1", "::1"])
OPEN_PATHS, OPEN_FOLDER = ("/", "/healthz"), "/page/"  # without a token: the page asks for it
COOKIE = "vlm2_token"  # of the page: pictures and WebSockets of a browser carry no other header


@dataclass(frozen=True)
class Access:
    """The requirements on a request. `hosts` are the names that the Host header may give. With `addresses`, it may also
    be any address in digits, which no foreign name can be pointed at. `origins` may use the server beside its own
    pages."""

    token: str | None = None
    hosts: frozenset[str] = LOOPBACK
    addresses: bool = False
    origins: frozenset[str] = frozenset()

    @staticmethod
    def of(host: str, token: str | None, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> Access:
        """Return the access to a server that listens at `host`. Raises ValueError for a server off loopback without a
        token, and for a token that no header can hold."""
        if token is not None and not (token.isascii() and token.isprintable() and token.strip() == token != ""):
            raise ValueError("The token must be printable ASCII, with no space at its ends.")
        loopback = is_loopback(host)
        if not loopback and token is None:
            raise ValueError(f"{host} can be reached from other machines, which needs a token: add --token-file FILE.")
        known = LOOPBACK | {name.lower() for name in (host, *hosts, *(() if loopback else (socket.gethostname(),)))}
        return Access(token, known, not loopback, frozenset(origins))

    def refusal(self, headers: Headers, path: str) -> tuple[int, str, str] | None:
        """Return the status, code and reason to refuse a request; None for one that may pass."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 421, "wrong_host", "This server is not known by that name; see --allow-host."
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "wrong_origin", "Pages of other sites may not use this server; see --allow-origin."
        if self.token is not None and path not in OPEN_PATHS and not path.startswith(OPEN_FOLDER):
            given = _given_token(headers)
            if given is None or not hmac.compare_digest(given.encode(), self.token.encode()):
                return 401, "wrong_token", "Give the server's token: Authorization: Bearer TOKEN."
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.hosts or (self.addresses and _is_address(name))


class Guard:
    """ASGI middleware that refuses requests that `access` does not let pass, and bodies of more than `body` bytes."""

    def __init__(self, app: ASGIApp, access: Access, body: int) -> None:
        self.app, self.access, self.body = app, access, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self.access.refusal(headers, scope["path"])
        length = headers.get("content-length", "0")
        if refused is None and not (length.isdecimal() and int(length) <= self.body):
            refused = 413, "too_large", self._too_large()
        if refused is not None:
            await _refuse(scope, send, *refused)
            return
        await self.app(scope, self._counted(receive) if scope["type"] == "http" else receive, send)

    def _counted(self, receive: Receive) -> Receive:
        """Return a `receive` that ends a body without a stated length where it grows too large."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.body:
                raise HTTPException(413, self._too_large())
            return message

        return counted

    def _too_large(self) -> str:
        return f"A request holds at most {self.body} bytes."


def _given_token(headers: Headers) -> str | None:
    """Return the token of the header Authorization, else that of the page's cookie."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind:
        return given.strip() if kind.lower() == "bearer" else None
    cookies = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((unquote(value) for name, _, value in cookies if name == COOKIE), None)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a server that listens at `host`."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(scope: Scope, send: Send, status: int, code: str, reason: str) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": json.dumps(error_body(status, code, reason)).encode()})
