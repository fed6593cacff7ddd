"""Server-sent events: their form, and comments that keep a quiet connection open."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from .limits import Refusal
from .replies import error_body

LOG = logging.getLogger(__name__)
QUIET = 15.0  # seconds after which a comment is sent
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: Any, name: str | None = None) -> str:
    """Return one event; `data` is written as JSON, but a text as it is."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "") + f"data: {text}\n\n"


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """Return the response that sends events as they come. An error becomes the last event, in OpenAI's form."""
    return StreamingResponse(_kept_open(events), media_type="text/event-stream", headers=HEADERS)


async def _kept_open(events: AsyncIterator[str]) -> AsyncIterator[str]:
    coming: asyncio.Task[str] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(events))  # pyright: ignore[reportArgumentType]
            done, _ = await asyncio.wait([coming], timeout=QUIET)
            if not done:
                yield ": still here\n\n"
                continue
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
            except ValueError as error:
                status, code = (error.status, error.code) if isinstance(error, Refusal) else (400, "bad_request")
                yield event(error_body(status, code, str(error)))
                return
            except Exception:
                LOG.exception("A stream failed")
                yield event(error_body(500, "failed", "The server failed; see its log."))
                return
            coming = None
    finally:
        if coming is not None:
            coming.cancel()
