"""The whole model on toy parts: the path of a video, training, prompts, generation."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from toys import GRID, STRIDE, ToyVision, toy_features, toy_model, toy_processor
from transformers import GenerationConfig

SLOT_TOKENS = (GRID[0] // 2) * (GRID[1] // 2)


def prompt(model, *questions: str):
    return toy_processor().encode_questions(list(questions) or "How many?")


def answers(model, inputs, features) -> torch.Tensor:
    """The ids of greedy answers, without their prompts."""
    ids = model.generate(**inputs, features=features, max_new_tokens=5, do_sample=False)
    assert torch.equal(ids[:, : inputs["input_ids"].shape[1]], inputs["input_ids"])
    return ids[:, inputs["input_ids"].shape[1] :]


def test_represent_gives_h_for_every_patch() -> None:
    model, features = toy_model(), toy_features()
    tokens_3d = model.represent(features)
    assert tokens_3d.shape == (7, 24, 16)
    alone = model.represent(features[2:3])
    torch.testing.assert_close(alone[0], tokens_3d[2], atol=1e-5, rtol=0)  # frames do not see each other


def test_the_geometry_encoder_may_have_its_own_grid() -> None:
    features = toy_features()
    fewer = replace(features, geometry_tokens=features.geometry_tokens[:, :6], view_tokens=features.view_tokens[:, :6])
    assert toy_model().represent(fewer).shape == (7, 24, 16)


def test_frame_tokens_in_context_memory_are_the_slots() -> None:
    model, features = toy_model(), toy_features()
    tokens, frames = model.frame_tokens(features)
    _, state, _ = model.memory(model.represent(features)[None], features.times[None])
    assert frames.tolist() == state.context_slots().frames.tolist()
    assert frames.tolist() == sorted(set(frames.tolist()))
    assert len(frames) <= 5
    assert tokens.shape == (len(frames), SLOT_TOKENS, 24)
    torch.testing.assert_close(model.video_tokens(features), tokens.flatten(0, 1))


def test_frame_tokens_in_context_frames_are_every_frame() -> None:
    tokens, frames = toy_model(context="frames").frame_tokens(toy_features())
    assert frames.tolist() == list(range(7))
    assert tokens.shape == (7, SLOT_TOKENS, 24)


def test_both_contexts_agree_on_a_video_that_fits_the_bank() -> None:
    features = toy_features(3)
    torch.testing.assert_close(
        toy_model(context="frames").video_tokens(features), toy_model(context="memory").video_tokens(features)
    )


def test_enough_recent_frames_show_every_frame_whatever_the_bank_keeps() -> None:
    memory = {"window": 2, "capacity": 3}
    features = toy_features(7)
    for off in ({}, {"episodic": False}, {"working": False, "episodic": False}):
        every = toy_model(memory_config={**memory, **off}, context="frames").video_tokens(features)
        torch.testing.assert_close(
            toy_model(memory_config={**memory, **off, "recent": 7}).video_tokens(features), every
        )


def test_the_visual_representation_knows_no_geometry() -> None:
    model, features = (
        toy_model(representation="visual", memory_config={"working": False, "episodic": False}),
        toy_features(3),
    )
    other = replace(toy_features(3, seed=1), visual_tokens=features.visual_tokens)
    assert torch.equal(model.video_tokens(features), model.video_tokens(other))
    assert not torch.equal(model.video_tokens(features), model.video_tokens(toy_features(3, seed=1)))
    assert {name.split(".")[0] for name, _ in model.representation.named_parameters()} == {"vision_projection"}
    with pytest.raises(ValueError, match="representation='2d'"):
        toy_model(representation="2d")


def test_gradients_reach_every_trained_weight_and_no_frozen_one() -> None:
    model, features = toy_model(), toy_features()
    torch.nn.init.constant_(model.memory.residual_gate, 0.5)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at the start, which hides lora_A
            torch.nn.init.normal_(parameter)
    inputs = prompt(model)
    model(**inputs, features=features, labels=inputs["input_ids"]).loss.backward()
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    # The memory's gate mixes two reads, and softmax is blind to a bias of the keys.
    silent = {n for n, p in model.named_parameters() if n in trained and (p.grad is None or p.grad.abs().max() <= 1e-9)}
    assert all(name.endswith("key.bias") for name in silent), silent
    assert not any(name.startswith(("vision.", "geometry.")) for name in trained)
    assert all("lora_" in name for name in trained if name.startswith("language_model."))


def test_training_mode_leaves_the_frozen_encoders_alone() -> None:
    model = toy_model().train()
    assert model.memory.training
    assert not model.vision.training
    assert not model.geometry.training


def test_a_video_replaces_its_placeholder() -> None:
    model, features = toy_model(), toy_features()
    inputs = prompt(model)
    output = model(**inputs, features=features, labels=inputs["input_ids"])
    video = model.video_tokens(features)
    embed = model.language_model.get_input_embeddings()
    ids = inputs["input_ids"][0].tolist()
    at = ids.index(258)
    text = embed(inputs["input_ids"])[0]
    expected = torch.cat([text[:at], video, text[at + 1 :]])[None]
    torch.testing.assert_close(output.logits, model.language_model(inputs_embeds=expected).logits)


def test_one_video_serves_several_questions_as_if_asked_alone() -> None:
    model, features = toy_model().eval(), toy_features()
    questions = ("How many?", "How far is it from the chair to the table?")
    together = answers(model, prompt(model, *questions), features)
    for row, question in enumerate(questions):
        alone = answers(model, prompt(model, question), features)
        assert together[row, : alone.shape[1]].tolist() == alone[0].tolist()


def test_a_video_a_row() -> None:
    model = toy_model().eval()
    videos = [toy_features(2, seed=1), toy_features(6, seed=2)]
    inputs = prompt(model, "Which?", "How many chairs?")
    together = answers(model, inputs, videos)
    alone = answers(model, prompt(model, "Which?"), videos[0])
    assert together[0, : alone.shape[1]].tolist() == alone[0].tolist()


def test_generate_depends_on_the_video() -> None:
    model = toy_model().eval()
    inputs = prompt(model)
    first = model(**inputs, features=toy_features(seed=1)).logits[0, -1]
    second = model(**inputs, features=toy_features(seed=2)).logits[0, -1]
    assert not torch.allclose(first, second)


def test_text_alone_needs_no_video() -> None:
    model = toy_model()
    ids = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(model(ids).logits, model.language_model(ids).logits)


@pytest.mark.parametrize("videos", [None, 3])
def test_videos_that_do_not_fit_the_prompts_are_refused(videos: int | None) -> None:
    model = toy_model()
    features = None if videos is None else [toy_features()] * videos
    with pytest.raises(ValueError, match="tokens <video>"):
        model(**prompt(model, "a", "b"), features=features)


def test_padding_of_the_text_changes_nothing() -> None:
    model, features = toy_model(), toy_features()
    inputs = prompt(model)
    padded = {name: torch.nn.functional.pad(value, (3, 0)) for name, value in inputs.items()}
    torch.testing.assert_close(model(**padded, features=features).logits, model(**inputs, features=features).logits)


def test_encode_runs_the_frozen_encoders() -> None:
    model = toy_model().eval()
    images = torch.rand(6, 3, GRID[0] * STRIDE, GRID[1] * STRIDE)
    features = model.encode(images, torch.arange(6) * 0.25)
    assert features.grid == GRID
    assert features.patch_coordinates.shape == (6, 24, 3)
    assert features.confidence.shape == (6, 24)
    assert not features.visual_tokens.requires_grad
    assert model.represent(features).shape == (6, 24, 16)
    inputs = prompt(model)
    answer = model(**inputs, pixel_values_videos=images[None], video_times=torch.arange(6)[None] * 0.25)
    torch.testing.assert_close(answer.logits, model(**inputs, features=features).logits)
    with pytest.raises(ValueError, match="not both"):
        model(**inputs, features=features, pixel_values_videos=images[None])


def test_encode_refuses_frames_of_another_size() -> None:
    with pytest.raises(ValueError, match="multiples of 8"):
        toy_model().encode(torch.rand(1, 3, 30, 48), torch.zeros(1))


def test_toy_vision_is_frozen() -> None:
    assert not any(parameter.requires_grad for parameter in ToyVision().parameters())


@torch.no_grad()
def test_the_head_reads_the_last_token_as_a_matrix_of_its_own() -> None:
    model, seen = toy_model(), []
    head = model.language_model.get_output_embeddings()
    head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.language_model(input_ids=torch.tensor([[5, 6, 7, 8]]), logits_to_keep=1)
    assert seen[0].shape[:2] == (1, 1)
    assert seen[0].stride(0) == seen[0].shape[2]  # and not that of all four tokens


def test_lengths_of_generate_count_the_prompt_and_not_the_video() -> None:
    model, features, inputs = toy_model(), toy_features(), prompt(None)
    length = inputs["input_ids"].shape[1]
    for settings in ({"max_length": length + 3}, {"generation_config": GenerationConfig(max_length=length + 3)}):
        settings = {"min_length": length + 3, "do_sample": False} | settings
        assert model.generate(**inputs, features=features, **settings).shape[1] == length + 3
    both = model.generate(**inputs, features=features, max_length=9, max_new_tokens=2, min_new_tokens=2)
    assert both.shape[1] == length + 2
    with pytest.raises(ValueError, match="max_length=5 has no room .* give max_new_tokens"):
        model.generate(**inputs, features=features, max_length=5)


def test_generate_refuses_a_prompt_that_is_too_long() -> None:
    model, features, processor = toy_model(), toy_features(), toy_processor()
    fitting, long = (processor.encode_questions(["How?", "y" * count]) for count in (1900, 2100))
    model.generate(**fitting, features=features, max_new_tokens=2, do_sample=False)
    with pytest.raises(ValueError, match=r"has 2\d\d\d tokens, and there is room for \d+: of the 2048"):
        model.generate(**long, features=features, max_new_tokens=2, do_sample=False)
    with pytest.raises(ValueError, match="the answer up to 300"):
        model.generate(**fitting, features=features, max_new_tokens=300, do_sample=False)
