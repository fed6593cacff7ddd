"""Rules, follow-ups and a trained reader: what the rules refuse is read with the question before it, or the reader
rewrites it as a plain question; then they plan that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..encoders.frozen_part import MissingPart
from ..models.checkpoint import PACKAGED
from ..query import Query, Unplanned
from ..query.follow_ups import PRONOUN, depends, in_full, is_placed
from ..query.intents import NONE, OUTSIDE, phrases, plain_question, slots_of, split_words
from ..query.planners import rules

if TYPE_CHECKING:
    from ..models.intent_reader import IntentReader

MOST_WORDS = 100  # of a question that the reader reads
MOST_EARLIER = 8  # questions before one that are read with it
FRAGMENT = 5  # words: a question of so few is not read alone in a conversation ("on what?")
KEPT = 256  # questions that need not be read again when another follows
LEAST_SURE = 0.9  # probability of the intent among those that fit the words, and of the slot of every word
LEAST_LIKELY = 0.2  # probability of the intent among all
WORTH_ASKING = 0.5  # between this and `LEAST_SURE`, the person is asked whether the plain question is meant
MEANT = "Did you mean: "
# Words that narrow a place. Intents without a viewpoint cannot express them, and the reader is apt to read over them.
PLACES = frozenset({"left", "right", "front", "behind", "back", "facing", "side", "part", "top", "bottom", "corner"})


@dataclass(frozen=True)
class Interpretation:
    """The query that a question means. If the question was rewritten, `plain` is the plain one; if the reader did it,
    `sure` is its `Rewriting.sure`."""

    query: Query
    plain: str | None = None
    sure: float = 1.0


class IntentPlanner:
    """Plans with the rules. If they refuse, the question is completed from the one before it (`query.follow_ups`), or
    the reader rewrites it as a plain one. The rules plan that, or the person is asked whether that is meant.

    The reader is loaded when the rules refuse a question for the first time. If its language model is not on this
    machine then, this planner leaves all to the rules. Safe to use from several threads.
    """

    def __init__(self, folder: str | Path = PACKAGED / "intents") -> None:
        """`folder` holds the reader, as `IntentReader.save` writes it."""
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._reader: IntentReader | None = None
        self._missing = False
        self._understood = lru_cache(KEPT)(self._read_after)
        self._stands = lru_cache(KEPT)(lambda text: is_placed(rules.plan(text)))

    def __call__(self, question: str, options: Sequence[str] | None = None) -> Query:
        """Return the query that a question means, or the `Unplanned` one of the rules."""
        return self.read(question, options).query

    def read(
        self,
        question: str,
        options: Sequence[str] | None = None,
        guess: bool = False,
        earlier: Sequence[str] = (),
    ) -> Interpretation:
        """Return the query that a question means; `earlier` are the questions before it, the oldest first. A question
        that may depend on them is read with them before the reader reads it alone.

        If the reader is not sure of its plain question, the query is the `Unplanned` one of the rules, whose reason
        then ends with the plain question, as a question to the person. With `guess`, it is that of the plain question.
        """
        query = rules.plan(question, options)
        earlier = [text[: rules.LONGEST] for text in earlier[-MOST_EARLIER:]]
        before = self._last_understood(earlier)
        if depends(question, query, before, stood=any(map(self._stands, earlier))):
            if before is not None and (full := in_full(question, before)) is not None:
                return Interpretation(rules.plan(full, options), full)
            if earlier and not isinstance(query, Unplanned):
                return Interpretation(Unplanned(reason=rules.CONTINUES))
            if earlier and (len(question.split()) <= FRAGMENT or PRONOUN.search(question)):
                return Interpretation(query)
        found = self._rewriting(question) if isinstance(query, Unplanned) else None
        if not isinstance(query, Unplanned) or found is None or found.sure < WORTH_ASKING:
            return Interpretation(query)
        read = rules.plan(found.plain, options)
        if isinstance(read, Unplanned):
            return Interpretation(query)
        if found.sure < LEAST_SURE and not guess:
            return Interpretation(query.model_copy(update={"reason": f"{query.reason} {MEANT}“{found.plain}”"}))
        return Interpretation(read, found.plain, found.sure)

    def plain(self, question: str) -> str | None:
        """Return a question in plain words; None if the reader predicts no intent, is not sure, or is not there."""
        found = self._rewriting(question)
        return None if found is None or found.sure < LEAST_SURE else found.plain

    def _last_understood(self, earlier: Sequence[str]) -> str | None:
        """Return the last of the questions before one, in full; None if it was not understood."""
        before = None
        for text in earlier:
            before = self._understood(text, before)
        return before

    def _read_after(self, text: str, before: str | None) -> str | None:
        """Return a question as it is understood after another; None if it is not."""
        read = self.read(text, earlier=() if before is None else (before,))
        return None if isinstance(read.query, Unplanned) else read.plain or text

    def _rewriting(self, question: str) -> Rewriting | None:
        words = split_words(question)
        reader = self._load() if 0 < len(words) <= MOST_WORDS else None
        found = None if reader is None else rewrite(reader, words)
        if found is None:
            return None
        unread = found.unread - {word.lower() for word in split_words(found.plain)}
        return None if "facing" not in slots_of(found.intent) and unread & PLACES else found

    def _load(self) -> IntentReader | None:
        with self._lock:
            if self._reader is None and not self._missing:
                from ..models.intent_reader import IntentReader

                try:
                    self._reader = IntentReader.load(self.folder)
                except MissingPart:
                    self._missing = True
            return self._reader


@dataclass(frozen=True)
class Rewriting:
    """A plain question for another one."""

    plain: str
    intent: str
    unread: frozenset[str]  # words of the other one that fill no slot, in lower case
    sure: float  # the least of the probabilities: of the intent among those that fit, and of the slot of each word


@torch.inference_mode()
def rewrite(reader: IntentReader, words: Sequence[str]) -> Rewriting | None:
    """Return the most probable plain question for a question's words; None if no intent is the most probable.

    The weight of an intent is its probability, times, for each word, the probability that it fills one of the intent's
    slots or none. An intent whose plain question would lack a phrase does not fit the words.
    """
    intents, slots = (logits[0].softmax(-1) for logits in reader(reader.encode([words])))
    names, labels = reader.config.intents, reader.config.slots
    weights, found = {}, {}
    for name, chance in zip(names, intents.tolist(), strict=True):
        if name == NONE:
            weights[name] = chance
            continue
        own = torch.tensor([label == OUTSIDE or label in slots_of(name) for label in labels])
        mass = (slots * own).sum(-1)
        chances, tags = (slots * own / mass[:, None]).max(-1)
        tagged = [labels[tag] for tag in tags.tolist()]
        given = phrases(words, tagged)
        plain = None if given is None else plain_question(name, given)
        if plain is None:
            continue
        weights[name] = chance * float(mass.prod())
        if chance >= LEAST_LIKELY:
            unread = frozenset(word.lower() for word, tag in zip(words, tagged, strict=True) if tag == OUTSIDE)
            found[name] = Rewriting(plain, name, unread, float(chances.min()))
    best = max(weights, key=weights.__getitem__, default=NONE)
    if best not in found:
        return None
    return replace(found[best], sure=min(found[best].sure, weights[best] / sum(weights.values())))
