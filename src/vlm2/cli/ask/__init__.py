"""`vlm2 ask`: watch a video file and answer questions about it."""

from __future__ import annotations

import json as json_module
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..watch import check_place
from ..weights import OFFLINE_HELP, load_model

if TYPE_CHECKING:
    from ...questions.question import Question
    from ...streaming import Answer, Session
    from ...streaming.llava_baseline import Baseline
    from ...video import VideoFile

LONG_VIDEO = 10.0  # seconds; from here on a progress bar

Asked = tuple["Question", "Answer"]


def ask(
    video: Annotated[str, typer.Argument(help="A video file.")],
    questions: Annotated[list[str] | None, typer.Argument(metavar="QUESTION...", help="What to ask.")] = None,
    questions_file: Annotated[
        Path | None,
        typer.Option("--questions", help="A file of questions, JSON lines or JSON (see docs/questions.md)."),
    ] = None,
    model: Annotated[str, typer.Option(help="mini, a checkpoint's folder, or owner/model on the hub.")] = "mini",
    fps: Annotated[float | None, typer.Option(help="Frames a second to look at; by default 2.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    save: Annotated[Path | None, typer.Option(help="Keep what was seen in this file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps; auto: all GPUs; by default a GPU.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16.")] = None,
    quantize: Annotated[
        str | None, typer.Option(help="8bit or 4bit: a smaller language model (extra `large`).")
    ] = None,
    baseline: Annotated[
        int | None,
        typer.Option(metavar="FRAMES", min=1, help="Plain LLaVA-Video on so many frames (32): no memory, no 3D."),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help=OFFLINE_HELP)] = False,
) -> None:
    """Answer questions about a video: `vlm2 ask room.mp4 "How many chairs are in this room?"`."""
    asked = _questions(questions or [], questions_file)
    check_place(save)
    if baseline is not None and save is not None:
        raise ValueError("The baseline has no memory to save; leave out --save or --baseline.")
    with _warnings_as_lines():
        from ...video import VideoFile

        file = VideoFile(video)
        loaded, load_seconds = load_model(model, offline, device=device, dtype=dtype, quantize=cast(Any, quantize))
        if baseline is not None:
            from ...streaming.llava_baseline import Baseline

            session = Baseline(loaded, baseline)
            session.watch(file)
            answers = zip(asked, session.ask([_prompt(question) for question in asked]), strict=True)
        else:
            session = loaded.session()
            for question in asked:
                session.check(_prompt(question))
            with _progress(file) as progress:
                session.watch(file, fps=fps, progress=progress)
            answers = ((question, session.ask(_prompt(question))) for question in asked)
        if json:
            typer.echo(_as_json(model, file, session, list(answers)))
        else:
            _show(file, session, answers, load_seconds)
    if save is not None:  # last, so that a full disk costs no answers
        cast("Session", session).save(save)


def _questions(texts: list[str], file: Path | None) -> list[Question]:
    from ...questions.question import Question, readable

    questions = [Question("", readable(text), None, "") for text in texts]
    if file is not None:
        from ...questions.file import convert, read_rows
        from ...questions.row import read_row

        asked = convert(file, read_rows(file), lambda values: read_row(values).question)
        if not asked:
            raise ValueError(
                f"{file} holds no questions; write one JSON object a line (docs/questions.md shows the form)."
            )
        questions += asked
    if not questions:
        raise ValueError('Ask something: vlm2 ask room.mp4 "How many chairs are in this room?"')
    if any(not question.question.strip() for question in questions):
        raise ValueError("A question is empty; ask something about the video.")
    return questions


def _prompt(question: Question) -> str:
    return question.prompt() if question.question_type else question.question


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show our own warnings as one yellow line each, and those of the libraries not at all."""
    from ...encoders.weights import LicenceNotice
    from ...video import VideoWarning

    def show(message: Warning | str, *_: object, **__: object) -> None:
        typer.secho(f"Warning: {message}", fg=typer.colors.YELLOW, err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", VideoWarning)
        warnings.simplefilter("always", LicenceNotice)
        warnings.showwarning = show
        yield


@contextmanager
def _progress(file: VideoFile) -> Iterator[Callable[[float], None] | None]:
    """Give what a session tells its progress to: a bar for long videos where someone is looking."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if file.seconds < LONG_VIDEO or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("Watching"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=file.seconds)
        yield lambda seconds: bar.update(task, completed=seconds)


def _as_json(model: str, file: VideoFile, session: Session | Baseline, answers: list[Asked]) -> str:
    from .mark import mark

    rows = []
    for question, answer in answers:
        row = {"question": question.question, "answer": answer.text, "seconds": round(answer.seconds, 3)}
        if question.options is not None:
            row["options"] = list(question.options)
        if question.ground_truth:
            row |= {"truth": question.ground_truth, "right": mark(question, answer.text).right}
        if answer.recalled is not None:
            row["recalled"] = answer.recalled
        row["evidence"] = [{k: round(v, 4) for k, v in asdict(seen).items()} for seen in answer.evidence]
        rows.append(row)
    video = {"path": str(file.path), "seconds": round(file.seconds, 3), "frames": session.frames}
    return json_module.dumps({"model": model, "video": video, "answers": rows}, ensure_ascii=False, indent=1)


def _show(file: VideoFile, session: Session | Baseline, answers: Iterable[Asked], load_seconds: float) -> None:
    """Print each answer as it comes, then where the time went, then how many were right."""
    from . import card
    from .mark import RULES, mark

    console, marks, seconds = card.console(), [], 0.0
    for question, answer in answers:
        marked = mark(question, answer.text) if question.ground_truth else None
        marks.append(marked)
        seconds += answer.seconds
        card.print_card(console, question, answer, marked)
    spent = {"load": load_seconds, **session.spent, "answer": seconds}
    parts = " · ".join(f"{stage} {seconds:.1f} s" for stage, seconds in spent.items())
    card.print_note(console, f"{file.path.name}: {file.seconds:.1f} s of video, {session.frames} frames looked at.")
    card.print_note(console, f"Time: {sum(spent.values()):.1f} s = {parts}")
    known = [marked for marked in marks if marked is not None]
    if known:
        card.print_note(console, RULES)
        console.print(f"{sum(marked.right for marked in known)} of {len(known)} right")
