"""Long videos through an encoder that sees few frames: windows joined in one world, offline or as a stream.

A window holds `overlap` frames that were placed already and up to `window` − `overlap` new ones. The frames seen twice
say how the new window's world lies in the old one: a rigid motion when the encoder is metric, a similarity otherwise.
Where the encoder gives landmarks, a place that is seen again corrects where the new window lies, and tells how what was
placed before should move (`loops`).
The state of a stream is a value: `advance` takes one and gives a new one, and what it holds does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..encoders.geometry.cameras import rotation_angle
from ..encoders.geometry.encoder import Geometry, GeometryEncoder
from ..slam.alignment import Alignment, align
from ..slam.loop_closure import Correction, PoseGraph

POINTS_A_FRAME = 2000  # for the alignment; more make it slower, not better
PER_FRAME = ("local_points", "confidence", "world_from_camera", "geometry_tokens", "view_tokens")


@dataclass(frozen=True)
class FrameInputs:
    """What an encoder sees of some frames: images, or the vision encoder's tokens on their grid, or both."""

    images: Float[Tensor, "frames 3 height width"] | None = None
    visual_tokens: Float[Tensor, "frames patches dim"] | None = None
    grid: tuple[int, int] | None = None

    def wanted_by(self, encoder: GeometryEncoder) -> FrameInputs:
        """Leave out what an encoder does not look at."""
        tokens = encoder.needs_visual_tokens
        return FrameInputs(
            images=self.images if encoder.needs_images else None,
            visual_tokens=self.visual_tokens if tokens else None,
            grid=self.grid if tokens else None,
        )

    def __len__(self) -> int:
        given = self.images if self.images is not None else self.visual_tokens
        return 0 if given is None else len(given)

    def __getitem__(self, frames: slice) -> FrameInputs:
        """Take some of the frames."""
        images, tokens = (None if x is None else x[frames] for x in (self.images, self.visual_tokens))
        return replace(self, images=images, visual_tokens=tokens)

    def then(self, later: FrameInputs) -> FrameInputs:
        """Join with later frames. Raise ValueError where their kinds, sizes or grids differ."""
        if not len(self):
            return later
        shapes = [[None if x is None else x.shape[1:] for x in (i.images, i.visual_tokens)] for i in (self, later)]
        if shapes[0] != shapes[1] or self.grid != later.grid:
            raise ValueError(
                f"Frames of a stream must stay alike: {shapes[0]} on {self.grid}, then {shapes[1]} on {later.grid}."
            )
        pairs = ((self.images, later.images), (self.visual_tokens, later.visual_tokens))
        images, tokens = (None if a is None or b is None else torch.cat((a, b)) for a, b in pairs)
        return FrameInputs(images, tokens, self.grid)


@dataclass(frozen=True)
class WindowState:
    """A stream between two calls: the placed frames that the next window sees again, and those that wait for it.

    `frames` is how many were placed so far; `graph` holds the places that may be seen again."""

    window: int = 8
    overlap: int = 3
    inputs: FrameInputs = FrameInputs()
    placed: Geometry | None = None  # of the first frames of `inputs`
    frames: int = 0
    graph: PoseGraph = field(default_factory=PoseGraph)

    def __post_init__(self) -> None:
        if not 1 <= self.overlap < self.window:
            raise ValueError(
                f"overlap={self.overlap}: windows of {self.window} frames overlap by 1 to {self.window - 1} frames."
            )

    @classmethod
    def of(cls, window: int, overlap: int | None = None) -> WindowState:
        """Return the start of a stream with windows of so many frames, which overlap by 3, or by fewer where they are
        shorter. Raises ValueError for windows of one frame, which cannot be joined."""
        if window < 2:
            raise ValueError(f"window={window}: windows of at least 2 frames can be joined; take another encoder.")
        return cls(window, min(cls.overlap if overlap is None else overlap, window - 1))

    @property
    def waiting(self) -> int:
        """How many frames have no geometry yet."""
        return len(self.inputs) - (0 if self.placed is None else len(self.placed.local_points))

    def correction(self, earlier: WindowState) -> Correction | None:
        """Tell how frames that were placed by an earlier state of this stream have moved; None where none did."""
        return self.graph.correction(earlier.graph)


def advance(encoder: GeometryEncoder, state: WindowState, inputs: FrameInputs) -> tuple[WindowState, Geometry | None]:
    """Add frames; give the geometry of those whose window is now full, in the stream's world: its first camera's frame.

    The result is the same however the frames are portioned: it is what was known when each window was full. Where
    earlier frames lie by what is known since, the new state's `correction` tells.
    """
    _check(encoder, state)
    state = replace(state, inputs=state.inputs.then(inputs))
    done: list[Geometry] = []
    while len(state.inputs) >= state.window:
        state, new = _encode_window(encoder, state, state.window)
        done.append(new)
    return state, join(done) if done else None


def finish(encoder: GeometryEncoder, state: WindowState) -> tuple[WindowState, Geometry | None]:
    """Give the geometry of the frames that still wait, from a window that is not full; None where none waits.

    The state given stays valid: a stream that goes on from it gets these frames again, in their full window.
    """
    _check(encoder, state)
    return _encode_window(encoder, state, len(state.inputs)) if state.waiting else (state, None)


def encode_windows(
    encoder: GeometryEncoder, inputs: FrameInputs, window: int | None = None, overlap: int | None = None
) -> Geometry:
    """Encode any number of frames; every frame's geometry is in the first frame's camera frame, where a stream puts
    it: as was known when its window was full.

    `window` defaults to the encoder's own.
    """
    return encode_and_settle(encoder, inputs, window, overlap)[0]


def encode_and_settle(
    encoder: GeometryEncoder, inputs: FrameInputs, window: int | None = None, overlap: int | None = None
) -> tuple[Geometry, Float[Tensor, "frames 4 4"]]:
    """Encode frames as `encode_windows` does; also give their poses as they are known at the end, world from camera."""
    if not len(inputs):
        raise ValueError("No frames to encode.")
    state, parts = WindowState.of(encoder.window if window is None else window, overlap), list[Geometry]()
    settled = torch.empty(0, 4, 4)
    portion = state.window - state.overlap  # fills one window at most
    steps = [partial(advance, inputs=inputs[start : start + portion]) for start in range(0, len(inputs), portion)]
    for step in (*steps, finish):
        after, new = step(encoder, state)
        if (correction := after.correction(state)) is not None:
            settled = correction.of(torch.arange(len(settled))).to(settled) @ settled
        if new is not None:
            parts.append(new)
            settled = torch.cat((settled.to(new.world_from_camera), new.world_from_camera))
        state = after
    return join(parts), settled


def join(parts: list[Geometry]) -> Geometry:
    """Join geometry of successive frames that lie in one world already."""
    return replace(parts[0], **{name: torch.cat([getattr(part, name) for part in parts]) for name in PER_FRAME})


def frames_of(geometry: Geometry, frames: slice) -> Geometry:
    """Take some frames' geometry, in the same world."""
    return replace(geometry, **{name: getattr(geometry, name)[frames] for name in PER_FRAME})


def place(geometry: Geometry, world_from_window: Alignment) -> Geometry:
    """Move a window's geometry to the world, to the world's scale."""
    landmarks = geometry.landmarks
    return replace(
        geometry,
        local_points=geometry.local_points * world_from_window.scale,
        world_from_camera=world_from_window.poses(geometry.world_from_camera),
        landmarks=None if landmarks is None else landmarks.scaled(world_from_window.scale),
    )


def align_geometry(source: Geometry, target: Geometry) -> Alignment:
    """Align the worlds of two encodings of the same frames by their points (some 2,000 a frame), weighed by both
    confidences and by 1 / depth."""
    stride = max(1, source.confidence[0].numel() // POINTS_A_FRAME)
    points = [g.point_map.flatten(1, 2)[:, ::stride].flatten(0, 1) for g in (source, target)]
    weights = [g.confidence.flatten(1)[:, ::stride].flatten() for g in (source, target)]
    weight = (weights[0] * weights[1]).sqrt() / target.local_points[..., 2].flatten(1)[:, ::stride].flatten().clamp(
        min=0.1
    )
    return align(*points, weight=weight, with_scale=not source.metric)


def align_poses(source: Geometry, target: Geometry) -> Alignment:
    """Align the worlds of two encodings of the same frames by one frame's pose: that with which the others agree best.

    Where the encoder is not metric, the scale is that of the points."""
    scale = 1.0 if source.metric else align_geometry(source, target).scale
    rotation = target.world_from_camera[:, :3, :3] @ source.world_from_camera[:, :3, :3].mT
    best = int(rotation_angle(*torch.broadcast_tensors(rotation[:, None], rotation[None])).sum(1).argmin())
    moved = scale * source.world_from_camera[best, :3, 3] @ rotation[best].mT
    return Alignment(scale, rotation[best], target.world_from_camera[best, :3, 3] - moved)


def _encode_window(encoder: GeometryEncoder, state: WindowState, frames: int) -> tuple[WindowState, Geometry]:
    seen = state.inputs[:frames]
    geometry = encoder.encode(seen.images, seen.visual_tokens, seen.grid)
    known = 0 if state.placed is None else len(state.placed.local_points)
    if state.placed is not None:
        seen_again = align_poses if encoder.trusted_poses else align_geometry
        geometry = place(geometry, seen_again(frames_of(geometry, slice(known)), state.placed))
    placed = state.frames + frames - known
    graph, geometry = _close_loops(state.graph, geometry, placed)
    keep = slice(max(frames - state.overlap, 0), None)
    after = replace(state, inputs=state.inputs[keep], placed=frames_of(geometry, keep), frames=placed, graph=graph)
    return after, frames_of(geometry, slice(known, None))


def _close_loops(graph: PoseGraph, geometry: Geometry, placed: int) -> tuple[PoseGraph, Geometry]:
    """Take a window, the last of `placed` frames, into the graph, and put it where places seen again say."""
    if geometry.landmarks is None:
        return graph, geometry
    pose = geometry.world_from_camera[-1].cpu().double().numpy()
    unit = float(geometry.local_points[..., 2].median())
    graph = graph.then(placed - 1, pose, geometry.landmarks, unit, since=placed - len(geometry.local_points))
    found = graph.keyframes[-1].world_from_camera
    poses = geometry.world_from_camera
    if found is not pose:
        poses = torch.from_numpy(found @ np.linalg.inv(pose)).float().to(poses) @ poses
    return graph, replace(geometry, world_from_camera=poses, landmarks=None)


def _check(encoder: GeometryEncoder, state: WindowState) -> None:
    if state.window > encoder.window:
        raise ValueError(f"Windows of {state.window} frames, but this encoder sees at most {encoder.window} at once.")
