"""Coverage of a video's time by the slots that each rule keeps."""

import json

import numpy as np
import pytest
import torch
from toyruns import toy_loaded
from toys import toy_model

from vlm2.evaluation.measures import coverage
from vlm2.evaluation.measures.measure import measure
from vlm2.streaming import LoadedModel, Session


@pytest.fixture
def film(write_video):
    """Twelve seconds of noise, two frames a second."""
    images = np.random.default_rng(0).integers(0, 255, (24, 32, 48, 3), dtype=np.uint8)
    return write_video(list(images), times=[500 * i for i in range(24)])


@pytest.fixture
def loaded() -> LoadedModel:
    return toy_loaded()


def test_gaps_minutes_and_first_slots():
    row = coverage.coverage([100.0, 0.0, 30.0, 170.0], first=[0.0, 0.5, 1.0, 30.0], end=200.0)
    assert row == {"gap": 70, "gap_share": 0.35, "minutes": 3 / 4, "first": 2}
    assert coverage.coverage([60.0], first=[0.0], end=60.0) == {"gap": 60, "gap_share": 1, "minutes": 1, "first": 0}


def test_the_default_rule_keeps_what_a_session_keeps(loaded, film):
    rows = coverage.video_coverage(loaded.model, loaded.processor, film)
    session = Session(loaded.halves)
    session.watch(film)
    memory = loaded.model.memory
    assert memory.config.episodic_write == "successive"  # measuring has left the model as it was
    times = torch.arange(24) / 2
    images = np.stack([frame.image for frame in coverage.VideoFile(film).sample(2)])
    features = loaded.model.encode(loaded.processor.video_processor.resize(images), times)
    state = memory(loaded.model.represent(features).detach()[None], times[None])[1]
    kept = state.to_tensors()["episodic.times"][0].tolist()
    assert rows["successive"] == coverage.coverage(kept, times.tolist()[:3], 11.5)
    assert set(rows) == {"nearest", "pair", "merge", "successive"}


def test_a_folder_is_measured_and_its_table_printed(loaded, film, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("vlm2.streaming.load", lambda *_, **__: loaded)
    result = measure("coverage", "toy", film.parent, tmp_path / "out", fps=1)
    assert json.loads((tmp_path / "out" / "coverage.json").read_text()) == result
    assert result["videos"] == 1
    assert result["rows"][0]["pair"] == coverage.video_coverage(loaded.model, loaded.processor, film, fps=1)["pair"]
    assert result["rules"]["nearest"] == result["rows"][0]["nearest"]
    assert "successive" in capsys.readouterr().out


def test_what_cannot_be_measured_is_refused(loaded, tmp_path):
    with pytest.raises(ValueError, match="holds no videos"):
        next(coverage.run(loaded.model, loaded.processor, tmp_path / "none"))
    plain = toy_model(memory_config={"window": 2, "capacity": 3, "episodic": False}).eval()
    with pytest.raises(ValueError, match="no episodic memory"):
        coverage.video_coverage(plain, loaded.processor, tmp_path / "none.mp4")
