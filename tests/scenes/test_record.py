"""Records of this version are read as they were written; others are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlm2.scenes import Scene
from vlm2.scenes.record import SCHEMA_VERSION


def test_a_record_is_read_as_it_was_written(repository: Path, tmp_path: Path) -> None:
    scene = Scene.load(repository / "examples/home.json")
    assert scene.schema_version == SCHEMA_VERSION and any(thing.colour for thing in scene.objects)
    scene.save(tmp_path / "new.json")
    assert (tmp_path / "new.json").read_text() == (repository / "examples/home.json").read_text()


@pytest.mark.parametrize("version", [None, 1, SCHEMA_VERSION + 1])
def test_another_version_is_refused(repository: Path, version: int | None) -> None:
    data = json.loads((repository / "examples/home.json").read_text()) | {"schema_version": version}
    with pytest.raises(ValueError, match=f"version {version}; this vlm2 reads version {SCHEMA_VERSION}"):
        Scene.from_json(json.dumps(data))


@pytest.mark.parametrize("change", [{"floor_area": "large"}, {"storeys": 2}, {"objects": [{"id": 1}]}, {"rooms": None}])
def test_a_record_of_another_shape_is_refused(change: dict, repository: Path) -> None:
    data = json.loads((repository / "examples/home.json").read_text()) | change
    with pytest.raises(ValueError, match=next(iter(change))):
        Scene.from_json(json.dumps(data))
