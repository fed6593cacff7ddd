"""The store of sessions: limits, forks, what is saved and restored."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sessions import contents
from toys import toy_model

from vlm2.models.halves import ModelHalves
from vlm2.serving.limits import Limits, Refusal
from vlm2.serving.store import SessionStore

QUESTION = "How many chairs are there?"


def fill(store: SessionStore, id: str, images, start: int = 0) -> None:
    """Show a session frames, and wait until all were taken."""
    hosted = store.get(id)
    for index, image in enumerate(images, start):
        hosted.push(image, index / 2)
    hosted.ask(QUESTION, wait=True).result(20)


def wait_until(true) -> None:
    """Wait at most 20 s."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_sessions_are_made_found_and_deleted(store) -> None:
    named, other = store.create("robot-1"), store.create()
    assert store.get("robot-1") is named and store.list() == [named, other] and named.id != other.id
    store.delete("robot-1")
    assert store.list() == [other]
    for use in (store.get, store.delete):
        with pytest.raises(Refusal, match="no session 'robot-1'") as refused:
            use("robot-1")
        assert refused.value.status == 404
    assert store.create("robot-1") is not named


@pytest.mark.parametrize("id", ["", "../etc", "a/b", "A", ".x", "-x", "a" * 65, "ü", "a\n", "a.b"])
def test_ids_that_are_no_names_are_refused(store, id) -> None:
    with pytest.raises(Refusal, match="is no id") as refused:
        store.create(id)
    assert refused.value.status == 400


def test_an_id_is_given_once_and_sessions_are_limited(make_store) -> None:
    store = make_store(limits=Limits(sessions=2))
    store.create("a")
    with pytest.raises(Refusal, match="already") as taken:
        store.create("a")
    store.create("b")
    with pytest.raises(Refusal, match="delete one first") as many:
        store.create("c")
    assert (taken.value.status, many.value.status) == (409, 429)


def test_a_fork_goes_its_own_way(store, images) -> None:
    store.create("a")
    fill(store, "a", images[:5])
    fork = store.fork("a", "b")
    before = contents(store.get("a").session)
    assert contents(fork.session) == before
    fill(store, "b", images[5:8], start=5)
    assert contents(store.get("a").session) == before != contents(fork.session)
    assert fork.session.stream.keyframes[:5] == store.get("a").session.stream.keyframes


def test_a_clean_stop_saves_and_a_start_restores(make_store, images, tmp_path) -> None:
    store = make_store(state=tmp_path / "state")
    store.create("a")
    store.create("empty")
    fill(store, "a", images[:6])
    before = contents(store.get("a").session)
    store.stop()
    again = make_store(state=tmp_path / "state")
    assert [hosted.id for hosted in again.list()] == ["a"]
    assert contents(again.get("a").session) == before
    assert again.get("a").describe()["saved_frames"] == 6
    with pytest.raises(Refusal, match="in order"):
        again.get("a").push(images[0], 1.0)
    fill(again, "a", images[6:7], start=6)
    assert again.get("a").session.frames == 7


def test_sessions_are_saved_at_intervals(make_store, images, tmp_path) -> None:
    store = make_store(state=tmp_path, save_every=0.02)
    store.create("a")
    fill(store, "a", images[:3])
    wait_until(lambda: store.get("a").saved_frames == 3)
    assert (tmp_path / "a.vlm2mem").is_file()
    store.delete("a")
    assert not list(tmp_path.iterdir())


def test_a_renamed_session_is_saved_and_restored_under_its_new_id(make_store, images, tmp_path) -> None:
    store = make_store(state=tmp_path)
    for id in ("a", "b"):
        store.create(id)
        fill(store, id, images[:3])
    store.save()
    assert store.rename("a", "kitchen").id == "kitchen" and (tmp_path / "kitchen.vlm2mem").is_file()
    fill(store, "kitchen", images[3:6], start=3)
    store.rename("b", "a")
    store.stop()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.vlm2mem", "kitchen.vlm2mem"]
    again = make_store(state=tmp_path)
    assert {hosted.id: hosted.session.frames for hosted in again.list()} == {"a": 3, "kitchen": 6}


def test_the_session_of_a_chat_keeps_its_id(store) -> None:
    store.create("chat-1", kept=False)
    with pytest.raises(Refusal, match="keeps its id"):
        store.rename("chat-1", "a")


def test_a_full_disk_loses_nothing_and_is_told(make_store, images, tmp_path, monkeypatch, caplog) -> None:
    store = make_store(state=tmp_path, save_every=0.02)
    with monkeypatch.context() as broken:
        broken.setattr("vlm2.streaming.memory_file.container.write", _full)
        store.create("a")
        fill(store, "a", images[:3])
        wait_until(lambda: "Not saved: full" in caplog.text)
        assert store.get("a").saved_frames == 0
    wait_until(lambda: store.get("a").saved_frames == 3)


def _full(*_: object) -> None:
    raise OSError("full")


def test_damage_is_set_aside_and_other_models_are_left(make_store, loaded, images, tmp_path, caplog) -> None:
    store = make_store(state=tmp_path)
    for id in ("good", "bad"):
        store.create(id)
        fill(store, id, images[:3])
    store.stop()
    damaged = bytearray((tmp_path / "bad.vlm2mem").read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "bad.vlm2mem").write_bytes(damaged)
    (tmp_path / "No id.vlm2mem").write_bytes(b"")
    (tmp_path / ".good.vlm2mem.0123.partial").write_bytes(b"half")
    again = make_store(state=tmp_path)
    assert [hosted.id for hosted in again.list()] == ["good"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["No id.vlm2mem", "bad.vlm2mem.damaged", "good.vlm2mem"]
    assert "set aside" in caplog.text and "digest" in caplog.text and "no id of a session" in caplog.text
    halves = ModelHalves.of(toy_model(1, dim=24).eval(), loaded.processor)
    other = SessionStore(replace(loaded, halves=halves), state=tmp_path)
    other.start()
    other.stop()
    assert other.list() == [] and "left where it is" in caplog.text and (tmp_path / "good.vlm2mem").is_file()


def test_idle_sessions_are_deleted(make_store, monkeypatch, caplog) -> None:
    monkeypatch.setattr("vlm2.serving.store.TICK", 0.01)
    store = make_store(limits=Limits(idle=0.05))
    store.create("a")
    wait_until(lambda: not store.list())
    assert "was not used" in caplog.text


def test_freed_memory_is_given_back_at_intervals(make_store, monkeypatch) -> None:
    given = []
    monkeypatch.setattr("vlm2.serving.store.TICK", 0.01)
    monkeypatch.setattr("vlm2.serving.store.GIVEN_BACK", 0.03)
    monkeypatch.setattr("vlm2.serving.store.give_back", lambda: given.append(1))
    make_store()
    wait_until(lambda: len(given) >= 2)


def test_a_folder_that_cannot_be_is_refused(loaded, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot hold the sessions"):
        SessionStore(loaded, state=tmp_path / "file")
