"""Parts of the OpenAPI description that FastAPI does not infer: errors, and contents that are not JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

BINARY = {"type": "string", "format": "binary"}
JPEG, PNG, TEXT, EVENTS = "image/jpeg", "image/png", "text/plain", "text/event-stream"
JSON = "application/json"

Responses = dict[int | str, dict[str, Any]]


class ErrorDetail(BaseModel):
    """The details of an error: a message for people, the type of OpenAI's API, the field, and a word for programs."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """An error in the form of OpenAI's API."""

    error: ErrorDetail


REFUSED: Responses = {"4XX": {"model": ErrorReply, "description": "Refused."}}


def sends(*kinds: str, status: int = 200) -> Responses:
    """Return the description of a response with one of these media types."""
    return {status: {"content": {kind: {} for kind in kinds}}}


def takes(*kinds: str) -> dict[str, Any]:
    """Return the description of a request whose body is a file of one of these media types."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": BINARY} for kind in kinds}}}


def takes_form(**fields: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a request whose body is a form; all of its fields are needed."""
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
