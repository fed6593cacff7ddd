"""`vlm2 view` on a memory of the toy model."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image
from toyruns import toy_loaded
from typer.testing import CliRunner

from vlm2.cli.main import app


@pytest.fixture
def make_memory(tmp_path):
    """Return a function that saves a memory of some frames, all of them the same where nothing moves."""

    def make(frames: int, thumbnails: bool = True, still: bool = False):
        session = toy_loaded().session(thumbnails)
        images = np.random.default_rng(0).integers(0, 255, (frames, 32, 48, 3), dtype=np.uint8)
        for index in range(frames):
            session.observe(images[0 if still else index], index / 2)
        session.save(tmp_path / "room.vlm2mem")
        return tmp_path / "room.vlm2mem"

    return make


@pytest.fixture
def memory(make_memory):
    """A saved memory of ten frames."""
    return make_memory(10)


def run(*arguments):
    return CliRunner().invoke(app, ["view", *map(str, arguments)], env={"COLUMNS": "140"})


def test_the_log_is_printed_and_the_page_drawn(memory, tmp_path):
    result = run(memory)
    assert result.exit_code == 0, result.output
    for words in ("evicted", "cosine", "4.5 s", "3 entries in the bank"):
        assert words in result.output
    with Image.open(tmp_path / "room.png") as page:
        assert page.format == "PNG"
        assert page.width == 1400


def test_only_a_picture_of_ours_is_replaced_unasked(memory, tmp_path):
    assert run(memory).exit_code == 0 and run(memory).exit_code == 0
    photo = tmp_path / "room.png"
    Image.new("RGB", (8, 8)).save(photo)
    before = photo.read_bytes()
    assert "is no picture of vlm2" in str(run(memory).exception) and photo.read_bytes() == before
    assert run(memory, "--out", photo).exit_code == 0 and photo.read_bytes() != before


def test_where_to_and_how_much(memory, tmp_path):
    result = run(memory, "--out", tmp_path / "page", "--last", 0)
    assert result.exit_code == 0, result.output
    assert "evicted" not in result.output
    with Image.open(tmp_path / "page") as page:
        assert page.format == "PNG"


def test_other_files_are_refused(memory, tmp_path):
    memory.write_bytes(memory.read_bytes()[:-5])
    for path, words in ((memory, "is damaged"), (tmp_path / "none", "no file")):
        error = run(path).exception
        assert isinstance(error, ValueError)
        assert words in str(error)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 frame in 0.0 s, of which 1 waits"), (3, "3 frames in 1.0 s, of which 3 wait"), (4, "4 frames in 1.5 s; ")],
)
@pytest.mark.parametrize("thumbnails", [True, False])
@pytest.mark.parametrize("still", [True, False])
def test_short_memories_are_drawn(make_memory, tmp_path, count, words, thumbnails, still):
    """The toy's window has 4 frames: fewer wait, and nothing is in the memory yet."""
    result = run(make_memory(count, thumbnails, still))
    assert result.exit_code == 0, result.output
    assert words in result.output
    assert ("Nothing is written yet" in result.output) is (count < 4)
    with Image.open(tmp_path / "room.png") as page:
        assert page.size[0] == 1400


@pytest.mark.parametrize(
    ("name", "kind"), [("x.jpg", "JPEG"), ("x.JPEG", "JPEG"), ("x.webp", "WEBP"), ("x.png", "PNG")]
)
def test_the_pictures_name_says_its_format(memory, tmp_path, name, kind):
    assert run(memory, "--out", tmp_path / name).exit_code == 0
    with Image.open(tmp_path / name) as page:
        assert page.format == kind


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/x.png", "there is no folder"),
        ("folder", "it is a folder"),
        ("x.pdf", "give .png, .jpg"),
        ("room.vlm2mem", "is the memory itself"),
    ],
)
def test_pictures_that_cannot_be_are_refused_in_a_line(memory, tmp_path, name, words):
    (tmp_path / "folder").mkdir()
    before = memory.read_bytes()
    error = run(memory, "--out", tmp_path / name).exception
    assert isinstance(error, ValueError)
    assert words in str(error) and "\n" not in str(error)
    assert memory.read_bytes() == before


def test_a_memory_that_is_called_as_a_picture_is_not_replaced(memory):
    named = memory.rename(memory.with_suffix(".png"))
    before = named.read_bytes()
    error = run(named).exception
    assert isinstance(error, ValueError) and "is the memory itself" in str(error)
    assert named.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"hello" * 100, b"\0" * 1000, b"\xff" * 1000])
def test_files_that_are_no_memory_are_refused_in_a_line(tmp_path, content):
    (tmp_path / "x.vlm2mem").write_bytes(content)
    for path, words in ((tmp_path / "x.vlm2mem", "is no memory of vlm2"), (tmp_path, "is a folder")):
        error = run(path).exception
        assert isinstance(error, ValueError)
        assert words in str(error) and "\n" not in str(error)


def test_the_scene_is_one_file(memory, tmp_path):
    pytest.importorskip("viser")
    result = run(memory, "--html", tmp_path / "scene.html")
    assert result.exit_code == 0, result.output
    assert "0 things, 10 frames" in result.output and "viser" not in result.output
    assert "room.vlm2mem" in (tmp_path / "scene.html").read_text()
    assert not (tmp_path / "room.png").exists()


def test_the_scene_is_a_gltf_file(memory, tmp_path):
    result = run(memory, "--glb", tmp_path / "scene.glb")
    assert result.exit_code == 0, result.output
    assert "0 things, 10 frames" in " ".join(result.output.split())
    assert (tmp_path / "scene.glb").read_bytes().startswith(b"glTF")
    assert not (tmp_path / "room.png").exists()


def test_without_its_library_the_scene_is_refused_with_a_way_out(memory, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "viser", None)
    monkeypatch.setitem(sys.modules, "rerun", None)
    for option, words in (("--html", "pip install 'vlm2[view]'"), ("--rrd", "pip install rerun-sdk")):
        result = run(memory, option, tmp_path / "scene")
        assert result.exit_code != 0 and words in " ".join(str(result.exception or result.output).split())
        assert not (tmp_path / "scene").exists()
