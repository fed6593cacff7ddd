"""Tests of what a watcher can name without doubt."""

from __future__ import annotations

from dataclasses import replace

from vlm2.scenes import Scene
from vlm2.scenes.visibility import named, single


def test_what_is_hardly_seen_is_not_named(scene: Scene) -> None:
    assert "clock" not in named(scene)
    assert {thing.category for thing in single(scene)} == {"sofa", "tv", "plant", "lamp", "sink", "door", "bed"}


def test_one_hidden_instance_spoils_its_category(scene: Scene) -> None:
    hidden = tuple(replace(thing, sightings=()) if thing.id == 9 else thing for thing in scene.objects)
    assert "chair" in named(scene)
    assert "chair" not in named(replace(scene, objects=hidden))


def test_scans_without_sightings_show_everything(scene: Scene) -> None:
    blind = tuple(replace(thing, sightings=()) for thing in scene.objects)
    assert "clock" in named(replace(scene, objects=blind, trajectory=None))


def test_a_count_that_differs_from_the_boxes_spoils_its_category(scene: Scene) -> None:
    assert "chair" not in named(replace(scene, counts={"chair": 5}))


def test_the_building_itself_is_no_thing(scene: Scene) -> None:
    wall = replace(scene.objects[0], id=99, category="wall")
    assert "wall" not in named(replace(scene, objects=(*scene.objects, wall)))
