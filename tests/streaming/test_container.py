"""The container: sealed, whole or not there at all, and damage always seen."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from saver import save_for_ever

from vlm2.streaming import container

KILLS = 50


def example(value: float = 1.0) -> tuple[dict, dict]:
    tensors = {"a": torch.full((3, 4), value), "b": torch.arange(5), "empty": torch.empty(0, 2)}
    return tensors, {"frames": 7, "times": [0.1, 1 / 3], "note": 'with "quotes"'}


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "a.vlm2mem"
    tensors, record = example()
    container.write(path, tensors, record)
    again, told = container.read(path)
    assert {name: (t.dtype, t.tolist()) for name, t in again.items()} == {
        name: (t.dtype, t.tolist()) for name, t in tensors.items()
    }
    assert {name: told[name] for name in record} == record
    assert (told["format"], told["version"], len(told["digest"])) == ("vlm2mem", container.VERSION, 64)
    with safe_open(path, framework="pt") as file:  # it is plain safetensors
        assert set(file.keys()) == set(tensors)


def test_the_same_contents_are_the_same_bytes(tmp_path):
    for name in "ab":
        container.write(tmp_path / name, *example())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    container.write(tmp_path / "b", *example(2.0))
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_other_files_are_refused(tmp_path):
    text, empty, folder, plain = (tmp_path / name for name in ("text", "empty", "folder", "plain"))
    text.write_text("These are notes, long enough to have a header's length.")
    empty.touch()
    folder.mkdir()
    save_file({"a": torch.zeros(2)}, plain)
    for path in (text, empty, plain):
        with pytest.raises(ValueError, match="no memory of vlm2"):
            container.read(path)
    for path, words in ((folder, "is a folder"), (tmp_path / "none", "no file")):
        with pytest.raises(ValueError, match=words):
            container.read(path)
    with pytest.raises(ValueError, match="no folder .*/none"):
        container.write(tmp_path / "none" / "a", *example())


def test_a_later_version_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "VERSION", 99)
    container.write(tmp_path / "a", *example())
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 99 of the format; this vlm2 reads version 3"):
        container.read(tmp_path / "a")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_earlier_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a"
    container.write(path, *example())
    before = path.read_bytes()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="no space"):
        container.write(path, *example(2.0))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_link_keeps_pointing_at_the_file(tmp_path):
    (tmp_path / "to").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "to" / "a")
    container.write(link, *example())
    assert link.is_symlink()
    assert (tmp_path / "to" / "a").is_file()


@pytest.mark.full
def test_a_kill_at_any_moment_loses_nothing(tmp_path):
    """Fifty processes that save without pause, each killed at a random moment: the file is always one of the two."""
    path, moments = tmp_path / "a", random.Random(0)
    container.write(path, {"a": torch.zeros(1 << 18)}, {"value": 0})
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["vlm2.streaming.container"])
    seen, partial = set(), 0
    for _ in range(KILLS):
        here, there = processes.Pipe()
        process = processes.Process(target=save_for_ever, args=(path, there), daemon=True)
        process.start()
        there.close()
        here.recv()  # it saves
        time.sleep(moments.uniform(0, 0.02))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        tensors, record = container.read(path)
        assert set(tensors["a"].tolist()) == {record["value"]}
        seen.add(record["value"])
        partial += len(list(tmp_path.glob(".a.*.partial")))
    assert {1, 2} <= seen
    assert partial, "no kill fell into a save"
