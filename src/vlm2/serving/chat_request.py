"""Requests of chat completions, as OpenAI's clients send them, with our own field `vlm2`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
NOT_DONE = ("tools", "functions", "logprobs", "audio")  # what this server does not do


class MediaUrl(BaseModel):
    """An address: `data:`, `http:`, `https:`, or the id of an uploaded file."""

    url: str = ""


class ContentPart(BaseModel):
    """A part of a message. `uuid` names a picture or video, so that it need not be sent again."""

    type: Literal["text", "image_url", "video_url"]
    text: str = ""
    image_url: MediaUrl | None = None
    video_url: MediaUrl | None = None
    uuid: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class ChatMessage(BaseModel):
    """A message. The text of the last one is the question; the user's texts before it may tell what it continues."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """The words, without pictures and videos."""
        return "\n".join(part.text for part in self.parts if part.type == "text")

    @property
    def parts(self) -> list[ContentPart]:
        """The parts; a plain text is one."""
        if isinstance(self.content, str):
            return [ContentPart(type="text", text=self.content)]
        return self.content or []


class StreamOptions(BaseModel):
    """Options of a streamed completion."""

    include_usage: bool = False


class VLM2Options(BaseModel):
    """Our own options. `times` are the seconds of all pictures of the messages, in order. `session` names the session
    that gets the question and the pictures. `wait` and `guess` are those of a session's question. A question with
    pictures waits for them."""

    model_config = ConfigDict(extra="forbid")

    times: list[Seconds] | None = None
    session: str | None = None
    wait: bool = False
    guess: bool = False


class ChatRequest(BaseModel):
    """A request of a chat completion. Sampling options are accepted and have no effect: decoding is greedy.

    Clients that send no fields of ours name a session after the model: "mini:robot-1"."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = 1
    vlm2: VLM2Options = VLM2Options()

    @model_validator(mode="before")
    @classmethod
    def _check(cls, given: Any) -> Any:
        if isinstance(given, dict) and (asked := [name for name in NOT_DONE if given.get(name)]):
            raise ValueError(f"this server does not do {', '.join(asked)}; leave it out")
        form = given.get("response_format") if isinstance(given, dict) else None
        if form is not None and form != {"type": "text"}:
            raise ValueError(
                "this server answers in plain text: leave response_format out; the field vlm2 has the value"
            )
        return given

    @property
    def model_name(self) -> str:
        """The model's name, without a session's."""
        return self.model.partition(":")[0]

    @property
    def session(self) -> str | None:
        """The session that is asked: of our field, or of the model's name, as in "mini:robot-1"."""
        return self.vlm2.session or self.model.partition(":")[2] or None

    @property
    def question(self) -> str:
        """The text of the last message, if it is the user's."""
        last = self.messages[-1]
        return last.text if last.role == "user" else ""

    @property
    def earlier(self) -> list[str]:
        """The texts of the user's messages before the last one, in order."""
        return [message.text for message in self.messages[:-1] if message.role == "user" and message.text.strip()]

    @property
    def media(self) -> list[ContentPart]:
        """The pictures and videos of all messages, in order."""
        return [part for message in self.messages for part in message.parts if part.type != "text"]
