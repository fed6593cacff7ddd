"""The memory's diary, beside the memory: what each write did, what the kept frames show and stem from, the way walked.

It explains: evidence, `vlm2 view`, maps. Of all this the model reads only where the kept frames' patches are, for its
recall. All of it is of bounded size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..slam.loop_closure import PoseCorrection
from .evidence import SourceFrame, Sources, mix
from .trajectory import ThinnedTrajectory

LOG = 512  # writes that are remembered
NO_SLOT = -1


@dataclass(frozen=True)
class Read:
    """What happened in the memory at one frame.

    `working` and `episodic` are the frames in each memory with the share of the read's attention that they got; `gate`
    is the mean γ (1: the working memory alone was read, 0: the episodic one, None: neither); `read_share` is ρ of
    `sources`; `deleted` is the frame that the bank gave up, `similar` the one to which it was most similar, and
    `similarity` their cosine.
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
class Write:
    """One line of the log: a frame was written to a slot of the bank (-1: there is no bank), for which the bank gave up
    `evicted`, which had the cosine `similarity` with the frame `similar`. Fields are None where there was nothing."""

    slot: int
    frame: int
    time: float  # seconds
    similarity: float | None
    similar: int | None
    evicted: int | None
    evicted_time: float | None  # seconds
    gate: float | None  # mean γ
    read_share: float  # ρ


@dataclass(frozen=True)
class HeldFrame:
    """A frame that the memory holds now, in the bank (`slot` ≥ 0) or among the last ones (-1), or both.

    `weight` is how many frames the entry stands for. `world_from_camera` and `points` (C: X averaged over patches) are
    in the stream's world, metres where the geometry is metric; None in sessions of an older format.
    """

    frame: int
    time: float
    slot: int = NO_SLOT
    weight: int = 1
    sources: Sources = ()
    world_from_camera: Float[Tensor, "4 4"] | None = None
    points: Float[Tensor, "patches 3"] | None = None
    confidence: Float[Tensor, " patches"] | None = None
    thumbnail: UInt8[Tensor, " bytes"] | None = None


@dataclass(frozen=True)
class Trace:
    """The diary so far. `kept` is in the order of frames."""

    kept: tuple[HeldFrame, ...] = ()
    log: tuple[Write, ...] = ()
    trajectory: ThinnedTrajectory = field(default_factory=ThinnedTrajectory)

    def sources(self, frame: int, time: float) -> Sources:
        """Return the source frames of a slot's entry; itself where nothing else is known."""
        return next((k.sources for k in self.kept if k.frame == frame), ()) or (SourceFrame(frame, time, 1.0),)

    def coordinates(self, frames: Sequence[int]) -> Float[Tensor, "frames patches 3"] | None:
        """Return where the patches of kept frames are; None where one of them is not known."""
        points = {k.frame: k.points for k in self.kept}
        found = [p for frame in frames if (p := points.get(frame)) is not None]
        return torch.stack(found) if len(found) == len(frames) else None

    def moved(self, correction: PoseCorrection, unit: float | Tensor) -> Trace:
        """Return the diary with all that it placed where a graph of the path has it since; a length of `unit` in the
        world is 1 here."""

        def motion(frames: Tensor) -> Float[Tensor, "frames 4 4"]:
            found = torch.from_numpy(correction.of(frames.numpy())).float()
            found[:, :3, 3] /= torch.as_tensor(unit).cpu()
            return found

        kept = []
        for old, move in zip(self.kept, motion(torch.tensor([k.frame for k in self.kept])), strict=True):
            pose, points = old.world_from_camera, old.points
            pose = None if pose is None else move @ pose
            points = None if points is None else points @ move[:3, :3].mT + move[:3, 3]
            kept.append(replace(old, world_from_camera=pose, points=points))
        path = self.trajectory
        path = replace(path, world_from_camera=motion(path.frames) @ path.world_from_camera)
        return replace(self, kept=tuple(kept), trajectory=path)

    def then(self, read: Read, shown: HeldFrame, recent: int, has_bank: bool, merges: bool) -> Trace:
        """Return the diary with one more frame: what happened, and what the frame shows. `recent` is how
        many of the last M are held beside the bank."""
        kept = {k.frame: k for k in self.kept}
        evicted = None if read.deleted is None else kept[read.deleted]
        in_bank = sum(k.slot != NO_SLOT for k in self.kept)
        slot = NO_SLOT if not has_bank else in_bank if evicted is None else evicted.slot
        kept[read.frame] = replace(shown, slot=slot, sources=_entry_sources(read, kept))
        if evicted is not None:
            if merges and read.similar is not None:
                kept[read.similar] = _merged(evicted, kept[read.similar])
            kept[evicted.frame] = replace(evicted, slot=NO_SLOT)
        line = Write(
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
        return replace(self, kept=tuple(sorted(held, key=lambda k: k.frame)), log=(*self.log, line)[-LOG:])


def _entry_sources(read: Read, kept: dict[int, HeldFrame]) -> Sources:
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
