"""Frozen networks in OpenVINO: their outputs are PyTorch's, and the errors say what to do."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch

from vlm2.encoders import openvino_network, runtime
from vlm2.encoders.detectors.boxes import areas
from vlm2.encoders.detectors.dense_head import DenseHead, DenseHeadConfig
from vlm2.encoders.detectors.homes import HomesDetector
from vlm2.encoders.openvino_network import OpenVINONetwork
from vlm2.encoders.precision import multiplies_bfloat16
from vlm2.encoders.runtime import check_runtime
from vlm2.encoders.vision import efficientnet_lite0
from vlm2.encoders.vision.efficientnet_lite0 import EfficientNetLite0

needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
LABELS = ("", *(f"thing {number}" for number in range(40)), "floor", "wall", "ceiling")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder. Shapes are not checked: while PyTorch traces a network, they are tensors."""
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    return tmp_path / openvino_network.FOLDER


def encoder() -> EfficientNetLite0:
    """An encoder with random weights that keep the scale of the features."""
    torch.manual_seed(0)
    made = efficientnet_lite0.build()
    for parameter in made.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
        else:
            torch.nn.init.normal_(parameter, std=0.1)
    return made


def detector(dtype: torch.dtype = torch.float32) -> HomesDetector:
    """A detector of the size of ours with random weights."""
    made = HomesDetector(DenseHead(DenseHeadConfig(LABELS)), "efficientnet-lite0", 1.5, dtype=dtype)
    made.__dict__["vision"] = encoder().to(dtype)  # in the place of the part's weights
    return made


def pictures(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((found.float() - expected.float()).abs().max() / expected.float().abs().max())


@needs_openvino
@torch.inference_mode()
def test_the_vision_encoder_gives_what_pytorch_gives_at_every_size_and_in_every_portion(monkeypatch) -> None:
    ours, theirs = encoder(), encoder()
    ours.use_openvino()
    for size in ((192, 256), (256, 192), (224, 224)):
        images = pictures(3, 3, *size)
        tokens, stages = ours.tokens_and_stages(images)
        expected, of_torch = theirs.tokens_and_stages(images)
        for found, wanted in zip((tokens, *stages), (expected, *of_torch), strict=True):
            assert found.shape == wanted.shape and found.dtype == torch.float32
            assert difference(found, wanted) < 1e-3
        assert torch.equal(tokens, torch.cat([ours(images[:2]), ours(images[2:])])), "streaming equals offline"
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    with pytest.raises(ValueError, match="multiples of 32"):
        ours(pictures(1, 3, 190, 256))


@needs_openvino
@torch.inference_mode()
def test_the_detector_predicts_what_it_predicts_in_pytorch() -> None:
    ours, theirs = detector(), detector()
    theirs.head.load_state_dict(ours.head.state_dict())
    ours.use_openvino()
    for size in ((288, 384), (384, 288)):
        images = pictures(2, 3, *size)
        found, expected = vars(ours.predict(images)), vars(theirs.predict(images))
        assert found["label"].shape == (2, len(LABELS), size[0] // 8, size[1] // 8)
        assert all(difference(found[name], expected[name]) < 1e-3 for name in expected)
    frames = np.random.default_rng(0).integers(0, 255, (2, 120, 160, 3), np.uint8)
    for one, other in zip(ours.detect(frames), theirs.detect(frames), strict=True):
        np.testing.assert_allclose(areas(one.boxes), areas(other.boxes))


@needs_openvino
@torch.inference_mode()
def test_the_detector_computes_in_bfloat16_where_it_does_in_pytorch() -> None:
    if not multiplies_bfloat16(torch.device("cpu")):
        pytest.skip("this CPU has no instructions for bfloat16")
    exact, ours = detector(), detector(torch.bfloat16)
    ours.head.load_state_dict(exact.head.state_dict())
    theirs = detector(torch.bfloat16)
    theirs.head.load_state_dict(exact.head.state_dict())
    ours.use_openvino()
    images = pictures(1, 3, 288, 384)
    found, expected, other = (vars(one.predict(images))["label"] for one in (ours, exact, theirs))
    assert found.dtype == torch.float32
    assert 1e-5 < difference(found, expected) < max(2 * difference(other, expected), 0.05)


@needs_openvino
@torch.inference_mode()
def test_two_threads_use_one_network_at_once() -> None:
    ours, images = encoder(), [pictures(2, 3, 64, 96 + 32 * number) for number in range(4)]
    ours.use_openvino()
    expected = [ours(batch) for batch in images]

    def rounds(number: int) -> bool:
        return all(torch.equal(ours(images[number]), expected[number]) for _ in range(8))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(rounds, range(4)))


@needs_openvino
def test_a_compiled_network_is_kept_in_the_cache(cache: Path, monkeypatch) -> None:
    made, images = encoder(), pictures(1, 3, 64, 64)
    made.use_openvino()
    (file,) = cache.iterdir()
    expected, content = made(images), file.read_bytes()
    again = encoder()
    with monkeypatch.context() as without:
        without.setattr(openvino_network, "_converted", None)
        again.use_openvino()
    assert torch.equal(again(images), expected)
    middle = len(content) // 2
    flipped = bytes(255 - byte for byte in content[middle : middle + 4096])
    for damaged in (content[:middle], content[:middle] + flipped + content[middle + 4096 :]):
        file.write_bytes(damaged)  # as a full or a failing disk leaves it
        healed = encoder()
        healed.use_openvino()
        assert torch.equal(healed(images), expected) and file.read_bytes() != damaged
    assert torch.equal(copy.deepcopy(healed)(images), expected)
    healed.use_openvino()
    assert torch.equal(healed(images), expected)
    other = encoder()
    with torch.no_grad():
        other.stem.weight.mul_(2)
    other.use_openvino()
    assert len(list(cache.iterdir())) == 2, "other weights are another network"


@needs_openvino
def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path / "file"))
    made, images = encoder(), pictures(1, 3, 64, 64)
    expected = made(images)
    made.use_openvino()
    assert difference(made(images), expected) < 1e-3


@needs_openvino
def test_openvino_is_imported_when_it_is_used_and_without_its_telemetry() -> None:
    code = (
        "import sys, torch; from vlm2.encoders.vision import efficientnet_lite0\n"
        "assert 'openvino' not in sys.modules\n"
        "efficientnet_lite0.build().use_openvino()\n"
        "assert 'openvino' in sys.modules\n"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "device", "installed", "words"),
    [
        ("onnx", "cpu", True, "no runtime 'onnx'; choose one of torch, openvino"),
        ("openvino", "cuda:0", True, "on a CPU here, not on cuda:0; add --device cpu"),
        ("openvino", "auto", True, "not on auto"),
        ("openvino", "cpu", False, "pip install 'vlm2[openvino]'"),
    ],
)
def test_a_runtime_that_cannot_be_had_is_an_error(monkeypatch, name, device, installed, words) -> None:
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: object() if installed else None)
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        check_runtime(name, device)
    assert "\n" not in str(error.value)


def test_pytorch_needs_nothing(monkeypatch) -> None:
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None)
    check_runtime("torch", "cuda:0")


@needs_openvino
def test_half_of_the_threads_are_used(monkeypatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    assert openvino_network.usual_threads() == 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert openvino_network.usual_threads() == 1
    network = OpenVINONetwork("toy", torch.nn.Conv2d(3, 2, 3).requires_grad_(False), torch.nn.Conv2d.forward)
    assert network._compiled.get_property("INFERENCE_NUM_THREADS") == 1
