"""Odd questions, calls and maps: an honest refusal or an answer, and never an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlm2.objects import Floor, ObjectMap, ObservedPath, Track, upright_box
from vlm2.query import Unplanned, parse_call
from vlm2.query.planners.rules import LONGEST, plan

DIGITS = "9" * 5000
QUESTIONS = (
    "", "?", "...!!!", "\x00\x01", "\x1b[31m", "How many \x00chairs are there?", "\u200b", "İstanbul chairs?",
    "How many ² are there?", "What is at my ² o'clock?", f"What is in my {DIGITS} o'clock direction?",
    "What was in view at frame 0 of 10?", "What was in view at frame 3 of 0?", "What was in view at frame 99 of 10?",
    f"What was in view at {'9' * 400} seconds?", f"What was in view at {DIGITS}:00?", "What was in view at 99999:99?",
    "How many chairs were there at frame ٣ of ٥?", "How many CHAIRS are there?", "How many Stühle are there?",
    "How far did the camera move between 5 s and 5 s?", "How far is the chair from the chair?",
    "I am at the chair facing the chair. What is to my left?", "1. [please fill in]", "[[((", "{things} <there>",
    "Where is the sofa?",
)  # fmt: skip
OPTIONS = ((), ("chair", "sofa"), ("", "\x00"), ("² o'clock", f"{DIGITS} o'clock"), tuple(map(str, range(40))))
TEN_THOUSAND = (
    "a", "a ", "?!.", " ", "\x00", "(", "'", "in ", "and to by ", "chair, ", "sitting ", "red ", "frame 3 of 5 ", "ü",
    "next to the chair ", "the chair and the table or ", "I am at the sofa with a door on my left, ",
)  # fmt: skip


def odd_maps(flat: ObjectMap) -> list[ObjectMap]:
    names = ("Chair", "Chairs", "Stühle", "LAMP")
    tracks = tuple(
        Track(id=at, label=name, box=upright_box((float(at), 1.0, 0.5), (0.5, 0.5, 1.0)))
        for at, name in enumerate(names)
    )
    sofa = Track(id=9, label="Sofa", box=upright_box((3.0, 1.0, 0.5), (1.0, 1.0, 1.0)))
    named = ObjectMap(tracks=tracks, possible=(sofa,), vocabulary=(*names, "Sofa"))
    timeless = tuple(t.model_copy(update={"first_seen": None, "last_seen": None, "views": ()}) for t in flat.tracks)
    return [ObjectMap(), ObjectMap(tracks=flat.tracks[:1]), named, flat.model_copy(update={"tracks": timeless}), flat]


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_an_odd_question_gets_a_result(question: str, flat: ObjectMap) -> None:
    query = plan(question)
    for options in OPTIONS:
        for place in odd_maps(flat):
            for ask in (place.run, place.guess):
                result = ask(query.model_copy(update={"options": options}))
                assert result.sentence and 0.0 <= result.confidence <= 1.0


@pytest.mark.parametrize("piece", TEN_THOUSAND)
def test_a_long_question_is_refused(piece: str, flat: ObjectMap) -> None:
    result = flat.ask((piece * 10_000)[:10_000])
    assert result.status == "unsupported" and "too long" in result.sentence
    assert isinstance(plan((piece * LONGEST)[:LONGEST]), Unplanned), "as long as is read"


def test_labels_may_have_capitals_and_be_plurals(flat: ObjectMap) -> None:
    named = odd_maps(flat)[2]
    assert named.ask("How many chairs are there?").value == 2
    assert named.run(parse_call("exists(Lamp)")).value is True
    assert named.run(parse_call("exists('stühle')")).value is True
    assert named.ask("Is there a sofa?").status == "not_seen"
    assert named.ask("Where is the sofa?", guess=True).status == "guess"


def test_options_without_the_right_one_get_no_letter(flat: ObjectMap) -> None:
    for options in (["A. 7", "B. 8"], ["", ""], ["A. 3", "B. 3"], []):
        for guess in (False, True):
            result = flat.ask("How many chairs are there?", options, guess=guess)
            assert (result.value, result.option) == (3, None)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "-" * 3000 + "1",
        "a" + ".b" * 1900,
        "count(chair, number, 9)",
        "count(chair, **{'form': 'parity'})",
        "exists(thing(chair, place=on(desk, colour=red)))",
        "count(\x00)",
    ],
    ids=range(7),
)
def test_an_odd_call_is_no_query(text: str) -> None:
    with pytest.raises(ValueError, match="not a query"):
        parse_call(text)


@pytest.mark.parametrize("call", ["route(bed, door, [])", "route(sofa, tv, [None])", "order([])", "compare([])"])
def test_empty_lists_make_no_query_fail(call: str, flat: ObjectMap) -> None:
    assert flat.run(parse_call(call)).sentence


def test_a_camera_that_stands_still_has_no_direction(flat: ObjectMap) -> None:
    result = flat.run(parse_call("course(view(seconds=1.0), view(seconds=1.0))"))
    assert result.status == "unsupported" and "did not move" in result.sentence


@pytest.mark.parametrize(
    "outline",
    [
        ((0.0, 0.0), (6.0, 5.0), (6.0, 0.0), (0.0, 5.0)),
        ((0.0, 0.0), (3.0, 0.0), (3.0, 5.0), (3.0, 0.0), (6.0, 0.0), (6.0, 5.0), (0.0, 5.0)),
        ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)),
    ],
    ids=["crossed", "touching", "line"],
)
def test_an_outline_may_cross_itself(outline, flat: ObjectMap) -> None:
    """Simplified outlines of rooms may."""
    first, second = flat.floor.rooms
    floor = Floor(area=45.0, rooms=(replace(first, polygon=outline), second), doorways=flat.floor.doorways)
    odd = flat.model_copy(update={"floor": floor})
    for call in ("visible(tv, view=view(at=sofa))", "area('living room')", "room(sofa)"):
        assert odd.run(parse_call(call)).sentence


@pytest.mark.parametrize("edge", [0.0, 60.0, 1e5])
def test_a_thing_may_have_any_size(edge: float, flat: ObjectMap) -> None:
    """A wrong depth makes a thing of a hundred metres; the places around it stay few."""
    sofa = flat.tracks[0].model_copy(update={"box": upright_box((3.0, 0.5, 0.4), (edge, edge, 1.0))})
    odd = flat.model_copy(update={"tracks": (sofa, *flat.tracks[1:])})
    assert odd.run(parse_call("bearing(tv, view=view(at=sofa))")).sentence


def test_a_path_of_one_pose_answers(flat: ObjectMap) -> None:
    path = ObservedPath(times=(0.0,), world_from_camera=flat.path.world_from_camera[:1])
    for call in ("walked()", "in_view()", "displacement(view(seconds=0.0), view(seconds=1.0))"):
        assert flat.model_copy(update={"path": path}).run(parse_call(call)).sentence
