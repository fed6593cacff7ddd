"""Phrases that name things: nouns with colours, sizes, places and sides, read from words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .template import PUNCTUATION, skip
from .things import NOW, Place, Things
from .words import ATTRIBUTES, COLOURS, FUNCTION, NAMES, NOUNS, ROOMS, SHADES, STRUCTURE, THING, singular

DETERMINERS = frozenset("the a an any some my your his her their this that these those its all".split())
LOOSE = frozenset("another two three four several many multiple some few one more other".split())  # of things beside one
SIZES = {"largest": "largest", "biggest": "largest", "smallest": "smallest", "tallest": "tallest", "shortest": "shortest",
         "longest": "longest", "widest": "widest", "narrowest": "narrowest"}  # fmt: skip
ORDERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
ANYTHING = frozenset({"thing", "object", "item", "anything", "something"})
PLACES = (
    ("on top of", "on"), ("on", "on"), ("underneath", "under"), ("under", "under"), ("below", "under"),
    ("beneath", "under"), ("above", "above"), ("over", "above"), ("next to", "beside"), ("beside", "beside"),
    ("adjacent to", "beside"), ("by", "beside"), ("right next to", "beside"), ("near", "near"), ("close to", "near"),
    ("inside", "inside"), ("inside of", "inside"), ("in", "inside"), ("closest to", "nearest_to"),
    ("nearest to", "nearest_to"), ("nearest", "nearest_to"), ("farthest from", "farthest_from"),
    ("furthest from", "farthest_from"), ("between", "between"), ("in between", "between"), ("around", "beside"), ("surrounding", "beside"),
)  # fmt: skip
LINKS = ("", "that is", "that are", "which is", "which are", "is", "are", "located", "placed", "standing", "sitting",
         "lying", "hanging", "mounted", "that is located", "that is placed", "that is sitting", "that is standing",
         "that sits", "sat", "positioned", "situated", "resting", "placed right", "right", "there", "are there")  # fmt: skip
DIRECTIONS = ("front-left", "front-right", "back-left", "back-right", "left", "right", "front", "back", "behind",
              "forward", "backward", "forwards", "backwards", "straight", "ahead")  # fmt: skip
FACED = ("i am facing", "that i am facing", "which i am facing", "in front", "ahead", "straight ahead")
TURNED = ("if i turn around", "if i turned around", "when i turn around", "behind", "if i turn back")
ME = ("me", "myself", "the camera", "the camera ( or the person filming )", "the viewer", "the person filming", "the lens", "i", "where i am", "where i am standing",
      "where i am sitting", "the camera or the person filming", "my position", "where i stand", "here")  # fmt: skip
HOURS = {word: hour for hour, word in enumerate(
    "one two three four five six seven eight nine ten eleven twelve".split(), start=1)}  # fmt: skip

Reading = Iterator[tuple[Any, int]]


@dataclass(frozen=True)
class Phrases:
    """The readers of phrases of one text. Each yields what it reads from a place on, with the place behind it."""

    tokens: Sequence[str]
    read: dict[tuple[int, bool], list[tuple[Things, int]]] = field(default_factory=dict)

    def things(self, start: int, loose: bool = False) -> Reading:
        """Yield selections of things: "the red chair next to the desk", the longest readings first; `loose` lets pass
        numbers and "another"."""
        if (start, loose) not in self.read:
            self.read[start, loose] = list(self._things(start, loose))
        yield from self.read[start, loose]

    def _things(self, start: int, loose: bool) -> Reading:
        fields: dict[str, Any] = {}
        at = start
        while self._word(at) in DETERMINERS or (loose and self._word(at) in LOOSE):
            at += 1
        while True:
            word = self._word(at)
            if word in SHADES and self._word(at + 1) in COLOURS:
                fields["colour"], at = f"{word} {self._word(at + 1)}", at + 2
            elif word in COLOURS:
                fields["colour"], at = word, at + 1
            elif word in SIZES:
                fields["size"], at = SIZES[word], at + 1
            elif word in ORDERS and self._word(at + 1) not in FUNCTION:
                fields["order"], at = ORDERS[word], at + 1
            else:
                break
        for label, end in self._noun(at):
            yield from self.modified(fields | {"label": label}, end)

    def modified(self, fields: dict[str, Any], start: int, least: int = 0, bare: bool = False) -> Reading:
        """Yield a selection narrowed by at least so many predicates behind it; `bare`: a colour needs no "is"."""
        if least <= 0:
            plain = Things(**fields), start
            if fields.get("label") in STRUCTURE:
                yield plain
                return
        for more, end in self.predicate(start, bare):
            if not set(more) & set(fields):
                yield from self.modified(fields | more, end, least - 1, bare)
        if least <= 0:
            yield plain

    def predicate(self, start: int, bare: bool = False) -> Reading:
        """Yield the field that one predicate sets: "on the desk", "in the kitchen", "to my left", "red"."""
        for link in LINKS:
            at = self._after(link, start)
            if at is None:
                continue
            if (link or bare) and self._word(at) in COLOURS:
                yield {"colour": self._word(at)}, at + 1
            for side, end in self.side(at):
                yield {"side": side}, end
            for room, end in self.room(at, inside=True):
                yield {"room": room}, end
            for words, kind in PLACES:
                behind = self._after(words, at)
                if behind is not None:
                    yield from self._places(kind, behind)

    def side(self, start: int) -> Reading:
        """Yield a direction from someone: "to my left", "behind me", "in my 3 o'clock direction"."""
        for phrases, side in ((FACED, "front"), (TURNED, "back")):
            for words in phrases:
                end = self._after(words, start)
                if end is not None and (end == len(self.tokens) or self._word(end) in PUNCTUATION or len(words.split()) > 2
                                        or self._word(end) in ("odd", "even", "an")):
                    yield side, end
        for near in ("", "right", "far", "over"):
            first = self._after(near, start)
            if first is None:
                continue
            for words, side in (("behind me", "back"), ("behind my back", "back"), ("at my back", "back"), ("ahead of me", "front"),
                                ("in front of me", "front"), ("to my back", "back"), ("in my back", "back")):  # fmt: skip
                end = self._after(words, first)
                if end is not None:
                    for extra in ("to the left", "to my left", "to the right", "to my right", "on the left", "on the right"):
                        further = self._after(extra, end)
                        if further is not None:
                            yield f"{side}-{extra.split()[-1]}", further
                    yield side, end
            for before in ("to my", "on my", "at my", "in my", "from my", "towards my", "to the", "on the"):
                at = self._after(before, first)
                if at is None:
                    continue
                word = self._word(at)
                hour = int(word) if word.isdigit() else HOURS.get(word, 0)
                if 1 <= hour <= 12 and self._word(at + 1) in ("o'clock", "oclock"):
                    yield f"{hour} o'clock", at + 2 + (self._word(at + 2) == "direction")
                mine = before.endswith("my") or self._word(at + 1) not in ("of", "side")
                if word in ("left", "right") and mine:
                    end = at + 1
                    end += self._word(end) in ("side", "hand")
                    end += self._word(end) == "side"
                    yield word, end

    def room(self, start: int, inside: bool = False) -> Reading:
        """Yield the name of a room: "the kitchen"; with `inside`, behind "in"."""
        for before in ("in the", "inside the", "in my", "in") if inside else ("the", "my", "this", ""):
            at = self._after(before, start)
            for length in (2, 1):
                name = " ".join(self.tokens[at : at + length]) if at is not None else ""
                if at is not None and singular(name) in ROOMS:
                    yield singular(name), at + length

    def spot(self, start: int) -> Reading:
        """Yield where a distance is measured to: a thing, or where someone is."""
        for words in ME:
            end = self._after(words, start)
            if end is not None:
                yield NOW, end
        yield from self.things(start)

    def several(self, start: int, least: int = 2, loose: bool = False) -> Reading:
        """Yield a list of things: "the chair, the table or the bed"."""
        for first, end in self.things(start, loose):
            yield from self._listed((first,), end, least, loose)

    def directions(self, start: int) -> Reading:
        """Yield a list of directions: "to my left, right, or back"."""
        found: list[str] = []
        at = start
        while at < len(self.tokens):
            word = self.tokens[at]
            if word in DIRECTIONS:
                found.append({"behind": "back"}.get(word, word))
                if len(found) > 1:
                    yield tuple(found), at + 1
                    further = self._after("me", at + 1) or self._after("of me", at + 1)
                    if further is not None:
                        yield tuple(found), further
            elif word not in ("to", "on", "at", "in", "my", "the", "or", "side", "hand", "of", "me", "from", "and", "me", *PUNCTUATION):
                return
            at += 1

    def _listed(self, found: tuple[Things, ...], start: int, least: int, loose: bool = False) -> Reading:
        at = skip(self.tokens, start)
        joined = at > start
        if self._word(at) in ("and", "or"):
            at, joined = at + 1, True
        if joined:
            for thing, end in self.things(at, loose):
                yield from self._listed((*found, thing), end, least, loose)
        if len(found) >= least:
            yield found, start

    def _places(self, kind: str, start: int) -> Reading:
        if kind == "between":
            for pair, end in self.several(start):
                if len(pair) == 2:
                    yield {"place": Place(kind=kind, to=pair)}, end
            return
        for to, end in self.things(start):
            if to.label not in ROOMS:
                yield {"place": Place(kind=kind, to=(to,))}, end  # pyright: ignore[reportArgumentType]

    def _noun(self, start: int) -> Iterator[tuple[str, int]]:
        """Yield nouns: known ones of up to three words, compounds of known ones, and at last one unknown word."""
        for length in (4, 3, 2, 1):
            words = self.tokens[start : start + length]
            name = singular(" ".join(words))
            if len(words) < length or any(word in PUNCTUATION for word in words):
                continue
            if name in NAMES:
                yield name, start + length
                return  # "tv stand" is no tv that stands
            if any(word in ATTRIBUTES for word in words):
                continue
            if name in ANYTHING:
                yield THING, start + length
            elif name in NOUNS or (length > 1 and all(_is_noun(word) for word in words)):
                yield name, start + length
            elif length == 1 and is_unknown(words[0]):
                yield name, start + length

    def _word(self, at: int) -> str:
        return self.tokens[at] if at < len(self.tokens) else ""

    def _after(self, words: str, start: int) -> int | None:
        parts = words.split()
        return start + len(parts) if list(self.tokens[start : start + len(parts)]) == parts else None


def is_unknown(word: str) -> bool:
    """Tell whether a word may be the name of a thing that nobody here knows."""
    known = word in FUNCTION or word in ATTRIBUTES or word in COLOURS or word in SIZES or singular(word) in ROOMS
    return word.isascii() and word.isalpha() and len(word) > 2 and not known


def _is_noun(word: str) -> bool:
    return singular(word) in NAMES or singular(word) in NOUNS or word in ROOMS
