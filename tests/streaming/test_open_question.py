"""Open questions to a vision-language model: when it is asked, what it gets, and how its answer is marked."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fakevlm import completion, fake_server
from PIL import Image
from rooms_of_boxes import MadeBox, MadeRoom, around, watched
from sessions import contents, observe
from toyeyes import ToyDetector, toy_eyes

from vlm2.encoders.vlm import VLMError, load_vlm
from vlm2.objects import ObjectMap
from vlm2.streaming import LoadedModel, Session
from vlm2.streaming.keyframe import keyframe
from vlm2.streaming.open_question import MOST_FRAMES, REQUEST, answer_by_vlm, chosen, message

OPEN = "Who sleeps on the bed, and why?"
CLOSED = "How many chairs are there?"
ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("chair", (1.0, 0.6, 0.45), (0.5, 0.6, 0.9)),
    ),
)


class Parrot:
    """Says the same to everything, or fails, and remembers what it was shown."""

    name = "hub:parrot"

    def __init__(self, words: str | None = "Nobody; there are two chairs.") -> None:
        self.words = words
        self.messages: list[Sequence[str | bytes]] = []

    def answer(self, message: Sequence[str | bytes], most_tokens: int) -> str:
        self.messages.append(message)
        if self.words is None:
            raise VLMError("hub:parrot failed (it moults).")
        return self.words


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def at_home(make_session, images, parrot) -> Session:
    """A session with a vision-language model that remembers a made-up room, seen in 16 frames."""
    plain = make_session()
    session = observe(Session(plain.halves, eyes=toy_eyes(), vlm=parrot), images[:16])
    session._stream = replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, 16)))
    return session


def test_the_vlm_answers_what_the_objects_cannot_and_only_that(at_home, parrot) -> None:
    for question in (CLOSED, "Where is the chair?", "Is there a sofa?"):
        assert at_home.ask(question).source == "objects"
    assert parrot.messages == []
    for question in (OPEN, "Is there a dinosaur?"):  # not understood; a word that the eyes do not know
        answer = at_home.ask(question)
        assert (answer.source, answer.vlm, answer.status, answer.text) == ("vlm", parrot.name, "guess", parrot.words)
        assert answer.confidence is answer.value is None
    assert len(parrot.messages) == 2


def test_the_answer_is_marked_and_checked(at_home, parrot) -> None:
    answer = at_home.ask(OPEN)
    assert answer.sentence == (
        "hub:parrot says, and may be wrong: Nobody; there are two chairs. "
        "The object memory agrees as far as it could check."
    )
    assert sum(seen.weight for seen in answer.evidence) == pytest.approx(1) and answer.seconds > 0
    parrot.words = "A cat sleeps on the sofa, beside five chairs."
    sentence = at_home.ask(OPEN).sentence
    assert "This contradicts the object memory: I have not seen a sofa. I count 2 chairs." in sentence
    parrot.words = "Nobody knows."
    assert at_home.ask(OPEN).sentence.endswith("The object memory could check nothing of this.")


def test_it_is_asked_everything_on_request(at_home, parrot) -> None:
    parrot.words = "Seven chairs."
    answer = at_home.ask(CLOSED, ask_vlm=True)
    assert (answer.source, answer.text, answer.status) == ("vlm", "Seven chairs.", "guess")
    assert "The object memory's own answer: I count 2 chairs." in answer.sentence
    assert "This contradicts the object memory: I count 2 chairs." in answer.sentence
    assert at_home.ask(CLOSED, tools=False).source == "tokens"
    assert at_home.ask(CLOSED, tools=False, ask_vlm=True).source == "vlm"


def test_it_comes_before_a_guess(at_home) -> None:
    assert at_home.ask(OPEN, guess=True).source == "vlm"
    assert at_home.ask(CLOSED, guess=True).source == "objects"


def test_where_it_fails_the_refusal_stays_and_says_why(at_home, parrot) -> None:
    refused = at_home.fork()
    refused.vlm, parrot.words = None, None
    plain, failed = refused.ask(OPEN), at_home.ask(OPEN)
    assert (failed.source, failed.status, failed.query, failed.vlm) == ("objects", plain.status, plain.query, None)
    assert failed.text == failed.sentence == f"{plain.sentence} hub:parrot failed (it moults)."
    guess = at_home.ask(OPEN, guess=True)
    assert guess.source == "tokens" and "(it moults). The language model guesses:" in guess.sentence
    counted = at_home.ask(CLOSED, ask_vlm=True)
    assert (counted.source, counted.text, counted.value) == ("objects", "2", 2)
    assert counted.sentence.endswith("(it moults).")


def test_it_gets_pictures_of_what_is_named_in_order(at_home, parrot) -> None:
    at_home.ask(OPEN)
    (parts,) = parrot.messages
    pictures = [part for part in parts if isinstance(part, bytes)]
    assert 0 < len(pictures) <= MOST_FRAMES
    assert all(Image.open(io.BytesIO(part)).format == "JPEG" for part in pictures)
    (bed,) = [track for track in at_home.objects.tracks if track.label == "bed"]
    shown = [seen.time for seen in at_home.ask(OPEN).evidence]
    best = max(bed.views, key=lambda view: view.share)
    assert set(shown) <= {view.frame / 2 for view in bed.views} and best.frame / 2 in shown
    assert shown == sorted(shown) and len(shown) == len(pictures)
    words = [part for part in parts if isinstance(part, str)]
    assert words[1] == f"Frame 1, at 0:{int(shown[0]):02d}:"
    assert "- Things: 2 chairs and a bed." in words[-1] and "- Bed: blue, about " in words[-1]
    assert words[-1].endswith(f"{OPEN}\n{REQUEST}")


def test_a_question_that_names_nothing_gets_views_far_apart(at_home, parrot) -> None:
    answer = at_home.ask("Is it cosy?")
    times = [seen.time for seen in answer.evidence]
    assert len(set(times)) == len(times) == MOST_FRAMES and times[-1] - times[0] >= 4
    assert "about" not in parrot.messages[0][-1].split("Rooms:")[0]


def test_a_follow_up_comes_with_the_questions_before_it_and_with_their_pictures(at_home, parrot) -> None:
    first = at_home.ask(OPEN)
    second = at_home.ask("And does it look cosy?", earlier=["One?", "Two?", "Three?", OPEN])
    assert second.source == "vlm" and second.evidence == first.evidence
    told = parrot.messages[-1][-1].split("\n\n")
    assert told[-2].endswith(f"\n- Two?\n- Three?\n- {OPEN}") and told[-1].startswith("And does it look cosy?")


def test_one_keyframe_is_enough_and_none_is_an_error(images, parrot) -> None:
    only = keyframe(images[0], 0, 0.0)
    assert chosen([only], ObjectMap(), []) == [only]
    assert chosen([only, replace(only, frame=1)], ObjectMap(), []) == [only]  # nothing tells them apart
    assert message("One?\nTwo?", [only], [])[-1] == "One?\nTwo?"
    with pytest.raises(VLMError, match="holds no pictures"):
        answer_by_vlm(parrot, OPEN, ObjectMap(), [], None)


def test_without_eyes_it_answers_everything_with_pictures_alone(make_session, images, parrot) -> None:
    plain = make_session()
    session = observe(Session(plain.halves, vlm=parrot), images[:9])
    answer = session.ask(CLOSED)
    assert answer.source == "vlm" and answer.sentence == f"hub:parrot says, and may be wrong: {parrot.words}"
    assert parrot.messages[0][-1] == f"{CLOSED}\n{REQUEST}"
    parrot.words = None
    failed = session.ask(CLOSED)
    assert failed.source == "tokens" and failed.sentence.startswith(
        "hub:parrot failed (it moults). The language model guesses"
    )


def test_a_session_with_a_vlm_always_keeps_pictures_and_nothing_else_differs(make_session, images, parrot) -> None:
    plain = make_session()
    shown = observe(Session(plain.halves, eyes=toy_eyes()), images)
    asked = observe(Session(plain.halves, thumbnails=False, eyes=toy_eyes(), vlm=parrot), images)
    without = observe(Session(plain.halves, thumbnails=False, eyes=toy_eyes()), images)
    assert without._stream.keyframes == () and len(shown._stream.keyframes) == len(images)
    assert without.objects == shown.objects == asked.objects
    (tensors, record), (others, other) = contents(shown), contents(asked)
    assert record == other and tensors.keys() == others.keys()


def test_saved_pictures_come_back(at_home, parrot, tmp_path) -> None:
    at_home.save(tmp_path / "room.vlm2mem")
    eyes = toy_eyes(ToyDetector(at_home._stream.objects.labels))
    loaded = LoadedModel("toy", Path(), at_home.halves, eyes, parrot)
    again = Session.open(tmp_path / "room.vlm2mem", loaded)
    assert contents(again) == contents(at_home)
    assert again.ask(OPEN).evidence == at_home.ask(OPEN).evidence == again.fork().ask(OPEN).evidence


def test_asking_a_vlm_that_is_not_there_is_an_error(make_session, images) -> None:
    with pytest.raises(ValueError, match=r"no vision-language model; load one: vlm2.load\(NAME, vlm=…\)"):
        observe(make_session(), images[:2]).ask(OPEN, ask_vlm=True)


def test_a_server_gets_the_pictures_and_the_facts(at_home) -> None:
    with fake_server(body=completion("A red cat, on five chairs.")) as server:
        at_home.vlm = load_vlm(f"{server.address}#tiny")
        answer = at_home.ask(OPEN)
        assert answer.vlm == f"{server.address}#tiny" and "contradicts the object memory: I count 2" in answer.sentence
        assert len(server.pictures) == len(answer.evidence) and OPEN in server.texts[-1]
        server.body = b"garbage"
        failed = at_home.ask(OPEN)
    assert failed.source == "objects" and failed.status == "unsupported" and "that is no JSON" in failed.sentence
