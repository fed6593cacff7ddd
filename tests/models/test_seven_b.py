"""The preset 7b: its sizes are the published ones, and before any training it sees what LLaVA-Video sees."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from toyllava import make_checkpoint, make_pi3
from toys import ToyVision, toy_language_model

import vlm2
from vlm2.encoders.frozen_part import LicenceNotice
from vlm2.encoders.geometry.pi3 import Pi3Config
from vlm2.models import VLM2Config, VLM2ForConditionalGeneration, preset
from vlm2.models.convert import import_llava_video
from vlm2.models.convert.llava_video import make_plan
from vlm2.models.llava_video import LlavaVideo

# What the config.json of lmms-lab/LLaVA-Video-7B-Qwen2 says of the language model.
PUBLISHED = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "rope_theta": 1000000.0,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "mm_spatial_pool_mode": "average",
    "mm_newline_position": "grid",
}


@pytest.fixture(scope="module")
def plan():
    """The whole 7b on the meta device."""
    return make_plan(PUBLISHED, Pi3Config().to_dict())


def count(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def test_what_is_imported_is_the_preset(plan):
    ours, given = preset("7b").to_dict(), plan.config.to_dict()
    assert given == ours


def test_parameters_of_every_part(plan):
    """The table of docs/how-to/import-7b.md."""
    state = plan.model.geometry.state_dict()
    parts = {
        **{
            part: {n: s for n, s in plan.expected.items() if plan.targets[n][0] == part}
            for part in ("language", "vision")
        },
        "projector": {name: shape for name, shape in plan.expected.items() if "mm_projector" in name},
        "geometry": {name: tuple(tensor.shape) for name, tensor in state.items()},
        **{
            kind: {name: shape for name, shape in plan.new.items() if name.startswith(kind)}
            for kind in ("representation", "memory", "language_model")
        },
    }
    # SigLIP: patches, positions, and 26 layers of four square matrices, an MLP of 4304 and two norms.
    layer = 4 * (1152**2 + 1152) + 2 * 1152 * 4304 + 4304 + 1152 + 4 * 1152
    assert 1152 * 3 * 14**2 + 1152 + 729 * 1152 + 26 * layer == 397_745_440
    assert {part: (len(shapes), count(shapes)) for part, shapes in parts.items()} == {
        "language": (339, 7_615_616_512),
        "vision": (419, 397_745_440),
        "projector": (4, 16_980_992),
        "geometry": (1210, 958_696_738),
        "representation": (32, 12_651_745),
        "memory": (21, 14_610_816),
        "language_model": (392, 322_961_408),
    }
    table = (Path(__file__).parents[2] / "docs/how-to/import-7b.md").read_text(encoding="utf-8")
    assert all(f"{count(shapes):,}" in table for shapes in parts.values())


def test_shapes_of_the_published_checkpoint(plan):
    """The facts of the checkpoint, a name of each kind."""
    vision = "model.vision_tower.vision_tower.vision_model."
    assert {
        "model.embed_tokens.weight": (152064, 3584),
        "lm_head.weight": (152064, 3584),
        "model.layers.27.self_attn.k_proj.weight": (512, 3584),
        "model.layers.27.self_attn.k_proj.bias": (512,),
        "model.layers.0.mlp.down_proj.weight": (3584, 18944),
        "model.norm.weight": (3584,),
        f"{vision}embeddings.patch_embedding.weight": (1152, 3, 14, 14),
        f"{vision}embeddings.position_embedding.weight": (729, 1152),
        f"{vision}encoder.layers.25.mlp.fc1.weight": (4304, 1152),
        "model.mm_projector.0.weight": (3584, 1152),
        "model.mm_projector.2.weight": (3584, 3584),
        "model.image_newline": (3584,),
    }.items() <= dict(plan.expected).items()
    assert not any("layers.26" in name and "vision" in name for name in plan.expected)
    assert len(plan.expected) == 3 + 28 * 12 + 3 + 26 * 16 + 5


def imported(tmp_path: Path):
    source = make_checkpoint(tmp_path / "source")
    import_llava_video(str(source), tmp_path / "out", str(make_pi3(tmp_path / "pi3")))
    with pytest.warns(LicenceNotice):
        return vlm2.load(tmp_path / "out", dtype="float32")


def test_the_untrained_model_sees_what_the_baseline_sees(tmp_path):
    loaded = imported(tmp_path)
    frames = np.random.default_rng(0).integers(0, 255, (20, 60, 84, 3), dtype=np.uint8)
    images, seen = (
        loaded.processor.video_processor.resize(frames),
        loaded.processor.video_processor.resize_for_geometry(frames),
    )
    features = loaded.model.encode(images, torch.arange(20.0), seen)
    ours = loaded.model.video_tokens(features)
    baseline = LlavaVideo(loaded.model, loaded.processor).video_tokens(images)
    torch.testing.assert_close(ours, baseline, atol=0, rtol=0)  # 20 frames fit the bank of 32
    torch.nn.init.constant_(loaded.model.memory.residual_gate, 0.5)
    assert not torch.allclose(loaded.model.video_tokens(features), baseline)


def test_the_first_step_reaches_every_trained_tensor_soon(tmp_path):
    """What begins at 0 gets a gradient at once; what stands behind it, at the second step."""
    model = imported(tmp_path).model.train()
    frames = torch.rand(4, 3, 70, 70)
    features = model.encode(frames, torch.arange(4.0), torch.rand(4, 3, 28, 42))
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad and "language_model" not in n}
    optimizer = torch.optim.SGD(trained.values(), lr=0.05)
    for step in range(3):
        optimizer.zero_grad()
        model.video_tokens(features).square().mean().backward()
        reached = {n for n, p in trained.items() if p.grad is not None and p.grad.abs().max() > 0}
        if step == 0:
            assert {"representation.position.phi.2.weight", "representation.fusion.out.weight"} <= reached
            assert "memory.residual_gate" in reached
        optimizer.step()
    # Softmax is blind to a bias of the keys.
    assert {name for name in trained if name not in reached} <= {n for n in trained if n.endswith("key.bias")}


@pytest.mark.parametrize("base", ["mini", "7b"])
def test_the_paper_preset_has_no_residual(base):
    config = preset("paper", base)
    assert not config.fusion_residual and not config.pass_through
    assert not config.memory.memory_residual


def test_pass_through_needs_what_it_passes_through():
    with pytest.raises(ValueError, match="needs fusion_residual"):
        VLM2Config(pass_through=True, vision_config={"name": "siglip", "dim": 4, "stride": 1})


def test_the_preset_alone_says_how_to_get_the_weights(tmp_path):
    config = preset("7b")
    with pytest.raises(ValueError, match="vlm2 import llava-video SRC --out DIR"):
        VLM2ForConditionalGeneration(config)
    config._name_or_path = str(tmp_path)
    with pytest.raises(ValueError, match="weights are not in"):
        VLM2ForConditionalGeneration(config, vision=ToyVision(), language_model=toy_language_model())
