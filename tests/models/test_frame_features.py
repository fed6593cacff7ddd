"""A portion of a stream carries the stages of the vision encoder, for detectors that read them."""

from __future__ import annotations

import torch
from toys import ToyVision, toy_model

from vlm2.models import frame_features
from vlm2.models.windows import WindowState


class StagedVision(ToyVision):
    """The toy encoder with the mean colour of each patch as its stage."""

    def tokens_and_stages(self, images: torch.Tensor):
        return self(images), (torch.nn.functional.avg_pool2d(images, self.stride),)


def advanced(vision: ToyVision, frames: int = 4) -> frame_features.EncodedPortion:
    model = toy_model().eval()
    encoder = frame_features.FrameEncoder(vision, model.frame_encoder.windows)
    images = torch.rand(frames, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return encoder.advance(WindowState.of(frames), images, torch.arange(frames) / 2)


def test_an_encoder_without_stages_gives_none() -> None:
    portion = advanced(ToyVision())
    assert portion.stages is None
    assert len(portion.features) == 4 and portion.geometry.local_points.shape[0] == 4


def test_stages_of_all_frames_are_joined(monkeypatch) -> None:
    monkeypatch.setattr(frame_features, "FRAMES_AT_ONCE", 3)
    portion = advanced(StagedVision())
    assert portion.stages is not None
    (stage,) = portion.stages
    images = torch.rand(4, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(stage, torch.nn.functional.avg_pool2d(images, 8))
