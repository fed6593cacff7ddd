"""The facts of a map in words, and which things a text names."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlm2 import ObjectMap
from vlm2.query.facts import MOST_GAPS, MOST_TRACKS, facts, named_tracks
from vlm2.scenes import Scene


@pytest.fixture(scope="module")
def home(repository: Path) -> ObjectMap:
    return ObjectMap.from_scene(Scene.load(repository / "examples/home.json"))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Why are the chairs near the fridge?", {"chair", "refrigerator"}),
        ("Is the TV on?", {"tv"}),
        ("Is it cosy?", set()),
        ("Who repairs a dinosaur?", set()),
    ],
)
def test_things_are_named_by_any_of_their_names(home: ObjectMap, text: str, labels: set[str]) -> None:
    assert {track.label for track in named_tracks(home, text)} == labels


def test_a_room_names_what_is_in_it(home: ObjectMap) -> None:
    found = named_tracks(home, "What is the kitchen like?")
    assert found and {home.room_of(track) for track in found} == {"kitchen"}


def test_facts_are_few_and_agree_with_queries(home: ObjectMap) -> None:
    table, fridge = (home.ask(f"How tall is the {name} in meters?").value for name in ("table", "refrigerator"))
    gap = home.ask("How far is the table from the refrigerator?").value
    found = facts(home, named_tracks(home, "Why is the table near the refrigerator?"))
    assert found[0].startswith("Things: 5 chairs, ") and found[1] == "Rooms: dining room (16 m²) and kitchen (13 m²)."
    assert found[2].startswith("Table: beige, ") and f"{table:.1f} m high, in the dining room" in found[2]
    assert f"{fridge:.1f} m high, in the kitchen" in found[3]
    assert found[4:] == [f"From table to refrigerator: about {gap:.1f} m."]
    assert len(facts(home, named_tracks(home, "What is the kitchen like?"))) == 2 + MOST_TRACKS + MOST_GAPS


def test_things_of_one_name_are_numbered(home: ObjectMap) -> None:
    found = facts(home, named_tracks(home, "Are the chairs comfortable?"))[2:]
    assert [line.split(":")[0] for line in found] == [f"Chair {number}" for number in range(1, 6)]


def test_an_empty_map_has_nothing_to_say() -> None:
    assert facts(ObjectMap(), []) == ["Things: nothing."]
