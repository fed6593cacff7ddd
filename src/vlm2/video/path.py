"""Paths of video files: the meaning of a name, errors about it, and the text by which FFmpeg opens it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .picture import VideoError

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+", re.IGNORECASE)  # Path turns two slashes into one
UNREADABLE = {".heic", ".heif", ".avif"}
PICTURES = UNREADABLE | {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def local_path(name: str | Path) -> Path:
    """Return the path of a file. `name` may be an address that begins with file://."""
    found = ADDRESS.match(str(name))
    if found and found[1].lower() == "file":
        return Path(unquote(urlsplit(f"file:///{str(name)[found.end() :]}").path))
    return Path(name)


def check_file(path: Path, name: str) -> None:
    """Raise VideoError with advice if `path` is not a file on disk. `name` is what the user wrote."""
    if not name:
        raise VideoError("The name of the video is empty. Name a file: vlm2 ask room.mp4 QUESTION")
    if path.is_file():
        return
    if path.is_dir():
        raise VideoError(f"{name} is a folder. {_folder_advice(path)}")
    if path.exists():
        raise VideoError(
            f"{name} is a device or a pipe, and a video file is read more than once. "
            f'Watch it live: vlm2 watch {name} --ask "How many chairs are in this room?"'
        )
    if (found := ADDRESS.match(name)) and found[1].lower() != "file":
        address = f"{found[1]}://{name[found.end() :]}"
        raise VideoError(
            f"{address} is an address, not a file on disk. Download it first, or watch it live: "
            f'vlm2 watch {address} --ask "How many chairs are in this room?"'
        )
    if name == "-" or name.isdigit():
        kind = "stdin" if name == "-" else f"camera {name}"
        raise VideoError(f"There is no file {name}. For {kind}: vlm2 watch {name}")
    raise VideoError(f"There is no file {name}. Check the path; the current folder is {Path.cwd()}.")


def _folder_advice(folder: Path) -> str:
    try:
        pictures = any(file.suffix.lower() in PICTURES for file in folder.iterdir())
    except OSError:
        pictures = False
    if not pictures:
        return "Name one video file in it."
    return f"Name one video file in it, or ask about its pictures: vlm2 ask {folder} QUESTION"


def location(path: Path) -> str:
    """Return the text by which FFmpeg opens this file: an absolute path, which is never a protocol or an option."""
    return str(path.absolute())
