"""`vlm2 weights`: what it prints, and what `ask` and `watch` fetch by themselves."""

from __future__ import annotations

import io
import os
import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from vlm2.cli.terminal.loading import load_model
from vlm2.cli.terminal.progress import part_lines
from vlm2.cli.weights import app
from vlm2.encoders import part_sources as sources
from vlm2.encoders import weights
from vlm2.encoders.detectors import yolox
from vlm2.encoders.weights import FrozenPart, MissingPart, Progress

SOURCE = b"the weights of a toy"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no package installed, and no network."""
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path / "cache"))
    for name in ("VLM2_PARTS", "VLM2_OFFLINE"):
        monkeypatch.setenv(name, "")  # so that what a test sets is taken back
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(weights, "installed_source", lambda part: None)
    monkeypatch.setattr(sources.subprocess, "run", lambda *_, **__: pytest.fail("pip was asked"))
    return tmp_path / "cache"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> FrozenPart:
    """One known part, which the package index has."""
    facts = ("toy", "a toy", "toy/toy.bin", (sha256(SOURCE).hexdigest(),), 1, "Apache-2.0", "toy-part", "1.0")
    part = FrozenPart(*facts, module="encoder_of_the_toy")

    def fetch(part: FrozenPart, scratch: Path) -> Path:
        (scratch / "toy.bin").write_bytes(SOURCE)
        return scratch / "toy.bin"

    monkeypatch.setattr(weights, "PARTS", {"toy": part})
    monkeypatch.setattr(weights, "from_index", fetch)
    encoder = SimpleNamespace(prepare=lambda source, folder: (folder / "model.bin").write_bytes(SOURCE))
    monkeypatch.setitem(sys.modules, "encoder_of_the_toy", encoder)
    return part


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A model that loads as soon as its frozen parts are here."""
    loaded = SimpleNamespace(parts=["toy"], calls=0)

    def load(name: str, **options: object) -> SimpleNamespace:
        loaded.calls += 1
        for part in loaded.parts:
            weights.find_part(part)
        return loaded

    monkeypatch.setattr("vlm2.streaming.load", load)
    return loaded


def test_get_prints_one_line_a_part(toy: FrozenPart, cache: Path) -> None:
    for source in ("the package index", f"the cache {cache}"):
        result = CliRunner().invoke(app, ["get"])
        assert result.exit_code == 0, result.output
        assert result.output.splitlines() == [
            f"toy: 1 MB, Apache-2.0, from {source}",
            f"The weights are in {cache}",
        ]


def test_get_from_an_offline_folder(toy: FrozenPart, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "toy.bin").write_bytes(SOURCE)
    result = CliRunner().invoke(app, ["get", "--from", str(tmp_path / "usb")])
    assert result.exit_code == 0, result.output
    assert f"from the offline folder: {tmp_path / 'usb' / 'toy.bin'}" in result.output


def test_get_from_a_folder_that_does_not_exist_is_one_line(toy: FrozenPart, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["get", "--from", str(tmp_path / "usb")])
    error = result.exception
    assert result.output == ""
    assert isinstance(error, ValueError)
    assert "does not exist" in str(error)
    assert str(tmp_path / "usb") in str(error)
    assert "\n" not in str(error)


def test_get_of_an_unknown_part_is_an_error_of_the_user() -> None:
    error = CliRunner().invoke(app, ["get", "bert"]).exception
    assert isinstance(error, ValueError)
    assert "efficientnet-lite0" in str(error)


def test_get_takes_the_parts_of_eyes(toy: FrozenPart, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(yolox, "SIZES", {"nano": toy})
    for eyes in ("yolox", "yolox:nano", "toy"):
        result = CliRunner().invoke(app, ["get", "--eyes", eyes])
        assert result.exit_code == 0, result.output
        assert result.output.splitlines()[0].startswith("toy: 1 MB")
    assert "No detector is called 'eagle'" in str(CliRunner().invoke(app, ["get", "--eyes", "eagle"]).exception)


def test_list_says_where_parts_are_and_what_an_offline_folder_needs() -> None:
    result = CliRunner().invoke(app, ["list"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert "not here" in result.output
    assert "in the cache" not in result.output
    for part in weights.PARTS.values():
        assert all(words in result.output for words in (*part.offline_files, *part.checksums))


def test_check_of_a_missing_part() -> None:
    assert isinstance(CliRunner().invoke(app, ["check"]).exception, MissingPart)


def test_loading_fetches_what_is_missing_and_says_so_once(
    toy: FrozenPart, loader: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_model("mini")[0] is loader
    assert load_model("mini")[0] is loader
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "toy: 1 MB, Apache-2.0, from the package index\n"


@pytest.mark.parametrize("given", ["option", "variable"])
def test_loading_offline_fetches_nothing_and_names_the_command(
    given: str, toy: FrozenPart, loader: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "from_index", lambda *_: pytest.fail("the index was asked"))
    if given == "variable":
        monkeypatch.setenv("VLM2_OFFLINE", "true")
    with pytest.raises(MissingPart, match=r"toy.*vlm2 weights get"):
        load_model("mini", offline=given == "option")
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_part_that_is_missing_after_it_was_fetched_is_an_error_and_no_loop(
    toy: FrozenPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str, **options: object) -> None:
        raise MissingPart("gone again", "toy")

    monkeypatch.setattr("vlm2.streaming.load", load)
    with pytest.raises(MissingPart, match="gone again"):
        load_model("mini")


def test_a_failed_part_ends_its_line(toy: FrozenPart) -> None:
    stream = io.StringIO()
    with part_lines(stream) as report:
        report(Progress(toy))
    assert stream.getvalue() == "toy: 1 MB, Apache-2.0, not ready\n"


def test_on_a_terminal_the_line_is_rewritten_with_what_arrived(toy: FrozenPart, tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    (tmp_path / "toy.bin").write_bytes(bytes(2_400_000))
    stream = Terminal()
    with part_lines(stream) as report:
        report(Progress(toy, "the hub", tmp_path))
        report(Progress(toy, "the hub", ready=True))
    assert stream.getvalue().count("from the hub\n") == 1
    assert "from the hub 2 of 1 MB" in stream.getvalue()
