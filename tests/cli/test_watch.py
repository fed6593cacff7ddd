"""`vlm2 watch` on the toy model: it asks, saves, drops, takes up lost streams, and stops politely."""

import json
import signal

import numpy as np
import pytest
from streams import encode, served
from typer.testing import CliRunner

import vlm2
from vlm2.cli.main import app
from vlm2.streaming import Session
from vlm2.video import LiveReader, VideoError

QUESTION = "How many chairs are in this room?"


@pytest.fixture
def film(write_video):
    """A file of two seconds."""
    return write_video(list(np.random.default_rng(0).integers(0, 255, (20, 32, 48, 3), dtype=np.uint8)))


def run(*arguments: object, typed: str | bytes = ""):
    return CliRunner().invoke(app, ["watch", *map(str, arguments)], input=typed)


def rows(result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_script_asks_at_intervals_and_keeps_what_was_seen(toy, film, lockstep, tmp_path):
    kept = tmp_path / "room.vlm2mem"
    *answers, last = rows(run(film, "--ask", QUESTION, "--every", 0.5, "--save", kept, "--fps", 5, "--json"))
    assert [row["time"] for row in answers] == [0.6, 1.0, 1.6]
    assert {row["question"] for row in answers} == {QUESTION}
    assert sum(seen["weight"] for seen in answers[-1]["evidence"]) == pytest.approx(1, abs=0.01)
    assert last == {"watched": str(film), "seconds": 1.8, "frames": 10, "dropped": 0, "lost": 0}
    assert vlm2.Session.open(kept, toy).frames == 10


def test_watching_sees_what_a_session_sees(toy, film, lockstep):
    answer, _ = rows(run(film, "--ask", QUESTION, "--fps", 5, "--json"))
    session = toy.session()
    session.watch(film, fps=5)
    expected = session.ask(QUESTION)
    assert answer["answer"] == expected.text
    assert [e["time"] for e in answer["evidence"]] == [round(e.time, 4) for e in expected.evidence]


def test_only_what_is_new_is_looked_at(toy, write_video, lockstep):
    shown = np.repeat(np.random.default_rng(0).integers(0, 255, (3, 32, 48, 3), dtype=np.uint8), [3, 8, 5], axis=0)
    answer, last = rows(run(write_video(list(shown)), "--ask", QUESTION, "--only-new", "--json"))
    assert answer["time"] == 1.5 and (last["seconds"], last["frames"]) == (1.5, 3)


def test_words_say_what_was_seen(toy, film, lockstep):
    result = run(film, "--ask", QUESTION, "--seconds", 1, "--fps", 5)
    assert result.exit_code == 0, result.output
    assert f"At 0:00.8  {QUESTION}" in result.stdout
    assert "Looked at" in result.stdout
    assert "Watched 0.8 s" in result.stdout
    assert "5 frames looked at." in result.stdout


def test_typed_lines_are_questions_and_wait_for_the_first_frame(toy, film, lockstep, monkeypatch):
    monkeypatch.setattr("vlm2.cli.watch.Thread", Undelayed)
    first, second, last = rows(run(film, "--fps", 5, "--json", typed=f"{QUESTION}\n\nHow large is it?\n"))
    assert [first["question"], second["question"]] == [QUESTION, "How large is it?"]
    assert first["time"] in (0.0, 0.2)
    assert last["frames"] == 10


def test_a_typed_question_may_depend_on_those_before_it(toy, film, lockstep, monkeypatch):
    monkeypatch.setattr("vlm2.cli.watch.Thread", Undelayed)
    asked, ask = [], Session.ask

    def noted(session, question, **options):
        asked.append((question.splitlines()[0], list(options["earlier"])))
        return ask(session, question, **options)

    monkeypatch.setattr(Session, "ask", noted)
    rows(run(film, "--fps", 5, "--json", "--ask", "How big?", typed=f"{QUESTION}\nAnd tables?\n"))
    assert asked == [(QUESTION, []), ("And tables?", [QUESTION]), ("How big?", [])]


def test_a_typed_line_that_is_no_text_is_asked_and_the_next_one_too(toy, film, lockstep, monkeypatch):
    monkeypatch.setattr("vlm2.cli.watch.Thread", Undelayed)
    typed = b"How many caf\xe9s?\nHow large is it?\n"
    first, second, _ = rows(run(film, "--fps", 5, "--json", typed=typed))
    assert [first["question"], second["question"]] == ["How many caf\ufffds?", "How large is it?"]


class Undelayed:
    """A thread that has done its work as soon as it is started."""

    def __init__(self, target, args, **_) -> None:
        self.target, self.args = target, args

    def start(self) -> None:
        self.target(*self.args)


def test_a_lost_stream_is_told_watched_on_and_saved(toy, lockstep, tmp_path):
    lockstep.tick = 0.1
    kept = tmp_path / "hall.vlm2mem"
    with served(encode(12), "video/mp2t", times=2) as address:
        result = run(address, "--fps", 100, "--tries", 1, "--save", kept, "--save-every", 0.5, "--json")
    assert isinstance(result.exception, VideoError)
    assert "Given up after 1 more tries" in str(result.exception)
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["lost"] == 2
    assert last["dropped"] == 0
    assert vlm2.Session.open(kept, toy).frames == last["frames"] >= 20
    assert "Trying again in 0.5 s" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_finishes_the_frame_saves_and_says_so(toy, film, lockstep, tmp_path, monkeypatch, number):
    take, before, kept = LiveReader.take, signal.getsignal(number), tmp_path / "room.vlm2mem"

    def interrupted(reader: LiveReader):
        if reader.wanted == 3:
            signal.raise_signal(number)
        return take(reader)

    monkeypatch.setattr(LiveReader, "take", interrupted)
    answer, last = rows(run(film, "--ask", QUESTION, "--save", kept, "--fps", 5, "--json"))
    assert answer["time"] == 0.4
    assert last["frames"] == 3 == vlm2.Session.open(kept, toy).frames
    assert signal.getsignal(number) is before


def test_a_failed_saving_meanwhile_is_told_and_watching_goes_on(toy, film, lockstep, tmp_path, monkeypatch):
    save, failures = Session.save, [OSError("no room"), OSError("no room")]

    def full(session: Session, path, **options) -> None:
        if failures:
            raise failures.pop()
        save(session, path, **options)

    monkeypatch.setattr(Session, "save", full)
    kept = tmp_path / "room.vlm2mem"
    result = run(film, "--save", kept, "--save-every", 0.5, "--fps", 5)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("no room") == 2
    assert kept.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--every", 2], "--every needs a question"),
        (["--ask", QUESTION, "--every", 0], "--every 0"),
        (["--seconds", -1], "--seconds -1"),
        (["--ask", " "], "question is empty"),
        (["--save", "none/room.vlm2mem"], "no folder"),
        (["--save", "."], "it is a folder"),
        (["--fps", 0], "above 0"),
        (["--tries", -1], "0 times or more"),
    ],
)
def test_wrong_settings_are_explained_before_anything_is_loaded(film, monkeypatch, options, words):
    monkeypatch.setattr("vlm2.streaming.load", lambda *_, **__: pytest.fail("loaded"))
    error = run(film, *options).exception
    assert isinstance(error, ValueError)
    assert words in str(error)


def test_a_source_that_is_not_there_is_explained(toy):
    assert "no file none.mp4" in str(run("none.mp4").exception)


@pytest.mark.parametrize("json_rows", [True, False])
def test_a_typed_question_that_is_refused_is_told_and_watching_goes_on(
    toy, film, lockstep, monkeypatch, tmp_path, json_rows
):
    monkeypatch.setattr("vlm2.cli.watch.Thread", Undelayed)
    kept = tmp_path / "room.vlm2mem"
    options = ["--fps", 5, "--save", kept, *(["--json"] if json_rows else [])]
    result = run(film, *options, typed=f"{'y' * 2100}\n{QUESTION}\n")
    assert result.exit_code == 0, result.output
    assert "there is room for" in result.stderr and "Not answered at" in result.stderr
    assert QUESTION in result.stdout and "y" * 100 not in result.output
    assert vlm2.Session.open(kept, toy).frames == 10


def test_a_refused_question_of_the_plan_costs_neither_the_others_nor_the_memory(toy, film, lockstep, tmp_path):
    kept = tmp_path / "room.vlm2mem"
    result = run(film, "--ask", "y" * 2100, "--ask", QUESTION, "--fps", 5, "--json", "--save", kept)
    answer, last = rows(result)
    assert answer["question"] == QUESTION and last["frames"] == 10
    assert "there is room for" in json.loads(result.stderr.splitlines()[0])["error"]
    assert kept.is_file()
