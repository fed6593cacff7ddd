"""Windows: many frames in one world, and a stream that gives what the whole gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vlm2.encoders.geometry.cameras import in_first_camera, rigid, transform
from vlm2.encoders.geometry.encoder import Geometry, GeometryEncoder
from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config
from vlm2.models.windows import FrameInputs, WindowEncoder, WindowState, place
from vlm2.slam.alignment import Alignment

FRAMES = 21


def walk() -> tuple[torch.Tensor, torch.Tensor]:
    """A camera that turns and moves, and what it sees of a bumpy wall, in its own frame."""
    angle = 0.1 * torch.arange(FRAMES)
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    rotation = torch.stack((angle.cos(), zero, angle.sin(), zero, one, zero, -angle.sin(), zero, angle.cos()), -1)
    poses = rigid(rotation.reshape(-1, 3, 3), torch.stack((0.2 * angle, zero, angle), -1))
    generator = torch.Generator().manual_seed(0)
    local = torch.randn(FRAMES, 6, 8, 3, generator=generator) + torch.tensor([0.0, 0.0, 4.0])
    return poses, local


class Oracle(GeometryEncoder):
    """Knows the truth, up to a scale of its own in each window; `images` hold the frames' numbers."""

    geometry_dim = view_dim = 1
    window = 8
    needs_visual_tokens = False

    def __init__(self, metric: bool) -> None:
        super().__init__()
        self.metric = metric
        self.most = 0

    def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
        numbers = images[:, 0, 0, 0].long()
        self.most = max(self.most, len(numbers))
        poses, local = (x[numbers] for x in walk())
        scale = 1.0 if self.metric else 1 + 0.2 * float(numbers[0])
        poses = in_first_camera(poses)
        poses = rigid(poses[:, :3, :3], scale * poses[:, :3, 3])
        tokens = numbers[:, None, None].float()
        return Geometry(scale * local, torch.ones(local.shape[:-1]), poses, tokens, tokens, (1, 1), self.metric)


def numbered(start: int, stop: int) -> FrameInputs:
    return FrameInputs(images=torch.arange(start, stop).float()[:, None, None, None].expand(-1, 3, 2, 2))


def test_a_window_that_is_encoded_already_is_used_for_its_own_frames_only() -> None:
    class Counting(Oracle):
        calls = 0

        def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
            self.calls += 1
            return super().encode(images, visual_tokens, grid)

    encoder = Counting(True)
    windows, state = WindowEncoder(encoder), WindowState(8, 3)
    encoded = windows.encode_alone(windows.joined(state.inputs, numbered(0, 8)))
    state, first = windows.advance(state, numbered(0, 8), encoded)
    assert encoder.calls == 1
    _, again = windows.advance(state, numbered(8, 13), encoded)  # of other frames
    assert encoder.calls == 2
    _, expected = WindowEncoder(Oracle(True)).advance(state, numbered(8, 13))
    assert torch.equal(again.world_from_camera, expected.world_from_camera)
    assert torch.equal(first.local_points, walk()[1][:8])


@pytest.mark.parametrize("metric", [True, False])
@pytest.mark.parametrize("overlap", [1, 3, 7])
def test_joined_windows_are_the_true_walk(metric, overlap):
    found = WindowEncoder(Oracle(metric)).encode(numbered(0, FRAMES), WindowState(8, overlap))
    poses, local = walk()
    torch.testing.assert_close(found.world_from_camera, in_first_camera(poses), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.local_points, local, atol=1e-3, rtol=1e-3)
    assert found.geometry_tokens.flatten().tolist() == list(range(FRAMES))
    torch.testing.assert_close(found.point_map, transform(found.world_from_camera, found.local_points))


def tiny_pi3() -> Pi3:
    torch.manual_seed(0)
    small = DecoderSize(width=16, depth=1, heads=2, mlp_ratio=2.0, out=16)
    config = replace(Pi3Config.compact(), width=32, depth=4, heads=2, visual_dim=12, points_per_side=2)
    return Pi3(replace(config, points=small, confidence=small, camera=small)).eval()


@pytest.mark.parametrize("portions", [[FRAMES], [1] * FRAMES, [2, 9, 1, 0, 9]])
def test_a_stream_gives_what_the_whole_gives(portions):
    encoder = WindowEncoder(tiny_pi3())
    inputs = FrameInputs(visual_tokens=torch.randn(FRAMES, 6, 12), grid=(2, 3))
    whole = encoder.encode(inputs)
    state, parts, start = WindowState(), [], 0
    for count in portions:
        state, new = encoder.advance(state, inputs[start : start + count])
        start += count
        parts += [] if new is None else [new]
        assert len(state.inputs) < state.window
    before = state
    (_, peeked), (_, again) = encoder.finish(state), encoder.finish(state)
    assert state is before and state.waiting == len(peeked)
    streamed = Geometry.join([*parts, peeked])
    for name in ("local_points", "confidence", "world_from_camera", "geometry_tokens", "view_tokens"):
        torch.testing.assert_close(getattr(streamed, name), getattr(whole, name), atol=1e-5, rtol=1e-4)
        assert torch.equal(getattr(peeked, name), getattr(again, name))


def test_never_more_frames_than_the_window_at_once():
    oracle = Oracle(metric=True)
    WindowEncoder(oracle).encode(numbered(0, FRAMES), WindowState(5, 2))
    assert oracle.most == 5


def test_short_videos_and_single_frames():
    for frames in (1, 2, 8):
        assert len(WindowEncoder(Oracle(metric=True)).encode(numbered(0, frames))) == frames
    assert WindowEncoder(Oracle(metric=True)).finish(WindowState())[1] is None


def test_errors_say_what_is_possible():
    encoder = WindowEncoder(Oracle(metric=True))
    with pytest.raises(ValueError, match="No frames"):
        encoder.encode(FrameInputs())
    assert (WindowState.of(8).overlap, WindowState.of(3).overlap) == (3, 2)
    with pytest.raises(ValueError, match="at least 2 frames can be joined"):
        WindowState.of(1)
    with pytest.raises(ValueError, match="overlap=8"):
        WindowState(window=8, overlap=8)
    with pytest.raises(ValueError, match="at most 8"):
        encoder.encode(numbered(0, 20), WindowState(16))
    state, _ = encoder.advance(WindowState(), numbered(0, 2))
    with pytest.raises(ValueError, match="keep their size"):
        encoder.advance(state, FrameInputs(images=torch.zeros(1, 3, 4, 4)))


def test_some_frames_keep_their_world():
    geometry = Oracle(metric=True).encode(numbered(0, 4).images)
    torch.testing.assert_close(geometry[2:3].point_map[0], geometry.point_map[2])


def test_poses_move_as_points_do():
    geometry = Oracle(metric=True).encode(numbered(0, 4).images)
    rotation = in_first_camera(walk()[0])[3, :3, :3].double().numpy()
    alignment = Alignment(2.0, rotation, np.array([1.0, -2.0, 0.5]))
    expected = alignment.points(geometry.point_map.double().numpy())
    np.testing.assert_allclose(place(geometry, alignment).point_map.numpy(), expected, atol=1e-4)
