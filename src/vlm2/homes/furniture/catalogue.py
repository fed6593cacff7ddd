"""The catalogue: every furniture model that homes of a split may show."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from functools import cache, lru_cache, partial

import numpy as np

from ..home import FurnitureModel, Split
from . import bathroom, beds, decor, electronics, kitchen, lamps, music, plants, seating, small_items, storage, tables
from .design import Design, finished
from .random_draw import Draw
from .sweethome import SweetHome, installed, split_of

MODULES = (seating, tables, beds, storage, kitchen, bathroom, electronics, lamps, plants, decor, music, small_items)
DESIGNS = tuple(design for module in MODULES for design in vars(module).values() if isinstance(design, Design))
MODELS_PER_CATEGORY = 30
LEAST_PER_DESIGN = 10
MORE_TO_TRAIN_ON = 200  # a design, in the training split alone


@cache
def design_models(design: Design) -> dict[Split, tuple[str, ...]]:
    """Return the names of a design's models in each split.

    The first models are split 70, 10 and 20 %, in the order of their hashes. `MORE_TO_TRAIN_ON` further ones are for
    training only, since training on few models learns these models and not their category
    (docs/experiments/2026-11-27-labels.md). A name determines the model (form, sizes, finishes), so training never
    shows the models of a test home.
    """
    forms = sum(d.category == design.category for d in DESIGNS)
    count = max(LEAST_PER_DESIGN, MODELS_PER_CATEGORY // forms)
    named = [f"{design.category}/{design.form}/{i:02d}" for i in range(count + MORE_TO_TRAIN_ON)]
    names, more = sorted(named[:count], key=_digest), named[count:]
    train, validation = round(0.7 * count), round(0.8 * count)
    return {
        "train": (*names[:train], *more),
        "validation": tuple(names[train:validation]),
        "test": tuple(names[validation:]),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _model(design: Design, name: str, split: Split) -> FurnitureModel:
    seed = int(_digest(name)[:16], 16)
    return finished(design, name, Draw(np.random.default_rng(seed), split))


class Catalogue:
    """The furniture of one split: our own parametric models, and Sweet Home 3D's where they are installed.

    `sweethome`: True requires Sweet Home 3D's (ValueError if they are not installed), False leaves them out, None uses
    them where they are installed.
    """

    def __init__(self, split: Split, sweethome: bool | None = None):
        self.split: Split = split
        self._builders: dict[str, list[Callable[[], FurnitureModel]]] = defaultdict(list)
        for design in DESIGNS:
            self._builders[design.category] += [
                partial(_model, design, name, split) for name in design_models(design)[split]
            ]
        if sweethome or (sweethome is None and installed()):
            pack = _pack()
            for entry in pack.entries:
                if split_of(entry.model.name) == split:
                    self._builders[entry.model.category].append(partial(_foreign, pack, entry))

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in alphabetical order."""
        return tuple(sorted(self._builders))

    def pick(self, category: str, rng: np.random.Generator) -> FurnitureModel:
        """Draw a model of a category. Raises KeyError, with the known ones, for an unknown category."""
        if category not in self._builders:
            raise KeyError(f"There is no furniture category {category!r}; there are {', '.join(self.categories)}.")
        builders = self._builders[category]
        return builders[int(rng.integers(len(builders)))]()


_pack = cache(SweetHome)
_foreign = lru_cache(maxsize=512)(SweetHome.model)
