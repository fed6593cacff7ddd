"""Answers, errors and chat completions as clients read them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..streaming import Answer
from ..streaming.keyframe import KeyframePicture

TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def error_body(status: int, code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    """Return an error in the form of OpenAI's API."""
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def invalid_body(errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the reply to a request that a record refused, by pydantic's errors."""
    error = max(errors, key=lambda one: len(one["loc"]))  # where a field has several types, that of the closest one
    kind, given, place = error["type"], error["input"], error["loc"][1:]
    where = ".".join(str(part) for part in place if "[" not in str(part))  # without names of types
    if kind == "json_invalid":
        return error_body(400, "invalid", f"The body is not valid JSON: {error['ctx']['error']} (character {where}).")
    if not place and isinstance(given, bytes):
        return error_body(
            400, "invalid", "The body is not named as JSON: add the header Content-Type: application/json."
        )
    if not place and kind in ("missing", "model_attributes_type"):
        return error_body(400, "invalid", "The body must be a JSON object; /openapi.json describes it.")
    was = f", not {str(given)[:64]!r}" if kind == "literal_error" else ""
    return error_body(400, "invalid", f"{where or 'The request'}: {error['msg']}{was}", where or None)


def answer_body(answer: Answer, session: str, keyframes: tuple[KeyframePicture, ...]) -> dict[str, Any]:
    """Return an answer of a session, by its id, as JSON. Evidence names the keyframe closest in time, where there are
    pictures."""
    body = asdict(answer)
    for frame in body["evidence"]:
        if keyframes:
            frame["keyframe"] = min(keyframes, key=lambda shown: abs(shown.time - frame["time"])).frame
    return {"session": session, **body}


def shown_text(answer: Answer, options: bool) -> str:
    """Return the words of a chat's answer: the sentence for people; the letter where the question had options."""
    return answer.text if options else answer.sentence or answer.text


def completion(
    id: str, model: str, text: str, usage: dict[str, int], extra: dict[str, Any], created: int
) -> dict[str, Any]:
    """Return a whole chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", "logprobs": None}
    head = {"id": id, "object": "chat.completion", "created": created, "model": model}
    return {**head, "choices": [choice], "usage": usage, "vlm2": extra}


class ChunkWriter:
    """Writes the chunks of one streamed chat completion; with `usage`, each has that field."""

    def __init__(self, id: str, model: str, usage: bool) -> None:
        self.head = {"id": id, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
        self.usage = {"usage": None} if usage else {}

    def delta(self, delta: dict[str, str], finish: str | None = None, **extra: Any) -> dict[str, Any]:
        """Return a chunk with a part of the message, and the reason to finish in the last one."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**self.head, "choices": [choice], **self.usage, **extra}

    def total(self, usage: dict[str, int]) -> dict[str, Any]:
        """Return the chunk with the usage, after the last part of the message."""
        return {**self.head, "choices": [], "usage": usage}
