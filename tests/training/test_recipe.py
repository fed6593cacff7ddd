"""Recipes: finding them, changing their settings, and claiming a run's folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from vlm2.training.recipe import claim_folder, configure, flatten, load_recipe, recipes


@dataclass(frozen=True)
class Inner:
    steps: int = 10
    rate: float = 1e-3


@dataclass(frozen=True)
class Config:
    out: str = "runs"
    folder: Path = Path("a")
    split: Literal["train", "test"] = "train"
    residual: bool = True
    depth: int | None = 4
    sizes: tuple[int, ...] = (1, 2)
    stage: Inner = field(default_factory=Inner)


def test_settings_take_their_types():
    text = "--out a=b --folder b --split test --no-residual --depth None --sizes 3 4 --stage.steps 5 --stage.rate 2"
    config = configure("toy", Config(), text.split())
    assert config == Config("a=b", Path("b"), "test", False, None, (3, 4), Inner(5, 2.0))
    assert configure("toy", config, ["--depth", "3"]).depth == 3


def test_settings_have_dotted_names():
    assert flatten(Config())["stage.steps"] == 10
    assert list(flatten(Config())) == [
        *("out", "folder", "split", "residual", "depth", "sizes"),
        *("stage.steps", "stage.rate"),
    ]


def test_a_run_is_continued_with_its_own_settings_only(tmp_path):
    claim_folder(tmp_path / "run", Config())
    claim_folder(tmp_path / "run", Config())
    other = Config(out="elsewhere", stage=Inner(11))
    with pytest.raises(ValueError, match=r"run holds a run with another out, stage\.steps; give the same"):
        claim_folder(tmp_path / "run", other)
    with pytest.raises(ValueError, match=r"another stage\.steps;"):
        claim_folder(tmp_path / "run", other, apart=("out",))


def test_unknown_recipes_are_refused():
    with pytest.raises(ValueError, match=r"There are: .*cache"):
        load_recipe("nothing")


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_gives_a_configuration_and_runs(name):
    module = load_recipe(name)
    assert recipes()[name].endswith((".", "`"))
    assert callable(module.run)
    assert module.recipe() == module.recipe()
    assert configure(name, module.recipe(), []) == module.recipe()
