"""What a watcher of the video can name without doubt: instances seen clearly, and categories that have just one."""

from __future__ import annotations

from ..scenes.record import Scene, SceneObject
from ..scenes.vocabulary import PLURALS

CLEAR_SHARE = 0.002  # of the image: 10 × 10 pixels of a 224 × 224 frame
CLEAR_FRAMES = 3
# Parts of the building and catch-all labels of real scans: no one thing that a question could mean.
UNNAMED = frozenset({"wall", "floor", "ceiling", "beam", "pillar", "object", "other", "unknown"})


def is_clear(thing: SceneObject) -> bool:
    """Tell whether the video shows a thing large enough in enough sampled frames."""
    return sum(sighting.share >= CLEAR_SHARE for sighting in thing.sightings) >= CLEAR_FRAMES


def named(scene: Scene, *, plurals: bool = True) -> dict[str, tuple[SceneObject, ...]]:
    """Return the categories that a question may name, each with all of its instances; without `plurals`, only those
    whose name is a singular.

    A category with an instance that the video hardly shows is left out, because nobody could tell whether it counts,
    and so is one whose known count differs from its boxes. Scans come without sightings; there every instance counts
    as seen.
    """
    groups: dict[str, list[SceneObject]] = {}
    for thing in scene.objects:
        groups.setdefault(thing.category, []).append(thing)
    return {
        category: tuple(things)
        for category, things in groups.items()
        if category not in UNNAMED
        and (plurals or category not in PLURALS)
        and scene.counts.get(category, len(things)) == len(things)
        and (scene.trajectory is None or all(map(is_clear, things)))
    }


def single(scene: Scene, *, plurals: bool = True) -> tuple[SceneObject, ...]:
    """Return the things that are the only ones of their category, which "the sofa" therefore names."""
    return tuple(things[0] for things in named(scene, plurals=plurals).values() if len(things) == 1)
