"""Odd video files and odd names of files, from the command line: `vlm2 ask`, `vlm2 watch` and `vlm2 view`."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from films import jpeg, mux_jpegs
from streams import encode, served
from typer.testing import CliRunner

import vlm2
from vlm2.cli.main import app
from vlm2.streaming import Session, container

QUESTION = "How many chairs are in this room?"
NAMES = ["10:30.mp4", "-room.mp4", "[kitchen] [red].mp4", "a b 台所.mp4"]


@pytest.fixture
def film(write_video, tmp_path, monkeypatch):
    """A film of a second, and the folder in which it lies."""
    monkeypatch.chdir(tmp_path)
    return write_video(list(np.random.default_rng(0).integers(0, 255, (10, 32, 48, 3), dtype=np.uint8)))


def run(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})


def changing(path, *sizes):
    """A film of two seconds of each height and width."""
    rng = np.random.default_rng(0)
    return mux_jpegs(path, [jpeg(rng.integers(0, 255, (*size, 3), np.uint8)) for size in sizes for _ in range(20)])


@pytest.mark.parametrize("name", NAMES)
def test_files_of_any_name_are_asked_and_watched(toy, film, lockstep, name):
    shutil.copy(film, name)
    for spelled in (name, f"./{name}"):
        result = run("ask", "--fps", 5, "--", spelled, QUESTION)
        assert result.exit_code == 0, result.output
        assert f"\n{name}: 1.0 s of video, 5 frames" in result.stdout
    result = run("watch", "--fps", 5, "--ask", QUESTION, "--", name)
    assert result.exit_code == 0, result.output
    assert f"of {name}: 5 frames" in result.stdout


def test_brackets_are_printed_where_memories_are_viewed(toy, film, tmp_path):
    kept, page = tmp_path / "[kitchen].vlm2mem", tmp_path / ("[red]" + 60 * "x" + ".png")
    assert run("ask", film, QUESTION, "--fps", 10, "--save", kept, "--json").exit_code == 0
    result = run("view", kept, "--out", page)
    assert result.exit_code == 0, result.output
    assert f"Drawn in {page}\n" in result.stdout


@pytest.mark.parametrize(
    ("video", "words"),
    [
        ("http://camera.example/1.mp4?a=b", "http://camera.example/1.mp4?a=b is an address"),
        ("rtsp://camera.example/1", "vlm2 watch rtsp://camera.example/1"),
        ("0", "vlm2 watch 0"),
        (".", "holds no pictures"),
    ],
)
def test_what_is_no_file_is_explained(toy, film, video, words):
    error = run("ask", video, QUESTION).exception
    assert isinstance(error, ValueError)
    assert words in str(error)


def test_stamps_far_away_are_told_and_neither_believed_nor_waited_for(toy, lockstep, tmp_path):
    jpegs = [jpeg(np.full((32, 48, 3), 4 * i, np.uint8)) for i in range(62)]
    stamps = [100 * i + 4_000_000 * (i in (20, 21)) for i in range(62)]
    path = mux_jpegs(tmp_path / "odd.mkv", jpegs, stamps)
    result = run("ask", path, QUESTION, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["video"]["seconds"] == pytest.approx(6.2)
    assert "Warning" in result.stderr and "wrong time stamps" in result.stderr
    result = run("watch", path, "--ask", QUESTION, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["seconds"] == 6.0
    assert lockstep.time < 7 and "wrong time stamps" in result.stderr


def test_a_picture_of_another_shape_ends_the_video_with_a_warning(toy, tmp_path):
    path = changing(tmp_path / "turned.mkv", (32, 48), (48, 32))
    result = run("ask", path, QUESTION, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["video"]["frames"] == 4 and told["answers"][0]["question"] == QUESTION
    assert result.stderr.count("\n") == 1
    assert "changes from 48×32 to 32×48 pixels at 2.0 s" in result.stderr


def test_a_session_warns_and_keeps_what_came_before(toy, tmp_path):
    session = toy.session()
    with pytest.warns(vlm2.video.VideoWarning, match="48×32 to 32×48"):
        session.watch(changing(tmp_path / "turned.mkv", (32, 48), (48, 32)))
    assert session.frames == 4 and session.ask(QUESTION).text is not None
    with pytest.raises(ValueError, match="another shape"):  # a video that goes on, in another shape from its start
        session.watch(changing(tmp_path / "other.mkv", (48, 32)), continues=True)
    assert session.frames == 4


@pytest.mark.parametrize("as_json", [False, True])
def test_watching_ends_where_the_shape_changes_after_answers_and_saving(toy, lockstep, tmp_path, as_json):
    path, kept = changing(tmp_path / "turned.mkv", (32, 48), (48, 32)), tmp_path / "room.vlm2mem"
    result = run("watch", path, "--ask", QUESTION, "--save", kept, *["--json"] * as_json)
    assert result.exit_code == 1, result.output
    assert result.stderr.count("\n") == 1 and "48×32 to 32×48 pixels at 2.0 s" in result.stderr
    assert QUESTION in result.stdout.splitlines()[0]
    assert Session.open(kept, toy).frames == 4


def test_watching_a_stream_that_comes_back_in_another_shape_ends(toy, lockstep, tmp_path):
    lockstep.tick, kept = 0.1, tmp_path / "room.vlm2mem"
    streams = [encode(12), encode(12, size=(48, 32))]
    with served(streams, "video/mp2t", times=2) as address:
        result = run("watch", address, "--fps", 100, "--ask", QUESTION, "--save", kept, "--json")
    assert result.exit_code == 1, result.output
    answer, last = map(json.loads, result.stdout.splitlines())
    assert answer["question"] == QUESTION
    assert Session.open(kept, toy).frames == last["frames"] >= 10


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Free some space, or name a file on another disk."),
        (errno.EDQUOT, "Free some space, or name a file on another disk."),
        (errno.EROFS, "Name a file in another folder."),
    ],
)
def test_a_full_disk_is_told_with_the_file_and_what_to_do(toy, film, lockstep, tmp_path, monkeypatch, number, remedy):
    kept, page = tmp_path / "room.vlm2mem", tmp_path / "page.png"
    assert run("ask", film, QUESTION, "--fps", 10, "--save", kept).exit_code == 0
    before = kept.read_bytes()

    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(container.os, "fsync", full)
    for command, file in [
        (("ask", film, QUESTION, "--save", kept), kept),
        (("watch", film, "--fps", 10, "--save", kept), kept),
        (("view", kept, "--out", page), page),
    ]:
        result = run(*command)
        assert isinstance(result.exception, OSError)
        words = str(result.exception)
        assert words.startswith(str(file)) and "cannot be saved" in words and words.endswith(remedy)
        assert os.strerror(number) in words and "Errno" not in words and result.exception.errno == number
    assert kept.read_bytes() == before
    assert not page.exists() and not list(tmp_path.glob(".*partial"))


def test_a_file_that_may_not_grow_is_told(tmp_path):
    code = (
        "import sys; from pathlib import Path; from vlm2.streaming.container import put\n"
        "try: put(Path(sys.argv[1]), bytes(100_000))\n"
        "except OSError as error: print(error)"
    )

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    path = tmp_path / "room.vlm2mem"
    command = [sys.executable, "-B", "-c", code, str(path)]  # -B: the limit would cut bytecode files as well
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=small)
    assert done.stdout == (
        f"{path} (0.1 MB) cannot be saved: File too large. Free some space, or name a file on another disk.\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("out", "words"), [("none/page.png", "no folder"), (".", "it is a folder")])
def test_a_page_that_cannot_be_drawn_there_is_refused(toy, film, tmp_path, out, words):
    kept = tmp_path / "room.vlm2mem"
    assert run("ask", film, QUESTION, "--fps", 10, "--save", kept).exit_code == 0
    error = run("view", kept, "--out", out).exception
    assert isinstance(error, ValueError) and words in str(error)
