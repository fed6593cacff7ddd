"""Checkpoints: only what was trained is stored, loading is strict, and the Auto classes find it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from toys import ToyVision, toy_config, toy_features, toy_language_model, toy_model, toy_processor
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from vlm2.models import VLM2Config, VLM2ForConditionalGeneration, VLM2Processor
from vlm2.models.checkpoint import PACKAGED, WEIGHTS, find_checkpoint, load_adapters, warn_of_unstored


def saved(folder: Path, **changes) -> VLM2ForConditionalGeneration:
    """A checkpoint in `folder` whose adapters and gate are not at their start."""
    model = toy_model(seed=3, **changes).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name or "residual_gate" in name:
            torch.nn.init.normal_(parameter)
    model.save_pretrained(folder)
    return model


def load(folder: Path) -> VLM2ForConditionalGeneration:
    vision = toy_model().vision
    return VLM2ForConditionalGeneration.from_pretrained(folder, vision=vision, language_model=toy_language_model())


def logits(model: VLM2ForConditionalGeneration) -> torch.Tensor:
    return model(**toy_processor().encode_questions("How many?"), features=toy_features()).logits


def test_only_trained_tensors_are_stored(tmp_path: Path) -> None:
    model = saved(tmp_path)
    names = set(load_file(tmp_path / WEIGHTS))
    assert not any(name.startswith("vision.") for name in names)
    assert all(".lora_" in name for name in names if name.startswith("language_model."))
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained <= names  # the memory and the adapters are in it
    assert any(name.startswith("geometry.") for name in names)  # frozen here, but ours


def test_a_checkpoint_comes_back_the_same(tmp_path: Path) -> None:
    model = saved(tmp_path)
    torch.testing.assert_close(logits(load(tmp_path)), logits(model), atol=0, rtol=0)


def test_a_checkpoint_in_bfloat16_is_half_as_large(tmp_path: Path) -> None:
    model = saved(tmp_path / "full")
    model.save_pretrained(tmp_path / "half", dtype=torch.bfloat16)
    sizes = [(tmp_path / name / WEIGHTS).stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.7 * sizes[1]
    restored = load(tmp_path / "half")
    assert restored.memory.residual_gate.dtype == torch.float32
    torch.testing.assert_close(logits(restored), logits(model), atol=0.05, rtol=0)


def test_storing_all_needs_no_language_model(tmp_path: Path) -> None:
    model = saved(tmp_path, stores="all")
    torch.manual_seed(99)
    restored = VLM2ForConditionalGeneration.from_pretrained(tmp_path, vision=ToyVision())
    torch.testing.assert_close(logits(restored), logits(model), atol=0, rtol=0)


def test_a_vision_encoder_whose_weights_lie_nowhere_gets_a_warning(tmp_path: Path, recwarn) -> None:
    with pytest.warns(UserWarning, match="does not hold the weights of the vision encoder 'toy'"):
        toy_model().save_pretrained(tmp_path / "trained")
    recwarn.clear()
    toy_model(stores="all").save_pretrained(tmp_path / "all")
    for name in ("toy:folder", "efficientnet_lite0"):
        warn_of_unstored(toy_config(vision_config={"name": name, "dim": 24, "stride": 16}))
    assert not [warning for warning in recwarn if "does not hold" in str(warning.message)]


def test_without_lora_the_whole_language_model_is_stored(tmp_path: Path) -> None:
    model = toy_model(seed=3, lora=None).eval()
    torch.nn.init.normal_(model.language_model.get_input_embeddings().weight)
    model.save_pretrained(tmp_path)
    torch.testing.assert_close(logits(load(tmp_path)), logits(model), atol=0, rtol=0)


def test_keys_that_do_not_fit_are_listed(tmp_path: Path) -> None:
    saved(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    tensors["memory.attic.weight"] = tensors.pop("memory.residual_gate")
    tensors["projector.norm.bias"] = torch.zeros(5)
    save_file(tensors, tmp_path / WEIGHTS)
    with pytest.raises(ValueError, match="does not fit") as error:
        load(tmp_path)
    for part in ("Missing (1): memory.residual_gate.", "Unexpected (1): memory.attic.weight.", "(5,) instead of (16,)"):
        assert part in str(error.value)


def test_a_configuration_of_another_size_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    record = json.loads((tmp_path / "config.json").read_text())
    record["memory_config"]["working"] = False
    (tmp_path / "config.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="Unexpected .*working_attention"):
        load(tmp_path)


def test_other_frozen_parts_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    record = json.loads((tmp_path / "config.json").read_text())
    record["frozen_sha256"] = {"efficientnet-lite0": "0" * 64}
    (tmp_path / "config.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="another efficientnet-lite0"):
        load(tmp_path)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no model"):
        VLM2ForConditionalGeneration.from_pretrained(tmp_path / "nothing")
    toy_config().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=f"no {WEIGHTS}"):
        load(tmp_path)


def test_auto_classes_know_the_model(tmp_path: Path) -> None:
    model = saved(tmp_path)
    toy_processor().save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, VLM2Config)
    assert config.to_dict() | {"_name_or_path": ""} == model.config.to_dict()
    parts = {"vision": toy_model().vision, "language_model": toy_language_model()}
    restored = AutoModelForImageTextToText.from_pretrained(tmp_path, config=config, **parts)
    torch.testing.assert_close(logits(restored), logits(model), atol=0, rtol=0)
    assert isinstance(AutoProcessor.from_pretrained(tmp_path), VLM2Processor)


def test_adapters_can_be_merged_for_speed(tmp_path: Path) -> None:
    model = saved(tmp_path)
    expected = logits(model)
    model.language_model.merge_adapter()
    torch.testing.assert_close(logits(model), expected, atol=1e-4, rtol=0)


def test_adapters_alone_can_be_taken_over(tmp_path: Path) -> None:
    theirs = saved(tmp_path).state_dict()
    model = toy_model(seed=8)
    mine = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    load_adapters(model, tmp_path)
    for name, tensor in model.state_dict().items():
        expected = theirs if ".lora_" in name else mine
        torch.testing.assert_close(tensor, expected[name], atol=0, rtol=0)
    assert any(".lora_B" in name and not theirs[name].equal(mine[name]) for name in mine)


def test_adapters_of_another_model_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(ValueError, match="adapters of .* do not fit this model"):
        load_adapters(toy_model(lora=None), tmp_path)


def test_checkpoints_are_found_by_name_and_by_folder(tmp_path: Path) -> None:
    assert find_checkpoint("mini") == PACKAGED / "mini"
    saved(tmp_path)
    assert find_checkpoint(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("{oops", "cannot be read as JSON"),
        ("", "cannot be read as JSON"),
        ("[1]", "holds a list"),
        ("{}", "model_type None"),
        ('{"model_type": "llama"}', "model_type 'llama'"),
        ({"dim": "wide"}, "'dim' expected int, got str (value: 'wide')"),
        ({"vision_config": None}, "lacks vision_config.name, vision_config.dim, vision_config.stride"),
        ({"vision_config": {}}, "lacks vision_config.name, vision_config.dim, vision_config.stride"),
        ({"text_config": {}}, "lacks text_config.model_type"),
        ({"geometry_config": {}}, "lacks geometry_config.name, geometry_config.settings"),
        ({"lora": {"rank": 3}}, "lora lacks r, alpha"),
        ({"lora": 3}, "'lora'"),
        ({"memory_config": {"window": "x"}}, "'window' expected int"),
        ({"memory_config": {"windows": 2}}, "memory_config has no windows"),
        ({"frozen_sha256": [1]}, "frozen_sha256"),
        ({"dim": 17}, "does not divide into"),
    ],
)
def test_a_config_that_is_none_is_refused_in_a_line(tmp_path: Path, change, words: str) -> None:
    saved(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(change if isinstance(change, str) else json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=r"config\.json that was saved with the weights") as error:
        load(tmp_path)
    assert words in str(error.value) and str(file) in str(error.value) and "\n" not in str(error.value)


def test_a_config_that_is_no_text_is_refused_in_a_line(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        load(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_damaged_weights_are_refused_in_a_line(tmp_path: Path, share: float) -> None:
    saved(tmp_path)
    data = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(data[: int(share * len(data))])
    for use in (load, lambda folder: load_adapters(toy_model(), folder)):
        with pytest.raises(
            ValueError, match=r"model\.safetensors is damaged, or no safetensors file .* again\.$"
        ) as error:
            use(tmp_path)
        assert "\n" not in str(error.value)


def test_a_folder_without_weights_is_refused_before_anything_large_is_loaded(tmp_path: Path, monkeypatch) -> None:
    saved(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    monkeypatch.setattr("vlm2.models.loading.load_language", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(ValueError, match=r"has no model\.safetensors; give a folder"):
        VLM2ForConditionalGeneration.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"has no model\.safetensors; give a folder"):
        load_adapters(toy_model(), tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("home.mp4", "is a file, and a model is a folder"), ("", "is empty"), ("videos", "holds no config.json")],
)
def test_what_is_no_checkpoint_is_refused_in_a_line(tmp_path: Path, monkeypatch, name: str, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.mp4").write_bytes(b"\0\0\0\x18ftyp")
    (tmp_path / "videos").mkdir()
    with pytest.raises(ValueError, match=words) as error:
        find_checkpoint(name)
    assert "\n" not in str(error.value)
