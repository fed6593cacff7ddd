"""The tools: one an operator, from its own record, and our own."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image
from toyclient import small_video

from vlm2.query import operator_types
from vlm2.serving.limits import Refusal
from vlm2.serving.tools import OWN, MemoryTools
from vlm2.serving.videos import open_local


@pytest.fixture
def call(store, home, tmp_path):
    """Return a function that calls a tool of the store with the session "home"."""
    tools = MemoryTools(store, lambda name, note: open_local(tmp_path / name, store.limits, note))
    return lambda name, **given: asyncio.run(tools.call(name, given))


def test_every_operator_is_a_tool_with_its_schema(store) -> None:
    cards = {card.name: card for card in MemoryTools(store, lambda *_: iter(())).cards()}
    assert set(cards) == set(OWN) | set(operator_types()) and not set(OWN) & set(operator_types())
    for name, operator in operator_types().items():
        fields = set(cards[name].arguments["properties"])
        assert fields == (set(operator.model_fields) | {"session"}) - {"options"}
        assert "Answers questions such as" in cards[name].description and cards[name].result
    assert all(card.description and card.arguments["type"] == "object" for card in cards.values())


def test_operators_answer(call) -> None:
    count = call("count", things={"label": "chair"})
    assert count.structured["value"] == 2 and count.text.startswith("I count 2 chairs")
    assert call("count", things="chair", session="home").structured == count.structured
    distance = call("distance", first={"label": "bed"}, second={"label": "table"}, unit="cm").structured
    assert distance["status"] == "ok" and distance["unit"] == "cm"
    assert distance["value"] == pytest.approx(130, abs=1)  # from the bed's edge at 2.2 m to the table's at 0.9 m
    assert call("exists", things={"label": "sofa"}).structured["status"] in ("ok", "not_seen")
    assert call("count", things={"label": "unicorn"}).structured["status"] == "unknown_label"


@pytest.mark.parametrize(
    ("name", "written", "given"),
    [
        (
            "where",
            {"thing": "thing(chair, place=near(bed))"},
            {"thing": {"label": "chair", "place": {"kind": "near", "to": [{"label": "bed"}]}}},
        ),
        ("count", {"things": {"place": "near(bed)"}}, {"things": {"place": {"kind": "near", "to": ["bed"]}}}),
        ("count", {"things": "chair", "view": "view(seconds=1.5)"}, {"things": "chair", "view": {"seconds": 1.5}}),
        (
            "farthest",
            {"to": "bed", "among": ["thing(chair, order=1)"]},
            {"to": "bed", "among": [{"label": "chair", "order": 1}]},
        ),
    ],
)
def test_texts_may_be_compact_calls(call, name, written, given) -> None:
    assert call(name, **written).structured == call(name, **given).structured


def test_a_question_is_checked_beside_the_event_loop(call, checked) -> None:
    call("ask", question="How many chairs are there?")
    assert checked and not any(checked)


def test_questions_things_and_pictures(call) -> None:
    answer = call("ask", question="How many chairs are there?")
    assert answer.structured["value"] == 2 and answer.structured["evidence"]
    things = call("objects").structured["objects"]
    assert sorted(row["label"] for row in things) == ["bed", "chair", "chair", "table"] and "views" not in things[0]
    (bed,) = [line for line in call("objects").text.splitlines() if ": bed" in line]
    x, y, z = (float(value) for value in bed.partition(" at (")[2].partition(")")[0].split(", "))
    assert (x, y, z) == pytest.approx((4.0, 3.0, 0.3), abs=0.1), "where it stands in the made-up room"
    shown = call("keyframes", times=[0.0, 0.1, 1.6])
    assert [row["time"] for row in shown.structured["keyframes"]] == [0.0, 1.5] and len(shown.pictures) == 2
    assert max(Image.open(io.BytesIO(shown.pictures[0])).size) <= 512
    assert [row["id"] for row in call("sessions").structured["sessions"]] == ["home"]


def test_a_video_is_watched(call, store, tmp_path) -> None:
    (tmp_path / "walk.mkv").write_bytes(small_video())
    assert call("watch", video="walk.mkv", session="walk").structured["session"]["frames"] == 3
    assert call("watch", video="walk.mkv", session="walk").structured["session"]["frames"] == 6
    assert not call("watch", video="walk.mkv", wait=False).structured["session"]["saved_frames"]
    assert len(store.list()) == 3
    with pytest.raises(Refusal, match=r"Name a session. There are: home, walk"):
        call("objects")


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("fly", {}, "no tool 'fly'"),
        ("count", {}, "things: Field required"),
        ("count", {"things": "chair", "colour": "red"}, "colour: Extra inputs"),
        ("count", {"things": "thing(chair, hue=red)"}, r"hue=red\)' cannot be read; calls look like thing\(lamp"),
        ("count", {"things": "chair", "session": 3}, "a text"),
        ("count", {"things": "chair", "session": "none"}, "no session 'none'"),
        ("keyframes", {"times": []}, "at least 1"),
        ("keyframes", {"times": [0.0] * 9}, "at most 8"),
        ("watch", {"video": "none.mp4"}, "cannot be opened"),
        ("watch", {"video": "list.m3u8"}, "no video of a kind"),
        ("watch", {"video": "/etc/passwd"}, "no video of a kind"),
    ],
)
def test_what_cannot_be_is_told(call, tmp_path, name, given, words) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\nfile:///etc/passwd\n")
    with pytest.raises(ValueError, match=words):
        call(name, **given)


def test_without_sessions_or_pictures_it_says_so(store) -> None:
    tools = MemoryTools(store, lambda *_: iter(()))
    with pytest.raises(Refusal, match="watch a video first"):
        asyncio.run(tools.call("objects", {}))
    store.create("empty")
    given = {"ask": {"question": "How many beds are there?"}, "keyframes": {"times": [0.0]}, "objects": {}}
    for name, arguments in (given | {"count": {"things": "bed"}, "walked": {}}).items():
        with pytest.raises(Refusal, match=r"empty has seen nothing yet: watch a video \(MCP: the tool `watch`; HTTP"):
            asyncio.run(tools.call(name, arguments))
