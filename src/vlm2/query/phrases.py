"""Phrases that name things: nouns with colours, sizes, places and sides, read from words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .template import PUNCTUATION, compiled, match, skip
from .things import NOW, Place, Things
from .words import ATTRIBUTES, COLOURS, FUNCTION, NAMES, NOUNS, PARTS, ROOMS, SHADES, STRUCTURE, THING, plural, singular

DETERMINERS = frozenset(
    ["the", "a", "an", "any", "some", "my", "your", "his", "her", "their", "its", "this", "that", "all"]
)
LOOSE = frozenset(["another", "two", "three", "four", "several", "many", "multiple", "few", "one", "more", "other"])
NUMBERS = frozenset(["two", "three", "four", "five", "2", "3", "4", "5"])
QUANTITIES = frozenset(["couple", "pair", "lot", "lots", "bunch", "number"])  # of chairs
SIZES = {"biggest": "largest"} | {
    size: size for size in ("largest", "smallest", "tallest", "shortest", "longest", "widest", "narrowest")
}
ORDERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
ANYTHING = frozenset(["furniture", "thing", "object", "item", "anything", "something"])
VERBAL = ("ed", "ing", "ly")  # endings of unknown words that are hardly nouns
HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
DIRECTIONS = {"behind": "back"} | {
    way: way
    for way in ("front-left", "front-right", "back-left", "back-right", "left", "right", "front", "back", "forward",
                "backward", "forwards", "backwards", "straight", "ahead")
}  # fmt: skip
BETWEEN_DIRECTIONS = frozenset(["to", "on", "at", "in", "my", "the", "or", "side", "hand", "of", "me", "from", "and"])

LINK = (
    "[(that|which)] [is|are|sits] [there] [being] [located|placed|standing|sitting|lying|hanging|hung|mounted|"
    "installed|found|attached|sat|kept|positioned|situated|resting] [right]"
)
PLACES = {
    "on": "on [the] [top of]|on top [of]|upon|atop",
    "under": "under|underneath|below|beneath",
    "above": "above|over",
    "beside": "next to|beside|besides|adjacent to|by|[all] around|surrounding|surround|surrounds|alongside",
    "near": "near [to]|nearby|close to",
    "inside": "in|inside [of]",
    "nearest_to": "(closest|nearest|closer|nearer) to|nearest",
    "farthest_from": "(farthest|furthest) [away] from",
    "between": "[in] between|in the (middle|center|centre) of",
}


def _towards(way: str) -> dict[str, str]:
    """Return the words for left or right, and for behind and in front on that side."""
    at = f"(to|on|at|in|towards) (my|the) [direct] {way} [hand] [side|direction]"
    turned = f"(if|when) i (turn|turned|look|looked) [my head] [to|to the|to my|towards the] {way} [side]"
    behind = f"(to|on|at|in) my ({way} (back|rear)|(back|rear) {way}) [side]"
    before = f"(to|on|at|in) my (front {way}|{way} front) [side]"
    return {
        way: f"[right|far|over] {at} [of me]|{way} of me|{turned}",
        f"back-{way}": f"behind me [and] {at}|{at} [and] behind me|{behind}",
        f"front-{way}": f"in front [of me] [and] {at}|{at} [and] in front [of me]|{before}",
    }


SIDES = {
    "back": "[right] behind (me|my back)|(at|to|in|on) my (back|backside|behind|rear)|"
    "(if|when) i (turn|turned|look|looked) (around|back|backward|backwards)",
    "front": "[right] (ahead of|in front of|before) me|in my front|[that|which] (i am|am i) facing|"
    "(that|which) i am looking at",
    "hour": "(to|on|at|in|towards) my [around] {hour} o'clock [direction|position|side]|at {hour} o'clock",
    **_towards("left"),
    **_towards("right"),
}
TOLD_SIDES = {
    way: f"[right|far|over] (to|on|at) (my|the) immediate {way} [side]|by my {way} (foot|hand|arm|leg)|my {way} [side]"
    for way in ("left", "right")
} | {"both": "on (either|each) side [of (me|mine)]|on both sides [of me]"}
"""Sides that only tell where someone is: the nearest thing to the left is on the left, but not all that is there."""
LAST_SIDES = {"front": "(in|to the) front|[straight] ahead", "back": "behind|(in|at) the back"}  # at a phrase's end
ME = (
    "me|myself|i|here|my position|(the camera|the lens) [or the person filming]|the viewer|the person filming|"
    "where i (am|stand|was) [standing|sitting]"
)

Reading = Iterator[tuple[Any, int]]

ROOM_ORDERS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}  # among rooms of one kind


@dataclass(frozen=True)
class Phrases:
    """The readers of phrases of one text. Each yields what it reads from a place on, with the place behind it."""

    tokens: Sequence[str]
    read: dict[tuple[int, bool, bool], list[tuple[Things, int]]] = field(default_factory=dict)

    def things(self, start: int, loose: bool = False, counted: bool = False) -> Reading:
        """Yield selections of things, the longest readings first: "the red chair next to the desk"; a `loose` reading
        lets pass numbers and "another", a `counted` one numbers alone."""
        if (start, loose, counted) not in self.read:
            self.read[start, loose, counted] = list(self._things(start, loose, counted))
        yield from self.read[start, loose, counted]

    def several(self, start: int, least: int = 2, loose: bool = False) -> Reading:
        """Yield lists of things: "the chair, the table or the bed"."""
        for first, end in self.things(start, loose):
            yield from self._listed((first,), end, least, loose)

    def modified(self, fields: dict[str, Any], start: int, least: int = 0, bare: bool = False) -> Reading:
        """Yield a selection narrowed by at least so many predicates behind it; `bare`: a colour needs no "is"."""
        if fields.get("label") not in STRUCTURE:
            for more, end in self.predicate(start, bare):
                if not set(more) & set(fields):
                    yield from self.modified(fields | more, end, least - 1, bare)
        if least <= 0:
            yield Things(**fields), start

    def predicate(self, start: int, bare: bool = False) -> Reading:
        """Yield the field that one predicate sets: "on the desk", "in the kitchen", "to my left", "is red"."""
        for at in [end for _, end in self._phrase(LINK, start)]:
            if (at > start or bare) and self._word(at) in COLOURS:
                yield {"colour": self._word(at)}, at + 1
            for side, end in self.side(at):
                yield {"side": side}, end
            for _, behind in self._phrase("(in|inside) [the|my]", at):
                for room, end in self.room(behind):
                    yield {"room": room}, end
            for kind, words in PLACES.items():
                for _, behind in self._phrase(words, at):
                    yield from self._places(kind, behind)

    def side(self, start: int, told: bool = False) -> Reading:
        """Yield a direction from someone: "to my left", "behind me", "in my 3 o'clock direction"; if it is `told`
        where things are, "by my left foot" as well."""
        for side, words in (*SIDES.items(), *(TOLD_SIDES.items() if told else ())):
            for bound, end in self._phrase(words, start):
                if self._word(end) != "of":
                    yield (f"{bound[0][1]} o'clock" if bound else side), end
        for side, words in LAST_SIDES.items():
            for _, end in self._phrase(words, start):
                if self._word(end) in ("", "odd", "even", "an") or self._word(end) in PUNCTUATION:
                    yield side, end

    def room(self, start: int) -> Reading:
        """Yield the name of a room: "the kitchen", "bedroom 2", "the second bedroom"."""
        begin = start + (self._word(start) in ("the", "my", "this"))
        order = ROOM_ORDERS.get(self._word(begin))
        begin += order is not None
        for end in (begin + 2, begin + 1):
            name = singular(" ".join(self.tokens[begin:end]))
            if name in ROOMS and end <= len(self.tokens):
                if order is None and self._word(end).isdecimal():
                    yield f"{name} {self._word(end)}", end + 1
                yield f"{name} {order}" if order else name, end

    def spot(self, start: int) -> Reading:
        """Yield where a distance is measured to: where someone is, or a thing."""
        for _, end in match(compiled(ME), self.tokens, start, self._hour):
            yield NOW, end
        yield from self.things(start)

    def directions(self, start: int) -> Reading:
        """Yield a list of directions: "to my left, right, or back"."""
        found: list[str] = []
        for at in range(start, len(self.tokens)):
            word = self.tokens[at]
            if word in DIRECTIONS:
                if DIRECTIONS[word] in found:
                    return  # "ahead left, ahead right": each is one direction of two words
                found.append(DIRECTIONS[word])
            elif word not in BETWEEN_DIRECTIONS and word not in PUNCTUATION:
                return
            if len(found) > 1 and word in (*DIRECTIONS, "me", "side"):
                yield tuple(found), at + 1

    def _things(self, start: int, loose: bool, counted: bool) -> Reading:
        fields: dict[str, Any] = {}
        at = start
        while (
            self._word(at) in DETERMINERS or self._word(at) in ("these", "those") or (loose and self._word(at) in LOOSE)
        ):
            at += 1
        if loose and self._word(at) in QUANTITIES and self._word(at + 1) == "of":
            at += 2
        if counted and self._word(at) in NUMBERS:
            at += 1
        while True:
            word, following = self._word(at), self._word(at + 1)
            if word in SHADES and following in COLOURS:
                fields["colour"], at = f"{word} {following}", at + 2
            elif word in COLOURS:
                fields["colour"], at = word, at + 1 + (following in ("color", "colored", "colour", "coloured"))
            elif word in SIZES:
                fields["size"], at = SIZES[word], at + 1
            elif word == "round" and self._word(start) == "the":
                fields["size"], at = "roundest", at + 1  # a box does not show what is round, but what may be
            elif word in ORDERS and following not in FUNCTION:
                fields["order"], at = ORDERS[word], at + 1
            elif (word, following) == ("wall", "mounted") or word == "wall-mounted":
                fields["place"], at = Place(kind="on", to=(Things(label="wall"),)), at + 1 + (word == "wall")
            else:
                break
        if {"order", "size"} <= fields.keys():
            return  # "the second largest"
        for label, end in self._noun(at):
            if fields.get("size") != "roundest" or not self._is_plural(at, end, Things(label=label)):
                yield from self.modified(fields | {"label": label}, end)

    def _noun(self, start: int) -> Iterator[tuple[str, int]]:
        """Yield nouns: known ones, compounds ("coffee maker"), and at last one unknown word."""
        for length in (4, 3, 2, 1):
            words = self.tokens[start : start + length]
            name = singular(" ".join(words))
            if len(words) < length or any(word in PUNCTUATION for word in words):
                continue
            if tuple(words) == ("light",) and self._word(start - 1) not in DETERMINERS | COLOURS:
                continue  # "is there light" asks for no lamp
            if name in NAMES:
                yield name, start + length
                return  # "tv stand" is no tv that stands
            if name in ROOMS or (name not in NOUNS and any(word in ATTRIBUTES for word in words)):
                continue  # a room is no thing
            if name in ANYTHING:
                yield THING, start + length
            elif (name in NOUNS and name not in PARTS) or (length > 1 and _is_compound(words)):
                yield name, start + length
            elif length == 1 and is_unknown(name) and not _is_noun(self._word(start + 1)):
                yield name, start + length  # "paper cutter" is no paper, whatever a cutter is

    def _listed(self, found: tuple[Things, ...], start: int, least: int, loose: bool) -> Reading:
        at = skip(self.tokens, start)
        joined = at > start or self._word(at) in ("and", "or")
        if joined:
            for thing, end in self.things(at + (self._word(at) in ("and", "or")), loose):
                yield from self._listed((*found, thing), end, least, loose)
        if len(found) >= least:
            yield found, start

    def _places(self, kind: Any, start: int) -> Reading:
        if kind == "between":
            pairs = [reading for reading in self.several(start) if len(reading[0]) == 2]
            pairs += [((to,), end) for to, end in self.things(start, counted=True) if self._is_plural(start, end, to)]
        else:
            pairs = (((to,), end) for to, end in self.things(start, counted=True) if to.label not in ROOMS)
        for to, end in pairs:
            yield {"place": Place(kind=kind, to=to)}, end

    def _is_plural(self, start: int, end: int, things: Things) -> bool:
        """Tell whether words name two or more of the things that they were read as."""
        words = self.tokens[start:end]
        return plural(things.label).split()[-1] in words and singular(things.label) == things.label

    def _phrase(self, template: str, start: int) -> Iterator[tuple[Any, int]]:
        """Yield the matches of a template without punctuation inside."""
        if self._word(start) not in PUNCTUATION:
            for bound, end in match(compiled(template), self.tokens, start, self._hour):
                if not any(word in PUNCTUATION for word in self.tokens[start:end]):
                    yield bound, end

    def _hour(self, _: str, at: int) -> Reading:
        word = self._word(at)
        hour = int(word) if word.isdecimal() and len(word) <= 2 else HOURS.index(word) + 1 if word in HOURS else 0
        if 1 <= hour <= 12:
            yield hour, at + 1

    def _word(self, at: int) -> str:
        return self.tokens[at] if at < len(self.tokens) else ""


def is_unknown(word: str) -> bool:
    """Tell whether a word may be the name of a thing that nobody here knows."""
    known = (
        word in FUNCTION
        or word in PARTS
        or word in ATTRIBUTES
        or word in COLOURS
        or word in SIZES
        or singular(word) in ROOMS
    )
    return word.isascii() and word.isalpha() and len(word) > 2 and not known


def _is_compound(words: Sequence[str]) -> bool:
    """Tell whether words are one noun: known ones, "wall" or "floor" before one, or one that ends in an unknown word
    ("coffee maker", but neither "happy chair" nor "lamp flickering")."""
    *before, last = words
    if _is_noun(last):
        return all(_is_noun(word) or word in STRUCTURE for word in before)
    alone = all(singular(word) == word and word not in NAMES for word in before)
    return alone and all(_is_noun(word) or (is_unknown(word) and not word.endswith(VERBAL)) for word in words)


def _is_noun(word: str) -> bool:
    return singular(word) in NAMES or singular(word) in NOUNS or word in ROOMS
