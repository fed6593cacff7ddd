"""Recipes: finding them, and changing their settings from text."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from vlm2.training.recipe import claim, find, flat, override, recipes


@dataclass(frozen=True)
class Loop:
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
    loop: Loop = field(default_factory=Loop)


def test_settings_take_their_types():
    config = override(
        Config(),
        [
            "out=a=b",
            "folder=b",
            "split=test",
            "residual=False",
            "depth=none",
            "sizes=[3,4]",
            "loop.steps=5",
            "loop.rate=2",
        ],
    )
    assert config == Config("a=b", Path("b"), "test", False, None, (3, 4), Loop(5, 2.0))
    assert override(config, ["depth=3"]).depth == 3


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("steps", "write key=value"),
        ("=3", "write key=value"),
        ("lop.steps=3", "did you mean 'loop'"),
        ("loop.step=3", "did you mean 'steps'"),
        ("loop.steps=many", "'many' is no int"),
        ("loop.steps=2.5", "'2.5' is no int"),
        ("loop.rate=fast", "is no float"),
        ("split=val", "choose one of train, test"),
        ("residual=1", "choose true or false"),
        ("sizes=3", "is no tuple"),
        ("loop=3", "set its parts: steps, rate"),
        ("out.name=3", "is a single value"),
    ],
)
def test_wrong_settings_say_what_is_possible(setting, words):
    with pytest.raises(ValueError, match=words):
        override(Config(), [setting])


def test_flat_names_every_setting():
    assert flat(Config())["loop.steps"] == 10
    assert list(flat(Config())) == ["out", "folder", "split", "residual", "depth", "sizes", "loop.steps", "loop.rate"]


def test_a_run_is_gone_on_with_by_its_own_settings_alone(tmp_path):
    claim(tmp_path / "run", Config())
    claim(tmp_path / "run", Config())
    other = override(Config(), ["loop.steps=11", "out=elsewhere"])
    with pytest.raises(ValueError, match=r"run holds a run with another loop\.steps, out; give the same"):
        claim(tmp_path / "run", other)
    with pytest.raises(ValueError, match=r"another loop\.steps;"):
        claim(tmp_path / "run", other, apart=("out",))


def test_unknown_recipes_are_refused():
    with pytest.raises(ValueError, match=r"There are: .*cache"):
        find("nothing")


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_gives_a_configuration_and_runs(name):
    module = find(name)
    assert recipes()[name].endswith((".", ".`", "`."))
    assert callable(module.run)
    assert module.recipe() == module.recipe()
    assert override(module.recipe(), [f"{k}={v}" for k, v in flat(module.recipe()).items()]) == module.recipe()
