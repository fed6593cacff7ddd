"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlm2.cache import whole_file


@pytest.mark.parametrize("name", ["a.json", "n" * 255])
def test_a_file_replaces_the_earlier_one_at_the_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("before")
    with whole_file(path) as partial:
        partial.write_text("after")
        assert path.read_text() == "before" and partial.parent == tmp_path
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_earlier_file_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError), whole_file(path) as partial:
        partial.write_text("half \ud800", "utf-8")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
