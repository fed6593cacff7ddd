"""Measuring the stations: every station of a plan is timed, over the frames that were asked for."""

from __future__ import annotations

import pytest
from toys import ToyVision, toy_model, toy_processor

from vlm2.evaluation.speed import stations
from vlm2.evaluation.speed.machine import Device
from vlm2.evaluation.speed.plan import Planner, Wish
from vlm2.evaluation.speed.stations import measure, write_film
from vlm2.models import preset
from vlm2.streaming import LoadedModel
from vlm2.video import VideoFile


@pytest.fixture
def film(monkeypatch):
    """Small pictures."""
    monkeypatch.setattr(stations, "FILM", (32, 48, 10))


def test_a_film_shows_as_many_frames_as_wished(film, tmp_path):
    write_film(tmp_path / "film.mp4", 7)
    assert len(list(VideoFile(tmp_path / "film.mp4").sample(stations.LOOKED_AT))) == 7


@pytest.mark.parametrize("tracked", [False, True])
def test_the_stations_of_the_plan_are_measured(tracked, film, tmp_path):
    processor = toy_processor()
    processor.max_pixels = ToyVision.max_pixels
    model, config = toy_model().eval(), preset("mini")
    model.config.geometry["tracked"] = tracked
    config.geometry = config.geometry | {"tracked": tracked}
    loaded = LoadedModel("toy", tmp_path, model, processor)
    measured = measure(loaded, 9, Wish(dtype="float32"), words=3)
    planned = Planner(config, Device("any"), measured.wish).plan("memory")
    assert measured.seconds.keys() == {station.name for station in planned.stations}
    said = measured.seconds.pop("language: the words")
    assert (said > 0) == (measured.wish.words > 1)
    assert all(seconds > 0 for seconds in measured.seconds.values())
    assert (measured.wish.frames, measured.wish.height, measured.wish.width) == (9, 32, 48)
    assert measured.wish.dtype == "float32" and "encode" not in vars(model.geometry)
    assert 1 <= measured.wish.words <= 3
