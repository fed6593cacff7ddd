"""`vlm2 watch`: watch a camera, a stream or a file as it runs, and answer questions meanwhile."""

from __future__ import annotations

import json as json_module
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal import cards
from .terminal.loading import load_model
from .terminal.options import (
    AskVlm,
    Device,
    Dtype,
    Eyes,
    Geometry,
    Model,
    Offline,
    OnlyNew,
    Runtime,
    Save,
    Vlm,
    Words,
    check_memory_file,
    check_vlm,
    split_words,
)

if TYPE_CHECKING:
    from ..streaming import Answer, Session
    from ..video import LiveReader, NewViews


def watch(
    source: Annotated[
        str,
        typer.Argument(
            help="A camera (0, /dev/video0), an address (rtsp://…, http://…), a file, or - for a stream on stdin."
        ),
    ],
    ask: Annotated[list[str] | None, typer.Option(help="A question; may be given several times.")] = None,
    every: Annotated[
        float | None, typer.Option(help="Ask the questions every so many seconds; by default once, at the end.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this many seconds of the stream.")] = None,
    save: Save = None,
    save_every: Annotated[float, typer.Option(help="Seconds between saves; the last save is at the end.")] = 60.0,
    model: Model = "mini",
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    vlm: Vlm = None,
    ask_vlm: AskVlm = False,
    fps: Annotated[float | None, typer.Option(help="Frames per second to look at; by default 2.")] = None,
    only_new: OnlyNew = False,
    tries: Annotated[int, typer.Option(help="Number of attempts in a row to reconnect to a lost source.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    device: Device = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
    offline: Offline = False,
) -> None:
    """Watch SOURCE until it ends or Ctrl-C, and answer each line that you type: `vlm2 watch 0`.

    The exit status is 1 if watching stopped early because the picture changed its shape."""
    check_vlm(vlm, ask_vlm)
    options = WatchOptions(tuple(ask or ()), every, seconds, save, save_every, json, ask_vlm)
    if source == "-" and sys.stdin.isatty():
        raise ValueError(
            "- reads a video stream from stdin, and stdin is a terminal: ffmpeg … -f mpegts - | vlm2 watch -"
        )
    from ..streaming.session import frame_rate
    from ..video import LiveReader, NewViews, find_source

    events: SimpleQueue = SimpleQueue()
    reader = LiveReader(find_source(source), frame_rate(fps, only_new), events.put, tries)
    chosen = {"eyes": eyes, "words": split_words(words), "geometry": geometry, "vlm": vlm, "runtime": runtime}
    session = load_model(model, offline, device=device, dtype=dtype, **chosen)[0].session()
    loop = LiveLoop(session, reader, options, NewViews() if only_new else None)
    with _stop_on_signals(events):
        reader.start()
        if source != "-":
            Thread(target=_read_questions, args=(events,), name="questions", daemon=True).start()
        try:
            loop.run(events)
        finally:
            reader.stop()
            loop.close()
    if loop.stopped:
        raise typer.Exit(1)


@dataclass(frozen=True)
class WatchOptions:
    """Options of `vlm2 watch`, checked. Times are seconds of the stream."""

    questions: tuple[str, ...]
    every: float | None
    seconds: float | None
    save: Path | None
    save_every: float
    json: bool
    ask_vlm: bool

    def __post_init__(self) -> None:
        times = {"--every": self.every, "--seconds": self.seconds, "--save-every": self.save_every}
        for option, value in times.items():
            if value is not None and not value > 0:
                raise ValueError(f"{option} {value:g}: give a number of seconds above 0.")
        if self.every is not None and not self.questions:
            raise ValueError('--every needs a question: add --ask "How many chairs are in this room?"')
        if any(not question.strip() for question in self.questions):
            raise ValueError("A question is empty; ask something about the video.")
        check_memory_file(self.save)


@dataclass
class LiveLoop:
    """The loop that handles events: those of the reader, typed lines (str), and None to stop."""

    session: Session
    reader: LiveReader
    options: WatchOptions
    views: NewViews | None  # selects the frames that are looked at; None for all
    now: float = 0.0  # time of the newest frame in seconds
    rounds: int = 0  # how often the planned questions were asked
    saved: float = 0.0  # time of the last save in seconds
    stopped: bool = False  # the picture changed its shape before the source ended
    waiting: list[str] = field(default_factory=list)  # lines typed before the first frame
    asked: list[str] = field(default_factory=list)  # the last typed questions, which the next may depend on

    def run(self, events: SimpleQueue) -> None:
        """Handle events until the source ends, then ask the planned questions.

        Raises the error of a source that was given up. A picture that changes its shape ends the loop and sets
        `stopped`.
        """
        from ..video import FrameReady, PictureChanged, SourceEnded, SourceLost, WrongTimestamps

        while True:
            match events.get():
                case FrameReady():
                    if not self._observe():
                        break
                case str(text):
                    if self.session.frames:
                        self._answer(text, typed=True)
                    else:
                        self.waiting.append(text)
                case SourceLost(reason, pause):
                    self._notify("lost", f"{reason} Trying again in {pause:g} s.")
                case WrongTimestamps(reason):
                    self._notify("warning", reason)
                case SourceEnded(PictureChanged() as error):
                    self._notify("stopped", str(error))
                    self.stopped = True
                    break
                case SourceEnded(Exception() as error):
                    raise error
                case SourceEnded() | None:
                    break
        if self.session.frames and self.options.every is None:
            self._answer(*self.options.questions)

    def close(self) -> None:
        """Save the memory and print a summary. Raises the errors of saving."""
        frames, reader, file, kept = self.session.frames, self.reader, self.options.save, ""
        if frames and file is not None:
            self.session.save(file, ended=True)
            kept = f" Kept in {file}."
        if self.options.json:
            counts = {"frames": frames, "dropped": reader.dropped, "lost": reader.lost}
            self._print_row({"watched": reader.source.name, "seconds": round(self.now, 3), **counts})
            return
        lost = f" The connection was lost {reader.lost} times." if reader.lost else ""
        busy = f"; {reader.dropped} dropped because the model was busy" if reader.dropped else ""
        typer.echo(f"Watched {self.now:.1f} s of {reader.source.name}: {frames} frames looked at{busy}.{lost}{kept}")

    def _observe(self) -> bool:
        """Give the newest frame to the session, then ask and save if it is time; return whether to continue."""
        frame, options = self.reader.take(), self.options
        if frame is None:
            return True
        if options.seconds is not None and frame.time >= options.seconds:
            return False
        if self.views is None or self.views.is_new(frame.image, frame.time):
            self.session.observe(frame.image, frame.time)
        self.now = frame.time
        self._answer(*self.waiting, typed=True)
        self.waiting.clear()
        if options.every is not None and self.now >= (self.rounds + 1) * options.every:
            self.rounds = int(self.now / options.every)
            self._answer(*self.options.questions)
        if options.save is not None and self.now >= self.saved + options.save_every:
            self.saved = self.now
            try:
                self.session.save(options.save)
            except OSError as error:  # a full disk may have space again at the end
                self._notify("error", f"Not saved at {self.now:.1f} s: {error}")
        return True

    def _answer(self, *questions: str, typed: bool = False) -> None:
        """Answer questions and print the answers. Watching continues after a refused question, such as a long one."""
        from ..streaming.intent_planner import MOST_EARLIER

        for text in questions:
            try:
                earlier = self.asked if typed else []
                self._print_answer(text, self.session.ask(text, ask_vlm=self.options.ask_vlm, earlier=earlier))
                self.asked = [*self.asked, *[text] * typed][-MOST_EARLIER:]
            except ValueError as error:
                self._notify("error", f"Not answered at {self.now:.1f} s: {error}")

    def _print_answer(self, text: str, answer: Answer) -> None:
        if self.options.json:
            self._print_row({"time": round(self.now, 3)} | cards.answer_row(text, answer))
            return
        from ..questions.question import Question

        title = f"At {cards.clock(self.now)}"
        cards.print_card(cards.console(), Question("", text, None, ""), answer, None, title)

    def _notify(self, kind: str, message: str) -> None:
        if self.options.json:
            self._print_row({kind: message}, err=True)
        else:
            typer.echo(message, err=True)

    def _print_row(self, row: dict[str, Any], err: bool = False) -> None:
        typer.echo(json_module.dumps(row, ensure_ascii=False), err=err)


def _read_questions(events: SimpleQueue) -> None:
    """Put each line of stdin into the queue. Bytes that are not UTF-8 are replaced."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for line in sys.stdin:
        if line.strip():
            events.put(line.strip())


@contextmanager
def _stop_on_signals(events: SimpleQueue) -> Iterator[None]:
    """Put None into the queue at the first SIGINT or SIGTERM. The second one stops the process at once."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        events.put(None)  # SimpleQueue.put is safe in a signal handler

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
