"""LLaVA-Video's visual tokens and prompt against a computation of their own, written from its published facts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from toyllava import CONFIG, GRID, LAYERS, PATCH, VISION, make_checkpoint, make_pi3, tensors

import vlm2
from vlm2.encoders.frozen_part import LicenceNotice
from vlm2.models.convert import import_llava_video
from vlm2.models.llava_video import LlavaVideo, frame_indices, time_instruction

HEADS, EPSILON = 2, 1e-6


def load(tmp_path: Path, weights: dict[str, torch.Tensor] | None = None, **changes):
    """The toy checkpoint, imported; single precision throughout, so that both computations can be compared."""
    source = make_checkpoint(tmp_path / "source", weights or tensors(torch.float32), **changes)
    import_llava_video(str(source), tmp_path / "out", str(make_pi3(tmp_path / "pi3")))
    with pytest.warns(LicenceNotice):
        loaded = vlm2.load(tmp_path / "out", dtype="float32")
    loaded.model.vision.float()
    return loaded


def siglip(weights: dict[str, torch.Tensor], image: torch.Tensor) -> torch.Tensor:
    """Features of one normalised image: all stored layers, no final norm; (patches, width)."""

    def get(name: str) -> torch.Tensor:
        return weights[VISION + name]

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ get(f"{name}.weight").T + get(f"{name}.bias")

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        return (x - mean) / (variance + EPSILON).sqrt() * get(f"{name}.weight") + get(f"{name}.bias")

    kernel = get("embeddings.patch_embedding.weight").flatten(1)
    patches = [
        kernel @ image[:, r * PATCH : (r + 1) * PATCH, c * PATCH : (c + 1) * PATCH].flatten()
        for r in range(GRID)
        for c in range(GRID)
    ]
    x = torch.stack(patches) + get("embeddings.patch_embedding.bias") + get("embeddings.position_embedding.weight")
    for layer in range(LAYERS):
        base = f"encoder.layers.{layer}"
        y = norm(x, f"{base}.layer_norm1")
        q, k, v = (linear(y, f"{base}.self_attn.{n}_proj").chunk(HEADS, dim=-1) for n in "qkv")
        mixed = [torch.softmax(a @ b.T / math.sqrt(a.shape[-1]), dim=-1) @ c for a, b, c in zip(q, k, v, strict=True)]
        x = x + linear(torch.cat(mixed, dim=-1), f"{base}.self_attn.out_proj")
        y = linear(norm(x, f"{base}.layer_norm2"), f"{base}.mlp.fc1")
        y = 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        x = x + linear(y, f"{base}.mlp.fc2")
    return x


def pooled(image: list[list[torch.Tensor]], mode: str) -> list[list[torch.Tensor]]:
    """Half a grid of vectors in one of the three ways, by hand."""
    size = len(image)
    half = math.ceil(size / 2) if mode == "bilinear" else size // 2

    def at(row: int, column: int) -> torch.Tensor:
        if mode == "bilinear":  # corners not aligned: output i looks at (i + ½)·size/half − ½
            (r0, r1, fr), (c0, c1, fc) = (between(i, size, half) for i in (row, column))
            top = image[r0][c0] * (1 - fc) + image[r0][c1] * fc
            return top * (1 - fr) + (image[r1][c0] * (1 - fc) + image[r1][c1] * fc) * fr
        four = torch.stack([image[2 * row + a][2 * column + b] for a in (0, 1) for b in (0, 1)])
        return four.mean(0) if mode == "average" else four.max(0).values

    return [[at(row, column) for column in range(half)] for row in range(half)]


def between(index: int, size: int, half: int) -> tuple[int, int, float]:
    place = min(max((index + 0.5) * size / half - 0.5, 0.0), size - 1.0)
    low = int(place)
    return low, min(low + 1, size - 1), place - low


@pytest.mark.parametrize("mode", ["average", "bilinear", "max"])
@pytest.mark.parametrize("newline", ["grid", "no_token"])
def test_visual_tokens_equal_an_independent_computation(tmp_path, mode, newline):
    weights = tensors(torch.float32)
    loaded = load(tmp_path, weights, mm_spatial_pool_mode=mode, mm_newline_position=newline)
    images = torch.rand(3, 3, GRID * PATCH, GRID * PATCH, generator=torch.Generator().manual_seed(1))
    expected = []
    for image in images:
        features = siglip(weights, (image - 0.5) / 0.5)
        hidden = features @ weights["model.mm_projector.0.weight"].T + weights["model.mm_projector.0.bias"]
        hidden = hidden * 0.5 * (1 + torch.erf(hidden / math.sqrt(2)))
        tokens = hidden @ weights["model.mm_projector.2.weight"].T + weights["model.mm_projector.2.bias"]
        for row in pooled([list(row) for row in tokens.unflatten(0, (GRID, GRID))], mode):
            expected += [*row, weights["model.image_newline"]] if newline == "grid" else row
    ours = LlavaVideo(loaded.model, loaded.processor).video_tokens(images)
    torch.testing.assert_close(ours, torch.stack(expected), rtol=1e-4, atol=1e-4)
    half = {"bilinear": 3}.get(mode, 2)
    assert len(ours) == 3 * half * (half + (newline == "grid"))


@pytest.mark.parametrize(("total", "count"), [(900, 32), (901, 64), (33, 32), (10, 32), (1, 4)])
def test_frames_are_the_integers_of_linspace(total, count):
    assert frame_indices(total, count) == [int(value) for value in np.linspace(0, total - 1, count)]
    assert frame_indices(total, count)[-1] == total - 1


def test_the_time_instruction_is_the_published_one():
    assert time_instruction(17.456, [0.0, 8.5]) == (
        "The video lasts for 17.46 seconds, and 2 frames are uniformly sampled from it. These frames are located at "
        "0.00s,8.50s.Please answer the following questions related to this video."
    )


def test_the_prompt_is_qwens_with_video_time_and_question_in_this_order(tmp_path):
    loaded = load(tmp_path)
    before, after = LlavaVideo(loaded.model, loaded.processor).prompt_ids("How many?", 2.0, [0.0, 2.0])
    assert loaded.processor.tokenizer.decode(before) == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
    )
    assert loaded.processor.tokenizer.decode(after) == (
        f"\n{time_instruction(2.0, [0.0, 2.0])}\nHow many?<|im_end|>\n<|im_start|>assistant\n"
    )
    ours, _ = loaded.processor.prefix_ids()
    assert ours == before  # VLM²'s own prompt begins like it


def test_frames_are_squeezed_to_the_square_as_siglip_does(tmp_path):
    processor = load(tmp_path).processor
    frame = np.random.default_rng(0).integers(0, 255, (90, 130, 3), dtype=np.uint8)
    (ours,) = processor.video_processor.resize(frame[None])
    side = CONFIG["vision_config"]["image_size"]
    pillow = np.asarray(Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC)) / 255
    assert np.abs(ours.permute(1, 2, 0).numpy() - pillow).max() < 0.02  # Pillow rounds to whole numbers twice


def test_answers_do_not_know_the_adapters(tmp_path):
    loaded = load(tmp_path)
    llava = LlavaVideo(loaded.model, loaded.processor)
    frames = np.random.default_rng(0).integers(0, 255, (2, 60, 80, 3), dtype=np.uint8)
    asked = (frames, 2.0, [0.0, 2.0], ["How many?", "Where?"], 5)
    plain = llava.answer(*asked)
    for name, parameter in loaded.model.language_model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    assert llava.answer(*asked) == plain
    language = loaded.model.language_model
    embed, video = language.get_input_embeddings(), llava.video_tokens(loaded.processor.video_processor.resize(frames))
    before, after = (torch.tensor([ids]) for ids in llava.prompt_ids("How many?", 2.0, [0.0, 2.0]))
    inputs, words = torch.cat([embed(before), video[None], embed(after)], 1), []
    with language.disable_adapter(), torch.no_grad():
        for _ in range(5):
            words.append(int(language(inputs_embeds=inputs).logits[0, -1].argmax()))
            inputs = torch.cat([inputs, embed(torch.tensor([[words[-1]]]))], 1)
    assert plain[0] == loaded.processor.decode(words)
