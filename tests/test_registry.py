"""Adding a geometry encoder, a vision encoder, a benchmark or a recipe is one new file; nothing else has to know."""

from __future__ import annotations

from importlib import import_module

import pytest

from vlm2 import registry
from vlm2.encoders.geometry import build_encoder, encoder_names
from vlm2.encoders.vision import load_vision_encoder, vision_encoders
from vlm2.encoders.weights import read_parts
from vlm2.evaluation.benchmark import benchmarks
from vlm2.evaluation.benchmark import find as find_benchmark
from vlm2.training.recipe import load_recipe, recipes


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Return a function that adds a file to a package, from a temporary folder."""

    def write(package: str, name: str, code: str) -> None:
        folder = tmp_path / package
        folder.mkdir()
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        module = import_module(package)
        monkeypatch.setattr(module, "__path__", [*module.__path__, str(folder)])
        monkeypatch.setattr(module, name, None, raising=False)  # taken back, with what the import below binds

    return write


def unchecked(function):
    """Return a function without the tests' type checks: toys are not of the types that it promises."""
    return getattr(function, "__wrapped__", function)


def test_a_geometry_encoder_is_one_file(add):
    add("vlm2.encoders.geometry", "toy_geometry", '"""Toy."""\ndef build(config): return ("built", config)\n')
    assert "toy_geometry" in encoder_names() and "pi3" in encoder_names()
    assert unchecked(build_encoder)("toy_geometry", {"a": 1}) == ("built", {"a": 1})


def test_a_vision_encoder_is_one_file(add):
    code = (
        "from vlm2.encoders.vision import VisionEncoder\n"
        "class ToyVisionEncoder(VisionEncoder):\n"
        "    def forward(self, images): return images\n"
        "def load(option=''):\n"
        "    encoder = ToyVisionEncoder()\n"
        "    encoder.dim = len(option)\n"
        "    return encoder\n"
    )
    add("vlm2.encoders.vision", "toy_vision", code)
    assert "toy-vision" in vision_encoders()
    assert unchecked(load_vision_encoder)("toy-vision:abc").dim == 3


def test_the_frozen_part_of_an_encoder_stands_in_its_file_and_is_read_without_importing_it(add):
    code = (
        'raise RuntimeError("imported")\n'
        'PART = FrozenPart(name="toy", title="a toy", package="p", version="1", file="f.bin", checksums=("0011",),\n'
        '                  megabytes=1, licence="MIT")\n'
    )
    add("vlm2.encoders.vision", "toy_vision", code)
    part = read_parts()["toy"]
    assert (part.checksums, part.module) == (("0011",), "vlm2.encoders.vision.toy_vision")


def test_a_benchmark_is_one_file(add):
    add("vlm2.evaluation.benchmarks", "toy_benchmark", '"""Toy questions."""\nBENCHMARK = "toy"\n')
    assert benchmarks()["toy_benchmark"] == "Toy questions."
    assert unchecked(find_benchmark)("toy_benchmark") == "toy"


def test_a_recipe_is_one_file(add):
    add("vlm2.training.recipes", "toy_recipe", '"""Toy training."""\ndef recipe(): ...\ndef run(config): ...\n')
    assert recipes()["toy_recipe"] == "Toy training."
    assert load_recipe("toy_recipe").run(None) is None


def test_what_binds_no_such_name_is_no_entry(add):
    add("vlm2.evaluation.benchmarks", "helper", "# BENCHMARK = 1\ndef benchmark(): BENCHMARK = 1\n")
    assert "helper" not in benchmarks()
    with pytest.raises(ValueError, match=r"is called 'vsibench'; did you mean 'vsi_bench'\? There are: homes"):
        registry.load("vlm2.evaluation.benchmarks", "vsibench", "BENCHMARK", "benchmark")
