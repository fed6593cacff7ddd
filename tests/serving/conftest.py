"""A store over the toy model, and servers of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import numpy as np
import pytest
from toyclient import running
from toyhome import at_home, frames, seeing_toy

from vlm2.serving.app import build_app
from vlm2.serving.hosted import HostedSession
from vlm2.serving.store import SessionStore
from vlm2.streaming import LoadedModel, Session


@pytest.fixture(scope="session")
def loaded() -> LoadedModel:
    """The toy model, whose sessions have eyes and keep keyframes."""
    return seeing_toy()


@pytest.fixture
def images() -> np.ndarray:
    """Frames of the toy vision encoder's own size."""
    return frames()


@pytest.fixture
def make_store(loaded) -> Iterator:
    """Return a function that makes a store; all are stopped at the end."""
    made: list[SessionStore] = []

    def make(start: bool = True, **options) -> SessionStore:
        made.append(SessionStore(loaded, **options))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for store in made:
        if store._keeper.is_alive():
            store.stop()


@pytest.fixture
def store(make_store) -> SessionStore:
    """A store at work, which saves nothing."""
    return make_store()


@pytest.fixture
def home(store, loaded) -> HostedSession:
    """The session "home" of the store, which remembers a made-up room."""
    return store.create("home", at_home(loaded))


@pytest.fixture
def served_store(make_store, loaded) -> Iterator[tuple[str, SessionStore]]:
    """The address of a server on loopback, and its store with the session "home", which remembers a made-up room."""
    store = make_store(start=False)
    with running(build_app(store)) as address:
        store.create("home", at_home(loaded))
        yield address, store


@pytest.fixture
def client(served_store):
    """A client of the server."""
    with httpx2.Client(base_url=f"{served_store[0]}/v1", timeout=30) as client:
        yield client


@pytest.fixture
def served(served_store):
    """The store behind the client."""
    return served_store[1]


@pytest.fixture
def checked(monkeypatch) -> list[bool]:
    """Whether each check of a question ran in an event loop, which it would hold up."""
    check, found = Session.check, []

    def recorded(*args, **options) -> None:
        found.append(asyncio._get_running_loop() is not None)
        check(*args, **options)

    monkeypatch.setattr(Session, "check", recorded)
    return found
