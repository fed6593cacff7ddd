"""`vlm2 train`: the list, the configuration, and mistakes. What recipes do is tested with them."""

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.training.recipe import find, recipes


def run(*arguments):
    return CliRunner().invoke(app, ["train", *arguments])


def test_list_names_every_recipe():
    lines = run("--list").output.splitlines()
    assert [line.split()[0] for line in lines] == list(recipes())


def test_show_prints_what_would_run():
    assert "count=3" in run("cache", "count=3", "--show").output.split()


def test_run_gets_the_changed_configuration(monkeypatch):
    ran = []
    monkeypatch.setattr(find("cache"), "run", ran.append)
    assert run("cache", "count=3", "fps=1").exit_code == 0
    assert (ran[0].count, ran[0].fps) == (3, 1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "Name a recipe"), (["cashe"], "did you mean 'cache'"), (["cache", "count=many"], "is no int")],
)
def test_mistakes_are_explained(arguments, words):
    error = run(*arguments).exception
    assert isinstance(error, ValueError)
    assert words in str(error)
