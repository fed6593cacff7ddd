"""The toy model and a reader in step with its listener, for every command."""

import pytest
from streams import Lockstep
from toys import ToyVision, toy_model, toy_processor

from vlm2.streaming import LoadedModel
from vlm2.video import LiveReader


@pytest.fixture
def toy(monkeypatch, tmp_path) -> LoadedModel:
    """The toy model, in the place of whatever is loaded."""
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    loaded = LoadedModel("toy", tmp_path, toy_model().eval(), processor)
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
