"""The documentation: every page has a kind, experiments are short, and its addresses stay in the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vlm2.query import operator_types
from vlm2.query.calls import LATER

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
KINDS = ("tutorials", "how-to", "reference", "explanation", "experiments")
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_page_has_a_kind_and_a_title(page: Path) -> None:
    folder, _, name = page.relative_to(DOCS).as_posix().rpartition("/")
    assert folder in KINDS or name in ("index.md", "results.md")
    assert page.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("page", sorted((DOCS / "experiments").glob("*.md")), ids=lambda page: page.stem)
def test_an_experiment_is_one_dated_page(page: Path) -> None:
    assert page.stem == "index" or re.match(r"\d{4}-\d\d-\d\d-", page.name)
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    if page.stem != "index":
        assert f"({page.name})" in (DOCS / "experiments/index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    made = {"reference/cli.md"}  # written when the site is built (docs/site.py)
    assert [link for link in links if link not in made and not (page.parent / link).exists()] == []


def test_every_page_named_in_the_code_exists() -> None:
    files = [*ROOT.glob("*.md"), ROOT / "Makefile", *(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    named = {name for file in files for name in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8"))}
    assert named
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_every_operator_is_in_the_table() -> None:
    text = (DOCS / "reference/queries.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \|", text.partition("## Compact calls")[0], flags=re.MULTILINE)
    named = {name: re.findall(r"(?:^|, )(\w+)(?==|,|$)", fields) for name, fields in rows}
    assert named == {
        name: [field for field in operator.model_fields if field not in LATER]
        for name, operator in operator_types().items()
    }
