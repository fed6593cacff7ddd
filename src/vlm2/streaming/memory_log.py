"""The log beside the memory: what each write did, and what the held frames show and were made of.

It explains the memory (evidence, `vlm2 view`); nothing that computes reads it. Its size is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jaxtyping import Float, UInt8
from torch import Tensor

from .evidence import SourceFrame, Sources, mix

LONGEST = 512  # writes that are remembered
NO_SLOT = -1


@dataclass(frozen=True)
class ReadRecord:
    """The events in the memory at one frame.

    `working` and `episodic` are the frames in each memory with the share of the read's attention that they got; `gate`
    is the mean γ (1: the working memory alone was read, 0: the episodic one, None: neither); `read_share` is ρ of
    `evidence`; `deleted` is the frame that the bank deleted, `similar` the other frame of the most similar pair among
    those that the rule compares (`vlm2.core.MemoryConfig`), and `similarity` the cosine of the two.
    """

    frame: int
    time: float
    working: tuple[tuple[int, float], ...] = ()
    episodic: tuple[tuple[int, float], ...] = ()
    gate: float | None = None
    read_share: float = 0.0
    deleted: int | None = None
    similar: int | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class WriteRecord:
    """One line of the log: a frame was written to a slot of the bank. A field is None where there was nothing."""

    slot: int  # of the bank; -1: there is no bank
    frame: int
    time: float  # seconds
    similarity: float | None  # the cosine of the evicted frame and `similar`
    similar: int | None  # the other frame of the pair that the rule found
    evicted: int | None  # the frame that the bank deleted
    evicted_time: float | None  # seconds
    gate: float | None  # mean γ
    read_share: float  # ρ of `evidence`


@dataclass(frozen=True)
class HeldFrame:
    """A frame that the memory holds now, in the bank (`slot` ≥ 0) or among the last ones (-1), or both.

    `weight` is how many frames the entry stands for, `confidence` the geometry encoder's for each patch in [0, 1],
    `thumbnail` a small JPEG. Where the frame was seen is in the memory's slot.
    """

    frame: int
    time: float
    slot: int = NO_SLOT
    weight: int = 1
    sources: Sources = ()
    confidence: Float[Tensor, " patches"] | None = None
    thumbnail: UInt8[Tensor, " bytes"] | None = None


@dataclass(frozen=True)
class MemoryLog:
    """The log so far: the frames held now, in the order of frames, and the last `LONGEST` writes."""

    held: tuple[HeldFrame, ...] = ()
    writes: tuple[WriteRecord, ...] = ()

    def sources(self, frame: int, time: float) -> Sources:
        """Return the source frames of a slot's entry; itself where nothing else is known."""
        return next((k.sources for k in self.held if k.frame == frame), ()) or (SourceFrame(frame, time, 1.0),)

    def then(self, read: ReadRecord, shown: HeldFrame, recent: int, has_bank: bool, merges: bool) -> MemoryLog:
        """Return the log with one more frame: what happened, and what the frame shows. `recent` is how
        many of the last M are held beside the bank."""
        kept = {k.frame: k for k in self.held}
        evicted = None if read.deleted is None else kept[read.deleted]
        in_bank = sum(k.slot != NO_SLOT for k in self.held)
        slot = NO_SLOT if not has_bank else in_bank if evicted is None else evicted.slot
        kept[read.frame] = replace(shown, slot=slot, sources=_entry_sources(read, kept))
        if evicted is not None:
            if merges and read.similar is not None:
                kept[read.similar] = _merged(evicted, kept[read.similar])
            kept[evicted.frame] = replace(evicted, slot=NO_SLOT)
        line = WriteRecord(
            slot=slot,
            frame=read.frame,
            time=read.time,
            similarity=read.similarity,
            similar=read.similar,
            evicted=read.deleted,
            evicted_time=None if evicted is None else evicted.time,
            gate=read.gate,
            read_share=read.read_share,
        )
        held = [k for k in kept.values() if k.slot != NO_SLOT or k.frame > read.frame - recent]
        return MemoryLog(tuple(sorted(held, key=lambda k: k.frame)), (*self.writes, line)[-LONGEST:])


def _entry_sources(read: ReadRecord, kept: dict[int, HeldFrame]) -> Sources:
    """S(M) of a new entry, from the sources of the entries that it read (see `sources`)."""
    own = (SourceFrame(read.frame, read.time, 1.0),)
    if read.gate is None:
        return own
    working = [(read.gate * share, (SourceFrame(frame, kept[frame].time, 1.0),)) for frame, share in read.working]
    episodic = [((1 - read.gate) * share, kept[frame].sources) for frame, share in read.episodic]
    parts = [(read.read_share * share, sources) for share, sources in (*working, *episodic)]
    return mix([(1 - read.read_share, own), *parts]) or own


def _merged(older: HeldFrame, newer: HeldFrame) -> HeldFrame:
    """The newer entry after it took in the older one."""
    sources = mix([(older.weight, older.sources), (newer.weight, newer.sources)])
    return replace(newer, weight=older.weight + newer.weight, sources=sources)
