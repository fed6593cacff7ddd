"""`vlm2 view` on a memory of the toy model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from toys import ToyVision, toy_model, toy_processor
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.session import Session


@pytest.fixture
def memory(tmp_path):
    """A saved memory of ten frames."""
    processor = toy_processor()
    processor.max_pixels = ToyVision.max_pixels
    session = Session(toy_model().eval(), processor)
    for index, image in enumerate(np.random.default_rng(0).integers(0, 255, (10, 32, 48, 3), dtype=np.uint8)):
        session.observe(image, index / 2)
    session.save(tmp_path / "room.vlm2mem")
    return tmp_path / "room.vlm2mem"


def run(*arguments):
    return CliRunner().invoke(app, ["view", *map(str, arguments)], env={"COLUMNS": "140"})


def test_the_log_is_printed_and_the_page_drawn(memory, tmp_path):
    result = run("--memory", memory)
    assert result.exit_code == 0, result.output
    for words in ("evicted", "cosine", "4.5 s", "3 entries in the bank"):
        assert words in result.output
    with Image.open(tmp_path / "room.png") as page:
        assert page.format == "PNG"
        assert page.width == 1400


def test_where_to_and_how_much(memory, tmp_path):
    result = run("--memory", memory, "--out", tmp_path / "page", "--last", 0)
    assert result.exit_code == 0, result.output
    assert "evicted" not in result.output
    with Image.open(tmp_path / "page") as page:
        assert page.format == "PNG"


def test_other_files_are_refused(memory, tmp_path):
    memory.write_bytes(memory.read_bytes()[:-5])
    for path, words in ((memory, "is damaged"), (tmp_path / "none", "no file")):
        error = run("--memory", path).exception
        assert isinstance(error, ValueError)
        assert words in str(error)
