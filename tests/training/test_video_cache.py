"""Cached videos: what a session would see, encoded once, and again when anything changes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from toys import ToyVision, toy_model, toy_processor

from vlm2.training.tensor_cache import BFLOAT16_TENSORS
from vlm2.training.video_cache import Sampling, VideoCache, encoders_key
from vlm2.video import VideoFile


@pytest.fixture
def video(write_video):
    frames = np.random.default_rng(0).integers(0, 256, (9, 32, 48, 3), dtype=np.uint8)
    return write_video(list(frames), times=[500 * k for k in range(9)])


@pytest.fixture(scope="module")
def model():
    return toy_model().eval()


@pytest.fixture(scope="module")
def processor():
    made = toy_processor()
    made.max_pixels = ToyVision.max_pixels
    return made


def other_model():
    """A model with other weights in its geometry encoder."""
    other = toy_model().eval()
    with torch.no_grad():
        next(other.geometry.parameters()).add_(1.0)
    return other


def test_features_are_the_models_own(video, model, processor, tmp_path):
    cached_video = VideoCache(tmp_path / "cache", model, processor, Sampling())[video]
    seen = list(VideoFile(video).sample(2.0))
    images = torch.stack([processor.video_processor.resize(frame.image[None])[0] for frame in seen])
    expected = model.encode(images, torch.tensor([frame.time for frame in seen]))
    features = cached_video.features()
    assert features.grid == expected.grid and len(features) == 9
    for name, tensor in vars(expected).items():
        if isinstance(tensor, torch.Tensor):
            kept = tensor.to(torch.bfloat16).float() if name in BFLOAT16_TENSORS else tensor
            torch.testing.assert_close(getattr(features, name), kept)


@pytest.mark.parametrize(
    ("sampling", "times"),
    [
        (Sampling(frames=3), [0.0, 2.0, 4.0]),
        (Sampling(fps=1.0), [0.0, 1.0, 2.0, 3.0, 4.0]),
        (Sampling(fps=2.0, most_frames=3), [0.0, 1.5, 3.0]),
    ],
)
def test_frames_are_sampled(video, model, processor, tmp_path, sampling, times):
    cached_video = VideoCache(tmp_path / "cache", model, processor, sampling)[video]
    assert cached_video.features().times.tolist() == times


def test_what_is_there_is_not_encoded_again_unless_something_changed(video, model, processor, tmp_path):
    def cached(sampling=Sampling(), model=model) -> Path:  # noqa: B008
        return VideoCache(tmp_path / "cache", model, processor, sampling)[video].path

    first = cached()
    made = first.stat().st_mtime_ns
    assert cached() == first and first.stat().st_mtime_ns == made
    assert len({first, cached(Sampling(frames=3)), cached(model=other_model())}) == 3
    video.write_bytes(video.read_bytes() + b"\0")
    assert cached() != first
    assert not list((tmp_path / "cache").glob("*.partial"))


def test_other_geometry_weights_are_other_encoders(model):
    assert encoders_key(model) == encoders_key(toy_model()) != encoders_key(other_model())


def test_a_sampling_without_frames_is_refused():
    with pytest.raises(ValueError, match="leaves no frames"):
        Sampling(frames=0)
