"""Which objects a viewer of the video can name without doubt: those seen clearly, and those alone of their category."""

from __future__ import annotations

from .record import Scene, SceneObject
from .vocabulary import PLURALS

CLEAR_SHARE = 0.002  # of the image: 10 × 10 pixels of a 224 × 224 frame
CLEAR_FRAMES = 3  # sampled frames that show an object so large, at least
# Parts of the building and catch-all labels of real scans: no single object that a question could mean.
UNNAMED = frozenset({"wall", "floor", "ceiling", "beam", "pillar", "object", "other", "unknown"})


def is_clear(scene: Scene, thing: SceneObject) -> bool:
    """Tell whether the video shows an object clearly; true for scans, whose records have no sightings."""
    return (
        scene.trajectory is None or sum(sighting.share >= CLEAR_SHARE for sighting in thing.sightings) >= CLEAR_FRAMES
    )


def named(scene: Scene, *, plurals: bool = True) -> dict[str, tuple[SceneObject, ...]]:
    """Return the categories that a question may name, each with all of its instances.

    A category is left out if the video does not show every instance clearly, because nobody could tell whether the
    others count. It is also left out if its known count is not the number of its boxes. Without `plurals`, categories
    whose name is a plural are left out, too.
    """
    groups = {category: scene.of_category(category) for category in dict.fromkeys(t.category for t in scene.objects)}
    return {
        category: things
        for category, things in groups.items()
        if category not in UNNAMED
        and (plurals or category not in PLURALS)
        and scene.counts.get(category, len(things)) == len(things)
        and all(is_clear(scene, thing) for thing in things)
    }


def single(scene: Scene, *, plurals: bool = True) -> tuple[SceneObject, ...]:
    """Return the objects that are alone of their category, so that "the sofa" names one; see `named`."""
    return tuple(things[0] for things in named(scene, plurals=plurals).values() if len(things) == 1)
