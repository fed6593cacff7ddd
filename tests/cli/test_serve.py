"""`vlm2 serve`: what it starts, and what it refuses."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app


@pytest.fixture
def started(monkeypatch, toy) -> list[tuple]:
    """What uvicorn is told to run, without running it."""
    calls: list[tuple] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: calls.append((app, options)))
    return calls


def run(*arguments: str, **environment: str):
    return CliRunner().invoke(app, ["serve", *arguments], env=environment)


def test_it_starts_on_loopback_without_options(started) -> None:
    assert run().exit_code == 0
    ((served, options),) = started
    assert (options["host"], options["port"]) == ("127.0.0.1", 8765) and not options["ws_per_message_deflate"]
    assert "/v1/chat/completions" in served.openapi()["paths"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "needs a token"),
        (["--sessions", "0"], "sessions is 0"),
        (["--token", " "], "printable ASCII"),
        (["--token-file", "/nowhere"], "/nowhere"),
    ],
)
def test_mistakes_are_told_before_it_starts(started, arguments, words) -> None:
    result = run(*arguments)
    assert result.exit_code and words in str(result.exception) and not started


def test_a_token_opens_other_addresses(started, tmp_path) -> None:
    (tmp_path / "token").write_text("secret\n")
    assert run("--host", "0.0.0.0", "--token-file", str(tmp_path / "token")).exit_code == 0
    assert run("--host", "0.0.0.0", VLM2_TOKEN="secret").exit_code == 0
    assert len(started) == 2


def test_a_missing_extra_is_named(started, monkeypatch) -> None:
    monkeypatch.setattr("vlm2.cli.serve.find_spec", lambda name: None)
    assert "pip install 'vlm2[serve]'" in str(run().exception)
