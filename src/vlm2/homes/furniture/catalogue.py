"""The catalogue: every furniture model that homes of a split may show."""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache

import numpy as np

from ..home import FurnitureModel, Split
from . import bathroom, beds, decor, electronics, kitchen, seating, small, storage, tables
from .design import Design, Stands, finished
from .draw import Draw

DESIGNS: tuple[Design, ...] = sum(
    (kind.DESIGNS for kind in (seating, tables, beds, storage, kitchen, bathroom, electronics, decor, small)), ()
)
MODELS_PER_CATEGORY = 30
LEAST_PER_DESIGN = 10


def design_models(design: Design) -> dict[Split, tuple[str, ...]]:
    """Return the names of a design's models in each split: 70, 10 and 20 % of them, in the order of their hashes.

    A name settles the model altogether (form, sizes, finishes), so what a test home shows was never trained on.
    """
    forms = sum(d.category == design.category for d in DESIGNS)
    count = max(LEAST_PER_DESIGN, MODELS_PER_CATEGORY // forms)
    names = sorted((f"{design.category}/{design.form}/{i:02d}" for i in range(count)), key=_digest)
    train, validation = round(0.7 * count), round(0.8 * count)
    return {"train": tuple(names[:train]), "validation": tuple(names[train:validation]), "test": tuple(names[validation:])}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _model(design: Design, name: str, split: Split) -> FurnitureModel:
    seed = int(_digest(name)[:16], 16)
    return finished(design, name, Draw(np.random.default_rng(seed), split))


class Catalogue:
    """The furniture of one split: our own parametric models, and Sweet Home 3D's where they are installed."""

    def __init__(self, split: Split, sweethome: bool | None = None):
        self.split: Split = split
        self._models: dict[str, list[tuple[Stands, Design, str]]] = {}
        for design in DESIGNS:
            entries = self._models.setdefault(design.category, [])
            entries += [(design.stands, design, name) for name in design_models(design)[split]]

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in alphabetical order."""
        return tuple(sorted(self._models))

    def pick(self, category: str, rng: np.random.Generator, stands: Stands | None = None) -> FurnitureModel:
        """Draw a model of a category, of those that stand so where `stands` is given; the same for the same generator.

        Raises KeyError, naming what there is, for a category or a way of standing that the catalogue lacks.
        """
        if category not in self._models:
            raise KeyError(f"There is no furniture category {category!r}; there are {', '.join(self.categories)}.")
        entries = [e for e in self._models[category] if stands in (None, e[0])]
        if not entries:
            ways = sorted({e[0] for e in self._models[category]})
            raise KeyError(f"No {category!r} stands on {stands!r}; there are those of {', '.join(ways)}.")
        _, design, name = entries[int(rng.integers(len(entries)))]
        return _model(design, name, self.split)

    @cached_property
    def pack_hash(self) -> str:
        """The sha256 of everything that the catalogue can give: names, sizes, shapes and finishes."""
        digest = hashlib.sha256()
        for category in self.categories:
            for _, design, name in self._models[category]:
                _add(digest, _model(design, name, self.split))
        return digest.hexdigest()


def _add(digest, model: FurnitureModel) -> None:
    """Add a model to a digest; positions to 0.1 mm, off the halves that rounding errors of machines could tip."""
    digest.update(f"{model.name}|{model.category}|{model.stands}|{model.surface_height}|{model.colour}".encode())
    for part in model.mesh.parts:
        digest.update(repr(part.material).encode())
        digest.update(np.floor(part.positions.astype(np.float64) * 1e4 + 0.318).astype("<i4").tobytes())
        digest.update(part.faces.astype("<i4").tobytes())
