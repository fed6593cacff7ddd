"""Records of this version and of older ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlm2.scenes import Scene
from vlm2.scenes.record import SCHEMA_VERSION


def test_a_record_of_version_1_is_read(repository: Path, tmp_path: Path) -> None:
    text = (repository / "examples/home.json").read_text()
    old = json.loads(text)
    for thing in old["objects"]:
        thing.pop("colour_share", None)
    old["schema_version"] = 1
    scene = Scene.from_json(json.dumps(old))
    assert scene.schema_version == SCHEMA_VERSION
    assert all(thing.colour_share is None for thing in scene.objects) and any(thing.colour for thing in scene.objects)
    scene.save(tmp_path / "new.json")
    assert Scene.load(tmp_path / "new.json") == scene


@pytest.mark.parametrize("version", [None, 0, SCHEMA_VERSION + 1])
def test_another_version_is_refused(repository: Path, version: int | None) -> None:
    data = json.loads((repository / "examples/home.json").read_text()) | {"schema_version": version}
    with pytest.raises(ValueError, match=f"version {version}; this vlm2 reads version {SCHEMA_VERSION} and older"):
        Scene.from_json(json.dumps(data))
