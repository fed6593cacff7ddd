"""What a video file holds: a walk through its packets, without decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from .clock import LONGEST_PAUSE, STEPS, TOLERANCE, TimestampClock, period

REORDERED = 16  # frames by which a stamp may be away from its neighbour's where frames are stored out of order


@dataclass(frozen=True)
class Survey:
    """What is shown of a file: number of frames, seconds, and seconds that the last frame is shown; `stated` is how
    long the file says that it is, in seconds (`seconds` where it says nothing, or nothing that can be)."""

    frames: int
    seconds: float
    last: float
    stated: float


def survey(container: InputContainer, stream: VideoStream) -> Survey:
    """Count the frames that a player shows and their time. An edit list hides frames that are stored, and headers count
    what is stored, or the first fragment; so every packet is looked at."""
    stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base and stream.frames else 0
    clock, step = TimestampClock(), period(stream)
    durations = [shown for _, shown in clock.place(_shown_order(list(_shown(container, stream)), step), step)]
    if clock.last is None:
        return Survey(0, 0.0, 0.0, stated)
    last = durations[-1] if 0 < durations[-1] <= LONGEST_PAUSE else clock.usual
    seconds = clock.last + last
    return Survey(len(durations), seconds, last, seconds if clock.doubts or not stated else stated)


def _shown(container: InputContainer, stream: VideoStream) -> Iterator[tuple[float | None, float]]:
    """Yield stamp and duration in seconds of each packet that holds a frame which is shown."""
    with suppress(FFmpegError):  # a damaged end; decoding will tell
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard and not _hidden(packet, stream):
                unit = float(packet.time_base or 0)
                yield None if packet.pts is None else packet.pts * unit, (packet.duration or 0) * unit


def _hidden(packet: Packet, stream: VideoStream) -> bool:
    """Tell whether a packet of VP8 holds a frame that only others refer to (RFC 6386, 9.1: show_frame is 0)."""
    return stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10


def _shown_order(stored: list[tuple[float | None, float]], step: float) -> list[tuple[float | None, float]]:
    """Sort frames, stored in the order of decoding, by their stamps between jumps; jumps stay where they are."""
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
