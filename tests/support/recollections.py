"""Recollections made by hand."""

from __future__ import annotations

import torch

from vlm2.models.recall import ObjectEvidence
from vlm2.scenes.vocabulary import VOCABULARY, category_index

CHAIR, TABLE = category_index("chair"), category_index("table")


def recollection(
    *shows: tuple[int, int, tuple[float, float, float]], slots: int = 4, tokens: int = 5
) -> ObjectEvidence:
    """Slots a second apart in which nothing is seen, but for `shows`: (slot, name, place)."""
    shown, places = torch.full((slots, tokens, len(VOCABULARY) - 1), 0.01), torch.zeros(slots, tokens, 3)
    used = [0] * slots
    for slot, name, place in shows:
        shown[slot, used[slot], name - 1] = 0.9
        places[slot, used[slot]] = torch.tensor(place)
        used[slot] += 1
    return ObjectEvidence(shown, places, torch.arange(slots).float())
