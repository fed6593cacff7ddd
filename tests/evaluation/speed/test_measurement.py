"""Every component of an estimate is timed, over the frames of a film."""

from __future__ import annotations

import pytest
from toys import ToyVision, toy_config, toy_model, toy_processor

from vlm2.evaluation.speed import measurement
from vlm2.evaluation.speed.machine import Machine
from vlm2.evaluation.speed.measurement import measure_components, write_film
from vlm2.evaluation.speed.plan import estimate
from vlm2.evaluation.speed.workload import Workload
from vlm2.models.capacity import Components
from vlm2.models.halves import ModelHalves
from vlm2.streaming import LoadedModel
from vlm2.video import VideoFile


@pytest.fixture
def film(monkeypatch):
    """Small pictures."""
    monkeypatch.setattr(measurement, "FILM", (32, 48, 10))


def test_a_film_has_as_many_frames_as_wanted(film, tmp_path):
    write_film(tmp_path / "film.mp4", 7)
    assert len(list(VideoFile(tmp_path / "film.mp4").sample(measurement.FPS))) == 7


@pytest.mark.parametrize("tracked", [False, True])
def test_the_components_of_an_estimate_are_measured(tracked, film, tmp_path, toy_encoder):
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    model, config = toy_model().eval(), toy_config()
    model.config.geometry_config.tracked = tracked
    config.geometry_config.tracked = tracked
    workload = Workload(dtype="float32", answer_tokens=3)
    measured = measure_components(LoadedModel("toy", tmp_path, ModelHalves.of(model, processor)), 9, workload)
    planned = estimate(Components(config), Machine("any"), measured.workload)
    assert measured.seconds.keys() == {component.name for component in planned.components}
    decoding = measured.seconds.pop("answer decoding")
    assert (decoding > 0) == (measured.workload.answer_tokens > 1)
    assert all(seconds > 0 for seconds in measured.seconds.values())
    assert (measured.workload.frames, measured.workload.height, measured.workload.width) == (9, 32, 48)
    assert measured.workload.dtype == "float32"
    assert 1 <= measured.workload.answer_tokens <= 3
