"""A store over the toy model with toy eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rooms_of_boxes import MadeBox, MadeRoom, around, watched
from sessions import observe
from toyclient import running
from toyeyes import ToyDetector, toy_eyes
from toys import ToyVision, toy_model, toy_processor

from vlm2.serve.app import build_app
from vlm2.serve.hosted import HostedSession
from vlm2.serve.store import SessionStore
from vlm2.streaming import LoadedModel, Session

ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("chair", (1.0, 0.6, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("table", (4.2, 0.7, 0.4), (0.6, 0.4, 0.8)),
    ),
)


@pytest.fixture(scope="session")
def loaded() -> LoadedModel:
    """The toy model, whose sessions keep keyframes."""
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    eyes = toy_eyes(ToyDetector(watched(ROOM, around(2.5, 2.0, 16)).labels))
    return LoadedModel("toy", Path(), toy_model().eval(), processor, eyes)


@pytest.fixture
def images() -> np.ndarray:
    """Frames of the toy vision encoder's own size."""
    return np.random.default_rng(0).integers(0, 255, (23, 32, 48, 3), dtype=np.uint8)


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


def at_home(loaded: LoadedModel, images: np.ndarray) -> Session:
    """Return a session that remembers a made-up room, and the keyframes of random frames."""
    session = observe(loaded.session(), images[:4])
    session._stream = replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, 16)))
    return session


@pytest.fixture
def home(store, loaded, images) -> HostedSession:
    """The session "home" of the store, which remembers a made-up room."""
    return store.create("home", at_home(loaded, images))


@pytest.fixture
def served_store(make_store, loaded, images) -> Iterator[tuple[str, SessionStore]]:
    """The address of a server on loopback, and its store with the session "home", which remembers a made-up room."""
    store = make_store(start=False)
    with running(build_app(store)) as address:
        store.create("home", at_home(loaded, images))
        yield address, store
