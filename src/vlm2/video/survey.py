"""Count the frames and seconds of a video file from its packets, without decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from .clock import LONGEST_PAUSE, STEPS, TOLERANCE, TimestampClock, period

REORDERED = 16  # most frames between a timestamp and its place in the file if frames are stored out of order


@dataclass(frozen=True)
class Survey:
    """The frames that a player shows: their number, their seconds, and the seconds of the last one.

    `stated` is the duration in the file's header in seconds. It equals `seconds` if the header has no valid one.
    """

    frames: int
    seconds: float
    last: float
    stated: float


def survey(container: InputContainer, stream: VideoStream) -> Survey:
    """Count the shown frames and their time.

    Every packet is examined, because headers count hidden frames too, or only the first fragment.
    """
    stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base and stream.frames else 0
    clock, step = TimestampClock(), period(stream)
    durations = [duration for _, duration in clock.place(_display_order(_shown(container, stream), step), step)]
    if clock.last is None:
        return Survey(0, 0.0, 0.0, stated)
    last = durations[-1] if 0 < durations[-1] <= LONGEST_PAUSE else clock.usual
    seconds = clock.last + last
    return Survey(len(durations), seconds, last, seconds if clock.problems or not stated else stated)


def _shown(container: InputContainer, stream: VideoStream) -> Iterator[tuple[float | None, float]]:
    """Yield the timestamp and the duration in seconds of each packet with a shown frame."""
    with suppress(FFmpegError):  # a damaged end; decoding reports it
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard and not _hidden(packet, stream):
                unit = float(packet.time_base or 0)
                yield None if packet.pts is None else packet.pts * unit, (packet.duration or 0) * unit


def _hidden(packet: Packet, stream: VideoStream) -> bool:
    """Return whether a VP8 packet holds a frame that is only a reference (RFC 6386, 9.1: show_frame is 0)."""
    return stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10


def _display_order(stored: Iterator[tuple[float | None, float]], step: float) -> list[tuple[float | None, float]]:
    """Sort frames from decoding order by their timestamps. Jumps stay where they are."""
    tolerance = max(TOLERANCE, STEPS * step, REORDERED * step)
    ordered: list[tuple[float | None, float]] = []
    run: list[tuple[float, float]] = []
    for stamp, duration in stored:
        if run and (stamp is None or abs(stamp - run[-1][0]) > tolerance):
            ordered += sorted(run)
            run = []
        if stamp is None:
            ordered.append((stamp, duration))
        else:
            run.append((stamp, duration))
    return ordered + sorted(run)
