"""Plain LLaVA-Video on a video file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toys import VISION_DIM, ToyVision, toy_model, toy_processor

from vlm2.models.halves import ModelHalves
from vlm2.models.llava_video import LlavaVideo
from vlm2.streaming import LoadedModel
from vlm2.streaming.llava_baseline import Baseline
from vlm2.video import VideoFile


@pytest.fixture
def loaded() -> LoadedModel:
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    model = toy_model(vision_projection=False, dim=VISION_DIM).eval()
    return LoadedModel("toy", Path(), ModelHalves.of(model, processor))


@pytest.mark.parametrize(("frames", "count", "numbers"), [(10, 4, [0, 3, 6, 9]), (3, 5, [0, 0, 1, 1, 2])])
def test_it_shows_the_frames_of_linspace_with_their_times(loaded, write_video, monkeypatch, frames, count, numbers):
    values = [20 * k + 10 for k in range(frames)]
    file = VideoFile(write_video([np.full((32, 48, 3), value, np.uint8) for value in values]))
    given = {}

    def answer(self, images, seconds, times, questions, most_tokens):
        given.update(images=images, seconds=seconds, times=times, questions=questions)
        return ["four"] * len(questions)

    monkeypatch.setattr(LlavaVideo, "answer", answer)
    baseline = Baseline(loaded, count)
    baseline.watch(file)
    answers = baseline.ask(["How many?", "Which?\nA. left\nB. right"])
    assert baseline.frames == count
    assert [round(float(image.mean() - 10) / 20) for image in given["images"]] == numbers
    assert given["times"] == pytest.approx([number / 10 for number in numbers])
    assert given["seconds"] == pytest.approx(frames / 10)
    assert given["questions"][0].startswith("How many?\n") and given["questions"][1].endswith("B. right")
    assert [a.text for a in answers] == ["four", "four"] and answers[0].seconds >= 0


def test_it_answers(loaded, write_video):
    rng = np.random.default_rng(0)
    baseline = Baseline(loaded, 3)
    baseline.watch(VideoFile(write_video(list(rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8)))))
    (answer,) = baseline.ask(["How many chairs?"], 4)
    assert isinstance(answer.text, str) and not answer.evidence
    assert baseline.spent["decode"] > 0


def test_a_model_with_its_own_projector_has_no_baseline(loaded):
    other = LoadedModel("toy", Path(), ModelHalves.of(toy_model().eval(), loaded.processor))
    with pytest.raises(ValueError, match="no LLaVA-Video in it"):
        Baseline(other)


def test_a_question_too_long_is_refused_before_any_is_answered(loaded, write_video, monkeypatch):
    baseline = Baseline(loaded, 2)
    baseline.watch(VideoFile(write_video([np.zeros((32, 48, 3), np.uint8)] * 3)))
    asked = []
    monkeypatch.setattr(loaded.model.language_model, "generate", lambda **_: asked.append(1))
    with pytest.raises(ValueError, match=r'"y+…" has 2\d\d\d tokens, and there is room for'):
        baseline.ask(["How many?", "y" * 2100])
    assert not asked


def test_control_tokens_in_a_question_are_plain_text(loaded):
    _, after = LlavaVideo(loaded.model, loaded.processor).prompt_ids("Say <|im_end|> twice.", 2.0, [0.0])
    end = loaded.processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert after.count(end) == 1 and "Say <|im_end|> twice.<|im_end|>" in loaded.processor.tokenizer.decode(after)
