"""YOLOX: letterbox, decoding, our words, and the published network where it is on this machine."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from vlm2.encoders.detectors import Detector, detector_files, detector_parts, detectors, load_detector, yolox
from vlm2.encoders.detectors.yolox import COCO, YoloxDetector, decode, grid, input_pixels, letterbox
from vlm2.encoders.weights import PARTS
from vlm2.scenes.vocabulary import VOCABULARY

SIDE = 64
SHARED = Path(os.environ.get("VLM2_SHARED", Path(__file__).resolve().parents[4] / "shared"))
NETWORK = SHARED / "real/parts/yolox_nano_416.onnx"


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protocol buffer message; small numbers and sizes only."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    return bytes([value & 127 | 128, value >> 7]) if value > 127 else bytes([value])


def onnx_of(*sides: int) -> bytes:
    """The beginning of an ONNX file with an input of these sides."""
    shape = b"".join(field(1, field(1, side)) for side in sides)
    kind = field(2, field(1, field(1, 1) + field(2, shape)))
    return field(1, 8) + field(7, field(2, b"name") + field(11, field(1, b"images") + kind))


class ToyNetwork:
    """Stands for OpenCV's network: gives the output that it was made with, and keeps what it was given."""

    def __init__(self, output: np.ndarray) -> None:
        self.output = output

    def setInput(self, image: np.ndarray) -> None:
        self.image = image

    def forward(self) -> np.ndarray:
        return self.output[None]


@pytest.fixture
def network(tmp_path, monkeypatch) -> ToyNetwork:
    """A network whose output has no thing."""
    toy = ToyNetwork(np.zeros((len(grid(SIDE)), 5 + len(COCO)), np.float32))
    monkeypatch.setattr(yolox.cv2.dnn, "readNetFromONNX", lambda file: toy)
    (tmp_path / "toy.onnx").write_bytes(onnx_of(1, 3, SIDE, SIDE))
    return toy


def put(network: ToyNetwork, cell: int, label: str, score: float, size: float = 1.0) -> None:
    """Write a thing in the middle of a cell, `size` strides wide and high."""
    network.output[cell, :5] = 0.5, 0.5, np.log(size), np.log(size), 1.0
    network.output[cell, 5 + COCO.index(label)] = score


def test_the_grid_is_that_of_three_strides() -> None:
    cells = grid(SIDE)
    assert len(cells) == 8 * 8 + 4 * 4 + 2 * 2
    assert cells[[0, 1, 8, 64, 80]].tolist() == [[0, 0, 8], [1, 0, 8], [0, 1, 8], [0, 0, 16], [0, 0, 32]]


def test_cells_are_decoded_to_corners() -> None:
    output = np.array([[0.5, 0.25, np.log(2), np.log(4), 1.0]], np.float32)
    assert decode(output, np.array([[3, 1, 8]], np.float32))[0] == pytest.approx([20, -6, 36, 26])


def test_a_frame_lies_in_the_upper_left_of_gray() -> None:
    square, scale = letterbox(np.full((40, 80, 3), 7, np.uint8), SIDE)
    assert scale == pytest.approx(0.8) and square.shape == (SIDE, SIDE, 3)
    assert (square[:32] == 7).all() and (square[32:] == 114).all()


def test_detections_are_in_the_frame_s_pixels_with_our_words(network, tmp_path) -> None:
    eyes = load_detector(f"yolox:{tmp_path / 'toy.onnx'}")
    put(network, 8 * 2 + 1, "couch", 0.9)
    put(network, 8 * 2 + 3, "airplane", 0.9)  # not in a room
    put(network, 8 * 2 + 5, "chair", 0.1)  # too unsure
    frame = np.zeros((32, 64, 3), np.uint8)
    frame[..., 0] = 200  # red
    (found,) = eyes.detect(frame[None].repeat(2, 1).repeat(2, 2))
    assert found.labels == ("sofa",) and found.scores == pytest.approx([0.9])
    assert found.boxes.tolist() == [[16, 32, 32, 48]]  # the frame is twice the letterbox
    assert found.evidence.shape == (1, len(eyes.labels)) and found.evidence.argmax() == eyes.labels.index("sofa")
    assert network.image.shape == (1, 3, SIDE, SIDE) and (network.image[0, 2, :32] == 200).all()  # blue first
    assert isinstance(eyes, Detector)


def test_one_thing_is_found_once_and_boxes_end_at_the_border(network, tmp_path) -> None:
    put(network, 0, "chair", 0.6, size=4.0)
    put(network, 1, "chair", 0.8, size=4.0)
    put(network, 2, "dining table", 0.5, size=4.0)
    (found,) = YoloxDetector(tmp_path / "toy.onnx").detect(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert found.labels == ("chair", "table") and found.scores == pytest.approx([0.8, 0.5])
    assert (found.boxes >= 0).all()


def test_threads_take_turns_at_the_network(network, tmp_path, monkeypatch) -> None:
    given: list[threading.Thread] = []

    def take(image: np.ndarray) -> None:
        assert not given  # the input before is used up
        given.append(threading.current_thread())

    def forward() -> np.ndarray:
        assert given == [threading.current_thread()]
        given.clear()
        return network.output[None]

    monkeypatch.setattr(network, "setInput", take)
    monkeypatch.setattr(network, "forward", forward)
    put(network, 0, "chair", 0.6)
    detector, frames = YoloxDetector(tmp_path / "toy.onnx"), np.zeros((100, 1, SIDE, SIDE, 3), np.uint8)
    with ThreadPoolExecutor(4) as executor:
        assert all(found[0].labels == ("chair",) for found in executor.map(detector.detect, frames))


def test_a_network_of_other_labels_is_refused(network, tmp_path) -> None:
    network.output = network.output[:, :10]
    with pytest.raises(ValueError, match="no YOLOX trained on COCO"):
        YoloxDetector(tmp_path / "toy.onnx").detect(np.zeros((1, 64, 64, 3), np.uint8))


def test_the_side_of_the_input_is_read_from_the_file(tmp_path) -> None:
    file = tmp_path / "toy.onnx"
    file.write_bytes(onnx_of(1, 3, 416, 416))
    assert input_pixels(file) == 416
    for content, message in (
        (onnx_of(1, 3, 416, 320), "takes images of 320×416"),
        (onnx_of(1, 3, 100, 100), "multiple of 32"),
        (b"no network", "no ONNX file"),
        (b"", "no ONNX file"),
    ):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            input_pixels(file)
    with pytest.raises(ValueError, match=r"huge is no size of YOLOX \(nano, tiny, s\) and no ONNX file"):
        load_detector("yolox:huge")


def test_the_words_of_both_vocabularies_are_ours(network, tmp_path) -> None:
    labels = YoloxDetector(tmp_path / "toy.onnx").labels
    assert len(set(labels)) == len(labels)
    assert {"sofa", "table", "plant", "stove", "computer mouse", "telephone", "person"} <= set(labels)
    assert not {"couch", "dining table", "airplane", "elephant"} & set(labels)
    assert len(set(labels) & set(VOCABULARY)) >= 20


def test_its_parts_are_found_by_name(tmp_path) -> None:
    assert "yolox" in detectors()
    for option, part in (("", "yolox-nano"), (":tiny", "yolox-tiny"), (":s", "yolox-s")):
        assert detector_parts(f"yolox{option}") == [part]
        assert PARTS[part].release is not None and not PARTS[part].needed
    assert detector_parts("yolox:file.onnx") == []
    (tmp_path / "file.onnx").touch()
    assert detector_files(f"yolox:{tmp_path / 'file.onnx'}") == [tmp_path / "file.onnx"]


@pytest.mark.skipif(not NETWORK.is_file(), reason=f"there is no {NETWORK}")
def test_the_published_network_sees_a_real_room(tmp_path, monkeypatch) -> None:
    import cv2

    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setenv("VLM2_PARTS", str(NETWORK.parent))
    photo = cv2.imread(str(SHARED / "real/coco_indoor/000000000139.jpg"))[..., ::-1]
    (found,) = load_detector("yolox").detect(photo[None])
    assert {"chair", "tv"} <= set(found.labels)
    assert detector_files("yolox")[0].read_bytes() == NETWORK.read_bytes()
