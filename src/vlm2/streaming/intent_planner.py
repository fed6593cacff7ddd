"""Rules and a trained reader: what the rules refuse, the reader rewrites as a plain question, and they plan that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import torch

from ..encoders.frozen_part import MissingPart
from ..models.checkpoint import PACKAGED
from ..models.intent_reader import IntentReader
from ..query import Query, Unplanned
from ..query.intents import NONE, OUTSIDE, phrases, plain_question, slots_of, split_words
from ..query.planners import rules

MOST_WORDS = 100  # of a question that the reader reads
LEAST_SURE = 0.8  # probability of the intent, and of the slot of every word
# Words that narrow a place. Intents without a viewpoint cannot express them, and the reader is apt to read over them.
PLACES = frozenset({"left", "right", "front", "behind", "back", "facing", "side", "part", "top", "bottom", "corner"})


class IntentPlanner:
    """Plans with the rules. If they refuse, the reader rewrites the question as a plain one, and the rules plan that.

    The reader is loaded when the rules refuse a question for the first time. If its language model is not on this
    machine then, this planner leaves all to the rules. Safe to use from several threads.
    """

    def __init__(self, folder: str | Path = PACKAGED / "intents") -> None:
        """`folder` holds the reader, as `IntentReader.save` writes it."""
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._reader: IntentReader | None = None
        self._missing = False

    def __call__(self, question: str, options: Sequence[str] | None = None) -> Query:
        """Return the query that a question means, or the `Unplanned` one of the rules."""
        return self.read(question, options)[0]

    def read(self, question: str, options: Sequence[str] | None = None) -> tuple[Query, str | None]:
        """Return the query that a question means, and the plain question if the reader rewrote it and the rules
        accepted that."""
        query = rules.plan(question, options)
        if not isinstance(query, Unplanned) or (plain := self.plain(question)) is None:
            return query, None
        read = rules.plan(plain, options)
        return (query, None) if isinstance(read, Unplanned) else (read, plain)

    def plain(self, question: str) -> str | None:
        """Return a question in plain words; None if the reader predicts no intent, is not sure, or is not there."""
        words = split_words(question)
        reader = self._load() if 0 < len(words) <= MOST_WORDS else None
        if reader is None:
            return None
        with torch.inference_mode():
            intents, slots = (logits[0].softmax(-1) for logits in reader(reader.encode([words])))
        sure, intent = intents.max(-1)
        chances, tags = slots.max(-1)
        name = reader.config.intents[int(intent)]
        if name == NONE or min(float(sure), float(chances.min())) < LEAST_SURE:
            return None
        labels = [reader.config.slots[tag] for tag in tags.tolist()]
        unread = {word.lower() for word, label in zip(words, labels, strict=True) if label == OUTSIDE}
        if "facing" not in slots_of(name) and unread & PLACES:
            return None
        found = phrases(words, labels)
        return None if found is None else plain_question(name, found)

    def _load(self) -> IntentReader | None:
        with self._lock:
            if self._reader is None and not self._missing:
                try:
                    self._reader = IntentReader.load(self.folder)
                except MissingPart:
                    self._missing = True
            return self._reader
