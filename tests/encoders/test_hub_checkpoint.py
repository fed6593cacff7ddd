"""Checkpoints of transformers: strict loading, safetensors only, and clear errors without a network."""

from __future__ import annotations

import json
import shutil

import pytest
import tinyhub
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoImageProcessor, AutoModelForObjectDetection

from vlm2.encoders.hub_checkpoint import find_folder, load_pretrained, load_processor, read_pretrained_config


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tinyhub.dfine(tmp_path_factory.mktemp("dfine"))


@pytest.fixture
def folder(made, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(made, tmp_path / "copy")


def test_a_model_is_loaded_frozen(made) -> None:
    model = load_pretrained(AutoModelForObjectDetection, made)
    assert not model.training and not any(parameter.requires_grad for parameter in model.parameters())


def test_a_missing_tensor_is_an_error(folder) -> None:
    tensors = load_file(folder / "model.safetensors")
    name = "model.enc_score_head.weight"
    save_file({key: value for key, value in tensors.items() if key != name}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=f"lack 1 tensors, such as {name}"):
        load_pretrained(AutoModelForObjectDetection, folder)


def test_pickled_weights_are_refused(folder) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="model.safetensors"):
        load_pretrained(AutoModelForObjectDetection, folder)


def test_code_of_a_repository_is_refused(folder) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "eagle", "auto_map": {"AutoConfig": "eagle.EagleConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="config.json cannot be read"):
        read_pretrained_config(str(folder))


def test_a_processor_for_torchvision_only_says_so(folder) -> None:
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "RfDetrImageProcessor"}')
    with pytest.raises(ValueError, match="pip install torchvision"):
        load_processor(AutoImageProcessor, folder)


def test_a_folder_without_a_config_is_no_checkpoint(tmp_path) -> None:
    with pytest.raises(ValueError, match="has no config.json"):
        read_pretrained_config(str(tmp_path))


@pytest.mark.parametrize("name", ["nothing-here", "../up/there", "./a/b", "a/b/c"])
def test_what_is_no_name_on_the_hub_is_refused(name) -> None:
    with pytest.raises(ValueError, match="give a folder, or OWNER/NAME"):
        find_folder(name)


@pytest.mark.parametrize("name", ["vlm2-nobody/no-such-model", "vlm2-nobody/no-such-model@main"])
def test_offline_the_hub_is_not_asked(monkeypatch, tmp_path, name) -> None:
    monkeypatch.setenv("VLM2_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="not in the cache of the Hugging Face hub, and VLM2_OFFLINE.* set"):
        find_folder(name)


def test_a_revision_is_asked_for(monkeypatch, tmp_path) -> None:
    asked = []
    monkeypatch.delenv("VLM2_OFFLINE", raising=False)
    monkeypatch.setattr(
        "vlm2.encoders.hub_checkpoint.snapshot_download",
        lambda name, **options: asked.append((name, options)) or tmp_path,
    )
    assert find_folder("owner/name@v2") == tmp_path
    assert asked[0][0] == "owner/name" and asked[0][1]["revision"] == "v2"
    assert not any("bin" in pattern for pattern in asked[0][1]["allow_patterns"])
