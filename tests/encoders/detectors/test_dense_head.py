"""The dense head: shapes, size, and independence of frames."""

from __future__ import annotations

from dataclasses import fields

import torch

from vlm2.encoders.detectors.dense_head import (
    STAGE_CHANNELS,
    STAGE_DEVIATIONS,
    DenseHead,
    DenseHeadConfig,
    DensePrediction,
)

LABELS = ("", *(f"thing {number}" for number in range(60)), "floor", "wall", "ceiling")


def stages(frames: int, height: int = 96, width: int = 128) -> tuple[torch.Tensor, ...]:
    made = torch.Generator().manual_seed(0)
    return tuple(
        deviation * torch.randn(frames, channels, height // stride, width // stride, generator=made)
        for channels, deviation, stride in zip(STAGE_CHANNELS, STAGE_DEVIATIONS, (8, 16, 32), strict=True)
    )


def head(**sizes: int) -> DenseHead:
    torch.manual_seed(0)
    return DenseHead(DenseHeadConfig(LABELS, **sizes)).eval()


def test_every_cell_is_predicted() -> None:
    found = head(width=8, fine_width=8)(stages(2))
    channels = {"label": len(LABELS), "vote": 2, "center": 3, "size": 3, "heading": 2, "depth": 1, "up": 3}
    assert {field.name for field in fields(DensePrediction)} == set(channels)
    for name, count in channels.items():
        assert getattr(found, name).shape == (2, count, 12, 16)
        assert getattr(found, name).isfinite().all()


def test_frames_do_not_depend_on_each_other() -> None:
    small, both = head(width=8, fine_width=8), stages(2)
    together = small(both)
    for frame in range(2):
        alone = small(tuple(stage[frame : frame + 1] for stage in both))
        torch.testing.assert_close(alone.label[0], together.label[frame], atol=1e-5, rtol=1e-5)


def test_the_shipped_size_has_at_most_two_million_parameters() -> None:
    assert sum(parameter.numel() for parameter in head().parameters()) <= 2_000_000


def test_half_precision_gives_single_precision_out() -> None:
    small = head(width=8, fine_width=8).to(torch.bfloat16)
    found = small(tuple(stage.bfloat16() for stage in stages(1)))
    assert found.depth.dtype == torch.float32


def test_the_coarsest_stage_matters_everywhere() -> None:
    small, given = head(width=8, fine_width=8), list(stages(1))
    before = small(tuple(given)).label
    given[2] = given[2] + 1
    assert ((small(tuple(given)).label - before).abs().amax(1) > 0).all()
