"""The detector for homes: cells that vote for one thing become one mask."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toystages import ToyStages

from vlm2.encoders.detectors import Detector, detectors, homes, load_detector
from vlm2.encoders.detectors.dense_head import STRIDE, DenseHead, DenseHeadConfig
from vlm2.encoders.detectors.homes import TUNED, Cells, HomesDetector, cluster, group_cells

ROWS, COLUMNS = 24, 32
LABELS = ("", "chair", "lamp", "table", "floor", "wall", "ceiling")
CONFIG = DenseHeadConfig(LABELS, surfaces=3, width=8, fine_width=8)


def blank() -> Cells:
    """Cells that show a wall three metres away."""
    probability = np.zeros((ROWS, COLUMNS, len(LABELS)), np.float32)
    probability[..., 5] = 1.0
    zeros = np.zeros((ROWS, COLUMNS, 3), np.float32)
    return Cells(
        probability,
        vote=zeros[..., :2].copy(),
        center=zeros.copy(),
        size=np.log(np.full_like(zeros, 0.5)),
        heading=zeros[..., :2] + np.float32([1, 0]),
        depth=np.full((ROWS, COLUMNS), np.log(3.0), np.float32),
        up=zeros + np.float32([0, -2, 0]),
    )


def put(cells: Cells, label: int, rows: slice, columns: slice, depth: float = 2.0, size: float = 0.5, sure=0.9) -> None:
    """Write a thing into cells: all of them vote for the middle of the rectangle."""
    cells.probability[rows, columns] = (1 - sure) * np.eye(len(LABELS), dtype=np.float32)[5]
    cells.probability[rows, columns, label] = sure
    y, x = np.mgrid[rows, columns]
    cells.vote[rows, columns] = np.stack([x.mean() - x, y.mean() - y], -1) / 4
    cells.depth[rows, columns] = np.log(depth)
    cells.size[rows, columns] = np.log(size)


def grouped(cells: Cells) -> list[tuple[tuple[int, int], tuple[int, int], int]]:
    """The rows, columns and number of cells of each mask."""
    found = []
    for mask in group_cells(cells, cells.probability[..., 1:4]):
        ys, xs = np.nonzero(mask)
        found.append(((ys.min(), ys.max() + 1), (xs.min(), xs.max() + 1), len(ys)))
    return sorted(found)


def detector(head: DenseHead | None = None) -> HomesDetector:
    torch.manual_seed(0)
    made = HomesDetector(DenseHead(CONFIG) if head is None else head, ToyStages.name)
    made.__dict__["vision"] = ToyStages()  # in place of the encoder of this name, which would be loaded
    return made


def test_nothing_in_particular_is_nothing() -> None:
    assert grouped(blank()) == []
    found = detector().detections(blank(), 8 * ROWS, 8 * COLUMNS)
    assert len(found) == 0 and found.masks.shape == (0, ROWS, COLUMNS) and found.evidence.shape == (0, 3)


def test_one_thing_is_one_mask() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 16))
    assert grouped(cells) == [((8, 14), (10, 16), 36)]


def test_two_equal_things_side_by_side_are_two() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 16))
    put(cells, 1, slice(8, 14), slice(16, 22))
    assert grouped(cells) == [((8, 14), (10, 16), 36), ((8, 14), (16, 22), 36)]


def test_one_behind_the_other_are_two() -> None:
    """Their votes meet in the image, but not in depth."""
    cells = blank()
    put(cells, 1, slice(6, 16), slice(8, 20), depth=5.0)
    put(cells, 1, slice(9, 13), slice(12, 16), depth=1.5)
    assert grouped(cells) == [((6, 16), (8, 20), 104), ((9, 13), (12, 16), 16)]


def test_one_thing_in_two_layers_of_depth_is_one() -> None:
    """The offset to its centre says that both layers belong together."""
    cells = blank()
    put(cells, 3, slice(8, 14), slice(10, 18), depth=2.0, size=1.6)
    cells.depth[8:11, 10:18] = np.log(3.0)
    cells.center[8:11, 10:18, 2], cells.center[11:14, 10:18, 2] = -0.5, 0.5
    assert grouped(cells) == [((8, 14), (10, 18), 48)]


def test_other_labels_are_other_things() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 13))
    put(cells, 2, slice(8, 14), slice(13, 16))
    assert [number for *_, number in grouped(cells)] == [18, 18]


def test_less_than_two_cells_are_left_out() -> None:
    cells = blank()
    put(cells, 1, slice(8, 9), slice(10, 11))
    assert grouped(cells) == []
    put(cells, 1, slice(8, 9), slice(10, 12))
    assert grouped(cells) == [((8, 9), (10, 12), 2)]


def test_unsure_cells_are_left_out() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 16), sure=0.45)
    assert grouped(cells) == []


def test_clusters_hold_every_place_once() -> None:
    places, weights = np.random.default_rng(0).uniform(0, 4, (60, 3)), np.full(60, 0.5)
    groups = cluster(places, weights)
    assert sorted(np.concatenate(groups).tolist()) == list(range(60))
    assert cluster(places[:0], weights[:0]) == []
    assert all(len(group) for group in cluster(places, np.zeros(60)))


def test_detections_tell_boxes_labels_shapes_and_surfaces() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 16))
    cells.size[8:14, 10:16] = np.log([0.9, 0.5, 0.4])
    cells.heading[8:14, 10:16] = np.cos(2 * 0.7), np.sin(2 * 0.7)
    cells.probability[20:] = np.eye(len(LABELS), dtype=np.float32)[4]
    found = detector().detections(cells, 8 * ROWS, 8 * COLUMNS)
    assert found.labels == ("chair",) and found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes.tolist() == [[10 * STRIDE, 8 * STRIDE, 16 * STRIDE, 14 * STRIDE]]
    assert found.evidence[0].tolist() == pytest.approx([0.9, 0, 0])
    assert np.allclose(found.shapes.sizes, [[0.9, 0.5, 0.4]])
    assert found.shapes.headings[0] == pytest.approx(0.7)
    assert found.surfaces.floor[20:].all() and not found.surfaces.floor[:20].any()
    assert found.surfaces.up[1] < 0


def test_frames_together_and_alone_give_the_same() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (2, 96, 128, 3), dtype=np.uint8)
    eyes = detector()
    with torch.no_grad():  # random weights see something everywhere
        eyes.head.output.weight.mul_(20)
    together, alone = eyes.detect(frames), [eyes.detect(frame[None])[0] for frame in frames]
    assert len(together) == 2
    for one, other in zip(together, alone, strict=True):
        assert one.labels == other.labels and np.allclose(one.boxes, other.boxes)
        assert set(one.labels) <= set(eyes.labels)
    assert isinstance(eyes, Detector)


def saved(folder, **changes) -> None:
    state = {name: tensor for name, tensor in DenseHead(CONFIG).state_dict().items() if tensor.is_floating_point()}
    save_file({name: changes.get(name, tensor) for name, tensor in state.items()}, folder / "model.safetensors")
    record = {"labels": LABELS, "surfaces": 3, "width": 8, "fine_width": 8, "vision": "toy-stages"}
    (folder / "config.json").write_text(json.dumps(record))


def test_a_trained_detector_is_loaded_from_its_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(homes, "load_vision_encoder", lambda name: ToyStages())
    with pytest.raises(ValueError, match="No trained detector in"):
        load_detector(f"homes:{tmp_path}")
    saved(tmp_path)
    assert load_detector(f"homes:{tmp_path}").labels == ("chair", "lamp", "table")


def test_weights_of_another_detector_are_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(homes, "load_vision_encoder", lambda name: ToyStages())
    saved(tmp_path)
    for name, size, message in (("wrong.weight", 8, "are missing or unknown"), ("narrow.weight", 9, "do not fit")):
        save_file({name: torch.zeros(size, 8, 1, 1)}, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match=message):
            load_detector(f"homes:{tmp_path}")


def test_tuned_weights_replace_the_encoder_s_own(tmp_path, monkeypatch) -> None:
    encoder = ToyStages()
    monkeypatch.setattr(homes, "load_vision_encoder", lambda name: deepcopy(encoder))
    saved(tmp_path)
    tuned = torch.randn_like(encoder.deeper.weight)
    state = load_file(tmp_path / "model.safetensors")
    save_file(state | {f"{TUNED}deeper.weight": tuned}, tmp_path / "model.safetensors")
    eyes = load_detector(f"homes:{tmp_path}")
    assert isinstance(eyes, HomesDetector)
    loaded = eyes.vision.state_dict()  # in bfloat16 on some machines
    assert torch.equal(loaded["deeper.weight"], tuned.to(loaded["deeper.weight"]))
    assert torch.equal(loaded["deeper.bias"], encoder.deeper.bias.to(loaded["deeper.bias"]))
    for name, tensor in (("deeper.weight", tuned[:1]), ("shallow.weight", tuned)):
        save_file(state | {f"{TUNED}{name}": tensor}, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match="do not fit toy-stages"):
            _ = load_detector(f"homes:{tmp_path}").vision


def test_detectors_are_found_by_name() -> None:
    assert "homes" in detectors()
    with pytest.raises(ValueError, match="No detector is called"):
        load_detector("eagle")


def test_detections_have_one_of_each() -> None:
    cells = blank()
    put(cells, 1, slice(8, 14), slice(10, 16))
    found = detector().detections(cells, 8 * ROWS, 8 * COLUMNS)
    with pytest.raises(ValueError, match="another number of scores, labels, masks"):
        replace(found, labels=())


def test_a_detector_that_enlarges_gives_boxes_in_the_frame_s_pixels() -> None:
    eyes = detector()
    eyes.zoom = 2.0
    (found,) = eyes.detect(np.zeros((1, 64, 96, 3), np.uint8))
    assert found.surfaces is not None
    assert found.surfaces.floor.shape == (48, 80)  # 640 × 384 pixels: twice what the encoder chooses
    assert (found.boxes <= [96, 64, 96, 64]).all()
