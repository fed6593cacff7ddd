"""Follow-ups: a question that leans on the one before, such as "and the lamp?", as a question of its own.

There are three kinds. A question with a pronoun ("where is it?") gets the thing that was asked about. Words that name
no thing ("how tall?") become a question about it. All else replaces its like in the question before: a thing, a room,
a unit, a superlative. What comes out has to be a question that the rules plan; after a replacement, one of the same
operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .adjuncts import TOKEN, UNIT
from .operators.describe import Describe
from .operators.identify import Identify
from .phrases import DETERMINERS, SIZES, Phrases
from .planners import rules
from .query import Query, Unplanned
from .reading import is_new
from .things import Things, things_in
from .words import THING, plural

OPENING = re.compile(
    r"^\W*(?:(?:and|or|but|so|then|now|just|only|sorry|ok|okay|no|yes|yeah|great|thanks|thank you|well|also|oh|i mean|"
    r"i meant|(?:what|how) about|(?:the )?same (?:question )?(?:for|with)|(?:what )?(?:if|when) (?:i am|i'm|i|you))\b"
    r"[\s,.!?]*)+",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"(?:[\s,]*\b(?:please|maybe|then|too|only|instead|though|as well|lol|haha|dear|love)\b|[\s?.!,])+$", re.IGNORECASE
)
PRONOUN = re.compile(r"\b(?:(it|that|this)(?: one)?|they|them|these|those)\b", re.IGNORECASE)
IS = re.compile(r"'s (?=(?:it|that|this)\b)", re.IGNORECASE)
ONE = re.compile(r"\b(?:(one)|ones)\b", re.IGNORECASE)
SOME = re.compile(r"^(?:(any)|how many)(?= (?:in|on|under|near|next|by|beside|behind)\b)", re.IGNORECASE)
ANY = re.compile(r"any(?:thing)?\b", re.IGNORECASE)
ASPECT = re.compile(r"^(?:its |the |their )?(height|length|width|depth|size|colour|color)$", re.IGNORECASE)
ABOUT = (
    "{said} is the {thing}", "{said} are the {things}", "how {said} is the {thing}", "what {said} is the {thing}",
    "{said} is the {thing} in", "{said} {things} are there", "{said} was the {thing} seen", "is the {thing} {said}",
    "are there {things} {said}",
)  # fmt: skip
"""Questions about a thing, for words that name none: "how tall?", "which room?", "how many?"."""
FAR = re.compile(r"^how far (?=(?:away )?(?:from|to)\b)", re.IGNORECASE)
THAN = re.compile(r"^\w+ than\b", re.IGNORECASE)
LINKS = ("to|from|of|between|and", "than", "face|facing|look at|looking at", "(?:stand |standing |sit )?(?:at|by|near)")
"""Words before a thing: what is behind one of them replaces what is behind one of the same kind."""
KINDS = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        "|".join(SIZES),
        "bigger|larger|smaller|taller|shorter|longer|wider|narrower",
        "first|last",
        "left|right",
        "closest|nearest|farthest|furthest",
        "between",
        "on|under|next to|beside|behind|above|inside|near|in front of",
    )
)
"""Words, each of which replaces another of its kind, with all that follows."""


@dataclass(frozen=True)
class Text:
    """A text, and the noun phrases and rooms in it, as the places of their first and behind their last letter."""

    text: str

    @cached_property
    def words(self) -> tuple[re.Match[str], ...]:
        return tuple(TOKEN.finditer(self.text))

    @cached_property
    def phrases(self) -> Phrases:
        return Phrases(tuple(word[0].lower() for word in self.words))

    def things(self) -> list[tuple[int, int, Things]]:
        """Return the noun phrases, each with and without what narrows it behind its noun."""
        found, at = [], 0
        while at < len(self.words):
            ends = {end: things for things, end in reversed(list(self.phrases.things(at)))}
            noun = max((end for end, things in ends.items() if _is_bare(things)), default=at + 1)
            found += [(*self._place(at, end), ends[end]) for end in sorted(ends) if end >= noun]
            at = noun
        return found

    def rooms(self) -> list[tuple[int, int]]:
        """Return the names of rooms."""
        firsts = range(len(self.words))
        return [
            self._place(at, max(end for _, end in found)) for at in firsts if (found := list(self.phrases.room(at)))
        ]

    def is_place(self) -> bool:
        """Tell whether the text narrows a noun before it: "in the kitchen"."""
        return any(end == len(self.words) for _, end in self.phrases.predicate(0))

    def is_name(self) -> bool:
        """Tell whether the text is one noun phrase, of a known thing or with a determiner."""
        known = bool(self.words) and self.words[0][0].lower() in DETERMINERS
        whole = [things for start, end, things in self.things() if (start, end) == (0, len(self.text))]
        return any(known or not is_new(things.label) for things in whole)

    def _place(self, first: int, end: int) -> tuple[int, int]:
        return self.words[first].start(), self.words[end - 1].end()


def in_full(question: str, before: str) -> str | None:
    """Return a follow-up as a question of its own, given the question before it in full; None if it is none."""
    query, said, before = rules.plan(before), CLOSING.sub("", OPENING.sub("", question)), before.strip(" ?.!")
    if isinstance(query, Unplanned) or not said:
        return None
    for text in _new_questions(said, query):
        if not isinstance(rules.plan(text), Unplanned):
            return _sentence(text)
    if ANY.match(said) or "?" in said:
        return None
    for text in _replacements(said, before, subject(query)):
        if type(found := rules.plan(text)) is type(query) and (found != query or UNIT.search(text)):
            return _sentence(text)
    return None


def leans(question: str, query: Query) -> bool:
    """Tell whether a question with this query may need the question before it: it is not understood alone, or its
    pronoun was read as the place ("how big is it?")."""
    return isinstance(query, Unplanned) or (bool(PRONOUN.search(question)) and not any(things_in(query)))


def subject(query: Query) -> Things | None:
    """Return the thing that a question is about; None if it asks for one."""
    if isinstance(query, Identify):
        return None if query.things.place is None else query.things.place.to[0]
    found = (getattr(query, name, None) for name in ("target", "things", "thing", "first"))
    return next((things for things in found if isinstance(things, Things) and things.label != THING), None)


def _new_questions(said: str, query: Query) -> Iterator[str]:
    """Yield questions about the thing, or at the place, that was asked about."""
    if isinstance(query, Describe | Identify) and ANY.match(said):
        room, place = (query.room, None) if isinstance(query, Describe) else (query.things.room, query.things.place)
        yield f"are there {said} {Things(room=room, place=place).phrase.removeprefix(THING)}"
    if (thing := subject(query)) is None:
        return
    one, many, any = thing.phrase, _plural(thing).phrase, _plural(Things(label=thing.label, colour=thing.colour)).phrase
    if PRONOUN.search(said):
        said = PRONOUN.sub(lambda found: f"the {one if found[1] else many}", IS.sub(" is ", said))
        yield f"is there {said}" if ANY.match(said) else said
    if SOME.search(said):
        yield SOME.sub(lambda found: f"are there any {any}" if found[1] else f"how many {any} are", said)
    if aspect := ASPECT.search(said):
        yield f"what is the {aspect[1]} of the {one}"
    if FAR.search(said):
        yield FAR.sub(f"how far is the {one} ", said)
    elif THAN.search(said):
        yield f"is the {one} {said}"
    elif not Text(said).things() and not Text(said).is_place():
        yield from (form.format(said=said, thing=one, things=many) for form in ABOUT)


def _replacements(said: str, before: str, thing: Things | None) -> Iterator[str]:
    """Yield the question before with what is said in the place of its like."""
    if unit := UNIT.search(f", {said.lower()}"):
        yield f"{UNIT.sub('', before)}{unit[0]}"
        return
    if thing is not None:
        noun = thing.label.split()[-1]
        said = ONE.sub(lambda found: noun if found[1] else plural(noun), said)
        said = PRONOUN.sub(f"the {thing.phrase}", said)
    yield from _with_thing(said, Text(before), thing)
    for kind in KINDS:
        if (word := kind.search(said)) and (place := kind.search(before)):
            yield before[: place.start()] + word[0] + (said[word.end() :] or before[place.end() :])
    room = re.sub(r"^(?:in|inside) ", "", said)
    if Text(room).rooms():
        for start, end in Text(before).rooms():
            yield before[:start] + room + before[end:]
    if Text(said).is_place():
        yield f"{before} {said}"


def _with_thing(said: str, before: Text, thing: Things | None) -> Iterator[str]:
    link = next((link for link in LINKS if re.match(rf"(?:{link}) ", said)), None)
    new = said if link is None else re.sub(rf"^(?:{link}) ", "", said)
    places = sorted(before.things(), key=lambda place: thing is None or place[2].label != thing.label)
    if link is not None:
        places = [place for place in places[::-1] if re.search(rf"\b(?:{link}) $", before.text[: place[0]])]
        places.sort(key=lambda place: not before.text[: place[0]].endswith(f" {said.removesuffix(new)}"))
    if Text(new).is_name():
        yield from (before.text[:start] + new + before.text[end:] for start, end, _ in places)
    elif link is None and places and len(named := {start for start, _, _ in Text(said).things()}) > 1 and 0 in named:
        yield before.text[: places[0][0]] + new


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}?"


def _is_bare(things: Things) -> bool:
    """Tell whether nothing behind its noun narrows a selection."""
    return things.room is None and things.place is None and things.side is None


def _plural(things: Things) -> Things:
    return things.model_copy(update={"label": plural(things.label)})
