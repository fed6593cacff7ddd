"""`vlm2 train`: the list, the help pages, the configuration, and mistakes. What recipes do is tested with them."""

import re
import subprocess
import sys
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.training.recipe import load_recipe, recipes


def run(*arguments):
    return CliRunner().invoke(app, ["train", *arguments])


def test_list_names_every_recipe():
    lines = run("--list").output.splitlines()
    assert [line.split()[0] for line in lines] == list(recipes())


def test_show_prints_what_would_run():
    assert "count = 3" in run("--show", "cache", "--count", "3").output.splitlines()


@pytest.mark.parametrize("recipe", recipes())
def test_help_lists_every_setting_of_a_recipe(recipe, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    found = run(recipe, "--help")
    assert found.exit_code == 0
    assert f"usage: vlm2 train {recipe}" in found.output and "(default: " in found.output


def test_help_without_a_recipe_is_that_of_the_verb():
    assert "--list" in run("--help").output and run("--help").exit_code == 0


def test_run_gets_the_changed_configuration(monkeypatch):
    ran = []
    monkeypatch.setattr(load_recipe("cache"), "run", ran.append)
    assert run("cache", "--count", "3", "--fps", "1").exit_code == 0
    assert (ran[0].count, ran[0].fps) == (3, 1.0)


@pytest.mark.parametrize(("arguments", "words"), [([], "Name a recipe"), (["cashe"], "did you mean 'cache'")])
def test_unknown_recipes_are_explained(arguments, words):
    error = run(*arguments).exception
    assert isinstance(error, ValueError)
    assert words in str(error)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cache", "--count", "many"], "--count"),
        (["cache", "--cuont", "3"], "Perhaps you meant"),
        (["cache", "count=3"], "Unrecognized options: count=3"),
        (["mini", "--answering.steps", "-1"], "give 0 (to leave it out) or more"),
        (["finetune", "--held-out", "1"], "is no share"),
    ],
)
def test_wrong_settings_are_explained(arguments, words, capfd):
    assert run(*arguments).exit_code == 2
    found = capfd.readouterr().err + run(*arguments).output
    assert words in " ".join(found.replace("│", "").split())


def test_settings_are_parsed_by_a_library_that_other_verbs_do_not_load():
    code = "import vlm2.cli.main, sys; assert not {'tyro', 'torch', 'vlm2.training.recipe'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("recipe", sorted(set(recipes()) - {"geometry"}))  # whose encoder's sizes are π³'s own
def test_every_setting_has_a_text(recipe, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")  # one column
    lines = [line.strip("│ \n") for line in run(recipe, "--help").output.splitlines()]
    alone = re.compile(r"--(?!.*  )")  # a setting whose text begins on the next line
    silent = [line for line, text in pairwise([*lines, ""]) if alone.match(line) and text.startswith("(default")]
    silent += [line for line in lines if re.match(r"--\S+(, --\S+)?( [^( ]+)? +\(default", line)]
    assert silent == []
