"""`vlm2 import`: what it prints, what it refuses, and `vlm2 ask` on what it made."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from toyllava import make_checkpoint, make_pi3, tensors
from toys import toy_tokenizer
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config

QUESTION = "How many chairs are in this room?"


def run(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def folder(tmp_path) -> Path:
    """A toy checkpoint, imported by the command."""
    source, pi3 = make_checkpoint(tmp_path / "LLaVA-Video-7B-Qwen2"), make_pi3(tmp_path / "pi3")
    result = run("import", "llava-video", source, "--out", tmp_path / "out", "--geometry", pi3)
    assert result.exit_code == 0, result.output
    for words in ("loaded: 67 tensors", "missing: 0", "newly initialised", "CC BY-NC 4.0", "Apache-2.0"):
        assert words in result.output
    return tmp_path / "out"


def test_ask_on_the_imported_folder_with_memory_and_as_baseline(folder, write_video):
    video = write_video(list(np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3), dtype=np.uint8)))
    result = run("ask", video, QUESTION, "--model", folder, "--fps", 10, "--dtype", "bfloat16", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["video"]["frames"] == 12
    assert told["answers"][0]["evidence"]
    assert "CC BY-NC 4.0" in result.stderr
    plain = run("ask", video, QUESTION, "Where?", "--model", folder, "--baseline", 4, "--json")
    assert plain.exit_code == 0, plain.output
    told = json.loads(plain.stdout)
    assert told["video"]["frames"] == 4
    assert len(told["answers"]) == 2 and not told["answers"][0]["evidence"]
    assert run("ask", video, QUESTION, "--model", folder, "--baseline", 4).exit_code == 0
    error = run("ask", video, QUESTION, "--model", folder, "--baseline", 4, "--save", folder / "a.vlm2mem").exception
    assert isinstance(error, ValueError) and "no memory to save" in str(error)


def test_a_foreign_tensor_is_refused_by_name(tmp_path):
    source = make_checkpoint(tmp_path / "source", tensors() | {"model.surprise": torch.zeros(2, 3)})
    error = run("import", "llava-video", source, "--out", tmp_path / "out", "--geometry", make_pi3(tmp_path / "p"))
    assert "model.surprise (2, 3)" in str(error.exception)


def test_pi3_alone(tmp_path):
    result = run("import", "pi3", make_pi3(tmp_path / "pi3"), "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["missing"] == told["unexpected"] == told["new"] == {}
    assert len(told["loaded"]) > 50


@pytest.mark.parametrize("quantize", ["4bit", "8bit"])
def test_quantising_says_what_it_needs(folder, write_video, monkeypatch, quantize):
    monkeypatch.setattr("vlm2.models.loading.importlib.util.find_spec", lambda name: None)
    video = write_video([np.zeros((48, 64, 3), np.uint8)])
    error = run("ask", video, QUESTION, "--model", folder, "--quantize", quantize).exception
    assert isinstance(error, ValueError)
    assert "bitsandbytes" in str(error) and "pip install 'vlm2[large]'" in str(error)


PUBLISHED = {
    "model_type": "llava_qwen",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 2,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "rope_theta": 1000000.0,
    "mm_spatial_pool_mode": "average",
    "mm_newline_position": "grid",
    "vision_config": {"num_hidden_layers": 2},
}
IMPORT_AND_WEIGH = """
import sys
from pathlib import Path
from vlm2.models.convert import import_llava_video
import_llava_video(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["VmHWM"].split()[0])  # kilobytes
"""


@pytest.mark.full  # 8 GB of disk
def test_published_widths_at_depth_two_answer_in_bfloat16(tmp_path, write_video):
    """The 7b of published widths, 2 layers of the language model, 2 of SigLIP, π³ with a trunk of 2, a DINOv2 of 1 and
    decoders of 1: random weights, imported from shards, asked."""
    from vlm2.models.convert.llava_video import make_plan

    shallow = {
        name: DecoderSize(depth=1, out=size) for name, size in (("points", 1024), ("confidence", 1024), ("camera", 512))
    }
    pi3 = replace(Pi3Config(), depth=2, backbone_depth=1, **shallow)
    (tmp_path / "pi3").mkdir()
    save_file(Pi3(pi3).state_dict(), tmp_path / "pi3/model.safetensors")
    (tmp_path / "pi3/config.json").write_text(json.dumps({"model_type": "pi3", **pi3.to_dict()}))
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(PUBLISHED))
    toy_tokenizer().save_pretrained(source)
    noise, index = 0.02 * torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)).bfloat16(), {}
    shards: dict[str, dict[str, torch.Tensor]] = {}
    expected = make_plan(PUBLISHED, pi3.to_dict()).expected
    for number, (name, shape) in enumerate(expected.items()):
        value = noise.repeat(-(-math.prod(shape) // len(noise)))[: math.prod(shape)].view(shape)
        value = value + 1 if "norm" in name and name.endswith("weight") else value
        index[name] = f"model-{number % 60:05}.safetensors"
        shards.setdefault(index[name], {})[name] = value
    for file, held in shards.items():
        save_file(held, source / file)
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))

    done = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_WEIGH, str(source), str(tmp_path / "out"), str(tmp_path / "pi3")],
        capture_output=True,
        text=True,
        check=True,
    )
    peak, size = int(done.stdout.split()[-1]) * 1024, sum(file.stat().st_size for file in source.glob("*.safetensors"))
    print(f"peak of the import {peak / 1e9:.2f} GB, of a checkpoint of {size / 1e9:.2f} GB")
    assert peak < 0.8 * size
    video = write_video(list(np.random.default_rng(0).integers(0, 255, (3, 120, 160, 3), dtype=np.uint8)))
    result = run("ask", video, QUESTION, "--model", tmp_path / "out", "--fps", 10, "--dtype", "bfloat16", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["video"]["frames"] == 3
