"""The key report: what became of every tensor of a foreign checkpoint."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class KeyReport:
    """Names with shapes.

    - `loaded`: found in the source and kept, under their names there.
    - `left_out`: found in the source, known, and of no use.
    - `missing`: expected, but not in the source.
    - `unexpected`: found in the source, but not known.
    - `reshaped`: found in the source in another shape than the expected one, which is the second.
    - `new`: our own tensors, newly initialised.
    """

    source: str
    loaded: Shapes
    left_out: Shapes = field(default_factory=dict)
    missing: Shapes = field(default_factory=dict)
    unexpected: Shapes = field(default_factory=dict)
    reshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    new: Shapes = field(default_factory=dict)

    @staticmethod
    def compare(source: str, found: Shapes, expected: Shapes, left_out: re.Pattern[str] | None = None) -> KeyReport:
        """Compare the tensors of a source with the expected ones; `left_out` matches other names that are known."""
        known = {n: s for n, s in found.items() if n not in expected and left_out is not None and left_out.search(n)}
        both = {name: found[name] for name in expected if name in found}
        return KeyReport(
            source=source,
            loaded={name: shape for name, shape in both.items() if shape == expected[name]},
            left_out=known,
            missing={name: shape for name, shape in expected.items() if name not in found},
            unexpected={name: shape for name, shape in found.items() if name not in expected and name not in known},
            reshaped={name: (shape, expected[name]) for name, shape in both.items() if shape != expected[name]},
        )

    def check(self) -> None:
        """Raise ValueError that names every tensor which is not explained."""
        complaints = [
            f"{kind} ({len(shapes)}): {', '.join(f'{name} {shape}' for name, shape in sorted(shapes.items()))}."
            for kind, shapes in (("Missing", self.missing), ("Unexpected", self.unexpected))
            if shapes
        ]
        if self.reshaped:
            pairs = (f"{name} {found} instead of {wanted}" for name, (found, wanted) in sorted(self.reshaped.items()))
            complaints.append(f"Of another shape ({len(self.reshaped)}): {', '.join(pairs)}.")
        if complaints:
            raise ValueError(
                f"{self.source} is not what it was taken for, and nothing was imported. {' '.join(complaints)} "
                "Fetch it again, or import another one; a fine-tune with tensors of its own is not known here."
            )

    def lines(self) -> list[str]:
        """Count and list the tensors; what differs only in the number of its layer is one line."""
        told = []
        for kind, shapes in (("loaded", self.loaded), ("left out", self.left_out), ("newly initialised", self.new)):
            total = sum(math.prod(shape) for shape in shapes.values())
            told.append(f"{kind}: {len(shapes)} tensors, {total:,} parameters")
            told += [f"  {line}" for line in _folded(shapes)]
        told += [f"missing: {len(self.missing)}", f"unexpected: {len(self.unexpected)}"]
        return told

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, every name with its shape."""
        kinds = ("loaded", "left_out", "missing", "unexpected", "new")
        return {"source": self.source} | {k: {n: list(s) for n, s in getattr(self, k).items()} for k in kinds}


def _folded(shapes: Shapes) -> list[str]:
    groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for name, shape in shapes.items():
        layer = re.search(r"\.(\d+)\.", name)
        pattern = name if layer is None else f"{name[: layer.start(1)]}*{name[layer.end(1) :]}"
        groups.setdefault((pattern, shape), []).append(-1 if layer is None else int(layer[1]))
    lines = []
    for (pattern, shape), layers in groups.items():
        first, last = min(layers), max(layers)
        run = sorted(layers) == list(range(first, last + 1))
        span = str(first) if first == last else f"{{{first}-{last}}}" if run else f"{{{','.join(map(str, layers))}}}"
        lines.append(f"{pattern.replace('*', span)} {shape}{f' ×{len(layers)}' if len(layers) > 1 else ''}")
    return lines
