"""Videos that clients upload: kept in a folder for a while, each under an id."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..video import Frame, VideoError, VideoFile, new_views
from .limits import Limits, Refusal

HEAD = 64  # bytes that tell what a file is
SIGNATURES = (  # where, what, ending: only formats that FFmpeg recognises by these bytes, and that name no other files
    (4, b"ftyp", ".mp4"),
    (4, b"moov", ".mov"),
    (4, b"mdat", ".mov"),
    (4, b"wide", ".mov"),
    (0, b"\x1a\x45\xdf\xa3", ".mkv"),
    (8, b"AVI ", ".avi"),
    (0, b"OggS", ".ogv"),
    (0, b"FLV", ".flv"),
    (0, b"GIF8", ".gif"),
    (8, b"WEBPVP8X", ".webp"),
)


@dataclass(frozen=True)
class UploadedVideo:
    """A video on the disk. `name` is what the client called it, `created` the time of day in seconds."""

    id: str
    path: Path
    name: str
    created: int
    size: int


class VideoShelf:
    """Uploaded videos, at most `limits.videos`: a new one replaces the oldest."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._folder = tempfile.TemporaryDirectory(prefix="vlm2-videos-", ignore_cleanup_errors=True)
        self._lock = threading.Lock()
        self._videos: OrderedDict[str, UploadedVideo] = OrderedDict()

    def add(self, file: Any, name: str = "") -> UploadedVideo:
        """Keep the video that a binary file holds. Raises Refusal for what is no video of a kind that is taken."""
        head = file.read(HEAD)
        id = f"file-{secrets.token_hex(12)}"
        path = Path(self._folder.name, id + ending_of(head))
        with path.open("xb") as kept:
            kept.write(head)
            shutil.copyfileobj(file, kept)
        video = UploadedVideo(id, path, name, int(time.time()), path.stat().st_size)
        with self._lock:
            self._videos[id] = video
            gone = [self._videos.popitem(last=False)[1] for _ in range(len(self._videos) - self.limits.videos)]
        for old in gone:
            old.path.unlink(missing_ok=True)
        return video

    def get(self, id: str) -> UploadedVideo:
        """Return a video. Raises Refusal where there is none."""
        with self._lock:
            found = self._videos.get(id)
        if found is None:
            raise Refusal(
                404, "no_such_file", f"There is no file {id[:64]!r}; it may have been replaced by later ones."
            )
        return found

    def list(self) -> list[UploadedVideo]:
        """Return the videos, the oldest first."""
        with self._lock:
            return list(self._videos.values())

    def delete(self, id: str) -> None:
        """Delete a video. Raises Refusal where there is none."""
        video = self.get(id)
        with self._lock:
            self._videos.pop(id, None)
        video.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete all videos."""
        self._folder.cleanup()


def frames_of(path: Path, limits: Limits, note: Callable[[str], object]) -> Iterator[Frame]:
    """Open a video and return the frames that are watched; `note` is called with each warning about it. Raises
    Refusal for what is no video, for one that is too long, and for too large a picture."""
    with _named(path):
        video = VideoFile(path)
    if video.seconds * limits.most_taken > limits.frames:
        longest = limits.frames / limits.most_taken
        raise Refusal(413, "too_long", f"The video has {video.seconds:.0f} s; at most {longest:.0f} s are watched.")
    if video.width * video.height > limits.pixels:
        raise Refusal(413, "too_many_pixels", f"The video's picture has {video.width}×{video.height} pixels.")
    frames = video.sample(limits.rate)
    return _noted(new_views(frames) if limits.only_new else frames, path, note)


def open_local(path: Path, limits: Limits, note: Callable[[str], object]) -> Iterator[Frame]:
    """Return the frames of a file of this machine, as `frames_of` does. Raises Refusal where there is no file."""
    try:
        with path.open("rb") as file:
            ending_of(file.read(HEAD))
    except OSError as error:
        raise Refusal(404, "no_such_file", f"{path} cannot be opened: {error.strerror}.") from None
    return frames_of(path, limits, note)


def frames_of_bytes(data: bytes, limits: Limits, note: Callable[[str], object]) -> Iterator[Frame]:
    """Return the frames of a video in memory, as `frames_of` does."""
    kept = tempfile.NamedTemporaryFile(prefix="vlm2-video-", suffix=ending_of(data[:HEAD]))  # noqa: SIM115
    try:
        kept.write(data)
        kept.flush()
        frames = frames_of(Path(kept.name), limits, note)
    except BaseException:
        kept.close()
        raise
    return _closing(frames, kept)


def _closing(frames: Iterator[Frame], kept: IO[bytes]) -> Iterator[Frame]:
    with kept:
        yield from frames


def _noted(frames: Iterator[Frame], path: Path, note: Callable[[str], object]) -> Iterator[Frame]:
    """Yield the frames, and tell the warnings about them, without the server's path."""
    while True:
        with warnings.catch_warnings(record=True) as caught, _named(path):
            warnings.simplefilter("always")
            frame = next(frames, None)
        for warning in caught:
            note(str(warning.message).replace(str(path), "The video"))
        if frame is None:
            return
        yield frame


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn errors about a video into refusals, without the server's path."""
    try:
        yield
    except VideoError as error:
        raise Refusal(400, "bad_video", str(error).replace(str(path), "The video")) from None


def ending_of(head: bytes) -> str:
    """Return the file ending for a video that begins with these bytes. Raises Refusal for anything else, such as a
    playlist, which would name other files."""
    for place, mark, ending in SIGNATURES:
        if head[place : place + len(mark)] == mark:
            return ending
    raise Refusal(
        400, "bad_video", "This is no video of a kind that is taken: MP4, MOV, MKV, WebM, AVI, Ogg, FLV, GIF, WebP."
    )
