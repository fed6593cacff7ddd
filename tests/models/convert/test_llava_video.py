"""Importing LLaVA-Video: every tensor lands where it belongs, or is refused by name; the folder works."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toyllava import CONFIG, VISION, make_checkpoint, make_pi3, read_all, shapes, tensors

import vlm2
from vlm2.encoders.frozen_part import LicenceNotice
from vlm2.models.convert import import_llava_video
from vlm2.models.convert.llava_video import base_name


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("llava") / "LLaVA-Video-7B-Qwen2")


@pytest.fixture(scope="module")
def pi3(tmp_path_factory) -> Path:
    return make_pi3(tmp_path_factory.mktemp("pi3"))


@pytest.fixture(scope="module")
def imported(tmp_path_factory, source, pi3):
    folder = tmp_path_factory.mktemp("imported") / "vlm2-toy"
    return import_llava_video(str(source), folder, str(pi3)), folder


def load(folder: Path, **options):
    with pytest.warns(LicenceNotice, match="CC BY-NC 4.0"):
        return vlm2.load(folder, **options)


def test_the_report_is_complete(imported):
    report, folder = imported
    unused = {name for name in shapes() if "post_layernorm" in name}
    assert dict(report.loaded) == {name: shape for name, shape in shapes().items() if name not in unused}
    assert set(report.left_out) == unused
    assert not report.missing and not report.unexpected and not report.reshaped
    assert {name.split(".")[0] for name in report.new} == {"representation", "memory", "language_model"}
    told = "\n".join(report.lines())
    for words in ("loaded: 67 tensors", "newly initialised: ", "missing: 0", "unexpected: 0", "(LLaVA-Video"):
        assert words in told + report.source
    assert "model.layers.{0-1}.mlp.down_proj.weight (64, 64) ×2" in told
    written = json.loads((folder / "keys.json").read_text())
    assert written["loaded"]["model.image_newline"] == [64]
    assert len(written["new"]) == len(report.new)


def test_every_tensor_lands_where_it_belongs(imported):
    _, folder = imported
    given, model = tensors(), load(folder).model
    language = model.language_model.state_dict()
    language = {name.replace("base_model.model.", "").replace(".base_layer", ""): t for name, t in language.items()}
    renamed = {"mm_projector": model.projector.mlp.state_dict(), VISION: model.vision.state_dict()}
    for name, tensor in given.items():
        if "post_layernorm" in name:
            continue
        if name == "model.image_newline":
            ours = model.projector.newline
        elif "mm_projector" in name:
            ours = renamed["mm_projector"][name.removeprefix("model.mm_projector.")]
        elif name.startswith(VISION):
            ours = renamed[VISION][name.removeprefix(VISION).removeprefix("encoder.")]
        else:
            ours = language[name]
        torch.testing.assert_close(ours.to(tensor.dtype), tensor, atol=0, rtol=0)
    files = [read_all(folder / part) for part in ("language", "vision")]
    assert {str(tensor.dtype) for file in files for tensor in file.values()} == {"torch.bfloat16"}  # bit for bit


def test_the_folder_answers_end_to_end(imported, write_video, tmp_path):
    loaded = load(imported[1])
    frames = np.random.default_rng(0).integers(0, 255, (9, 60, 84, 3), dtype=np.uint8)
    session = loaded.session()
    session.watch(write_video(list(frames)), fps=10)
    answer = session.ask("How many chairs?")
    assert session.frames == 9 and answer.evidence and isinstance(answer.text, str)
    session.save(tmp_path / "room.vlm2mem")
    again = vlm2.Session.open(tmp_path / "room.vlm2mem", loaded)
    assert again.ask("How many chairs?").text == answer.text
    with pytest.raises(ValueError, match="another shape"):
        session.observe(np.zeros((84, 60, 3), np.uint8), 2.0)
    inputs = loaded.processor.encode_questions("How many chairs?", videos=frames, times=[k / 10 for k in range(9)])
    words = loaded.model.generate(**inputs, max_new_tokens=4, do_sample=False)[:, inputs["input_ids"].shape[1] :]
    assert answer.text.startswith(loaded.processor.decode(words[0])) or words.shape[1] == 4


def test_a_trained_checkpoint_elsewhere_stands_on_the_imported_parts(imported, tmp_path):
    _, folder = imported
    model = load(folder).model
    torch.nn.init.constant_(model.memory.residual_gate, 0.25)
    model.save_pretrained(tmp_path / "trained")
    record = json.loads((tmp_path / "trained/config.json").read_text())
    assert Path(record["text_source"]) == (folder / "language").resolve()
    assert set(record["frozen_sha256"]) == {"vision", "language", "geometry"}
    with pytest.warns(LicenceNotice):
        again = type(model).from_pretrained(tmp_path / "trained")
    torch.testing.assert_close(again.memory.residual_gate, model.memory.residual_gate)
    record["frozen_sha256"]["geometry"] = "0" * 64
    (tmp_path / "trained/config.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="trained on another geometry"):
        type(model).from_pretrained(tmp_path / "trained")


def renamed(weights):
    weights["model.layers.1.mlp.up_projection.weight"] = weights.pop("model.layers.1.mlp.up_proj.weight")


def missing(weights):
    del weights["model.image_newline"]


def extra(weights):
    weights["model.vision_resampler.queries"] = torch.zeros(3, 4)


def reshaped(weights):
    weights["model.mm_projector.0.weight"] = torch.zeros(64, 8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            renamed,
            ("Missing (1): model.layers.1.mlp.up_proj.weight", "Unexpected (1): model.layers.1.mlp.up_projection"),
        ),
        (missing, ("Missing (1): model.image_newline (64,)",)),
        (extra, ("Unexpected (1): model.vision_resampler.queries (3, 4)",)),
        (reshaped, ("model.mm_projector.0.weight (64, 8) instead of (64, 16)",)),
    ],
)
def test_what_is_not_explained_is_refused_by_name(pi3, tmp_path, change, words):
    weights = tensors()
    change(weights)
    source = make_checkpoint(tmp_path / "source", weights)
    with pytest.raises(ValueError, match="nothing was imported") as error:
        import_llava_video(str(source), tmp_path / "out", str(pi3))
    for part in words:
        assert part in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_missing_shard_and_a_tensor_outside_the_index(source, pi3, tmp_path):
    other = make_checkpoint(tmp_path / "source")
    (other / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(ValueError, match="lacks model-00002-of-00003.safetensors"):
        import_llava_video(str(other), tmp_path / "out", str(pi3))
    other = make_checkpoint(tmp_path / "source")
    shard = other / "model-00001-of-00003.safetensors"
    save_file(load_file(shard) | {"model.stowaway": torch.zeros(2)}, shard)
    with pytest.raises(ValueError, match=r"Unexpected \(1\): model.stowaway"):
        import_llava_video(str(other), tmp_path / "out", str(pi3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mm_spatial_pool_mode": "median"}, "median"),
        ({"mm_newline_position": "one_token"}, "one_token"),
        ({"mm_projector_type": "linear"}, "mlp2x_gelu"),
        ({"vocab_size": 258}, "instead of"),
    ],
)
def test_settings_that_llava_video_does_not_have(pi3, tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        import_llava_video(str(make_checkpoint(tmp_path / "source", **change)), tmp_path / "out", str(pi3))


def test_a_published_siglip_in_full_is_cut_to_the_layers_that_are_used(pi3, tmp_path):
    weights = tensors()
    for name in [name for name in weights if f"{VISION}encoder.layers.1." in name]:
        weights[name.replace("layers.1.", "layers.2.")] = weights[name]
    weights[f"{VISION}head.probe"] = torch.zeros(1, 1, 16)
    report = import_llava_video(str(make_checkpoint(tmp_path / "source", weights)), tmp_path / "out", str(pi3))
    assert sum(".layers.2." in name for name in report.left_out) == 16
    assert f"{VISION}head.probe" in report.left_out


def test_a_hub_name_is_fetched_without_what_is_not_needed(source, pi3, tmp_path, monkeypatch):
    asked = {}

    def download(name, allow_patterns):
        asked[name] = allow_patterns
        return str(source if "LLaVA" in name else pi3)

    monkeypatch.setattr("vlm2.models.convert.checkpoint_source.snapshot_download", download)
    report = import_llava_video("lmms-lab/LLaVA-NeXT-Video-7B-Qwen2", tmp_path / "out")
    assert report.source == "lmms-lab/LLaVA-NeXT-Video-7B-Qwen2 (LLaVA-NeXT-Video-7B-Qwen2)"
    assert set(asked) == {"lmms-lab/LLaVA-NeXT-Video-7B-Qwen2", "yyfz233/Pi3"}
    assert all("*.safetensors" in patterns and "*.bin" not in patterns for patterns in asked.values())


def test_it_tells_which_of_the_two_was_loaded():
    assert base_name("lmms-lab/LLaVA-NeXT-Video-7B-Qwen2", CONFIG) == "LLaVA-NeXT-Video-7B-Qwen2"
    assert base_name("/weights/base", CONFIG) == "LLaVA-Video-7B-Qwen2"
    assert "not told" in base_name("/weights/base", {})


def test_an_existing_folder_is_left_alone(source, pi3, tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(ValueError, match="is there already"):
        import_llava_video(str(source), tmp_path, str(pi3))
    assert (tmp_path / "kept.txt").read_text() == "mine"


def test_quantised_and_spread(imported):
    pytest.importorskip("bitsandbytes", reason="the extra `large` is not installed")
    for quantize in ("8bit", "4bit"):
        model = load(imported[1], device="cpu", quantize=quantize).model
        kinds = {type(module).__name__ for module in model.language_model.modules()}
        assert {"8bit": "Linear8bitLt", "4bit": "Linear4bit"}[quantize] in kinds
        assert model(torch.tensor([[1, 2, 3]])).logits.shape == (1, 3, 264)


def test_spread_over_all_devices_gives_the_same(imported):
    pytest.importorskip("accelerate")
    ids = torch.tensor([[1, 2, 3]])
    spread, plain = (load(imported[1], device=device).model(ids).logits for device in ("auto", "cpu"))
    torch.testing.assert_close(spread, plain)
