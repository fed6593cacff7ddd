"""Long videos through an encoder that sees few frames: windows joined in one world, offline or as a stream.

A window holds `overlap` frames that were placed already and up to `window` − `overlap` new ones. The shared frames
determine how the new window's world lies in the stream's: a rigid motion when the encoder is metric, a similarity
otherwise. With camera tracking, matched features refine the poses of each window (`vlm2.slam.tracking`). With loop
closure, a place that is seen again, or the vertical that frames show, corrects the new window's poses, and the state's
`correction` gives how earlier frames move (`vlm2.slam.loop_closure`).

The state of a stream is a value: `advance` takes one and returns a new one, and its size is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from ..encoders.geometry.cameras import focal_length, rigid, rotation_angle
from ..encoders.geometry.encoder import Geometry, GeometryEncoder
from ..slam.alignment import Alignment, align
from ..slam.bundle_adjustment import FocalEstimate
from ..slam.configuration import LoopClosureConfig, TrackingConfig
from ..slam.loop_closure import PoseCorrection, PoseGraph
from ..slam.tracking import TrackedPoses, track
from .configuration import VLM2GeometryConfig
from .numpy_threads import numpy_on_one_thread

POINTS_A_FRAME = 2000  # for the alignment; more make it slower, not better

Verticals = Callable[[], Mapping[int, Float[np.ndarray, " 3"]]]
"""Returns upward directions in the cameras of all frames that wait or are new (unit vectors), by the frame's number in
its stream. Frames may lack one."""


@dataclass(frozen=True)
class FrameInputs:
    """The input of a geometry encoder for some frames: images, or the vision encoder's tokens on their grid, or both.

    `grey` are the frames in which features are matched, with square pixels; by default, `images` in grey."""

    images: Float[Tensor, "frames 3 height width"] | None = None
    visual_tokens: Float[Tensor, "frames patches dim"] | None = None
    grid: tuple[int, int] | None = None
    grey: UInt8[Tensor, "frames rows columns"] | None = None

    def __len__(self) -> int:
        given = self.images if self.images is not None else self.visual_tokens
        return 0 if given is None else len(given)

    def __getitem__(self, frames: slice | Tensor) -> FrameInputs:
        """Return some of the frames."""
        return replace(self, **{name: None if x is None else x[frames] for name, x in self._tensors().items()})

    def _tensors(self) -> dict[str, Tensor | None]:
        return {"images": self.images, "visual_tokens": self.visual_tokens, "grey": self.grey}

    def then(self, later: FrameInputs) -> FrameInputs:
        """Append later frames. Raises ValueError where their kinds, sizes or grids differ."""
        if not len(self):
            return later
        ours, theirs = self._tensors(), later._tensors()
        before, after = ([None if x is None else tuple(x.shape[1:]) for x in x.values()] for x in (ours, theirs))
        if before != after or self.grid != later.grid:
            message = f"{before} on {self.grid}, then {after} on {later.grid}"
            raise ValueError(f"Frames of a stream must keep their size: {message}.")
        pairs = ((name, x, theirs[name]) for name, x in ours.items())
        return replace(self, **{name: None if a is None or b is None else torch.cat((a, b)) for name, a, b in pairs})


@dataclass(frozen=True)
class EncodedWindow:
    """The frames of a window, and what the encoder estimates from them alone: before tracking, in no stream's world."""

    inputs: FrameInputs
    geometry: Geometry

    def is_of(self, inputs: FrameInputs) -> bool:
        """Return whether these are the same frames."""
        ours, theirs = self.inputs._tensors(), inputs._tensors()
        pairs = [(x, theirs[name]) for name, x in ours.items()]
        return all(a is b or (a is not None and b is not None and torch.equal(a, b)) for a, b in pairs)


@dataclass(frozen=True)
class WindowState:
    """A stream between two calls: the placed frames that the next window shares, and those that wait for it.

    `frames` counts the frames placed so far; `graph` holds the keyframes for loop closure; `focal` is the camera's
    focal length, where it is tracked."""

    window: int = 8
    overlap: int = 3
    inputs: FrameInputs = FrameInputs()
    placed: Geometry | None = None  # of the first frames of `inputs`
    frames: int = 0
    graph: PoseGraph = field(default_factory=PoseGraph)
    focal: FocalEstimate | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.overlap < self.window:
            raise ValueError(
                f"overlap={self.overlap}: windows of {self.window} frames overlap by 1 to {self.window - 1} frames."
            )

    @classmethod
    def of(cls, window: int) -> WindowState:
        """Return the start of a stream with windows of so many frames, which overlap by 3, or by fewer where they are
        shorter. Raises ValueError for windows of one frame, which cannot be joined."""
        if window < 2:
            raise ValueError(f"window={window}: windows of at least 2 frames can be joined; take another encoder.")
        return cls(window, min(cls.overlap, window - 1))

    @property
    def waiting(self) -> int:
        """The number of frames that have no geometry yet."""
        return len(self.inputs) - (0 if self.placed is None else len(self.placed))

    @property
    def missing(self) -> int:
        """The number of frames that fill the next window."""
        return self.window - len(self.inputs)

    def pieces(self, frames: Int[np.ndarray, " frames"], config: LoopClosureConfig) -> Int[np.ndarray, " frames"]:
        """Return the piece of the path that each frame belongs to: that of the first keyframe from it on, or of the
        last keyframe (`PoseGraph.pieces`)."""
        if not self.graph.keyframes:
            return np.zeros(len(frames), int)
        ends = np.array([key.frame for key in self.graph.keyframes])
        return self.graph.pieces(config)[np.searchsorted(ends, frames).clip(max=len(ends) - 1)]

    def correction(self, earlier: WindowState) -> PoseCorrection | None:
        """Return how frames moved that an earlier state of this stream had placed; None where none did."""
        return self.graph.correction(earlier.graph)


@dataclass(frozen=True)
class WindowEncoder:
    """A geometry encoder over windows of frames, with camera tracking and loop closure where they are configured.

    Tracking needs images: without them, and for a single frame, poses are the encoder's own. Loop closure needs
    tracking.
    """

    encoder: GeometryEncoder
    tracking: TrackingConfig | None = None
    loop_closure: LoopClosureConfig | None = None

    @classmethod
    def of(cls, encoder: GeometryEncoder, config: VLM2GeometryConfig) -> WindowEncoder:
        """Compose the parts that a configuration switches on."""
        loops = config.tracked and config.loops
        return cls(encoder, TrackingConfig() if config.tracked else None, LoopClosureConfig() if loops else None)

    def encode(self, inputs: FrameInputs, start: WindowState | None = None) -> Geometry:
        """Encode any number of frames in the first frame's camera frame, as a stream from `start` places them."""
        return self.encode_corrected(inputs, start)[0]

    def encode_corrected(
        self, inputs: FrameInputs, start: WindowState | None = None
    ) -> tuple[Geometry, Float[Tensor, "frames 4 4"]]:
        """Encode frames as `encode` does; also return world from camera as all loops correct it. Raises ValueError for
        no frames, and for windows that the encoder does not take."""
        if not len(inputs):
            raise ValueError("No frames to encode.")
        state = WindowState.of(self.encoder.window) if start is None else start
        parts, corrected = list[Geometry](), torch.empty(0, 4, 4)
        portion = state.window - state.overlap  # fills one window at most
        for first in (*range(0, len(inputs), portion), None):
            after, new = self.finish(state) if first is None else self.advance(state, inputs[first : first + portion])
            if (correction := after.correction(state)) is not None:
                motion = torch.from_numpy(correction.of(np.arange(len(corrected)))).float()
                corrected = motion.to(corrected) @ corrected
            if new is not None:
                parts.append(new)
                corrected = torch.cat((corrected.to(new.world_from_camera), new.world_from_camera))
            state = after
        return Geometry.join(parts), corrected

    def advance(
        self,
        state: WindowState,
        inputs: FrameInputs,
        encoded: EncodedWindow | None = None,
        verticals: Verticals = dict,
    ) -> tuple[WindowState, Geometry | None]:
        """Add frames; return the geometry of those whose window is now full, in the stream's world, its first camera's
        frame. The result does not depend on the portions in which frames arrive. It is not corrected later; the new
        state's `correction` gives how earlier frames move. `encoded` is used if it is of the first window. `verticals`
        is called after tracking."""
        self._check(state)
        state = replace(state, inputs=self.joined(state.inputs, inputs))
        done: list[Geometry] = []
        while state.missing <= 0:
            state, new = self._place_window(state, state.window, encoded, verticals)
            done.append(new)
        return state, Geometry.join(done) if done else None

    def finish(self, state: WindowState, verticals: Verticals = dict) -> tuple[WindowState, Geometry | None]:
        """Return the geometry of the frames that still wait, from a window that is not full; None where none waits. A
        stream that continues from the given state gets these frames again, in their full window."""
        self._check(state)
        if not state.waiting:
            return state, None
        return self._place_window(state, len(state.inputs), verticals=verticals)

    def joined(self, inputs: FrameInputs, later: FrameInputs) -> FrameInputs:
        """Append later frames to those of a state, without what neither the encoder nor tracking reads."""
        return inputs.then(self._needed(later))

    def encode_alone(self, inputs: FrameInputs) -> EncodedWindow:
        """Encode frames together, as `joined` returns them, without tracking. It depends on no earlier frames."""
        return EncodedWindow(inputs, self.encoder.encode(inputs.images, inputs.visual_tokens, inputs.grid))

    def encode_window(
        self, inputs: FrameInputs, focal: FocalEstimate | None = None, encoded: EncodedWindow | None = None
    ) -> tuple[Geometry, TrackedPoses | None]:
        """Encode frames together, in the first frame's camera frame; also return what tracking found, where the camera
        is tracked. `focal` is its focal length after earlier windows; `encoded` is used if it is of these frames."""
        if encoded is None or not encoded.is_of(inputs):
            encoded = self.encode_alone(inputs)
        geometry = encoded.geometry
        seen = inputs.images if inputs.grey is None else inputs.grey
        if self.tracking is None or seen is None or len(inputs) < 2:
            return geometry, None
        return track_window(geometry, inputs, self.tracking, focal)

    def _needed(self, inputs: FrameInputs) -> FrameInputs:
        """Return the inputs without what neither the encoder nor tracking reads."""
        if self.tracking is None:
            inputs = replace(inputs, grey=None)
        elif inputs.grey is None and inputs.images is not None:
            inputs = replace(inputs, grey=grey(inputs.images))
        if not self.encoder.needs_visual_tokens:
            return replace(inputs, visual_tokens=None, grid=None)
        return inputs if self.encoder.needs_images else replace(inputs, images=None)

    def _place_window(
        self,
        state: WindowState,
        frames: int,
        encoded: EncodedWindow | None = None,
        verticals: Verticals = dict,
    ) -> tuple[WindowState, Geometry]:
        geometry, tracked = self.encode_window(state.inputs[:frames], state.focal, encoded)
        known = 0 if state.placed is None else len(state.placed)
        if state.placed is not None:
            align_windows = align_geometry if self.tracking is None else align_poses
            alignment = align_windows(geometry[:known], state.placed)
            geometry = place(geometry, alignment)
            tracked = None if tracked is None else tracked.scaled(alignment.scale)
        placed, graph = state.frames + frames - known, state.graph
        if tracked is not None and self.loop_closure is not None:
            graph, geometry = _close_loops(graph, geometry, tracked, known, placed, self.loop_closure, verticals())
        keep = slice(max(frames - state.overlap, 0), None)
        focal = state.focal if tracked is None else tracked.focal
        inputs = state.inputs[keep]
        after = replace(state, inputs=inputs, placed=geometry[keep], frames=placed, graph=graph, focal=focal)
        return after, geometry[known:]

    def _check(self, state: WindowState) -> None:
        if state.window > (most := self.encoder.window):
            raise ValueError(f"Windows of {state.window} frames, but this encoder sees at most {most} at once.")


@numpy_on_one_thread()
def track_window(
    geometry: Geometry, inputs: FrameInputs, config: TrackingConfig, focal: FocalEstimate | None = None
) -> tuple[Geometry, TrackedPoses]:
    """Refine the poses of a window by tracking the camera, and fit its points to the focal length that was found; also
    return what tracking found."""
    cv2.setNumThreads(torch.get_num_threads())
    points = geometry.local_points.cpu().double()
    poses = geometry.world_from_camera.cpu().double().numpy()
    seen = grey(inputs.images) if inputs.grey is None and inputs.images is not None else inputs.grey
    assert seen is not None
    tracked = track(seen.cpu().numpy(), points[..., 2].numpy(), poses, focal_length(points), config, focal)
    poses = torch.from_numpy(tracked.poses).float().to(geometry.world_from_camera)
    stretch = geometry.local_points.new_tensor([tracked.width_scale, tracked.width_scale, tracked.depth_scale])
    return replace(geometry, world_from_camera=poses, local_points=geometry.local_points * stretch), tracked


def grey(images: Float[Tensor, "frames 3 height width"]) -> UInt8[Tensor, "frames height width"]:
    """Convert images in [0, 1] to grey ones of 8 bits (BT.601)."""
    weights = images.new_tensor([0.299, 0.587, 0.114])[:, None, None]
    return (images * weights).sum(1).mul(255).round().clamp(0, 255).byte()


def place(geometry: Geometry, world_from_window: Alignment) -> Geometry:
    """Move a window's geometry to the world, to the world's scale."""
    poses, scale = geometry.world_from_camera, world_from_window.scale
    rotation = torch.from_numpy(world_from_window.rotation).to(poses)
    translation = torch.from_numpy(world_from_window.translation).to(poses)
    poses = rigid(rotation @ poses[:, :3, :3], scale * poses[:, :3, 3] @ rotation.mT + translation)
    return replace(geometry, local_points=geometry.local_points * scale, world_from_camera=poses)


def align_geometry(source: Geometry, target: Geometry) -> Alignment:
    """Align the worlds of two encodings of the same frames by their points (some 2,000 a frame), weighted by both
    confidences and by 1 / depth."""
    stride = max(1, source.confidence[0].numel() // POINTS_A_FRAME)
    points = [g.point_map.flatten(1, 2)[:, ::stride].flatten(0, 1) for g in (source, target)]
    weights = [g.confidence.flatten(1)[:, ::stride].flatten() for g in (source, target)]
    depth = target.local_points[..., 2].flatten(1)[:, ::stride].flatten()
    weight = (weights[0] * weights[1]).sqrt() / depth.clamp(min=0.1)
    arrays = (x.cpu().double().numpy() for x in (*points, weight))
    return align(*arrays, with_scale=not source.metric)


def align_poses(source: Geometry, target: Geometry) -> Alignment:
    """Align the worlds of two encodings of the same frames by the pose of one frame: the one with which the others
    agree best. The points determine the scale if the encoder is not metric."""
    scale = 1.0 if source.metric else align_geometry(source, target).scale
    rotation = target.world_from_camera[:, :3, :3] @ source.world_from_camera[:, :3, :3].mT
    best = int(rotation_angle(*torch.broadcast_tensors(rotation[:, None], rotation[None])).sum(1).argmin())
    moved = scale * source.world_from_camera[best, :3, 3] @ rotation[best].mT
    translation = target.world_from_camera[best, :3, 3] - moved
    return Alignment(scale, *(x.cpu().double().numpy() for x in (rotation[best], translation)))


@numpy_on_one_thread()
def _close_loops(
    graph: PoseGraph,
    geometry: Geometry,
    tracked: TrackedPoses,
    known: int,
    placed: int,
    config: LoopClosureConfig,
    up: Mapping[int, Float[np.ndarray, " 3"]],
) -> tuple[PoseGraph, Geometry]:
    """Add the keyframes among a window's new frames to the graph, and move the window where loops or verticals correct
    one.

    The window's last frame is the last of `placed` ones; its first `known` ones were placed before. `up` are upward
    directions in the frames' cameras, by frame number."""
    start, first = geometry.world_from_camera.cpu().double().numpy(), placed - len(geometry)
    median_depth = float(geometry.local_points[..., 2].median())
    new = [index for index in tracked.keyframes if index >= known]
    if not new:  # the encoder's depths were of no use for tracking
        return graph, geometry
    motion, before = np.eye(4), known - 1
    for index in new:
        joined, matched = before < 0 or tracked.joined(before, index), None
        earlier = [key.frame - first for key in graph.keyframes if key.frame >= first]
        if not joined and (others := [other for other in earlier if tracked.joined(other, index)]):
            matched = first + others[-1], np.linalg.inv(start[others[-1]]) @ start[index]
        pose, found = motion @ start[index], tracked.keyframes[index]
        moved_with = [i for i in range(before + 1, index + 1) if first + i in up]
        shown = sum((up[first + i] @ start[i, :3, :3].T for i in moved_with), np.zeros(3)) @ start[index, :3, :3]
        length = float(np.linalg.norm(shown))
        vertical = shown / length if length > 1e-6 else None
        graph = graph.add(first + index, pose, found, median_depth, first, config, joined, matched, vertical)
        motion, before = graph.keyframes[-1].world_from_camera @ np.linalg.inv(start[index]), index
    moved = {key.frame - first: key.world_from_camera for key in graph.keyframes if key.frame - first in new}
    correction = PoseCorrection(
        np.array(list(moved)), np.stack([pose @ np.linalg.inv(start[index]) for index, pose in moved.items()])
    )
    if np.allclose(correction.motion, np.eye(4), atol=1e-12):
        return graph, geometry
    poses = torch.from_numpy(correction.of(np.arange(len(geometry))) @ start).to(geometry.world_from_camera)
    return graph, replace(geometry, world_from_camera=poses)
