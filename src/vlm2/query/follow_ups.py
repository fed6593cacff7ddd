"""Follow-ups: a question that depends on the one before, such as "and the lamp?", as a question of its own.

A question with a pronoun ("where is it?") gets the thing that was asked about. Words that name no thing ("how tall?")
become a question about that thing. Other words replace the words of the same kind in the question before: a thing, a
room, a unit, a superlative. The rules must plan what comes out; after a replacement, the operator must stay the same.
A follow-up that may be meant in several ways is not completed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .adjuncts import TOKEN, UNIT
from .operators.area import Area
from .operators.count import Count
from .operators.describe import Describe
from .operators.exists import Exists
from .operators.identify import Identify
from .operators.seen import Seen
from .phrases import DETERMINERS, SIZES, Phrases
from .planners import rules
from .query import Query, Unplanned
from .reading import is_new
from .things import NOW, Things, things_in
from .words import THING, plural, singular

OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|then|now|just|only|sorry|ok|okay|yes|yeah|great|thanks|thank you|well|also|oh|i mean|"
    r"i meant|no(?=[,?.!])|(?:what|how) about|(?:the )?same (?:question )?(?:for|with)|"
    r"(?:what )?(?:if|when) (?:i am|i'm|i|you)|which (?:one )?is)\b[\s,.!?]*)+",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"(?:\b(?:please|maybe|then|too|only|instead|though|as well|sorry|lol|haha|dear|love)\b|[\s?.!,])+$", re.IGNORECASE
)
PRONOUN = re.compile(
    r"\b(?:it|they|them|(?:that|this|these|those)(?: one)?(?=\W*$| (?:is|are|was|in|on|from|to|near|next|than)\b))"
    r"\b(?!')",
    re.IGNORECASE,
)
WHICH_ONE = re.compile(r"^\W*(?:and |but |so )?which (?:one |ones )?(is|are) (.+)$", re.IGNORECASE)
RANKED = re.compile(r"(?:the )?(?:closest|nearest|farthest|furthest|\w{3,}est)\b", re.IGNORECASE)
SEVERAL = ("they", "them", "these", "those")
IS = re.compile(r"'s (?=(?:it|that|this)\b)", re.IGNORECASE)
ONE = re.compile(r"\b(?:(one)|ones)\b", re.IGNORECASE)
ANY = re.compile(r"any(?:thing)?\b", re.IGNORECASE)
SOME = re.compile(r"^(?:(any)|how many)(?= (?:in|on|under|near|next|by|beside|behind)\b)", re.IGNORECASE)
ASPECT = re.compile(r"^(?:its |the |their )?(height|length|width|depth|size|colour|color)$", re.IGNORECASE)
FAR = re.compile(r"^how far (?=(?:away )?(?:from|to)\b)", re.IGNORECASE)
THAN = re.compile(r"^\w+ than\b", re.IGNORECASE)
CLAIM = re.compile(r"(?:is|are|was|were) (?!there\b)", re.IGNORECASE)
PLACED = re.compile(r"\b(?:in|on|under|at|by|near|next|beside|behind|above|inside|between)\b", re.IGNORECASE)
ABOUT = (
    "{said} is the {thing}", "{said} are the {things}", "how {said} is the {thing}", "what {said} is the {thing}",
    "{said} is the {thing} in", "{said} {things} are there", "{said} was the {thing} seen", "is the {thing} {said}",
)  # fmt: skip
"""Questions about a thing, for words that name none: "how tall?", "which room?", "how many?", "red?"."""
LINKS = (
    "to|from|between|and",
    "than",
    "face|facing|look at|looking at",
    "(?<!looking )(?<!look )(?:stand |standing |sit )?(?:at|by|near)",
)
"""Words before a thing: what is behind one of them replaces what is behind one of the same kind."""
KINDS = (
    "|".join(SIZES),
    "bigger|larger|smaller|taller|shorter|longer|wider|narrower",
    "first|last",
    "left|right",
    "closest|nearest|farthest|furthest",
    "between",
    "on|under|next to|beside|behind|above|inside|near|in front of",
)
"""Words, each of which replaces another of its kind, with all that follows."""
WHOLE = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|would|will|what|which|where|when|who|whose|why|how|tell|give|remind|show|"
    r"list|count|name|describe|any|anything)\b|.*(?:\?|\b(?:turn|turned|walk|move)\b)",
    re.IGNORECASE,
)
"""What replaces nothing: it begins like a question of its own, has two sentences, or moves someone."""
THERE = re.compile(r"\b(?:in (?:it|there|that|that one)|that room)(?=\W*$)", re.IGNORECASE)
FEW = 4  # words
NOT_IT = re.compile(r"\bis it (?:away )?from\b.*\bto\b|\b(?:in|on|of) it$", re.IGNORECASE)
"""Where "it" may stand for no thing, or for one that is named before: "how far is it from the bed to the door"."""


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
        """Tell whether the text narrows a noun before it, and not from someone's view: "in the kitchen"."""
        read = [fields for fields, end in self.phrases.predicate(0) if end == len(self.words)]
        return any("side" not in fields for fields in read)

    def is_name(self) -> bool:
        """Tell whether the text is one noun phrase, of a known thing or with a determiner."""
        determined = bool(self.words) and self.words[0][0].lower() in DETERMINERS
        whole = [things for start, end, things in self.things() if (start, end) == (0, len(self.text))]
        return any((determined or not is_new(things.label)) and not things.label.endswith("est") for things in whole)

    def _place(self, first: int, end: int) -> tuple[int, int]:
        return self.words[first].start(), self.words[end - 1].end()


def in_full(question: str, before: str) -> str | None:
    """Return a follow-up as a question of its own, given the question before it in full; None if it is none."""
    query, said, before = rules.plan(before), _core(question), before.strip(" ?.!")
    if isinstance(query, Unplanned) or not said or len(said) > rules.LONGEST:
        return None
    if (asked := WHICH_ONE.match(question)) and (PLACED.match(asked[2]) or RANKED.match(asked[2])):
        text = f"which {singular(thing.label)} is {_core(asked[2])}" if (thing := subject(query)) else ""
        return None if isinstance(rules.plan(text), Unplanned) else _sentence(text)
    for text in _new_questions(said, query, bool(CLAIM.match(before))):
        found = rules.plan(text)
        if not isinstance(found, Unplanned) and (query.view is None or not is_from_camera(found)):
            return _sentence(text)
    for text in _replacements(said, before, query):
        found = rules.plan(text)
        named = list(things_in(found))
        kept = type(found) is type(query) and (query.view is None or found.view is not None)
        if kept and len(set(named)) == len(named) and (found != query or UNIT.search(text)):
            return _sentence(text)
    return None


def depends(question: str, query: Query, before: str | None, stood: bool) -> bool:
    """Tell whether a question with this query may need those before it; `stood`: one of them says where someone is.

    It does if it is not understood alone, if its "it" was read as the place ("how big is it?"), if it is only a unit,
    or says "in there". If it is about where the camera is, it does if someone stood elsewhere before. If it asks for an
    area in few words, it does after a question about anything else.
    """
    says_it = bool(PRONOUN.search(question)) and not any(things_in(query))
    if isinstance(query, Unplanned) or says_it or THERE.search(question) or _unit(_core(question)):
        return True
    sized = isinstance(query, Area) and query.room is None and len(question.split()) <= FEW
    asked = None if before is None else rules.plan(before)
    return (stood and is_from_camera(query)) or (sized and asked is not None and not _is_whole(asked))


def subject(query: Query) -> Things | None:
    """Return the thing that a question is about; None if it asks for one."""
    found = (getattr(query, name, None) for name in ("target", "things", "thing", "first"))
    return next((things for things in found if isinstance(things, Things) and things.label != THING), None)


def is_from_camera(query: Query) -> bool:
    """Tell whether a query without a viewpoint is about where the camera is now."""
    sided = any(things.side for things in things_in(query))
    from_here = any(getattr(query, name, None) == NOW for name in ("second", "to"))
    return query.view is None and (query.here or sided or from_here)


def is_placed(query: Query) -> bool:
    """Tell whether a query has a viewpoint that is no moment of the video: someone at a thing, or facing one."""
    return query.view is not None and (query.view.at is not None or query.view.facing is not None)


def _new_questions(said: str, query: Query, claim: bool) -> Iterator[str]:
    """Yield questions about the thing, or at the place, that was asked about; of a `claim` only its label is sure."""
    if isinstance(query, Describe | Identify) and ANY.match(said) and query.view is None and not PLACED.search(said):
        things = Things(room=query.room) if isinstance(query, Describe) else query.things
        if things.room or things.place:
            yield f"is there {said} {things.phrase.partition(THING)[2].strip()}"
    if (thing := subject(query)) is None:
        return
    if claim and isinstance(query, Exists):
        thing = Things(label=thing.label)
    one, many = thing.phrase, _plural(thing).phrase
    if found := PRONOUN.search(said):
        several = found[0].lower().startswith(SEVERAL)
        two = isinstance(getattr(query, "second", None), Things)
        unclear = not several and isinstance(query, Count) and thing.room is not None
        if not two and not unclear and not NOT_IT.search(said):
            text = PRONOUN.sub(f"the {many if several else one}", IS.sub(" is ", said))
            yield f"is there {text}" if ANY.match(said) else text
        return
    if SOME.search(said):
        all_kinds = _plural(Things(label=thing.label, colour=thing.colour)).phrase
        yield SOME.sub(lambda found: f"are there any {all_kinds}" if found[1] else f"how many {all_kinds} are", said)
    if aspect := ASPECT.search(said):
        yield f"what is the {aspect[1]} of the {one}"
    if FAR.search(said):
        yield FAR.sub(f"how far is the {one} ", said)
    elif THAN.search(said):
        yield f"is the {one} {said}"
    elif len(said.split()) <= FEW and not _names_or_ranks(said) and (said.lower(), type(query)) != ("how long", Seen):
        yield from (form.format(said=said, thing=one, things=many) for form in ABOUT)


def _replacements(said: str, before: str, query: Query) -> Iterator[str]:
    """Yield the question before with what is said in the place of words of the same kind."""
    if unit := _unit(said):
        yield f"{UNIT.sub('', before)}{unit[0]}"
        return
    if WHOLE.match(said):
        return
    if (thing := subject(query)) is not None:
        noun = thing.label.split()[-1]
        said = ONE.sub(lambda found: noun if found[1] else plural(noun), said)
    elif isinstance(query, Identify) and query.things.place is not None:
        said = PRONOUN.sub(f"the {query.things.place.to[0].phrase}", said)
    if PRONOUN.search(said):
        return
    yield from _with_thing(said, Text(before), query)
    for kind in KINDS:
        word = re.match(rf"(?:(?:on |to )?(?:the |my ))?({kind})\b", said, re.IGNORECASE)
        place = re.search(rf"\b(?:{kind})\b", before, re.IGNORECASE)
        if word and place:
            yield before[: place.start()] + word[1] + (said[word.end() :] or before[place.end() :])
    room = re.sub(r"^(?:in|inside) ", "", said, flags=re.IGNORECASE)
    if (0, len(room)) in Text(room).rooms():
        for start, end in Text(before).rooms():
            yield before[:start] + room + before[end:]
    narrowed = [things for things in things_in(query) if things.side or things.place]
    if Text(said).is_place() and query.view is None and not narrowed and len(list(things_in(query))) == 1:
        yield f"{before} {said}"


def _with_thing(said: str, before: Text, query: Query) -> Iterator[str]:
    """Yield the question before with a thing that is said in the place of one that it names."""
    thing = subject(query)
    link = next((link for link in LINKS if re.match(rf"(?:{link}) ", said, re.IGNORECASE)), None)
    new = said if link is None else re.sub(rf"^(?:{link}) ", "", said, flags=re.IGNORECASE)
    places = sorted(before.things(), key=lambda place: thing is None or place[2].label != thing.label)
    if link is None:
        the = re.match(r"(?:the|my|its|their)\b", new, re.IGNORECASE)
        if thing is None or (the and thing.place) or re.search(r"\b(?:apart|between)\b", before.text):
            return  # one more of several, or another place
        if Text(new).is_name() and not PLACED.search(new):
            places = places[:1]
    else:
        if link == LINKS[0] and not (getattr(query, "second", None) or getattr(query, "to", None)):
            return
        heads = {place: before.text[: place[0]] for place in places}
        places = [place for place in places[::-1] if re.search(rf"\b(?:{link}) $", heads[place], re.IGNORECASE)]
        places.sort(key=lambda place: not heads[place].lower().endswith(f" {said.removesuffix(new).lower()}"))
    if Text(new).is_name():
        yield from (_placed(before.text[:start], new) + before.text[end:] for start, end, _ in places)
    elif link is None and places and len(named := {start for start, _, _ in Text(said).things()}) > 1 and 0 in named:
        yield before.text[: places[0][0]] + new


def _placed(head: str, name: str) -> str:
    """Return the words before a noun phrase with another one: "how many" has no article and takes the plural."""
    bare = re.sub(r"^(?:the|an?|my|any) ", "", name, flags=re.IGNORECASE)
    if head.lower().endswith("many "):
        return head + plural(singular(bare))
    return head + (bare if head.lower().endswith(("which ", "what ")) else name)


def _names_or_ranks(said: str) -> bool:
    """Tell whether words name a thing or a place, or are a superlative."""
    ranks = SIZES.keys() & {word[0].lower() for word in Text(said).words}
    place = re.match(
        r"(?:in|on|at|from|to|by|under|near|next|behind|between|beside|with|inside)\b", said, re.IGNORECASE
    )
    return bool(Text(said).things() or Text(said).rooms() or ranks or place)


def _is_whole(query: Query) -> bool:
    """Tell whether a query asks for the area of all."""
    return isinstance(query, Area) and query.room is None


def _unit(said: str) -> re.Match[str] | None:
    return UNIT.fullmatch(f", {said.lower()}")


def _core(question: str) -> str:
    """Return a follow-up without the words before and behind it that only connect it."""
    text = " ".join(question[: rules.LONGEST + 1].replace("’", "'").split())
    return CLOSING.sub("", OPENING.sub("", text))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}?"


def _is_bare(things: Things) -> bool:
    """Tell whether nothing behind its noun narrows a selection."""
    return things.room is None and things.place is None and things.side is None


def _plural(things: Things) -> Things:
    return things.model_copy(update={"label": plural(things.label)})
