"""Utterances: wordings of intents, with slots that are filled with other phrases each time they are read."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from ..query.intents import NONE, OUTSIDE, SLOT, intents, slots_of, split_words
from ..query.words import COLOURS, NAMES, NOUNS, ROOMS, UNITS, plural

FOLDER = Path(__file__).parent / "utterances"
MORE_THINGS = """
air fryer, alarm clock, aquarium, armoire, bar stool, bath mat, bean bag, bird cage, briefcase, bunk bed, cat tree,
ceiling fan, chess set, coffee maker, coffee table, console table, cooker hood, cutting board, desk lamp, dining
table, dog bed, doormat, drinks trolley, duvet, easel, exercise bike, filing cabinet, fire extinguisher, floor lamp,
footstool, fridge freezer, game console, garden chair, globe, hair dryer, hat stand, high chair, hoover, house
plant, ironing board, kitchen island, knife block, ladder, laundry basket, light switch, magazine rack, mop, music
stand, office chair, pouffe, record player, recycling bin, rocking chair, router, rubber plant, sewing machine, shoe
rack, shower curtain, sideboard, skateboard, spice rack, step ladder, tea towel, teddy bear, telly, thermostat, tool
box, towel rail, toy car, umbrella stand, vacuum cleaner, violin, wall clock, water bottle, wine rack, wok, yoga mat
"""
THINGS = (*sorted(NAMES), *" ".join(MORE_THINGS.split()).split(", "), *sorted(NOUNS))
RELATIONS = ("next to", "on", "near", "beside", "by", "under", "above", "in front of", "closest to")
DETERMINERS = ("my", "that", "this", "our", "her", "your", "a", "")
SIZES = ("largest", "biggest", "smallest", "tallest", "small", "big")
AREAS = frozenset({"area", "area_room"})  # intents whose unit is one of areas
_ARTICLE = re.compile(r"\bthe (?=\{)")


@dataclass(frozen=True)
class Utterance:
    """A wording of an intent, with slots in braces."""

    intent: str
    text: str


@dataclass(frozen=True)
class TaggedQuestion:
    """A question as words and punctuation marks, with the slot of each, and its intent."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    intent: str


def read_utterances(folder: Path = FOLDER) -> list[Utterance]:
    """Return the utterances of a folder's files *.txt: lines such as `count | How many {things}?`. Empty lines and
    comments (#) are left out.

    Raises ValueError for any other line, and for a line that has a slot twice, lacks a slot that its intent needs, or
    has one that its intent does not have. Utterances of no intent may have any slots.
    """
    found = []
    for file in sorted(folder.glob("*.txt")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            intent, mark, text = line.partition(" | ")
            if intent.startswith("#") or not line:
                continue
            if not mark or (intent != NONE and intent not in intents()):
                raise ValueError(f"{file}, line {number}: {line!r} is no `intent | wording` of a known intent.")
            given = SLOT.findall(text)
            allowed = slots_of(intent) if intent != NONE else dict.fromkeys(given, False)
            needed = {slot for slot, must in allowed.items() if must}
            if intent != NONE and not (needed <= set(given) <= allowed.keys() and len(given) == len(set(given))):
                raise ValueError(
                    f"{file}, line {number}: {line!r} may have the slots {', '.join(allowed)}, and needs"
                    f" {', '.join(sorted(needed))}, each once."
                )
            found.append(Utterance(intent, text))
    return found


def fill(utterance: Utterance, rng: random.Random) -> TaggedQuestion:
    """Fill the slots with random phrases; sometimes change an article, use lower case, or drop the last mark."""
    text = _ARTICLE.sub(
        lambda the: the[0] if rng.random() < 0.82 else f"{rng.choice(DETERMINERS)} ".lstrip(), utterance.text
    )
    if rng.random() < 0.25:
        text = text.lower()
    if rng.random() < 0.2:
        text = text.rstrip(" ?.!")
    words, tags, at = [], [], 0
    for slot in SLOT.finditer(text):
        _add(words, tags, text[at : slot.start()], OUTSIDE)
        _add(words, tags, _phrase(slot[1], utterance.intent, rng), OUTSIDE if utterance.intent == NONE else slot[1])
        at = slot.end()
    _add(words, tags, text[at:], OUTSIDE)
    return TaggedQuestion(tuple(words), tuple(tags), utterance.intent)


def _add(words: list[str], tags: list[str], text: str, tag: str) -> None:
    new = split_words(text)
    words += new
    tags += [tag] * len(new)


def _phrase(slot: str, intent: str, rng: random.Random) -> str:
    """Return a phrase that may fill a slot."""
    if slot == "unit":
        names = [
            name
            for unit, names in UNITS.items()
            if ("²" in unit or "square" in unit) == (intent in AREAS)
            for name in names
        ]
        return rng.choice(names)
    if slot == "time":
        seconds = rng.randint(1, 90)
        return rng.choice(
            [f"{rng.randint(0, 3)}:{seconds % 60:02d}", f"{seconds} seconds", f"{seconds} s", f"second {seconds}"]
        )
    if slot in ("room", "kinds"):
        room = rng.choice(sorted(ROOMS))
        return plural(room) if slot == "kinds" else room
    if slot == "among":
        *first, last = (_thing(rng, 0.15) for _ in range(rng.choice([2, 3, 3, 4, 4])))
        article = rng.choice(["", " the", " the", " a"])
        listed = f",{article} ".join(first)
        if rng.random() < 0.2:
            return f"{listed}, {last}"
        comma = rng.choice(["", ","]) if len(first) > 1 else ""
        return f"{listed}{comma} {rng.choice(['or', 'or', 'and'])}{article} {last}"
    return _thing(rng, 0.3 if slot == "kind" else 1.0 if slot == "things" else 0.6, many=slot == "things")


def _thing(rng: random.Random, narrowed: float, many: bool = False) -> str:
    """Return a thing in words. In a share `narrowed` of the calls, a colour, a size or a place may be added; in 27 % of
    these one is."""
    noun = rng.choice(THINGS)
    noun = plural(noun) if many else noun
    if rng.random() >= narrowed:
        return noun
    kind = rng.random()
    if kind < 0.12:
        return f"{rng.choice(sorted(COLOURS))} {noun}"
    if kind < 0.15:
        return f"{rng.choice(SIZES)} {noun}"
    if kind < 0.24:
        return f"{noun} {rng.choice(RELATIONS)} {rng.choice(['the', 'my', 'a'])} {rng.choice(THINGS)}"
    return f"{noun} in the {rng.choice(sorted(ROOMS))}" if kind < 0.27 else noun
