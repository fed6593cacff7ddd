"""What tests of several rooms share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # one thread a worker, before anything imports torch
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that reaches for the hub is a broken test

import av
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

VideoWriter = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--eyes auto` be our detector, whatever YOLOX this machine has."""
    monkeypatch.setattr("vlm2.encoders.detectors.best_detector", lambda: "homes")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("VLM2_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder} (set VLM2_SHARED)")
    return folder


@pytest.fixture
def write_video(tmp_path: Path) -> VideoWriter:
    """Return `write(frames, name=..., times=..., ...)`: encode RGB arrays into a file in the test's folder.

    `times` are milliseconds (default: 10 frames a second). `orientation` is what a phone would write beside the
    pixels: degrees counter-clockwise, then whether to mirror left-right and top-bottom.
    """

    def write(
        frames: Sequence[np.ndarray],
        name: str = "video.mp4",
        times: Sequence[int] | None = None,
        codec: str = "libx264",
        pixels: str = "yuv420p",
        orientation: tuple[int, bool, bool] | None = None,
        aspect: Fraction | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = container.add_stream(codec, rate=10)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = pixels
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if orientation is not None:
                stream.set_display_rotation(*orientation)
            for index, array in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(array, format="rgb24")
                frame.pts = times[index] if times is not None else 100 * index
                frame.time_base = Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def toy_encoder(monkeypatch) -> None:
    """Build the toy vision encoder, which no file defines, for every name."""
    from toys import ToyVision

    monkeypatch.setattr("vlm2.models.untrained.build_vision_encoder", lambda name: ToyVision())
