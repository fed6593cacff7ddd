"""Chats: a question about pictures and videos that come with it, or about a session."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool

from ..streaming.object_answers import split_prompt
from .chat_request import ChatRequest
from .hosted import HostedSession
from .limits import Refusal
from .media import Media, MediaReader
from .replies import ChunkWriter, answer_body, completion, shown_text
from .store import SessionStore


class Chats:
    """Answers chat completions. The media of a chat are watched once, in a session of its own. Later requests with the
    same media ask this session again. The last `limits.videos` of these sessions are kept, and those that still
    watch."""

    def __init__(self, store: SessionStore, reader: MediaReader) -> None:
        self.store, self.reader = store, reader
        self._watched: OrderedDict[str, asyncio.Task[HostedSession]] = OrderedDict()

    @property
    def model(self) -> str:
        """The name of the model, as clients give it."""
        return self.store.loaded.name.rstrip("/").rpartition("/")[2]

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """Return a whole completion. Raises Refusal or ValueError for a request that cannot be answered."""
        media = await self._check(request)
        text, extra, usage = await self._answer(request, media)
        return completion(_id(), self.model, text, usage, extra, int(time.time()))

    async def stream(self, request: ChatRequest) -> AsyncIterator[dict[str, Any]]:
        """Check a request, then return the chunks of its completion. The chunks are the role at once, the words when
        they are known, the end with the field `vlm2`, and the usage if asked for. Raises as `complete` does, most of it
        before the first chunk."""
        media = await self._check(request)
        return self._chunks(request, media)

    async def _chunks(self, request: ChatRequest, media: Sequence[Media]) -> AsyncIterator[dict[str, Any]]:
        wanted = request.stream_options is not None and request.stream_options.include_usage
        chunks = ChunkWriter(_id(), self.model, wanted)
        yield chunks.delta({"role": "assistant", "content": ""})
        text, extra, usage = await self._answer(request, media)
        yield chunks.delta({"content": text})
        yield chunks.delta({}, "stop", vlm2=extra)
        if wanted:
            yield chunks.total(usage)

    async def _check(self, request: ChatRequest) -> list[Media]:
        """Return what the messages show. Raises for what is wrong with the request itself."""
        if request.model_name != self.model:
            raise Refusal(404, "model_not_found", f"There is no model {request.model[:64]!r}; this is {self.model!r}.")
        if not request.question.strip():
            raise Refusal(400, "no_question", "The last message must be the user's, with a text that asks something.")
        if request.session is not None:
            self.store.get(request.session)
        elif not request.media:
            raise Refusal(
                400, "no_media", "Send pictures or a video with the question, or name a session: vlm2.session."
            )
        media = [await run_in_threadpool(self.reader.read, part) for part in request.media]
        times, pictures = request.vlm2.times, sum(len(shown.pictures) for shown in media)
        if times is not None and len(times) != pictures:
            raise Refusal(400, "bad_times", f"vlm2.times has {len(times)} times for {pictures} pictures.")
        return media

    async def _answer(self, request: ChatRequest, media: Sequence[Media]) -> tuple[str, dict[str, Any], dict[str, int]]:
        """Return the words of an answer, its field `vlm2`, and the number of tokens that the language model read and
        that the words have."""
        times = request.vlm2.times
        if request.session is None:
            hosted = await self._session_of(media, times)
        else:
            hosted = self.store.get(request.session)
            await self._watch(hosted, media, times)
        wait = request.vlm2.wait or bool(media)
        options = {"guess": request.vlm2.guess, "earlier": request.earlier}
        asked = await run_in_threadpool(hosted.ask, request.question, wait, **options)  # slow to check if it is long
        answer = await asyncio.wrap_future(asked)
        text = shown_text(answer, options=split_prompt(request.question)[1] is not None)
        extra = answer_body(answer, hosted.id, hosted.session.stream.keyframes)
        if hosted.notes:
            extra["notes"] = list(hosted.notes)
        words = await run_in_threadpool(self._count_tokens, text)
        usage = {"prompt_tokens": answer.prefilled, "completion_tokens": words}
        return text, extra, usage | {"total_tokens": answer.prefilled + words}

    def _count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text. The first call loads the tokenizer."""
        return len(self.store.loaded.processor.tokenizer(text)["input_ids"])

    async def _session_of(self, media: Sequence[Media], times: list[float] | None) -> HostedSession:
        """Return the session that has watched these media; it may be made now."""
        keys = repr(([shown.key for shown in media], times))
        id = f"chat-{hashlib.sha256(keys.encode()).hexdigest()[:24]}"
        task = self._watched.get(id)
        if task is None or (task.done() and (task.exception() or task.result().closed)):
            self._forget(self.store.limits.videos - 1)
            task = self._watched[id] = asyncio.create_task(self._watch_anew(id, media, times))
            task.add_done_callback(lambda done: self._drop_failed(id, done))
        self._watched.move_to_end(id)
        return await asyncio.shield(task)  # others may wait for it, and a client may come back

    def _drop_failed(self, id: str, task: asyncio.Task[HostedSession]) -> None:
        if (task.cancelled() or task.exception() is not None) and self._watched.get(id) is task:
            del self._watched[id]

    async def _watch_anew(self, id: str, media: Sequence[Media], times: list[float] | None) -> HostedSession:
        hosted = self.store.create(id, kept=False)
        try:
            await self._watch(hosted, media, times)
        except BaseException:
            await run_in_threadpool(self.store.delete, id)
            raise
        return hosted

    async def _watch(self, hosted: HostedSession, media: Sequence[Media], times: list[float] | None) -> None:
        """Show a session the media that it has not seen, one after the other."""
        place = 0
        for shown in media:
            given = None if times is None or not shown.pictures else times[place : place + len(shown.pictures)]
            place += len(shown.pictures)
            if shown.key in hosted.media:
                continue
            if not shown:
                raise Refusal(404, "no_such_media", f"Nothing is known by the uuid {shown.key[5:69]!r}; send it again.")
            frames = await run_in_threadpool(shown.frames, self.store.limits, given, hosted.notes.append)
            await asyncio.wrap_future(hosted.watch(frames, None if given is None else 0.0))
            hosted.media.append(shown.key)

    def _forget(self, most: int) -> None:
        """Delete the oldest sessions of chats until at most so many are left; not those that still watch."""
        done = [id for id, task in self._watched.items() if task.done() and not task.exception()]
        for id in done[: max(len(self._watched) - most, 0)]:
            if not (hosted := self._watched.pop(id).result()).closed:
                self.store.delete(hosted.id)


def _id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"
