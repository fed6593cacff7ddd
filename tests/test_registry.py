"""Adding an encoder, a detector, an operator, a benchmark, a question type or a recipe is one new file, and no more."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from vlm2 import registry
from vlm2.encoders.detectors import detector_files, detector_parts, detectors, load_detector
from vlm2.encoders.geometry import build_encoder
from vlm2.encoders.vision import build_vision_encoder, load_vision_encoder
from vlm2.encoders.weights import read_parts
from vlm2.evaluation.benchmark import benchmarks
from vlm2.evaluation.benchmark import find as find_benchmark
from vlm2.evaluation.measures.measure import measures
from vlm2.objects import ObjectMap
from vlm2.query import calls
from vlm2.query.planners import rules
from vlm2.questions import ask_all
from vlm2.questions.question import Question
from vlm2.questions.tasks import numbers, question_type, tasks
from vlm2.scenes.record import Scene
from vlm2.training.question_sampler import by_task
from vlm2.training.recipe import load_recipe, recipes

HOME = Path(__file__).parents[1] / "examples/home.json"


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
    assert {"toy_geometry", "pi3"} <= set(registry.entries("vlm2.encoders.geometry", "build"))
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
    assert "toy_vision" in registry.entries("vlm2.encoders.vision", "load")
    assert [unchecked(load_vision_encoder)(f"{name}:abc").dim for name in ("toy-vision", "toy_vision")] == [3, 3]
    with pytest.raises(ValueError, match=r"no build\(\)"):
        build_vision_encoder("toy-vision")


def test_the_frozen_part_of_an_encoder_stands_in_its_file_and_is_read_without_importing_it(add):
    code = (
        'raise RuntimeError("imported")\n'
        'PART = FrozenPart(name="toy", title="a toy", package="p", version="1", file="f.bin", checksums=("0011",),\n'
        '                  megabytes=1, licence="MIT")\n'
    )
    add("vlm2.encoders.vision", "toy_vision", code)
    part = read_parts()["toy"]
    assert (part.checksums, part.module) == (("0011",), "vlm2.encoders.vision.toy_vision")


def test_a_detector_is_one_file(add):
    code = (
        "import numpy as np\n"
        "from vlm2.encoders.detectors import Detections\n"
        "class ToyDetector:\n"
        "    labels = ('chair',)\n"
        "    def detect(self, frames):\n"
        "        return [Detections(np.zeros((1, 4)), np.ones(1), self.labels) for _ in frames]\n"
        "def load(option=''): return ToyDetector()\n"
    )
    add("vlm2.encoders.detectors", "toy_detector", code)
    assert "toy-detector" in detectors()
    found = load_detector("toy-detector").detect(np.zeros((2, 8, 8, 3), np.uint8))
    assert [len(detections) for detections in found] == [1, 1]
    with pytest.raises(ValueError, match="'no-detector'"):
        load_detector("no-detector")


def test_the_functions_of_a_detector_take_the_option_of_its_name_or_say_that_they_do_not(add):
    add(
        "vlm2.encoders.detectors",
        "toy_functions",
        "def load(): return 'loaded'\ndef files(option='none'): return [option]\ndef parts(option): return [option]\n",
    )
    load, files, parts = (unchecked(function) for function in (load_detector, detector_files, detector_parts))
    assert load("toy-functions") == "loaded" and parts("toy-functions:large") == ["large"]
    assert (files("toy-functions"), files("toy-functions:large")) == (["none"], ["large"])
    with pytest.raises(ValueError, match=r"toy-functions:abc does not fit load\(\) .*; leave out :abc\."):
        load("toy-functions:abc")
    with pytest.raises(ValueError, match=r"toy-functions does not fit parts\(option\) .*; name toy-functions:OPTION\."):
        parts("toy-functions")


@pytest.fixture
def fresh_operators():
    """Forget the operators that were found, before the test and after it."""
    caches = [value for module in (calls, rules) for value in vars(module).values() if hasattr(value, "cache_clear")]
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_a_query_operator_is_one_file(fresh_operators, add):
    code = (
        '"""Which number is asked for."""\n'
        "from vlm2.query.query import Query, answered, phrasings\n"
        "class ToyOperator(Query):\n"
        "    number: int = 7\n"
        "    def answer(self, map): return answered(self.number, f'It is {self.number}.')\n"
        "OPERATOR = ToyOperator\n"
        "PHRASINGS = phrasings('which number is wanted')\n"
        "EXAMPLES = (('Which number is wanted?', 'toy_number()'),)\n"
    )
    add("vlm2.query.operators", "toy_number", code)
    assert "toy_number" in calls.operator_types()
    assert unchecked(ObjectMap.run)(ObjectMap(), calls.parse_call("toy_number(8)")).value == 8
    result = ObjectMap().ask("Which number is wanted?")
    assert (result.status, result.text, result.query) == ("ok", "7", "toy_number()")


def test_a_question_type_is_one_file(add):
    code = (
        "from vlm2.questions.question_type import QuestionType, task\n"
        "TYPE = QuestionType(name='toy_rooms', decimals=0, held_out=0, texts=('How many rooms?',))\n"
        "@task(TYPE)\n"
        "def questions(scene, rng): yield TYPE.number(len(scene.rooms), {})\n"
    )
    add("vlm2.questions.tasks.vsi", "toy_rooms", code)
    assert "toy_rooms" in tasks("vsi") and "toy_rooms" in numbers("vsi") and question_type("toy_rooms").is_number
    scene = Scene.from_json(HOME.read_text(encoding="utf-8"))
    asked = [question for question in ask_all(scene, seed=0) if question.question_type == "toy_rooms"]
    assert [(question.question, question.ground_truth) for question in asked] == [
        ("How many rooms?", str(len(scene.rooms)))
    ]
    assert list(by_task([*asked, Question("object_counting", "How many beds?", None, "2")]))[-1] == "toy_rooms"


def test_a_benchmark_is_one_file(add):
    add("vlm2.evaluation.benchmarks", "toy_benchmark", '"""Toy questions."""\nBENCHMARK = "toy"\n')
    assert benchmarks()["toy_benchmark"] == "Toy questions."
    assert unchecked(find_benchmark)("toy_benchmark") == unchecked(find_benchmark)("toy-benchmark") == "toy"


def test_a_measure_is_one_file(add):
    add("vlm2.evaluation.measures", "toy_measure", '"""Toy measure."""\nMEASURE = "toy"\n')
    assert measures()["toy_measure"] == "Toy measure."


def test_a_recipe_is_one_file(add):
    add("vlm2.training.recipes", "toy_recipe", '"""Toy training."""\ndef recipe(): ...\ndef run(config): ...\n')
    assert recipes()["toy_recipe"] == "Toy training."
    assert load_recipe("toy_recipe").run(None) is None and load_recipe("toy-recipe") is load_recipe("toy_recipe")


def test_what_binds_no_such_name_is_no_entry(add):
    add("vlm2.evaluation.benchmarks", "helper", "# BENCHMARK = 1\ndef benchmark(): BENCHMARK = 1\n")
    assert "helper" not in benchmarks()
    with pytest.raises(ValueError, match=r"is called 'vsibench'; did you mean 'vsi_bench'\? There are: homes"):
        registry.load("vlm2.evaluation.benchmarks", "vsibench", "BENCHMARK", "benchmark")
