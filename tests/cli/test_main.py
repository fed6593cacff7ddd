"""The command line as a whole: light, one line for a mistake, every file a verb."""

import subprocess
import sys

import pytest
import typer

from vlm2.cli import main as command


@pytest.fixture
def vlm2(monkeypatch, capsys):
    """Run the command in this process: exit status, output, errors."""
    heaps: list[int] = []
    monkeypatch.setattr(command, "use_one_heap", lambda: heaps.append(1))  # it holds for the whole process

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vlm2", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            command.main()
        assert heaps
        return (stop.value.code or 0, *capsys.readouterr())

    return run


@pytest.mark.parametrize("code", ["import vlm2", "from vlm2.cli.main import main; main()"])
def test_import_and_help_are_light(code):
    check = f"import sys; sys.argv = ['vlm2', '--help']\ntry:\n    {code}\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"torch", "transformers", "numpy", "av", "PIL", "moderngl", "trimesh", "fastapi", "mcp"}


def test_every_verb_has_help(vlm2):
    for verb in command.verbs():
        status, output, _ = vlm2(verb, "--help")
        assert status == 0
        assert "Usage" in output


def test_version(vlm2):
    status, output, _ = vlm2("--version")
    assert (status, output.split()[0]) == (0, "vlm2")


@pytest.mark.parametrize("error", [ValueError("it is wrong"), FileNotFoundError("no such thing")])
def test_mistakes_are_one_line_and_status_2(vlm2, monkeypatch, error):
    def fail() -> None:
        raise error

    monkeypatch.setattr(command, "app", fail)
    monkeypatch.delenv(command.DEBUG, raising=False)
    assert vlm2() == (2, "", f"Error: {error}\n")


def test_debug_shows_the_traceback(monkeypatch):
    def fail() -> None:
        raise ValueError("it is wrong")

    monkeypatch.setattr(command, "app", fail)
    monkeypatch.setenv(command.DEBUG, "1")
    with pytest.raises(ValueError, match="it is wrong"):
        command.main()


def test_verbs_are_commands_or_groups():
    named = {group.name for group in command.app.registered_groups} | {c.name for c in command.app.registered_commands}
    assert named == set(command.verbs())
    assert isinstance(command.app, typer.Typer)
