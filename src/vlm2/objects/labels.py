"""Groups of labels that look alike, so that detectors mix them up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

GROUPS = (
    ("sofa", "couch", "bed"),
    ("tv", "monitor", "laptop", "whiteboard", "picture", "mirror", "window"),
    ("table", "desk", "counter", "dining table"),
    ("cabinet", "closet", "shelf", "bookshelf", "nightstand", "tv stand", "refrigerator", "dishwasher", "washer"),
    ("chair", "stool"),
    ("stove", "oven", "counter"),
    ("lamp", "ceiling light"),
    ("box", "basket", "crate", "bucket", "trash bin", "suitcase", "backpack"),
    ("cup", "bowl", "kettle", "pan"),
    ("door", "closet", "window"),
    ("pillow", "blanket", "towel"),
    ("radiator", "heater"),
)
"""A detector may give one thing different labels of a group in different frames."""


def confusable(labels: Sequence[str]) -> Bool[np.ndarray, "labels labels"]:
    """Return which pairs of different labels are in one group."""
    found = np.zeros((len(labels), len(labels)), bool)
    for group in GROUPS:
        places = [labels.index(label) for label in group if label in labels]
        found[np.ix_(places, places)] = True
    np.fill_diagonal(found, False)
    return found
