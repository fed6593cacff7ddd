"""Prompts and frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from toys import toy_processor, toy_tokenizer

from vlm2.model import VLM2Processor


def test_the_prompt_is_the_chat_template_with_the_video_first() -> None:
    processor = toy_processor()
    before, after = processor.prefix_ids()
    question, answer = processor.question_ids("How many chairs?"), processor.answer_ids("4")
    text = processor.tokenizer.decode([*before, *after, *question, *answer])
    assert text == (
        "<|im_start|>user\n\nThese are frames of a video.\n"
        "How many chairs?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>"
    )
    assert processor.tokenizer.decode(before) == "<|im_start|>user\n"


def test_a_call_joins_the_pieces_around_one_placeholder() -> None:
    processor = toy_processor()
    inputs = processor(["How many?", "How far is the door?"])
    before, after = processor.prefix_ids()
    short = [*before, 259, *after, *processor.question_ids("How many?")]
    row, mask = inputs["input_ids"][0].tolist(), inputs["attention_mask"][0].tolist()
    assert row[-len(short) :] == short
    assert mask == [0] * (len(row) - len(short)) + [1] * len(short)


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(ValueError, match="question is empty"):
        toy_processor()(question)


def test_frames_are_resized_whole_and_scaled() -> None:
    processor = toy_processor()
    frames = np.full((2, 90, 120, 3), 255, np.uint8)
    frames[:, :, :60] = 0
    inputs = processor("How many?", videos=frames, times=[0.0, 0.5])
    images = inputs["pixel_values_videos"]
    height, width = processor.frame_size(90, 120)
    assert images.shape == (1, 2, 3, height, width)
    assert height % 16 == 0
    assert width % 16 == 0
    assert images[0, 0, 0, :, 0].max() < 0.01
    assert images[0, 0, 0, :, -1].min() > 0.99
    assert inputs["video_times"].tolist() == [[0.0, 0.5]]


def test_mini_sees_a_phone_video_on_its_grid() -> None:
    processor = VLM2Processor(toy_tokenizer(), video_token_id=16, stride=32)
    assert processor.frame_size(480, 640) == (192, 256)
    assert processor.frame_size(640, 480) == (256, 192)


def test_answers_are_decoded_without_markers() -> None:
    processor = toy_processor()
    assert processor.decode(processor.answer_ids(" 12 ")) == "12"
    assert processor.batch_decode(torch.tensor([processor.answer_ids("A"), processor.answer_ids("B")])) == ["A", "B"]


def test_a_processor_survives_a_folder(tmp_path: Path) -> None:
    processor = toy_processor()
    processor.save_pretrained(tmp_path)
    restored = VLM2Processor.from_pretrained(tmp_path)
    assert restored("Where?")["input_ids"].tolist() == processor("Where?")["input_ids"].tolist()
    assert restored.frame_size(90, 120) == processor.frame_size(90, 120)
    with pytest.raises(ValueError, match="no processor_config.json"):
        VLM2Processor.from_pretrained(tmp_path / "nothing")
