"""The limits of a server, and the error for a request that it refuses."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..streaming.session import FRAMES_PER_SECOND
from ..video.new_views import SHORTEST


@dataclass(frozen=True)
class Limits:
    """How much clients may use. Raises ValueError for a limit that is not above 0.

    `sessions` counts sessions, `queue` the frames and `questions` the questions that wait in one session. `rate` is the
    number of frames that a session takes of each second of its stream; with `only_new`, those of them that show
    something new. `body` is the size of a request in bytes, `pixels` that of a picture, `frames` that of a video, at
    `most_taken`. `videos` is the number of uploaded videos that are kept, and of watched videos of chats. A session
    that nobody used for `idle` seconds is deleted.
    """

    sessions: int = 16
    queue: int = 8
    questions: int = 8
    rate: float = FRAMES_PER_SECOND
    only_new: bool = False
    body: int = 128 * 2**20
    pixels: int = 32_000_000
    frames: int = 7200
    videos: int = 4
    idle: float = 86400.0

    @property
    def most_taken(self) -> float:
        """The most frames of one second of a stream that the model takes."""
        return min(self.rate, 1 / SHORTEST) if self.only_new else self.rate

    def __post_init__(self) -> None:
        for limit in fields(self):
            if (value := getattr(self, limit.name)) is not False and not value > 0:
                raise ValueError(f"The limit {limit.name} is {value}; it must be above 0.")


class Refusal(ValueError):
    """A request that is refused. `status` is the HTTP status, `code` a word for programs."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
