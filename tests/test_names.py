"""One name, one meaning: no two classes of the package have the same name."""

import ast
from collections import defaultdict
from pathlib import Path


def test_no_class_name_is_used_twice(repository: Path) -> None:
    places = defaultdict(list)
    for file in sorted((repository / "src/vlm2").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{file.relative_to(repository)}:{node.lineno}")
    assert len(places) > 200
    assert not {name: found for name, found in places.items() if len(found) > 1}
