"""The toy model and a reader in step with its listener, for every command."""

import pytest
from streams import Lockstep
from toyruns import toy_loaded

from vlm2.streaming import LoadedModel
from vlm2.video import LiveReader


@pytest.fixture
def toy(monkeypatch) -> LoadedModel:
    """The toy model, in the place of whatever is loaded."""
    loaded = toy_loaded()
    monkeypatch.setattr("vlm2.streaming.load", lambda *_, **__: loaded)
    return loaded


@pytest.fixture
def lockstep(monkeypatch) -> Lockstep:
    """Show the next frame only when the last was taken, so that it does not matter how fast the machine is."""
    wall, take, stop = Lockstep(), LiveReader.take, LiveReader.stop

    def taken(reader: LiveReader):
        frame = take(reader)
        wall.turn.release()
        return frame

    def stopped(reader: LiveReader) -> None:
        reader._stopped.set()
        wall.turn.release()  # a reader that waits for its turn sees that there is none
        stop(reader)

    monkeypatch.setattr(LiveReader, "take", taken)
    monkeypatch.setattr(LiveReader, "stop", stopped)
    monkeypatch.setattr("vlm2.video.live.WallClock", lambda: wall)
    return wall
