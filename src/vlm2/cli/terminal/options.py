"""Options that several verbs have, JSON output, and the check of a file that a verb writes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from ...encoders import runtime

Model = Annotated[str, typer.Option(help="mini, a checkpoint's folder, or owner/model on the Hugging Face hub.")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda or mps; auto for all GPUs together; by default a GPU if there is one.")
]
OneDevice = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 or mps; by default a GPU if there is one.")]
Dtype = Annotated[str | None, typer.Option(help="float32, bfloat16 or float16; by default the device's best.")]
Runtime = Annotated[
    runtime.Runtime,
    typer.Option(
        help="What computes the vision encoder and our detector: torch, or on a CPU openvino (extra `openvino`)."
    ),
]
State = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep sessions in this folder, so that they survive a restart.")
]
Save = Annotated[Path | None, typer.Option(help="Save the memory of the video to this file (.vlm2mem).")]
Eyes = Annotated[
    str | None,
    typer.Option(
        help="Detector of the object memory: auto (the best on this machine), homes, homes:FOLDER, yolox, joint, "
        "hub:OWNER/NAME or hub:FOLDER of a detector of transformers, or none for no object memory."
    ),
]
Words = Annotated[
    str, typer.Option(help="What eyes with an open vocabulary look for: words between commas, 'chair, fire hose'.")
]
Geometry = Annotated[
    str | None,
    typer.Option(help="hub:OWNER/NAME or hub:FOLDER of a depth model of transformers, instead of the model's depth."),
]
Vlm = Annotated[
    str | None,
    typer.Option(
        help="Vision-language model for questions that the object memory cannot answer: hub:NAME, or the address of an "
        "OpenAI-compatible server (http://localhost:8000/v1#model), to which keyframes of the video are then sent."
    ),
]
AskVlm = Annotated[bool, typer.Option("--ask-vlm", help="Ask the model of --vlm every question.")]
OnlyNew = Annotated[
    bool,
    typer.Option("--only-new", help="Of --fps frames a second (10), look at those that show something new."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Download nothing; a missing file is an error. Same as VLM2_OFFLINE=1.")
]

MEMORY = ".vlm2mem"  # the ending of a saved memory


def check_vlm(vlm: str | None, ask_vlm: bool) -> None:
    """Raise ValueError for --ask-vlm without --vlm."""
    if ask_vlm and vlm is None:
        raise ValueError("--ask-vlm needs a vision-language model: add --vlm hub:NAME or --vlm ADDRESS.")


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def split_words(words: str) -> list[str]:
    """Return the words between the commas of --words."""
    return [word.strip() for word in words.split(",") if word.strip()]


def parse_size(text: str, option: str) -> tuple[int, int]:
    """Return the width and the height of a size such as 320x240. Raises ValueError, naming the option, for others."""
    if (match := re.fullmatch(r"(\d+)[xX×](\d+)", text)) is None:
        raise ValueError(f"{option} {text}: give width and height in pixels, such as 320x240.")
    return int(match[1]), int(match[2])


def is_memory(source: str) -> bool:
    """Tell by its name whether a source is a saved memory rather than a video."""
    return source.endswith(MEMORY)


def check_memory_file(file: Path | None) -> None:
    """Raise ValueError where a memory cannot be saved, and where the file holds something else, such as the video."""
    check_output_file(file)
    if file is None or not file.exists():
        return
    from ...streaming.container import is_container

    if file.stat().st_size and not is_container(file):
        raise ValueError(
            f"{file} is no memory of vlm2, and saving would replace it. Name another file, such as room{MEMORY}."
        )


def check_output_file(file: Path | None, example: str = f"room{MEMORY}") -> None:
    """Raise ValueError if a file cannot be written, so that the error comes before the work."""
    if file is None:
        return
    folder = file.absolute().parent
    if not folder.is_dir():
        raise ValueError(f"{file} cannot be saved: there is no folder {folder}. Make it first.")
    if file.is_dir():
        raise ValueError(f"{file} cannot be saved: it is a folder. Name a file in it, such as {file / example}.")
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} cannot be saved: it is not a file but a device or a pipe. Name a file.")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{file} cannot be saved: {folder} may not be written to. Name another folder.")
