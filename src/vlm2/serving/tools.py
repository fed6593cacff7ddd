"""The memory as tools for agents: each query operator, and watch, ask, objects, keyframes, sessions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from ..objects import ObjectMap, Result, Track
from ..query import operator_types
from ..query.calls import operator_modules
from ..query.query import Query, clock
from ..video import Frame
from .arguments import with_calls
from .hosted import HostedSession
from .limits import Refusal
from .replies import answer_body
from .store import SessionStore
from .views import keyframe_jpeg

OpenVideo = Callable[[str, Callable[[str], object]], Iterator[Frame]]
SESSION = {"type": "string", "description": "The session's id; may be left out if there is exactly one session."}
MOST_PICTURES = 8


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SessionsArguments(_Arguments):
    """List the sessions: what each has seen, and how long."""


class WatchArguments(_Arguments):
    """Watch a video, so that it can be asked about. It is added to the session, which is made where there is none."""

    video: Annotated[str, Field(description="The video: see the server's instructions for what names one.")]
    wait: Annotated[bool, Field(description="Reply when it was watched, not at once.")] = True


class AskArguments(_Arguments):
    """Ask a question in words about what a session has seen. The answer's status shows whether it is known (ok), not
    seen, not sure, ambiguous, not understood, or a guess."""

    question: str
    guess: Annotated[bool, Field(description="Guess rather than say that it is not known.")] = False


class ObjectsArguments(_Arguments):
    """List the things that a session has seen: label, room, size and position of the box (metres, z up from the floor),
    when they were seen."""


class KeyframesArguments(_Arguments):
    """Show the pictures that the memory keeps closest to some times, such as those of an answer's evidence."""

    times: Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1, max_length=MOST_PICTURES)]


@dataclass(frozen=True)
class ToolReply:
    """The reply of a tool: words, the same for programs, and JPEG pictures."""

    text: str
    structured: dict[str, Any]
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ToolCard:
    """A tool as it is listed: its name, what it is for, and the JSON schemas of its arguments and of its result."""

    name: str
    description: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None = None


class MemoryTools:
    """The tools of a store's sessions. `open_video` returns the frames of the video that a name means."""

    def __init__(self, store: SessionStore, open_video: OpenVideo) -> None:
        self.store, self.open_video = store, open_video

    def cards(self) -> list[ToolCard]:
        """Return all tools: our own, then the operators by name."""
        own = [ToolCard(name, inspect.getdoc(kind) or "", _schema(kind)) for name, kind in OWN.items()]
        found = [_operator_card(name, operator) for name, operator in operator_types().items()]
        return own + found

    async def call(self, name: str, given: Mapping[str, Any]) -> ToolReply:
        """Call a tool. Raises Refusal or ValueError for an unknown one, and for arguments that it cannot take."""
        arguments = dict(given)
        id = arguments.pop("session", None)
        if id is not None and not isinstance(id, str):
            raise Refusal(400, "bad_id", "session: give the id of a session, a text.")
        kind = OWN.get(name) or operator_types().get(name)
        if kind is None:
            raise Refusal(404, "no_such_tool", f"There is no tool {name[:64]!r}.")
        try:
            read = kind.model_validate(with_calls(arguments) if issubclass(kind, Query) else arguments)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise Refusal(400, "bad_arguments", f"{where or name}: {first['msg']}") from None
        match read:
            case SessionsArguments():
                return self._sessions()
            case WatchArguments():
                return await self._watch(id, read)
            case AskArguments():
                return await self._ask(self.session(id), read)
            case ObjectsArguments():
                return await self._objects(self.session(id))
            case KeyframesArguments():
                return await run_in_threadpool(_keyframes, self.session(id), read.times)
            case Query():
                return await self._query(self.session(id), read)
        raise AssertionError(name)

    def session(self, id: str | None) -> HostedSession:
        """Return a session by its id, or the only one. Raises Refusal where that is none."""
        if id is not None:
            return self.store.get(id)
        sessions = self.store.list()
        if len(sessions) != 1:
            known = ", ".join(hosted.id for hosted in sessions) or "none; watch a video first"
            raise Refusal(400, "no_session", f"Name a session. There are: {known}.")
        return self.store.get(sessions[0].id)

    def _sessions(self) -> ToolReply:
        rows = [hosted.describe() for hosted in self.store.list()]
        lines = [f"{row['id']}: {row['frames']} frames, {row['seconds']:.1f} s" for row in rows]
        return ToolReply("\n".join(lines) or "There are no sessions; watch a video first.", {"sessions": rows})

    async def _watch(self, id: str | None, read: WatchArguments) -> ToolReply:
        notes: list[str] = []
        frames = await run_in_threadpool(self.open_video, read.video, notes.append)
        known = {hosted.id for hosted in self.store.list()}
        hosted = self.store.get(id) if id in known and id is not None else self.store.create(id)
        done = hosted.watch(frames)
        if not read.wait:
            return ToolReply(f"Session {hosted.id} is watching.", {"session": hosted.describe()})
        taken = await asyncio.wrap_future(done)
        text = " ".join([f"Session {hosted.id} has watched {taken} frames.", *notes])
        return ToolReply(text, {"session": hosted.describe(), "notes": notes})

    async def _ask(self, hosted: HostedSession, read: AskArguments) -> ToolReply:
        asked = await run_in_threadpool(hosted.ask, read.question, wait=True, guess=read.guess)
        answer = await asyncio.wrap_future(asked)
        body = answer_body(answer, hosted.id, hosted.session.stream.keyframes)
        return ToolReply(answer.sentence or answer.text, body)

    async def _objects(self, hosted: HostedSession) -> ToolReply:
        map = await asyncio.wrap_future(hosted.look(lambda session: session.objects, wait=True))
        tracks = [track for track in map.tracks if track.status != "removed"]
        lines = [_line(map, track) for track in tracks]
        return ToolReply(
            "\n".join(lines) or "No things were seen.", {"objects": [_row(map, track) for track in tracks]}
        )

    async def _query(self, hosted: HostedSession, query: Query) -> ToolReply:
        job = hosted.look(lambda session: session.objects.run(query), wait=True)
        result = await asyncio.wrap_future(job)
        return ToolReply(result.sentence, result.model_dump(mode="json"))


OWN: dict[str, type[BaseModel]] = {
    "sessions": SessionsArguments,
    "watch": WatchArguments,
    "ask": AskArguments,
    "objects": ObjectsArguments,
    "keyframes": KeyframesArguments,
}


@cache
def _operator_card(name: str, operator: type[Query]) -> ToolCard:
    """Return an operator as a tool, with the questions that it answers as examples."""
    module = operator_modules()[name]
    examples = " ".join(f"“{question}”" for question, _ in module.EXAMPLES)
    description = f"{module.__doc__ or ''} {inspect.getdoc(operator) or ''} Answers questions such as: {examples}"
    return ToolCard(name, " ".join(description.split()), _schema(operator), Result.model_json_schema())


def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments: the record's, with the session, without answers to choose from."""
    schema = kind.model_json_schema()
    fields = {name: field for name, field in schema.get("properties", {}).items() if name != "options"}
    session = {} if kind is SessionsArguments else {"session": SESSION}
    return {**schema, "type": "object", "properties": {**fields, **session}, "additionalProperties": False}


def _keyframes(hosted: HostedSession, times: list[float]) -> ToolReply:
    """Return the keyframes closest to some times, each once."""
    stream = hosted.session.stream
    hosted.check_seen()
    if not stream.keyframes:
        raise Refusal(404, "no_keyframes", f"Session {hosted.id} keeps no pictures yet.")
    found = [min(stream.keyframes, key=lambda shown: abs(shown.time - time)) for time in times]
    shown = {frame.frame: frame.time for frame in found}
    text = ", ".join(f"frame {frame} at {clock(time)}" for frame, time in shown.items())
    rows = [{"frame": frame, "time": time} for frame, time in shown.items()]
    return ToolReply(text, {"keyframes": rows}, tuple(keyframe_jpeg(stream, frame) for frame in shown))


def _row(map: ObjectMap, track: Track) -> dict[str, Any]:
    return track.model_dump(mode="json", exclude={"views"}) | {"room": map.room_of(track)}


def _line(map: ObjectMap, track: Track) -> str:
    size = " × ".join(f"{side:.1f}" for side in track.box.size)
    place = ", ".join(f"{value:.1f}" for value in track.box.center)
    room = map.room_of(track)
    seen = "" if track.first_seen is None else f", seen from {clock(track.first_seen)} to {clock(track.last_seen or 0)}"
    return f"{track.id}: {track.label}{f' in the {room}' if room else ''}, {size} m at ({place}) m{seen}"
