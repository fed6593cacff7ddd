"""Options that several verbs have, each defined once, and the check of a file that a verb writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="mini, a checkpoint's folder, or owner/model on the Hugging Face hub.")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda or mps; auto for all GPUs together; by default a GPU if there is one.")
]
Dtype = Annotated[str | None, typer.Option(help="float32, bfloat16 or float16; by default the device's best.")]
Save = Annotated[Path | None, typer.Option(help="Save the memory of the video to this file (.vlm2mem).")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Download nothing; a missing file is an error. Same as VLM2_OFFLINE=1.")
]


def check_output_file(file: Path | None, example: str = "room.vlm2mem") -> None:
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
