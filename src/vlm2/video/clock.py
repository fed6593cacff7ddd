"""When frames are shown: seconds since the first, from stamps that may be missing, wrong, or start anew.

A stamp fits if it lies within a tolerance of the last frame's time. A frame whose stamp does not fit is held, with at
most `HELD` frames after it, until one of these is known:

- a later stamp fits: the held frames carry wrong stamps, and are placed between their neighbours;
- no later stamp fits, and time went back: the stamps start anew (files put together), and time counts on;
- no later stamp fits, and time went forward: a pause (a recording that was interrupted). It is believed up to
  `LONGEST_PAUSE`, up to `SHORT_PAUSE` where fewer than `HELD` frames lie before or after it, and always where the
  frames after it are as far apart; a longer one is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Protocol, TypeVar, runtime_checkable

import av
from av.video.stream import VideoStream

HELD = 8  # frames held at most, to see whether a jump stays
RECENT = 15  # steps between frames that tell the usual one
TOLERANCE = 1.0  # seconds from the last frame's time, and
STEPS = 10.0  # times the usual step
LONGEST_PAUSE, SHORT_PAUSE = 3600.0, 60.0  # seconds

Item = TypeVar("Item")


@runtime_checkable
class FrameClock(Protocol):
    """Gives each frame its time in seconds since the first."""

    def times(self, frames: Iterable[av.VideoFrame], stream: VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
        """Yield each frame, in order, after its time."""
        ...


@dataclass
class TimestampClock:
    """Tells time by the frames' own stamps: seconds since the first, always growing.

    `last` is the last frame's time; `wrong` counts the stamps that were not believed, `jump` is the longest way in
    seconds that a stamp which was not believed jumped, and `cut` counts the pauses that were left out.
    """

    last: float | None = None
    wrong: int = 0
    jump: float = 0.0
    cut: int = 0
    _zero: float | None = None  # the stamp at 0 s
    _period: float = 0.04  # seconds between frames, where nothing tells more
    _placed: int = 0  # frames that have their time
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def times(self, frames: Iterable[av.VideoFrame], stream: VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
        """Yield each frame, in order, after its time."""
        return self.place(((frame.time, frame) for frame in frames), period(stream))

    def place(self, stamped: Iterable[tuple[float | None, Item]], period: float) -> Iterator[tuple[float, Item]]:
        """Yield each item after its time; items come after their stamps in seconds, None where they have none.
        `period` is the time in seconds between items without stamps."""
        self._period = period
        source = iter(stamped)
        again: deque[tuple[float | None, Item]] = deque()  # held before a jump was settled
        held: list[tuple[float | None, Item]] = []
        while True:
            entry = again.popleft() if again else next(source, None)
            if entry is None:
                if not held:
                    return
            elif not held and (entry[0] is None or self._fits(entry[0], 0)):
                yield self._follow(entry[0]), entry[1]
                continue
            elif held and entry[0] is not None and self._fits(entry[0], len(held)):
                yield from self._between(held, entry)
                held = []
                continue
            else:
                held.append(entry)
            if entry is None or len(held) > HELD:
                yield self._settle([stamp for stamp, _ in held]), held[0][1]
                again.extendleft(reversed(held[1:]))
                held = []

    @property
    def doubts(self) -> str:
        """What was not believed, in words; empty if all stamps were."""
        words = []
        if self.wrong:
            count = f"{self.wrong} frames carry" if self.wrong > 1 else "1 frame carries"
            words.append(f"{count} an impossible time (up to {self.jump:.0f} s away) and got one from the neighbours")
        if self.cut:
            words.append(f"{self.cut} jump{'s' * (self.cut > 1)} of up to {self.jump:.0f} s left out")
        return ", and ".join(words)

    @property
    def usual(self) -> float:
        """The usual step between frames in seconds."""
        return median(self._steps) if self._steps else self._period

    def _fits(self, stamp: float, held: int) -> bool:
        """Tell whether a stamp goes on from the last frame that has its time, `held` frames later. A step back fits
        where none is held: stamps that start anew get near the last frame's time after a while."""
        if self.last is None or self._zero is None:
            return True
        way, tolerance = stamp - self._zero - self.last, max(TOLERANCE, STEPS * self.usual)
        return -(self.usual if held else tolerance) <= way <= tolerance + held * self.usual

    def _follow(self, stamp: float | None) -> float:
        """Return the time of a frame whose stamp fits or is missing."""
        after_last = 0.0 if self.last is None else self.last + self._period
        time = after_last
        if stamp is not None:
            self._zero = stamp - after_last if self._zero is None else self._zero
            time = stamp - self._zero
        if self.last is not None:
            time = time if time > self.last else after_last
            self._steps.append(time - self.last)
        self.last = time
        self._placed += 1
        return time

    def _between(
        self, held: list[tuple[float | None, Item]], entry: tuple[float | None, Item]
    ) -> Iterator[tuple[float, Item]]:
        """Place the held frames between the last one and the one that fits again."""
        stamp, _ = entry
        assert stamp is not None and self.last is not None and self._zero is not None
        begin, end = self.last, stamp - self._zero
        step = (end - begin) / (len(held) + 1) if end > begin else self._period
        for index, (wrong, item) in enumerate(held, 1):
            if wrong is not None:
                self.wrong += 1
                self.jump = max(self.jump, abs(wrong - self._zero - begin))
            self.last = begin + step * index
            self._placed += 1
            yield self.last, item
        yield self._follow(stamp), entry[1]

    def _settle(self, stamps: list[float | None]) -> float:
        """Return the time of a frame after which the stamps stay away: stamps start with its own."""
        (stamp, *_), given = stamps, [s for s in stamps if s is not None]
        assert stamp is not None and self.last is not None and self._zero is not None
        pause = stamp - self._zero - self.last
        steps = [b - a for a, b in pairwise(given) if b > a]
        both_sides = self._placed > HELD and len(stamps) > HELD
        longest = max(LONGEST_PAUSE if both_sides else SHORT_PAUSE, STEPS * median(steps) if steps else 0.0)
        if not 0 < pause <= longest:
            if pause > 0:
                self.cut += 1
                self.jump = max(self.jump, pause)
            self._zero = stamp - self.last - self.usual
        return self._follow(stamp)


def period(stream: VideoStream) -> float:
    """Return the seconds between frames by the stream's rate."""
    rate = stream.guessed_rate or stream.average_rate
    return float(1 / rate) if rate else 0.04
