"""Times of frames in seconds since the first, from timestamps that may be missing, wrong, or start anew.

A timestamp fits if it is near the last frame's time. A frame whose timestamp does not fit is held, with at most `HELD`
frames after it, until one of three cases is known:

- A later timestamp fits: the held frames have wrong timestamps and are placed between their neighbours.
- No later timestamp fits and time went back: the timestamps start anew (joined files) and time counts on.
- No later timestamp fits and time went forward: a pause in the recording. A pause is kept up to `LONGEST_PAUSE`, or up
  to `SHORT_PAUSE` with fewer than `HELD` frames before or after it, or if the frames after it are as far apart.
  Longer pauses are removed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TypeVar

import av
from av.video.stream import VideoStream

HELD = 8  # largest number of held frames
RECENT = 15  # number of recent steps between frames whose median is the usual step
TOLERANCE = 1.0  # a timestamp fits within this many seconds of the last frame's time
STEPS = 10.0  # or within this many usual steps
LONGEST_PAUSE, SHORT_PAUSE = 3600.0, 60.0  # seconds

Item = TypeVar("Item")
# Yields the time of each frame of a stream in seconds since the first, and the frame.
FrameTimes = Callable[[Iterable[av.VideoFrame], VideoStream], Iterator[tuple[float, av.VideoFrame]]]


@dataclass
class TimestampClock:
    """Times from the frames' own timestamps: seconds since the first frame, strictly increasing.

    `last` is the last frame's time, `wrong` the number of replaced timestamps, `cut` the number of removed pauses, and
    `jump` the longest jump in seconds among both.
    """

    last: float | None = None
    wrong: int = 0
    jump: float = 0.0
    cut: int = 0
    _zero: float | None = None  # the timestamp at 0 s
    _period: float = 0.04  # seconds between frames before any step is known
    _placed: int = 0  # frames that have their time
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def times(self, frames: Iterable[av.VideoFrame], stream: VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
        """Yield each frame's time and the frame, in order."""
        return self.place(((frame.time, frame) for frame in frames), period(stream))

    def place(self, stamped: Iterable[tuple[float | None, Item]], period: float) -> Iterator[tuple[float, Item]]:
        """Yield each item's time and the item. `stamped` has each item after its timestamp in seconds or None.

        `period` is the time in seconds between items without timestamps.
        """
        self._period = period
        source = iter(stamped)
        again: deque[tuple[float | None, Item]] = deque()  # held items to be examined once more
        held: list[tuple[float | None, Item]] = []
        while True:
            entry = again.popleft() if again else next(source, None)
            if entry is not None:
                stamp, item = entry
                if not held and (stamp is None or self._fits(stamp, 0)):
                    yield self._follow(stamp), item
                    continue
                if held and stamp is not None and self._fits(stamp, len(held)):
                    yield from self._between(held, stamp)
                    yield self._follow(stamp), item
                    held = []
                    continue
                held.append(entry)
            elif not held:
                return
            if entry is None or len(held) > HELD:
                yield self._settle([stamp for stamp, _ in held]), held[0][1]
                again.extendleft(reversed(held[1:]))
                held = []

    @property
    def problems(self) -> str:
        """A description of the wrong timestamps; empty if there are none."""
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
        """Return whether a timestamp fits the last frame's time, `held` frames later.

        A step back fits only if no frame is held, because timestamps that start anew come near the last time later.
        """
        if self.last is None or self._zero is None:
            return True
        step, tolerance = stamp - self._zero - self.last, max(TOLERANCE, STEPS * self.usual)
        return -(self.usual if held else tolerance) <= step <= tolerance + held * self.usual

    def _follow(self, stamp: float | None) -> float:
        """Return the time of a frame whose timestamp fits or is missing."""
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

    def _between(self, held: list[tuple[float | None, Item]], stamp: float) -> Iterator[tuple[float, Item]]:
        """Place the held frames evenly between the last frame and the next one, whose timestamp fits."""
        assert self.last is not None and self._zero is not None
        begin, end = self.last, stamp - self._zero
        step = (end - begin) / (len(held) + 1) if end > begin else self._period
        for index, (wrong, item) in enumerate(held, 1):
            if wrong is not None:
                self.wrong += 1
                self.jump = max(self.jump, abs(wrong - self._zero - begin))
            self.last = begin + step * index
            self._placed += 1
            yield self.last, item

    def _settle(self, stamps: list[float | None]) -> float:
        """Return the time of the first of the held frames, from which on the timestamps count anew."""
        (stamp, *_), known = stamps, [s for s in stamps if s is not None]
        assert stamp is not None and self.last is not None and self._zero is not None
        pause = stamp - self._zero - self.last
        steps = [b - a for a, b in pairwise(known) if b > a]
        both_sides = self._placed > HELD and len(stamps) > HELD
        longest = max(LONGEST_PAUSE if both_sides else SHORT_PAUSE, STEPS * median(steps) if steps else 0.0)
        if not 0 < pause <= longest:
            if pause > 0:
                self.cut += 1
                self.jump = max(self.jump, pause)
            self._zero = stamp - self.last - self.usual
        return self._follow(stamp)


def period(stream: VideoStream) -> float:
    """Return the seconds between frames from the stream's frame rate."""
    rate = stream.guessed_rate or stream.average_rate
    return float(1 / rate) if rate else 0.04
