"""Foreign checkpoints in the forms in which people keep them: unwrapped, or refused in one line that says what is in
them."""

from __future__ import annotations

import argparse
import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toyllava import make_checkpoint, make_pi3, pi3_config, tensors

from vlm2.encoders.geometry.pi3 import Pi3Config
from vlm2.models.convert import import_llava_video, import_pi3

INDEX = "model.safetensors.index.json"


@pytest.fixture(scope="module")
def pi3(tmp_path_factory) -> Path:
    return make_pi3(tmp_path_factory.mktemp("pi3"))


@pytest.fixture(scope="module")
def state(pi3) -> dict[str, torch.Tensor]:
    return load_file(pi3 / "model.safetensors")


@pytest.fixture(autouse=True)
def toy_sizes(monkeypatch):
    """A file alone has the sizes of the published model: here the toy's."""

    class ToySizes:
        from_dict = staticmethod(Pi3Config.from_dict)

        def __new__(cls):
            return pi3_config()

    monkeypatch.setattr("vlm2.models.convert.pi3.Pi3Config", ToySizes)


def prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


def optimizer(state):
    return {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


WRAPPED = {
    "plain": lambda s: s,
    "ordered": OrderedDict,
    "state_dict": lambda s: {"state_dict": s},
    "model_state_dict": lambda s: {"epoch": 3, "model_state_dict": s, "optimizer_state_dict": optimizer(s)},
    "another key": lambda s: {"pi3": s, "step": torch.tensor(7)},
    "nested": lambda s: {"checkpoint": {"model": s, "loss": 0.5}},
    "module.": lambda s: {"model": prefixed(s, "module.")},
    "model.": lambda s: {"state_dict": prefixed(s, "model."), "callbacks": {}},
    "two prefixes": lambda s: prefixed(s, "module.model."),
    "an epoch beside": lambda s: {**s, "epoch": 3},
    "another model beside": lambda s: {"model": s, "critic": {"weight": torch.zeros(2, 2)}},
}


@pytest.mark.parametrize("form", WRAPPED)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_is_found_in_its_wrapping(state, tmp_path, form, zipped):
    file = tmp_path / "pi3.pth"
    torch.save(WRAPPED[form](state), file, _use_new_zipfile_serialization=zipped)
    report = import_pi3(str(file), tmp_path / "out")
    ours = load_file(tmp_path / "out/model.safetensors")
    assert set(report.loaded) == set(ours) == set(state)
    assert all(torch.equal(ours[name], state[name]) for name in state)


@pytest.mark.parametrize("suffix", [".pt", ".ckpt", ".weights"])
def test_other_endings(state, tmp_path, suffix):
    torch.save(state, tmp_path / f"pi3{suffix}")
    assert set(import_pi3(str(tmp_path / f"pi3{suffix}"), tmp_path / "out").loaded) == set(state)


def test_a_prefix_in_safetensors(state, tmp_path):
    save_file(prefixed(state, "module."), tmp_path / "pi3.safetensors")
    assert set(import_pi3(str(tmp_path / "pi3.safetensors"), tmp_path / "out").loaded) == set(state)


def test_a_tensor_without_the_prefix_is_refused_by_name(state, tmp_path):
    torch.save({**prefixed(state, "module."), "n_averaged": torch.tensor(3)}, tmp_path / "pi3.pth")
    with pytest.raises(ValueError, match=r"Unexpected \(1\): n_averaged \(\)"):
        import_pi3(str(tmp_path / "pi3.pth"), tmp_path / "out")


REFUSED = {
    "a list": (lambda s: [1, 2, 3], ("Found: list of 3", "Expected: tensors by their names")),
    "a list of tensors": (lambda s: list(s.values())[:2], ("Found: list of 2",)),
    "a tensor": (lambda s: torch.zeros(2, 3), ("Found: tensor (2, 3)",)),
    "a number": (lambda s: 7, ("Found: int",)),
    "an empty dict": (lambda s: {}, ("Found: an empty dict",)),
    "no weights": (lambda s: {"epoch": 3, "optimizer": optimizer(s)}, ("epoch (int), optimizer (dict of 2)",)),
    "another model": (lambda s: {"model": {"weight": torch.zeros(2)}}, ("model (dict of 1)", "such as model or")),
    "numbered": (lambda s: dict(enumerate(s.values())), ("0 (tensor",)),
    "two of them": (lambda s: {"model": s, "ema": {k: v + 1 for k, v in s.items()}}, ("several", "model, ema")),
    "a namespace": (lambda s: {"model": s, "args": argparse.Namespace(a=1)}, ("argparse.Namespace", "is run here")),
    "a numpy number": (lambda s: {"model": s, "best": np.float64(1)}, ("numpy", "is run here")),
    "a module": (lambda s: torch.nn.Linear(2, 2), ("torch.nn.modules.linear.Linear", "is run here")),
    "a complex dtype": (
        lambda s: {k: v.to(torch.complex64) for k, v in s.items()},
        ("as torch.complex64", "import weights in"),
    ),
}


def refusal(source: Path, out: Path) -> str:
    with pytest.raises(ValueError, match=r"\.$") as error:
        import_pi3(str(source), out)
    assert not out.exists()
    return str(error.value)


@pytest.mark.parametrize("form", REFUSED)
@pytest.mark.parametrize("zipped", [True, False])
def test_other_contents_are_refused_in_a_line(state, tmp_path, form, zipped):
    make, words = REFUSED[form]
    torch.save(make(state), tmp_path / "pi3.pth", _use_new_zipfile_serialization=zipped)
    line = refusal(tmp_path / "pi3.pth", tmp_path / "out")
    assert "\n" not in line and "\x1b" not in line and len(line) < 600
    for part in (*words, "pi3.pth"):
        assert part in line


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_cut_files_are_refused_in_a_line(state, tmp_path, suffix, share, zipped):
    file = tmp_path / f"pi3{suffix}"
    if suffix == ".pth":
        torch.save(state, file, _use_new_zipfile_serialization=zipped)
    else:
        save_file(state, file)
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    line = refusal(file, tmp_path / "out")
    assert "\n" not in line and "Fetch it again" in line and str(file) in line


@pytest.mark.parametrize(
    "text", ["hello", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 12\n", "<!DOCTYPE html>"]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ""])
def test_files_of_words_are_refused_in_a_line(tmp_path, text, suffix):
    file = tmp_path / f"pi3{suffix}"
    file.write_text(text)
    line = refusal(file, tmp_path / "out")
    assert "\n" not in line and "Fetch it again" in line


INDICES = {
    "no weight_map": ({"metadata": {}}, "metadata (dict of 0)"),
    "a list": ([1, 2], "holds list of 2"),
    "an empty map": ({"weight_map": {}}, "weight_map (dict of 0)"),
    "a map of lists": ({"weight_map": {"a": ["b"]}}, "weight_map (dict of 1)"),
    "a list as map": ({"weight_map": ["a"]}, "weight_map (list of 1)"),
    "missing shards": (
        {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}},
        "lacks model-1.safetensors, model-2.safetensors",
    ),
    "no JSON": ("{", "is no JSON"),
}


@pytest.mark.parametrize("form", INDICES)
def test_indices_that_are_none(pi3, state, tmp_path, form):
    content, words = INDICES[form]
    text = content if isinstance(content, str) else json.dumps(content)
    folder = make_pi3(tmp_path / "pi3")
    llava = make_checkpoint(tmp_path / "llava")
    for place in (folder, llava):
        (place / INDEX).write_text(text)
    line = refusal(folder, tmp_path / "out")
    with pytest.raises(ValueError, match=INDEX) as error:
        import_llava_video(str(llava), tmp_path / "out", str(pi3))
    for told in (line, str(error.value)):
        assert words in told and INDEX in told and "\n" not in told


def test_a_folder_without_safetensors_names_the_files_that_it_has(state, tmp_path):
    (tmp_path / "pi3").mkdir()
    assert "holds no safetensors; give" in refusal(tmp_path / "pi3", tmp_path / "out")
    torch.save(state, tmp_path / "pi3/pi3.pth")
    assert "it holds pi3.pth" in refusal(tmp_path / "pi3", tmp_path / "out")


@pytest.mark.parametrize(
    "text", ["{", "[1]", "7", '{"model_type": "pi3", "depth": "deep"}', '{"model_type": "pi3", "points": 7}']
)
def test_configurations_that_are_none(pi3, tmp_path, text):
    folder = make_pi3(tmp_path / "pi3")
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder, tmp_path / "out")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"vision_config": null}',
        '{"vision_config": 7}',
        '{"hidden_size": "wide"}',
        '{"mm_spatial_pool_stride": "two"}',
    ],
)
def test_llava_configurations_that_are_none(pi3, tmp_path, text):
    source = make_checkpoint(tmp_path / "llava")
    (source / "config.json").write_text(text)
    with pytest.raises(ValueError, match=r"config\.json") as error:
        import_llava_video(str(source), tmp_path / "out", str(pi3))
    assert "\n" not in str(error.value)


def test_a_llava_of_another_naming_is_refused_in_a_line(pi3, tmp_path):
    weights = {f"encoder.{number}": tensor for number, tensor in enumerate(tensors().values())}
    with pytest.raises(ValueError, match=r"holds none of the \d+ tensors .* Found: encoder\.0") as error:
        import_llava_video(str(make_checkpoint(tmp_path / "llava", weights)), tmp_path / "out", str(pi3))
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


def test_a_llava_under_a_prefix(pi3, tmp_path):
    source = make_checkpoint(tmp_path / "llava", prefixed(tensors(), "module."))
    assert len(import_llava_video(str(source), tmp_path / "out", str(pi3)).loaded) == 67


def test_a_file_as_llava_is_refused_in_a_line(pi3, tmp_path):
    torch.save({"model": tensors()}, tmp_path / "llava.pth")
    with pytest.raises(ValueError, match="no config.json") as error:
        import_llava_video(str(tmp_path / "llava.pth"), tmp_path / "out", str(pi3))
    assert "\n" not in str(error.value)
