"""Importing π³: from safetensors and from .pth, by name and shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from toyllava import make_pi3, pi3_config

from vlm2.encoders.geometry.pi3 import Pi3
from vlm2.models.convert import import_pi3
from vlm2.models.convert.pi3 import read_pi3_config
from vlm2.models.parts import PartRecord


@pytest.fixture
def source(tmp_path) -> Path:
    return make_pi3(tmp_path / "pi3")


def test_it_is_copied_bit_for_bit_with_its_licence(source, tmp_path):
    report = import_pi3(str(source), tmp_path / "out")
    weights, ours = load_file(source / "model.safetensors"), load_file(tmp_path / "out/model.safetensors")
    assert set(report.loaded) == set(weights) == set(ours)
    assert all(torch.equal(ours[name], weights[name]) for name in weights)
    assert read_pi3_config(tmp_path / "out") == pi3_config()
    record = PartRecord.read(tmp_path / "out")
    assert record is not None
    assert record.licence == "CC BY-NC 4.0" and "not for commercial use" in record.notice
    again = import_pi3(str(tmp_path / "out"), tmp_path / "again")  # an imported folder is a source as well
    assert again.loaded == report.loaded
    assert PartRecord.read(tmp_path / "again").sha256 == record.sha256


def test_a_pth_file_is_read_without_running_it(source, tmp_path, monkeypatch):
    monkeypatch.setattr("vlm2.models.convert.pi3.Pi3Config", lambda: pi3_config())
    torch.save({"model": load_file(source / "model.safetensors")}, tmp_path / "pi3.pth")
    import_pi3(str(tmp_path / "pi3.pth"), tmp_path / "out")
    Pi3(pi3_config()).load_state_dict(load_file(tmp_path / "out/model.safetensors"))
    torch.save({"model": print}, tmp_path / "code.pth")
    with pytest.raises(ValueError, match="no file of plain tensors"):
        import_pi3(str(tmp_path / "code.pth"), tmp_path / "code")


def test_anything_else_is_refused_by_name(source, tmp_path):
    weights = load_file(source / "model.safetensors")
    weights["point_head.projection.weight"] = weights.pop("point_head.proj.weight")
    save_file(weights, source / "model.safetensors")
    with pytest.raises(
        ValueError, match="Missing .*point_head.proj.weight.* Unexpected .*point_head.projection.weight"
    ):
        import_pi3(str(source), tmp_path / "out")
    (source / "config.json").write_text(json.dumps({"decoder_size": "large"}))  # as the published one's
    with pytest.raises(ValueError, match=r"encoder.blocks.23"):
        import_pi3(str(source), tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "give a folder, a file, or owner/model"), ("nobody/pi3", "could not be had from the hub")],
)
def test_sources_that_are_not_there(name, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        import_pi3(name, tmp_path / "out")
