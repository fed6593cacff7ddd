"""`--vlm` of `vlm2 ask` and `vlm2 watch`, on the toy model and a server on the loopback address."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fakevlm import FakeServer, fake_server
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.encoders.vlm import VLMError, load_vlm

QUESTION = "Is it cosy?"


@pytest.fixture
def film(write_video):
    return write_video(list(np.random.default_rng(0).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)))


@pytest.fixture
def server(toy, monkeypatch):
    """A server, and a toy model that is loaded with the vision-language model of the options."""

    def load(*_, vlm=None, **__):
        return replace(toy, vlm=None if vlm is None else load_vlm(vlm))

    monkeypatch.setattr("vlm2.streaming.load", load)
    with fake_server() as fake:
        yield fake


def run(*arguments: object):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_card_names_the_model_and_shows_no_certainty(film, server: FakeServer) -> None:
    result = run("ask", film, QUESTION, "--vlm", f"{server.address}#toy")
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert f"Answer {server.address}#toy says, and may be wrong: Somebody had breakfast. Looked at 0:00.0, " in words
    assert "%" not in words and "A guess" not in words and "In words" not in words
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_json_names_the_model(film, server: FakeServer) -> None:
    result = run("ask", film, QUESTION, "--vlm", server.address, "--ask-vlm", "--json")
    (answer,) = json.loads(result.stdout)["answers"]
    expected = {"answer": "Somebody had breakfast.", "source": "vlm", "vlm": f"{server.address}#first/model"}
    assert expected.items() <= answer.items() and answer["status"] == "guess" and "confidence" not in answer
    assert len(server.pictures) == len(answer["evidence"]) > 0


def test_no_picture_is_sent_and_no_name_told_without_the_option(film, server: FakeServer) -> None:
    (answer,) = json.loads(run("ask", film, QUESTION, "--json").stdout)["answers"]
    assert answer["source"] == "tokens" and "vlm" not in answer and server.requests == []


def test_watch_asks_it_too(film, server: FakeServer, lockstep) -> None:
    arguments = ("watch", film, "--ask", QUESTION, "--vlm", server.address, "--ask-vlm", "--fps", 5, "--json")
    answer, last = map(json.loads, run(*arguments).stdout.splitlines())
    assert (answer["source"], answer["vlm"]) == ("vlm", f"{server.address}#first/model") and last["frames"] > 0


@pytest.mark.parametrize("verb", [("ask", QUESTION), ("watch", "--ask", QUESTION)])
def test_asking_a_vlm_needs_one(film, server: FakeServer, verb: tuple[str, ...]) -> None:
    error = run(verb[0], film, *verb[1:], "--ask-vlm").exception
    assert isinstance(error, ValueError) and "--ask-vlm needs a vision-language model: add --vlm" in str(error)


def test_a_wrong_name_is_an_error_before_anything_is_watched(film, server: FakeServer) -> None:
    assert isinstance(run("ask", film, QUESTION, "--vlm", "SmolVLM2").exception, VLMError)


def test_a_baseline_has_nothing_to_show_it(film, server: FakeServer) -> None:
    error = run("ask", film, QUESTION, "--baseline", 4, "--vlm", server.address).exception
    assert isinstance(error, ValueError) and "leave out --save, --vlm, --only-new or --baseline" in str(error)
