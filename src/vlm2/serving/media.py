"""Pictures and videos of chats: read from data URLs, uploaded files or public addresses, and made frames."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..streaming.session import FRAMES_PER_SECOND
from ..video import Frame
from .chat_request import ContentPart
from .fetch import fetch
from .limits import Limits, Refusal
from .pictures import check_picture, decode_picture
from .videos import HEAD, VideoShelf, ending_of, frames_of, frames_of_bytes


@dataclass(frozen=True)
class Media:
    """A picture, a list of pictures, or a video (its bytes or its file); nothing where only its `key` was sent."""

    key: str
    pictures: tuple[bytes, ...] = ()
    video: bytes | Path | None = None

    def __bool__(self) -> bool:
        return bool(self.pictures) or self.video is not None

    def frames(self, limits: Limits, times: Sequence[float] | None, note: Callable[[str], object]) -> Iterator[Frame]:
        """Return the frames; `times` are those of the pictures, by default half a second apart. Raises Refusal
        for a video that cannot be read or is too long; for damage inside, when that frame comes."""
        if isinstance(self.video, bytes):
            return frames_of_bytes(self.video, limits, note)
        if self.video is not None:
            return frames_of(self.video, limits, note)
        times = [index / FRAMES_PER_SECOND for index in range(len(self.pictures))] if times is None else times
        pairs = zip(times, self.pictures, strict=True)
        return (Frame(time, decode_picture(picture, limits.pixels)) for time, picture in pairs)


class MediaReader:
    """Reads what messages hold. `allow_fetch`: also from public http and https addresses."""

    def __init__(self, shelf: VideoShelf, limits: Limits, allow_fetch: bool = False) -> None:
        self.shelf, self.limits, self.allow_fetch = shelf, limits, allow_fetch

    def read(self, part: ContentPart) -> Media:
        """Return a part's picture or video. Raises Refusal for an address that is none, or is not allowed, and for what
        begins no picture or video, or is too large."""
        address = part.image_url if part.type == "image_url" else part.video_url
        url = "" if address is None else address.url
        if not url:
            if part.uuid is None:
                raise Refusal(400, "no_media", f"A part of type {part.type} has neither an address nor a uuid.")
            return Media(f"uuid:{part.uuid}")
        key, picture = part.uuid and f"uuid:{part.uuid}", part.type == "image_url"
        if url.startswith("data:"):
            kind, data = _split(url)
            key = key or hashlib.sha256(url.encode()).hexdigest()
            if kind == "video/jpeg" and not picture:
                return self._pictures(key, *map(_decoded, data.split(",")))
            content = _decoded(data)
        elif url.startswith("file-") and not picture:
            return Media(key or url, video=self.shelf.get(url).path)
        else:
            content = self._fetched(url)
            key = key or hashlib.sha256(content).hexdigest()
        if picture:
            return self._pictures(key, content)
        ending_of(content[:HEAD])
        return Media(key, video=content)

    def _pictures(self, key: str, *pictures: bytes) -> Media:
        if len(pictures) > self.limits.frames:
            raise Refusal(413, "too_long", f"{len(pictures)} pictures are too many; {self.limits.frames} are taken.")
        for picture in pictures:
            check_picture(picture, self.limits.pixels)
        return Media(key, pictures)

    def _fetched(self, url: str) -> bytes:
        if not url.lower().startswith(("http:", "https:")):
            raise Refusal(400, "bad_address", "Give a data: address, or the id of an uploaded file as video_url.")
        if not self.allow_fetch:
            raise Refusal(403, "no_fetch", "This server fetches no addresses; send the data itself as a data: address.")
        return fetch(url, self.limits.body)


def _split(url: str) -> tuple[str, str]:
    """Return the media type and the base64 text of a data URL."""
    head, comma, data = url.partition(",")
    kind, *options = head.removeprefix("data:").split(";")
    if not comma or "base64" not in options:
        raise Refusal(400, "bad_data", "A data: address has the form data:TYPE;base64,DATA.")
    return kind.lower(), data


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "bad_data", "The data of a data: address is no base64.") from None
