"""`vlm2 watch`: watch a camera, a stream or a file as it runs, and ask while it does."""

from __future__ import annotations

import json as json_module
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import TextIOWrapper
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from .weights import OFFLINE_HELP, load_model

if TYPE_CHECKING:
    from ..streaming import Session
    from ..video import LiveReader


def watch(
    source: Annotated[
        str,
        typer.Argument(
            help="A camera (0, /dev/video0), an address (rtsp://…, http://…), a file, or - for a stream on stdin."
        ),
    ],
    ask: Annotated[list[str] | None, typer.Option(help="Ask this by itself; may be given several times.")] = None,
    every: Annotated[float | None, typer.Option(help="Seconds between askings; without it once, at the end.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds of the stream.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep what was seen in this file.")] = None,
    save_every: Annotated[float, typer.Option(help="Seconds between savings; it is saved at the end as well.")] = 60.0,
    model: Annotated[str, typer.Option(help="mini, a checkpoint's folder, or owner/model on the hub.")] = "mini",
    fps: Annotated[float, typer.Option(help="Frames a second to look at.")] = 2.0,
    tries: Annotated[int, typer.Option(help="How often in a row a lost source is tried again.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps; by default a GPU where there is one.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help=OFFLINE_HELP)] = False,
) -> None:
    """Watch SOURCE until it ends or Ctrl-C, and answer each line that you type: `vlm2 watch 0`.

    The exit status is 1 where watching stopped early because the picture got another shape."""
    plan = WatchOptions(tuple(ask or ()), every, seconds, save, save_every)
    if source == "-" and sys.stdin.isatty():
        raise ValueError(
            "- reads a video stream from stdin, and stdin is a terminal: ffmpeg … -f mpegts - | vlm2 watch -"
        )
    from ..video import LiveReader, find_source

    events: SimpleQueue = SimpleQueue()
    reader = LiveReader(find_source(source), fps, events.put, tries)
    session = load_model(model, offline, device=device, dtype=dtype)[0].session()
    watching = LiveLoop(session, reader, plan, json)
    with _stopped_by_signals(events):
        reader.start()
        if source != "-":
            Thread(target=_put_lines, args=(events,), name="questions", daemon=True).start()
        try:
            watching.run(events)
        finally:
            reader.stop()
            watching.close()
    if watching.stopped:
        raise typer.Exit(1)


def check_place(file: Path | None, example: str = "room.vlm2mem") -> None:
    """Raise ValueError where a file cannot be saved: found out now, not after the video was watched."""
    if file is None:
        return
    if not file.absolute().parent.is_dir():
        raise ValueError(f"{file} cannot be saved: there is no folder {file.absolute().parent}. Make it first.")
    if file.is_dir():
        raise ValueError(f"{file} cannot be saved: it is a folder. Name a file in it, such as {file / example}.")
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} cannot be saved: it is no file but a device or a pipe. Name a file.")
    if not os.access(file.absolute().parent, os.W_OK):
        raise ValueError(
            f"{file} cannot be saved: {file.absolute().parent} may not be written to. Name another folder."
        )


@dataclass(frozen=True)
class WatchOptions:
    """What to do without being told again. All times are seconds of the stream."""

    questions: tuple[str, ...] = ()
    every: float | None = None
    seconds: float | None = None
    save: Path | None = None
    save_every: float = 60.0

    def __post_init__(self) -> None:
        named = {"--every": self.every, "--seconds": self.seconds, "--save-every": self.save_every}
        for option, value in named.items():
            if value is not None and not value > 0:
                raise ValueError(f"{option} {value:g}: give a number of seconds above 0.")
        if self.every is not None and not self.questions:
            raise ValueError('--every says how often to ask; say what with --ask "How many chairs are in this room?"')
        if any(not question.strip() for question in self.questions):
            raise ValueError("A question is empty; ask something about what is seen.")
        check_place(self.save)


@dataclass(frozen=True)
class TypedLine:
    """A line that somebody typed."""

    text: str


@dataclass(frozen=True)
class Stop:
    """Somebody pressed Ctrl-C, or asked the process to end."""


@dataclass
class LiveLoop:
    """A session and the reader that feeds it, from the first frame to the last word."""

    session: Session
    reader: LiveReader
    plan: WatchOptions
    json: bool = False
    now: float = 0.0  # the newest frame's time
    asked: int = 0  # rounds of the plan's questions
    saved: float = 0.0
    stopped: bool = False  # before the source ended, by itself
    held: list[str] = field(default_factory=list)  # typed before the first frame

    def run(self, events: SimpleQueue) -> None:
        """Take events as they come until the source ends, then ask the plan's questions; raise the error for which the
        source was given up. A picture of another shape ends watching like the end of the source, and sets `stopped`."""
        from ..video import FrameReady, PictureChanged, SourceEnded, SourceLost, StampsDoubted

        while True:
            match events.get():
                case FrameReady():
                    if not self._look():
                        break
                case TypedLine(text):
                    self._question(text)
                case SourceLost(reason, pause):
                    self._say("lost", f"{reason} Trying again in {pause:g} s.")
                case StampsDoubted(reason):
                    self._say("warning", reason)
                case SourceEnded(PictureChanged() as error):
                    self._say("stopped", str(error))
                    self.stopped = True
                    break
                case SourceEnded(error):
                    if error is not None:
                        raise error
                    break
                case Stop():
                    break
        if self.session.frames and self.plan.every is None:
            self._ask_planned()

    def close(self) -> None:
        """Save, and print what was seen. Raises what saving raises."""
        seen, reader = self.session.frames, self.reader
        if seen and self.plan.save is not None:
            self.session.save(self.plan.save)
        kept = f" Kept in {self.plan.save}." if seen and self.plan.save is not None else ""
        counts = {"seconds": round(self.now, 3), "frames": seen, "dropped": reader.dropped, "lost": reader.lost}
        if self.json:
            typer.echo(json_module.dumps({"watched": reader.source.name, **counts}, ensure_ascii=False))
            return
        lost = f" The connection was lost {reader.lost} times." if reader.lost else ""
        busy = f"; {reader.dropped} dropped because the model was busy" if reader.dropped else ""
        typer.echo(f"Watched {self.now:.1f} s of {reader.source.name}: {seen} frames looked at{busy}.{lost}{kept}")

    def _look(self) -> bool:
        """Show the session the newest frame, then do what is due; return whether to go on."""
        frame = self.reader.take()
        if frame is None:
            return True
        if self.plan.seconds is not None and frame.time >= self.plan.seconds:
            return False
        self.session.observe(frame.image, frame.time)
        self.now = frame.time
        for text in self.held:
            self._answer(text)
        self.held.clear()
        if self.plan.every is not None and self.now >= (self.asked + 1) * self.plan.every:
            self.asked = int(self.now / self.plan.every)
            self._ask_planned()
        if self.plan.save is not None and self.now >= self.saved + self.plan.save_every:
            self.saved = self.now
            self._save_meanwhile(self.plan.save)
        return True

    def _save_meanwhile(self, file: Path) -> None:
        try:
            self.session.save(file)
        except OSError as error:  # a full disk may have room again at the end
            self._say("error", f"Not saved at {self.now:.1f} s: {error}")

    def _question(self, text: str) -> None:
        if self.session.frames:
            self._answer(text)
        else:
            self.held.append(text)

    def _ask_planned(self) -> None:
        for text in self.plan.questions:
            self._answer(text)

    def _answer(self, text: str) -> None:
        try:
            answer = self.session.ask(text)
        except ValueError as error:  # of this question, such as one that is too long; the watching goes on
            self._say("error", f"Not answered at {self.now:.1f} s: {error}")
            return
        if self.json:
            evidence = [{k: round(v, 4) for k, v in asdict(seen).items()} for seen in answer.evidence]
            row = {"time": round(self.now, 3), "question": text, "answer": answer.text, "evidence": evidence}
            row |= {} if answer.recalled is None else {"recalled": answer.recalled}
            typer.echo(json_module.dumps(row, ensure_ascii=False))
            return
        from ..questions.question import Question
        from .ask import card

        card.print_card(card.console(), Question("", text, None, ""), answer, None, f"At {card.clock(self.now)}")

    def _say(self, kind: str, words: str) -> None:
        typer.echo(json_module.dumps({kind: words}, ensure_ascii=False) if self.json else words, err=True)


def _put_lines(events: SimpleQueue) -> None:
    """Hand on what is typed, line by line; bytes that are no UTF-8 are replaced."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for line in sys.stdin:
        if line.strip():
            events.put(TypedLine(line.strip()))


@contextmanager
def _stopped_by_signals(events: SimpleQueue) -> Iterator[None]:
    """Let the frame in work be finished at Ctrl-C or a polite kill, then stop; a second one stops at once."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        events.put(Stop())  # a SimpleQueue may be put into from a handler

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
