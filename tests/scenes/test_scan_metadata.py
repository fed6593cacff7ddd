"""Tests of the reader of real scans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vlm2.scenes import Scene, read_metadata


@pytest.fixture(scope="module", params=["arkitscenes", "scannet"])
def path(request: pytest.FixtureRequest, shared: Path) -> Path:
    return shared / "data/scenes" / f"{request.param}_meta_info_val.json"


def test_boxes_reach_as_far_as_the_file_says(path: Path) -> None:
    """The axes are rows: only then do a box's corners span the `min` and `max` that the file gives beside it."""
    scenes, records = read_metadata(path), json.loads(path.read_text())
    assert list(scenes) == list(records)
    for name, scene in scenes.items():
        given = [box for boxes in records[name]["object_bbox"].values() for box in boxes]
        for thing, box in zip(scene.objects, given, strict=True):
            reach = np.array(thing.box.size) / 2 @ np.abs(np.array(thing.box.axes))
            np.testing.assert_allclose(np.array(thing.box.center) - reach, box["min"], atol=1e-6)
            np.testing.assert_allclose(np.array(thing.box.center) + reach, box["max"], atol=1e-6)


def test_scenes_survive_json(path: Path) -> None:
    scene = next(iter(read_metadata(path).values()))
    assert scene.dataset == path.name.split("_")[0]
    assert [thing.id for thing in scene.objects] == list(range(1, len(scene.objects) + 1))
    assert Scene.from_json(scene.to_json()) == scene


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other_meta_info_val.json"
    path.write_text('{"scene": {"room_size": 3}}')
    with pytest.raises(ValueError, match="not a scene metadata file"):
        read_metadata(path)
