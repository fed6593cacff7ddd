"""Hooks of the documentation's site: the kind of each page, and a reference of the command line made from its help."""

from __future__ import annotations

import re

import click
import typer
from mkdocs.structure.files import File

KINDS = {
    "tutorials": "Tutorial: learn by doing, step by step.",
    "how-to": "How-to guide: steps to one goal.",
    "reference": "Reference: what there is, in full.",
    "explanation": "Explanation: how it works, and why.",
    "experiments": "Experiment: what was tried on one day; it may describe older code.",
}


def on_files(files, config):
    """Add the reference of the command line."""
    files.append(File.generated(config, "reference/cli.md", content=command_line()))
    return files


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Write the kind of a page under its title. Raises ValueError for a page that has none."""
    folder = page.file.src_uri.partition("/")[0]
    if "/" not in page.file.src_uri:
        return markdown
    if folder not in KINDS:
        raise ValueError(f"{page.file.src_uri} lies in no folder of a kind; move it to {', '.join(KINDS)}.")
    return re.sub(r"^(# .*)$", rf"\1\n\n*{KINDS[folder]}*", markdown, count=1, flags=re.MULTILINE)


def command_line() -> str:
    """Return a page with the help of every command."""
    from vlm2.cli.main import app

    group = typer.main.get_command(app)
    lines = ["# Command line", "", "Every command prints this with `--help`.", ""]
    for name, command in sorted(_commands("vlm2", group)):
        lines += [f"## `{name}`", "", (command.help or "").strip(), ""]
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        lines += ["```", f"{name} {usage}", "```", ""]
        rows = [_row(parameter) for parameter in command.params if getattr(parameter, "help", None)]
        if rows:
            lines += ["| | default | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _commands(name: str, command: click.Command):
    """Yield every command that does something, with its full name."""
    if isinstance(command, click.Group):
        for key, inner in command.commands.items():
            yield from _commands(f"{name} {key}", inner)
        if command.invoke_without_command:
            yield name, command
    else:
        yield name, command


def _row(parameter: click.Parameter) -> str:
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    shown = "" if default in (None, False, (), [], "") or callable(default) else f"`{default}`"
    text = " ".join(str(getattr(parameter, "help", "")).split()).replace("|", "\\|")
    return f"| {names} | {shown} | {text} |"
