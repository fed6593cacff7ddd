"""The trained planner: it reads what the rules refuse, says how, and refuses where it is not sure."""

from __future__ import annotations

import pytest
import torch
from wordings import NAMES, OPTIONS, is_meant, rows

from vlm2.encoders.frozen_part import MissingPart
from vlm2.models.intent_reader import IntentReader, IntentReaderConfig
from vlm2.objects import ObjectMap
from vlm2.query import Unplanned, parse_call
from vlm2.query.intents import OUTSIDE
from vlm2.query.planners import rules
from vlm2.scenes import Scene
from vlm2.streaming.intent_planner import MEANT, IntentPlanner
from vlm2.streaming.object_answers import ask_objects

ODD = "Lampwise, quantity thereof?"
INTENTS, SLOTS = ("count", "distance", "none"), (OUTSIDE, "things", "a", "b")


class ToyReader(IntentReader):
    """Reads every question alike: as an intent, with the first word in a slot."""

    def __init__(
        self, intent: str = "count", slot: str = "things", sure: float = 9.0, chances: tuple[float, ...] | None = None
    ) -> None:
        torch.nn.Module.__init__(self)
        self.config, self.read = IntentReaderConfig(INTENTS, SLOTS), 0
        self.sure, self.places, self.chances = sure, (INTENTS.index(intent), SLOTS.index(slot)), chances

    def encode(self, questions):
        return questions

    def forward(self, questions):
        self.read += 1
        intents, slots = torch.zeros(1, len(INTENTS)), torch.zeros(1, len(questions[0]), len(SLOTS))
        intents[0, self.places[0]] = slots[0, 0, self.places[1]] = slots[0, 1:, 0] = self.sure
        return intents if self.chances is None else torch.tensor([self.chances]).log(), slots


@pytest.fixture
def reads(monkeypatch):
    """Return a function that makes a planner with a toy reader."""

    def make(**reading) -> tuple[IntentPlanner, ToyReader]:
        reader = ToyReader(**reading)
        monkeypatch.setattr(IntentReader, "load", staticmethod(lambda folder: reader))
        return IntentPlanner(), reader

    return make


def test_what_the_rules_refuse_is_read(reads) -> None:
    plan, reader = reads()
    assert isinstance(rules.plan(ODD), Unplanned)
    assert plan.plain(ODD) == "How many Lampwise are there?"
    assert plan(ODD) == rules.plan("How many Lampwise are there?")
    assert reader.read == 2


def test_what_the_rules_read_is_theirs(reads) -> None:
    plan, reader = reads()
    assert plan("How far is the lamp from the bed?") == parse_call("distance(lamp, bed)")
    assert reader.read == 0


@pytest.mark.parametrize(
    "reading",
    [{"intent": "none"}, {"sure": 0.3}, {"intent": "distance"}, {"intent": "distance", "slot": "a"}, {"slot": OUTSIDE}],
    ids=["no intent", "not sure", "another slot", "a slot is missing", "no slot"],
)
def test_what_the_reader_does_not_read_stays_refused(reads, reading) -> None:
    plan, _ = reads(**reading)
    assert plan.plain(ODD) is None
    assert plan(ODD) == rules.plan(ODD)


@pytest.mark.parametrize(
    ("chances", "read"),
    [((0.45, 0.53, 0.02), True), ((0.45, 0.05, 0.5), False), ((0.19, 0.8, 0.01), False), ((0.5, 0.0, 0.5), False)],
    ids=["another intent that does not fit", "none is likelier", "hardly likely", "even"],
)
def test_an_intent_that_lacks_its_phrases_does_not_count(reads, chances, read) -> None:
    """`ODD` has something to count, and no two things with a distance."""
    plan, _ = reads(chances=chances)
    assert plan.plain(ODD) == ("How many Lampwise are there?" if read else None)


def test_what_the_reader_is_not_sure_of_is_asked(reads) -> None:
    plan, _ = reads(chances=(0.7, 0.0, 0.3))
    refused = plan(ODD)
    assert isinstance(refused, Unplanned) and plan.plain(ODD) is None
    assert refused.reason == f"{rules.plan(ODD).reason} {MEANT}“How many Lampwise are there?”"
    answer = ask_objects(ObjectMap(vocabulary=("lamp",)), ODD, None, plan, guess=False)
    assert answer.status == "unsupported" and answer.sentence.endswith(refused.reason)
    assert rules.plan(ODD) == reads(chances=(0.4, 0.0, 0.6))[0](ODD)


def test_a_guess_takes_what_the_reader_is_not_sure_of(reads, repository) -> None:
    plan, _ = reads(chances=(0.7, 0.0, 0.3))
    reading = plan.read(ODD, guess=True)
    assert reading.query == rules.plan("How many Lampwise are there?")
    assert (reading.plain, reading.sure) == ("How many Lampwise are there?", pytest.approx(0.7, abs=0.01))
    home = ObjectMap.from_scene(Scene.load(repository / "examples/home.json"))
    sure = ask_objects(home, ODD.replace("Lampwise", "chairs"), None, reads()[0], guess=True)
    guess = ask_objects(home, ODD.replace("Lampwise", "chairs"), None, plan, guess=True)
    assert (sure.status, guess.status, guess.value) == ("ok", "guess", sure.value)
    assert guess.confidence == pytest.approx(0.7 * sure.confidence, abs=0.01) and guess.sentence == sure.sentence


def test_a_place_that_an_intent_cannot_express_is_not_read_over(reads) -> None:
    plan, _ = reads()
    assert plan.plain("Lamps lit thereabouts?") == "How many Lamps are there?"
    assert plan.plain("Lamps lit to my left?") is None


@pytest.mark.parametrize("question", ["", "…", "word " * 101])
def test_odd_questions_are_refused(reads, question) -> None:
    plan, _ = reads(slot=OUTSIDE)
    assert isinstance(plan(question), Unplanned)


def test_without_the_language_model_the_rules_plan_alone(monkeypatch) -> None:
    def missing(folder):
        raise MissingPart("no language model")

    monkeypatch.setattr("vlm2.models.intent_reader.IntentReader.load", staticmethod(missing))
    plan = IntentPlanner()
    assert plan.plain(ODD) is None and plan(ODD) == rules.plan(ODD)


def test_an_answer_says_how_the_question_was_understood(reads) -> None:
    plan, _ = reads()
    seen = ObjectMap(vocabulary=("lamp",))
    odd = ask_objects(seen, ODD, None, plan, guess=False)
    assert odd.query == "count(lampwise)" and odd.status == "unknown_label"
    assert odd.sentence.endswith("I understood: “How many Lampwise are there?”")
    plain = ask_objects(seen, "How many lamps are there?", None, plan, guess=False)
    assert plain.status == "not_seen" and "understood" not in plain.sentence
    assert ask_objects(seen, ODD, None, None, guess=False).status == "unsupported"


def test_a_question_may_depend_on_those_before_it(reads) -> None:
    plan, reader = reads(intent="none")
    chat = [
        "How many chairs are in the kitchen?",
        "and tables?",
        "in the hallway?",
        "where are they?",
        "who made them?",
    ]
    read = [plan.read(text, earlier=chat[:at]) for at, text in enumerate(chat)]
    assert [found.plain for found in read] == [
        None,
        "How many tables are in the kitchen?",
        "How many tables are in the hallway?",
        "Where are the tables in the hallway?",
        None,
    ]
    assert read[1].query == rules.plan("How many tables are in the kitchen?") and isinstance(read[4].query, Unplanned)
    before = reader.read
    assert plan.read("in the bedroom?", earlier=chat[:4]).plain == "Where are the tables in the bedroom?"
    assert reader.read == before  # what came before is not read again
    assert plan.read("How many lamps are there?", earlier=chat).plain is None
    assert isinstance(plan.read("in the bedroom?", earlier=chat).query, Unplanned)  # of what was not understood


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("How old is the sofa?", "How big is it?"),
        ("Which chair is closest to the door?", "How big is it?"),
        ("Where is the lamp?", "in square feet?"),
        ("Which room is the smallest?", "how many square metres?"),
        ("I am at the sink facing the window. What is behind me?", "How far is the fridge?"),
        ("Which room is the sofa in?", "How many chairs are in that room?"),
        ("I stand by the sofa and face the TV. Is the picture to my left?", "And is the picture behind me?"),
    ],
)
def test_what_would_be_read_otherwise_alone_is_refused(reads, before: str, question: str) -> None:
    plan, _ = reads(intent="none")
    assert not isinstance(rules.plan(question), Unplanned)
    query = plan.read(question, earlier=[before]).query
    assert isinstance(query, Unplanned) and query.reason == rules.CONTINUES


def test_a_whole_question_is_answered_after_any_other(reads) -> None:
    plan, _ = reads(intent="none")
    before = ["I am at the sink facing the window. What is behind me?", "What was in view at 0:12?"]
    for question in ("How far did I walk?", "How many chairs are there?", "How far is the sofa from the lamp?"):
        assert plan.read(question, earlier=before).query == rules.plan(question)
    assert not isinstance(plan.read("How far am I from the table?", earlier=before[1:]).query, Unplanned)


def test_a_follow_up_to_what_only_the_reader_understood(reads) -> None:
    plan, _ = reads()
    assert plan.read("in the kitchen?", earlier=[ODD]).plain == "How many Lampwise are there in the kitchen?"


PACKAGED = IntentPlanner()


@pytest.mark.parametrize(
    ("number", "least", "least_asked"),
    [(9, 31, 3), (10, 27, 2), (11, 29, 5), (12, 27, 4), (13, 27, 6), (14, 35, 1)],
)
def test_strangers_wordings_are_read_asked_back_or_refused(number: int, least: int, least_asked: int) -> None:
    name = f"stranger_{number}"
    plans = [
        (kind, text, PACKAGED(text.format(**NAMES), OPTIONS.get(kind))) for kind, text in rows(f"wordings/{name}.txt")
    ]
    read = [(kind, text, query) for kind, text, query in plans if not isinstance(query, Unplanned)]
    assert [text for kind, text, query in read if not is_meant(query, kind)] == []
    assert len(plans) == 40 and len(read) >= least
    refused = [(kind, query.reason) for kind, _, query in plans if isinstance(query, Unplanned)]
    asked = [(kind, reason.partition(MEANT)[2].strip("“”")) for kind, reason in refused if MEANT in reason]
    right = [plain for kind, plain in asked if is_meant(rules.plan(plain, OPTIONS.get(kind)), kind)]
    assert len(right) >= least_asked and len(asked) - len(right) <= (number == 10)


@pytest.mark.parametrize(
    ("name", "most"), [*((f"uncovered_{number}", 3) for number in (1, 2, 3, 4, 5)), ("unanswerable", 1)]
)
def test_questions_that_no_intent_covers_are_refused(name: str, most: int) -> None:
    texts = [row[-1] for row in rows(f"{name}.txt")]
    assert len(texts) >= 120
    assert sum(isinstance(rules.plan(text), Unplanned) and PACKAGED.plain(text) is not None for text in texts) <= most


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("Out of curiosity, what shade is the sofa?", "colour(sofa)"),
        ("At which moment did the fridge pop up for the first time?", "seen(fridge)"),
        (
            "Say I plant myself by the bed with my eyes on the door. Whereabouts would the lamp be?",
            "bearing(lamp, view=view(at=bed, facing=door))",
        ),
        ("Why did the lamp fall off the table?", None),
        ("Who bought the sofa?", None),
    ],
)
def test_the_packaged_reader(question, call) -> None:
    query = PACKAGED(question)
    assert isinstance(query, Unplanned) if call is None else query == parse_call(call)
