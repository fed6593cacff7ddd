"""A vision-language model behind an OpenAI-compatible address (vLLM, llama.cpp, Ollama, LM Studio, …).

The standard library is enough for two requests: the list of models, and a chat completion.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import time
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from . import SECONDS, VLMError, answer_words

KEY = "OPENAI_API_KEY"  # of the environment
LARGEST, EXCERPT = 2**20, 200  # bytes of a reply, characters of an error that are shown


class OpenAIServer:
    """The model that an address names behind `#`, else the first one that the server lists.

    A request may take `seconds`. A redirection is an error, so pictures and key go to the given address only, and no
    proxy is used for this machine. Raises VLMError for a wrong address, and where the list is needed and cannot be had.
    """

    def __init__(self, address: str, seconds: float = SECONDS) -> None:
        base, _, model = address.partition("#")
        self.base, self.seconds = base.rstrip("/"), seconds
        host = _host(address, self.base)
        self._opener = build_opener(_NoRedirection, *([ProxyHandler({})] if _is_local(host) else []))
        self.model = model or self._first_model()

    @property
    def name(self) -> str:
        """The address with the model."""
        return f"{self.base}#{self.model}"

    def answer(self, message: Sequence[str | bytes], most_tokens: int) -> str:
        """Send texts and pictures as one message. Raises VLMError for any reply that is no answer."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": [_part(part) for part in message]}],
            "max_tokens": most_tokens,
            "temperature": 0,
        }
        reply = self._request("/chat/completions", body)
        try:
            words = reply["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError):
            raise VLMError(f"{self.base} replied with something else than a chat completion.") from None
        return answer_words(words if isinstance(words, str) else "", self.name)

    def _first_model(self) -> str:
        reply = self._request("/models")
        try:
            return str(reply["data"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise VLMError(f"{self.base} lists no model; name one: {self.base}#MODEL") from None

    def _request(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the JSON that the server replies; `body` is posted."""
        key = os.environ.get(KEY, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise VLMError(f"{KEY} holds characters that no key has.")
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        data = None if body is None else json.dumps(body).encode()
        end = time.monotonic() + self.seconds
        try:
            with self._opener.open(Request(self.base + path, data, headers), timeout=self.seconds) as response:
                text = _read(response, end)
            return json.loads(text)
        except HTTPError as error:
            with error:
                raise VLMError(_without(key, f"{self.base} answered {error.code}: {_excerpt(error)}")) from None
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            late = isinstance(reason, TimeoutError)
            why = f"gave no answer in {self.seconds:g} s" if late else f"cannot be reached ({reason or 'no reply'})"
            raise VLMError(_without(key, f"{self.base} {why}.")) from None
        except (ValueError, RecursionError):
            raise VLMError(f"{self.base} replied with something that is no JSON.") from None


class _NoRedirection(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow no redirection."""


def _host(address: str, base: str) -> str:
    """Return the host of an address. Raises VLMError for one that cannot be requested as it is."""
    wrong = VLMError(f"{address!r} is no address; give one such as http://localhost:8000/v1 or …/v1#model.")
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if "@" in parts.netloc:
        raise VLMError(f"A user or a password in an address would be shown in answers; put the key into {KEY}.")
    if not host or parts.query or " " in base or not (base.isascii() and base.isprintable()):
        raise wrong
    return host


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _part(part: str | bytes) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    url = f"data:image/jpeg;base64,{base64.b64encode(part).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _read(response: Any, end: float) -> bytes:
    """Return the bytes of a reply that comes before `end` (seconds, monotonic)."""
    text = b""
    while part := response.read1(2**16):
        text += part
        if len(text) > LARGEST:
            raise OSError(f"its reply is longer than {LARGEST} bytes")
        if time.monotonic() > end:
            raise TimeoutError
    return text


def _excerpt(error: HTTPError) -> str:
    """Return the beginning of an error's text, on one line."""
    try:
        text = error.read(LARGEST).decode(errors="replace")
    except (OSError, HTTPException):
        text = ""
    return " ".join(text.split())[:EXCERPT] or str(error.reason)


def _without(key: str, text: str) -> str:
    return text.replace(key, "…") if key else text
