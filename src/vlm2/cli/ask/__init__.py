"""`vlm2 ask`: watch a video file, or open a saved memory, and answer questions about it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..terminal import cards
from ..terminal.loading import load_model
from ..terminal.options import (
    AskVlm,
    Device,
    Dtype,
    Eyes,
    Geometry,
    Json,
    Model,
    Offline,
    OnlyNew,
    Runtime,
    Save,
    Vlm,
    Words,
    check_memory_file,
    check_vlm,
    is_memory,
    print_json,
    split_words,
)
from ..terminal.progress import progress_bar, warning_lines

if TYPE_CHECKING:
    from ...questions.question import Question
    from ...streaming import Answer, Session
    from ...streaming.llava_baseline import Baseline

    Answered = tuple[Question, Answer]

LONG_VIDEO = 10.0  # seconds; longer videos get a progress bar


def ask(
    video: Annotated[
        str,
        typer.Argument(metavar="VIDEO_OR_MEMORY", help="A video file, a folder of pictures, or a memory (.vlm2mem)."),
    ],
    questions: Annotated[list[str] | None, typer.Argument(metavar="QUESTION...", help="What to ask.")] = None,
    questions_file: Annotated[
        Path | None,
        typer.Option("--questions", help="A file of questions, JSON lines or JSON (see docs/reference/questions.md)."),
    ] = None,
    model: Model = "mini",
    eyes: Eyes = "auto",
    words: Words = "",
    geometry: Geometry = None,
    guess: Annotated[
        bool,
        typer.Option("--guess", help="Answer every question: with the likeliest thing, or by the language model."),
    ] = False,
    vlm: Vlm = None,
    ask_vlm: AskVlm = False,
    fps: Annotated[
        float | None, typer.Option(help="Frames per second to look at, by default 2; all pictures of a folder are.")
    ] = None,
    only_new: OnlyNew = False,
    json: Json = False,
    save: Save = None,
    device: Device = None,
    dtype: Dtype = None,
    runtime: Runtime = "torch",
    quantize: Annotated[
        str | None, typer.Option(help="8bit or 4bit: a smaller language model (extra `large`).")
    ] = None,
    baseline: Annotated[
        int | None,
        typer.Option(metavar="FRAMES", min=1, help="Plain LLaVA-Video on this many frames (32): no memory, no 3D."),
    ] = None,
    offline: Offline = False,
) -> None:
    """Answer questions about a video: `vlm2 ask room.mp4 "How many chairs are in this room?"`."""
    asked = _questions(questions or [], questions_file)
    check_memory_file(save)
    check_vlm(vlm, ask_vlm)
    if is_memory(video) and (fps is not None or only_new or baseline is not None or words):
        raise ValueError(
            f"{video} is a memory: its video was watched already. Leave out --fps, --only-new, --words and --baseline, "
            "or give the video."
        )
    if baseline is not None and (save is not None or vlm is not None or only_new):
        raise ValueError(
            "The baseline has no memory to save or to show a VLM, and chooses its frames; leave out --save, --vlm, "
            "--only-new or --baseline."
        )
    with warning_lines():
        from ...streaming import Session
        from ...video import open_video

        file = None if is_memory(video) else open_video(video, fps)
        options = {"device": device, "dtype": dtype, "quantize": quantize, "eyes": eyes, "vlm": vlm}
        options |= {"words": split_words(words), "geometry": geometry, "runtime": runtime}
        loaded, load_seconds = load_model(model, offline, **options)
        path, seconds = (Path(video), 0.0) if file is None else (file.path, file.seconds)
        if baseline is not None and file is not None:
            from ...streaming.llava_baseline import Baseline

            session = Baseline(loaded, baseline)
            session.watch(file)
            answers = zip(asked, session.ask([_prompt(question) for question in asked]), strict=True)
        else:
            session = loaded.session() if file is not None else Session.open(video, loaded)
            for question in asked:
                session.check(_prompt(question))
            if file is None:
                seconds = session.stream.last_time
            else:
                with progress_bar("Watching", seconds, seconds < LONG_VIDEO, transient=True) as progress:
                    session.watch(file, fps=fps, progress=progress, only_new=only_new)
            typed = questions or []  # each may depend on those before it; those of a file stand alone
            answers = (
                (
                    question,
                    session.ask(
                        _prompt(question), guess=guess, ask_vlm=ask_vlm, earlier=typed[:at] if at < len(typed) else ()
                    ),
                )
                for at, question in enumerate(asked)
            )
        if json:
            found = None if loaded.eyes is None else loaded.eyes.name
            print_json({"model": model, "eyes": found} | _as_json(path, seconds, session, answers))
        else:
            _print_cards(path, seconds, session, answers, load_seconds)
    if save is not None:  # last, so that the answers are printed even if the disk is full
        cast("Session", session).save(save, ended=True)


def _questions(texts: list[str], file: Path | None) -> list[Question]:
    """Return the questions of the command line and of a file. Raises ValueError for an empty one, and for none."""
    from ...questions.question import Question, readable

    questions = [Question("", readable(text), None, "") for text in texts]
    if file is not None:
        from ...questions.file import convert, read_rows
        from ...questions.row import read_row

        rows = convert(file, read_rows(file), lambda values: read_row(values).question)
        if not rows:
            raise ValueError(
                f"{file} holds no questions; write one JSON object a line (docs/reference/questions.md shows the form)."
            )
        questions += rows
    if not questions:
        raise ValueError('Ask something: vlm2 ask room.mp4 "How many chairs are in this room?"')
    if any(not question.question.strip() for question in questions):
        raise ValueError("A question is empty; ask something about the video.")
    return questions


def _prompt(question: Question) -> str:
    return question.prompt() if question.question_type else question.question


def _as_json(path: Path, seconds: float, session: Session | Baseline, answers: Iterable[Answered]) -> dict[str, Any]:
    from .mark import mark

    rows = []
    for question, answer in answers:
        row = cards.answer_row(question.question, answer) | {"seconds": round(answer.seconds, 3)}
        if question.options is not None:
            row["options"] = list(question.options)
        if question.ground_truth:
            row |= {"truth": question.ground_truth, "right": mark(question, answer.text).right}
        rows.append(row)
    video = {"path": str(path), "seconds": round(seconds, 3), "frames": session.frames}
    return {"video": video, "answers": rows}


def _print_cards(
    path: Path, length: float, session: Session | Baseline, answers: Iterable[Answered], load_seconds: float
) -> None:
    """Print each answer as soon as it is there, then the times, then the number of right answers."""
    from .mark import RULES, mark

    console, marks, seconds = cards.console(), [], 0.0
    for question, answer in answers:
        verdict = mark(question, answer.text) if question.ground_truth else None
        if verdict is not None:
            marks.append(verdict)
        seconds += answer.seconds
        cards.print_card(console, question, answer, verdict)
    spent = {"load": load_seconds, **session.spent, "answer": seconds}
    parts = " · ".join(f"{stage} {seconds:.1f} s" for stage, seconds in spent.items())
    cards.print_note(console, f"{path.name}: {length:.1f} s of video, {session.frames} frames looked at.")
    cards.print_note(console, f"Time: {sum(spent.values()):.1f} s = {parts}")
    if marks:
        cards.print_note(console, RULES)
        console.print(f"{sum(verdict.right for verdict in marks)} of {len(marks)} right")
