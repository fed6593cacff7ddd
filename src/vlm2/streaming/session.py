"""A session: a model that watches, remembers, and answers."""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from numpy.typing import ArrayLike
from PIL.Image import Image

from ..encoders.vlm import VisionLanguageModel, VLMError
from ..models.halves import ModelHalves
from ..models.language import QuestionTooLong
from ..objects import ObjectMap
from ..questions.question import WORD_REQUEST, readable
from ..video import Frame, PictureFolder, VideoFile, new_views, open_video
from ..video.decode import check_fps
from . import memory_file as file
from .answer import Answer, Evidence
from .answering import Answerer, Prefix, check_prompt
from .evidence import Sources, mix
from .intent_planner import IntentPlanner
from .look_ahead import looked_at
from .memory_log import WriteRecord
from .object_answers import answer_of, ask_objects, guess_of, split_prompt, without_vlm
from .object_frames import ObjectEyes
from .open_question import CANNOT, answer_by_vlm
from .stopwatch import Stopwatch
from .stream import Stream, StreamEncoder
from .trajectory import ThinnedTrajectory

if TYPE_CHECKING:
    from ..models import VLM2ForConditionalGeneration, VLM2Processor

FRAMES_PER_SECOND = 2.0  # what mini was trained on
VIEWS_PER_SECOND = 10.0  # of which those that show something new are watched
MOST_TOKENS = 16  # of an answer, as VSI-Bench has it
LEAST_EVIDENCE = 0.001  # lighter frames are not named


@runtime_checkable
class HasSession(Protocol):
    """An object that makes sessions, such as `vlm2.load` returns."""

    def session(self) -> Session:
        """Return a new session."""
        ...


class Session:
    """The memory of one place that one model has seen, and answers about it.

    Frames come from `watch`, or one by one from `observe`: in the order of time, and all of one size. A question never
    changes the memory; later answers are the same with or without it. `spent` holds the seconds that the watching
    thread used for, or waited for, "decode", "encode", "memory" and "objects". With `thumbnails`, pictures are kept for
    people (`vlm2 view`): small ones of the frames in the memory, and a bounded number of keyframes. With `vlm`, this
    vision-language model answers from these keyframes what the object memory cannot; then they are always kept. With
    `planner`, questions that the rules do not understand are read by a trained reader.

    Threads: any number of sessions may share a model, each in a thread of its own or several in one. One session may be
    asked, forked and saved in some threads while it watches in another. A question is about the frames seen when `ask`
    begins, and does not hold up `observe`. Questions to one model wait for each other.
    """

    def __init__(
        self,
        halves: ModelHalves,
        thumbnails: bool = True,
        eyes: ObjectEyes | None = None,
        vlm: VisionLanguageModel | None = None,
        planner: IntentPlanner | None = None,
    ) -> None:
        self.halves, self.eyes, self.vlm = halves, eyes, vlm
        self.planner = planner
        self._stopwatch = Stopwatch("decode", "encode", "memory", "objects")
        self._encoder = StreamEncoder(halves.video_model, halves.resizer, self._stopwatch, eyes)
        # A value: replaced by `observe`, read by everything else.
        self._stream = Stream(thumbnails=thumbnails or vlm is not None)
        self._observing, self._asking = threading.Lock(), threading.Lock()
        self._completed = self._stream, self._stream  # a stream, and itself with its waiting frames taken in
        self._whole = self._stream  # as it was after its last whole window
        self._prefix: Prefix | None = None

    @property
    def model(self) -> VLM2ForConditionalGeneration:
        """The whole model. Its language half may be loaded now."""
        return self.halves.model

    @property
    def processor(self) -> VLM2Processor:
        """The whole processor. Its tokenizer may be loaded now."""
        return self.halves.processor

    @cached_property
    def _answerer(self) -> Answerer:
        return Answerer(self.model, self.processor)

    @property
    def frames(self) -> int:
        """The number of frames seen."""
        return self._stream.frames

    @property
    def stream(self) -> Stream:
        """All that was seen until now, as a value: later frames do not change it."""
        return self._stream

    @property
    def whole_windows(self) -> Stream:
        """All that was seen until the last window was full. It changes, and costs, once a window."""
        stream = self._stream
        if self._whole.memory is not stream.memory:
            self._whole = stream.whole_windows()
        return self._whole

    @property
    def slots(self) -> tuple[int, ...]:
        """The frames, counted from 0, whose tokens a question reads now; none where nothing was seen yet."""
        memory = self.completed.memory
        return () if memory is None else tuple(memory.context_slots().frames.tolist())

    @property
    def log(self) -> tuple[WriteRecord, ...]:
        """The last writes to the memory, oldest first; of bounded length. Frames that wait for their window are not in
        it yet."""
        return self._stream.log.writes

    @property
    def trajectory(self) -> ThinnedTrajectory:
        """The camera's path, thinned out to a bounded number of poses. Frames that wait are not in it yet."""
        return self._stream.trajectory

    @property
    def completed(self) -> Stream:
        """All that was seen until now, with the frames that wait for their window taken in."""
        return self._complete(self._stream)

    @property
    def objects(self) -> ObjectMap:
        """The things that were seen until now, with the floor and the camera's path: metres, z up. Empty where the
        session has no eyes, or has seen nothing."""
        return self.completed.object_map()

    @property
    def spent(self) -> dict[str, float]:
        """Seconds by what they were spent on."""
        return dict(self._stopwatch.seconds)

    def watch(
        self,
        video: str | Path | VideoFile | PictureFolder,
        fps: float | None = None,
        progress: Callable[[float], None] | None = None,
        continues: bool = False,
        only_new: bool = False,
        ahead: bool = True,
    ) -> None:
        """Watch a video file at `fps` frames a second (2 by default), calling `progress` with the seconds so far. All
        pictures of a folder are watched, `fps` a second. With `only_new`, only the frames that show something new are
        watched, and the last one (`video.new_views`), of 10 a second by default; a folder keeps its own rate.

        On a CPU, a second thread looks `ahead` at the next frames, and each of both threads has half of PyTorch's
        threads meanwhile. This may change the last bits of the memory's numbers.

        Stops with a VideoWarning where the picture gets another shape in the middle, and keeps what came before.
        After earlier frames only with `continues`, for a video that goes on where they ended: its times count on.
        Raises VideoError for what is no video, ValueError for an impossible fps and where frames were seen before.
        """
        if self.frames and not continues:
            raise ValueError(
                f"This session has seen {self.frames} frames already; start a new one for another video, or say "
                "continues=True if this video goes on where they ended."
            )
        source = open_video(video) if isinstance(video, str | Path) else video
        rate = source.fps if fps is None and isinstance(source, PictureFolder) else frame_rate(fps, only_new)
        check_fps(rate)
        frames = new_views(source.sample(rate)) if only_new else source.sample(rate)
        start = self._stream.last_time + 1 / rate if self.frames else 0.0
        placed = (replace(frame, time=start + frame.time) for frame in self._timed(frames))
        with closing(looked_at(self._encoder, self._stream, placed, ahead)) as looked:
            for frame, look in looked:
                with self._observing:
                    self._stream = self._encoder.observe(self._stream, frame.image, frame.time, look)
                if progress is not None:
                    progress(frame.time - start)

    def _timed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Yield frames, and count the time that decoding takes."""
        while True:
            with self._stopwatch("decode"):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def observe(self, image: ArrayLike | Image, time: float) -> None:
        """Take in one upright RGB frame (uint8, height × width × 3), seen `time` seconds after the first. Raises
        ValueError for another kind or size of picture, a step back in time, and a time of day."""
        with self._observing:
            self._stream = self._encoder.observe(self._stream, image, time)

    def check_shape(self, size: tuple[int, int], first: tuple[int, int] | None = None) -> None:
        """Raise ValueError for the size of a frame, (height, width) in pixels, that `observe` refuses because earlier
        frames had another shape. `first` is the size of the first frame that came, where it is known better than by the
        memory, which keeps smaller frames or may have seen none yet."""
        if first is None and self.frames:
            first = self._stream.size
        if first is not None:
            self._encoder.check_shape(size, first)

    def check(self, question: str, most_tokens: int = MOST_TOKENS) -> None:
        """Raise ValueError for a question that `ask` refuses whatever was seen: an empty one, one for fewer tokens than
        one, and one that the language model has no room for."""
        if not question.strip():
            raise ValueError("The question is empty; ask something about the video.")
        if most_tokens < 1:
            raise ValueError(f"most_tokens={most_tokens}: an answer has at least one token.")
        check_prompt(self.halves, with_answer_request(readable(question)), most_tokens)

    def ask(
        self,
        question: str,
        most_tokens: int = MOST_TOKENS,
        tools: bool = True,
        guess: bool = False,
        ask_vlm: bool = False,
        fresh: bool = True,
        earlier: Sequence[str] = (),
    ) -> Answer:
        """Answer a question about the video.

        In a session with eyes, the object memory answers, or gives the reason why it cannot. With `guess`, every
        question gets an answer, as a benchmark wants it. The most likely thing then stands in for one that was not seen
        for sure, and the language model answers from the memory's tokens if the objects cannot. Without `tools` or
        eyes, the language model answers all questions, as in the paper.

        In a session with a vision-language model (`vlm`), that model answers the questions that the object memory does
        not understand, or whose words it does not know, before any guess. With `ask_vlm`, it answers every question.
        Its answer is marked with its name, and checked against the object memory. If that model fails, the answer is
        the one without it, and gives the reason.

        `earlier` are the questions asked before, the oldest first; the last eight are read. The object memory then
        understands a question that depends on them, such as "and the lamp?" or "where is it?".

        Without `fresh`, the answer is from the memory as it was after the last whole window, which saves the encoders'
        work on the frames that wait for theirs. Before the first window is full, they are taken in nevertheless. The
        answer's `seen_until` is the time of the last frame that it knows of.

        A question of one line gets the request that the model was trained with ("… using a single word or phrase"). One
        of several lines, such as `Question.prompt()` gives, is used as it is. Raises ValueError for an empty question,
        for `most_tokens` below 1, where no frame was seen yet, for a question that is too long for the language model,
        and for `ask_vlm` without a vision-language model.
        """
        self.check(question, most_tokens)
        if not self.frames:
            raise ValueError("Nothing was seen yet; show a video or frames first (`watch` or `observe`).")
        if ask_vlm and self.vlm is None:
            raise ValueError("This session has no vision-language model; load one: vlm2.load(NAME, vlm=…).")
        question = readable(question)
        started, stream = clock.perf_counter(), self._stream
        whole = None if fresh else self.whole_windows
        with self._asking:
            stream = whole if whole is not None and whole.frames else self._complete(stream)
            answer = self._answer(
                stream, question, most_tokens, tools, guess, ask_vlm, [readable(text) for text in earlier]
            )
            seconds = clock.perf_counter() - started
            return replace(answer, seconds=seconds, seen_until=stream.last_time, runtime=stream.runtime)

    def _answer(
        self,
        stream: Stream,
        question: str,
        most_tokens: int,
        tools: bool,
        guess: bool,
        ask_vlm: bool,
        earlier: Sequence[str],
    ) -> Answer:
        """Answer from a stream without waiting frames. The caller, who asks alone, fills in `seconds`, `seen_until` and
        `runtime`."""
        result, answers = None, False
        if tools and stream.objects is not None:
            text, options = split_prompt(question)
            result = ask_objects(stream.object_map(), text, options, self.planner, guess, earlier)
            answers = not guess or bool(result.option if options else result.text)  # a guess is one of the options
        open_question = tools and (not answers or result is None or result.status in CANNOT)
        if self.vlm is not None and (open_question or ask_vlm):
            try:
                return answer_by_vlm(self.vlm, question, stream.object_map(), stream.keyframes, result, earlier)
            except VLMError as error:
                result = without_vlm(result, error)
        if answers and result is not None:
            return answer_of(result)
        assert stream.memory is not None
        slots = stream.memory.context_slots()
        kept, self._prefix = self._prefix, None  # gone if anything goes wrong below
        prefix = self._answerer.read(slots, stream.grid, kept)
        try:
            reply = self._answerer.reply(prefix, with_answer_request(question), most_tokens)
        except QuestionTooLong:
            self._prefix = prefix  # refused before the prefix was used
            raise
        self._prefix = prefix
        seen = zip(slots.frames.tolist(), slots.times.tolist(), strict=True)
        sources = [stream.log.sources(frame, time) for frame, time in seen]
        evidence = _evidence(reply.attention.tolist(), sources)
        answer = Answer(reply.text, evidence, 0.0, prefix.read + reply.read)
        return answer if result is None else guess_of(answer, result)

    def fork(self) -> Session:
        """Return a session that has seen the same and goes its own way from here; neither changes the other. It shares
        the model, and starts with nothing spent."""
        other = Session(self.halves, eyes=self.eyes, vlm=self.vlm, planner=self.planner)
        other._stream = self._stream
        return other

    def save(self, path: str | Path, ended: bool = False) -> None:
        """Write the memory to one file of fixed size (`docs/reference/memory-file.md`).

        With `ended`, the video is over: frames that wait for their window are taken in first. Without, they are saved
        as they wait. An earlier file there is replaced whole or not at all. Raises ValueError where no frame was seen
        yet.
        """
        file.save(self.completed if ended else self._stream, self.halves.loaded, path)

    @staticmethod
    def open(path: str | Path, model: HasSession) -> Session:
        """Return a session that continues a saved one.

        If the model's eyes know other words, the session uses the eyes that watched. Raises ValueError for a file that
        is damaged, none of ours, or of another model, and where these eyes cannot be had. Without any eyes, every
        memory of the model opens.
        """
        session = model.session()
        stream = file.load(path, session.halves.loaded)
        if session.eyes is not None and stream.objects is not None:
            session.eyes = session._encoder.eyes = session.eyes.fitting(stream.objects, stream.eyes)
        session._stream = replace(stream, thumbnails=stream.thumbnails or session.vlm is not None)
        return session

    def _complete(self, stream: Stream) -> Stream:
        """Return the stream with its waiting frames taken in."""
        if self._completed[0] is not stream:
            self._completed = stream, self._encoder.complete(stream)
        return self._completed[1]


def frame_rate(fps: float | None, only_new: bool) -> float:
    """Return the frames of a second that are looked at: `fps`, or the usual number of all, or of those of which only
    what is new is watched."""
    if fps is not None:
        return fps
    return VIEWS_PER_SECOND if only_new else FRAMES_PER_SECOND


def with_answer_request(question: str) -> str:
    """Add the request for a short answer to a question of one line; one of several lines is asked as it is."""
    return question if "\n" in question.strip() else f"{question.strip()}\n{WORD_REQUEST}"


def _evidence(attention: list[float], sources: list[Sources]) -> tuple[Evidence, ...]:
    """Carry the attention to the slots back to the frames that they were made of."""
    frames = mix(zip(attention, sources, strict=True), most=None)
    named = [frame for frame in frames if frame.weight >= LEAST_EVIDENCE]
    total = sum(frame.weight for frame in named)
    found = [Evidence(frame.time, frame.weight / total) for frame in named]
    return tuple(sorted(found, key=lambda seen: (-seen.weight, seen.time)))
