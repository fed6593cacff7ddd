"""A model whose language half is made when it is first needed."""

from __future__ import annotations

import pytest
import torch
from toys import ToyVision, toy_config, toy_model, toy_processor

from vlm2.models import VideoModel, VLM2ForConditionalGeneration
from vlm2.models.halves import ModelHalves


def test_a_whole_model_is_its_own_half() -> None:
    model, processor = toy_model(), toy_processor()
    halves = ModelHalves.of(model, processor)
    assert halves.video_model is halves.loaded is halves.model is model
    assert halves.resizer is processor.video_processor and halves.processor is processor


def test_another_video_model_watches_and_the_whole_model_stays() -> None:
    halves, other = ModelHalves.of(toy_model(), toy_processor()), VideoModel(toy_config(), ToyVision())
    changed = halves.watching_with(other)
    assert changed.video_model is changed.loaded is other
    assert changed.model is halves.model and changed.processor is halves.processor
    assert changed.loaded is halves.model


def test_a_video_model_brings_its_own_encoders_and_configuration(tmp_path) -> None:
    half, vision = VideoModel(toy_config(), ToyVision()), ToyVision()
    with pytest.raises(ValueError, match="leave out vision and geometry"):
        VLM2ForConditionalGeneration(toy_config(), vision, video_model=half)
    for given in ({"vision": vision}, {"config": toy_config()}):
        with pytest.raises(ValueError, match="leave out config and vision"):
            VLM2ForConditionalGeneration.from_pretrained(tmp_path, video_model=half, **given)


def test_a_video_model_has_the_names_of_the_whole_model() -> None:
    whole, half = toy_model().state_dict(), VideoModel(toy_config(), ToyVision()).state_dict()
    beyond = {name.partition(".")[0] for name in set(whole) - set(half)}
    assert set(half) < set(whole) and beyond == {"language_model", "projector"}
    model = VideoModel(toy_config(), ToyVision()).train()
    assert model.memory.training and not model.geometry.training
    assert not any(isinstance(value, torch.Tensor) for value in vars(model).values())
