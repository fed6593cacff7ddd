"""Clauses beside a question's core that change nothing: politeness, remarks, and the purpose of asking."""

from __future__ import annotations

import re

from . import senses
from .adjuncts import unit_of
from .phrases import DETERMINERS, Phrases
from .reading import is_new
from .senses import either, verbs, words
from .things import Things
from .words import LIVING, ROOMS

POLITELY = words(
    "possible it that this you i we is isn't are not would be do don't have had got a the your any too much no can "
    "could may spare trouble mind bother moment minute second time kind ask asking me telling saying for help helps"
)
WHOLE = words("it its them all up together each every one of the whole rooms room place floor everything there over")
SMALL = words("just a one another my quick last final more simple next small")
HYPOTHETICAL = (
    r"\bif (?:i|you|we|one|someone) (?:were to )?(?:go|went|walked)? ?(?:a?round|through)?(?: and)? ?"
    rf"{either(verbs('count measure add sum'))}\b(?: {either(WHOLE)})* ?(?=[,.?!:;]|$)"
)
"""How one would measure: "if you added up all the rooms"."""
BEGIN = r"(?:^|(?<=[.?!:;] ))"
ASIDES = re.compile(
    rf"{HYPOTHETICAL}|"
    rf"\bif(?: {either(POLITELY)})+ ?(?=[,.?!:;]|$)|{BEGIN}(?:{either(SMALL)} )+(?:question|thing) [:,.]|"
    r"\b(?:picture|imagine|consider) this ?[:,]|\b(?:the )?(?:(?:axis-aligned|oriented|3d) )?bounding box (?:of|for)\b"
)
"""Politeness and remarks: "if you don't mind", "one more thing"."""
INTENT = verbs(
    "want need plan hope intend wish try think wonder draw prepare order buy rent sell move organise organize "
    "redecorate renovate check argue design build remember forget love hate worry believe guess suspect doubt"
)
"""Verbs of what one is up to, or has in mind: it tells why something is asked."""
AUXILIARIES = words(
    "am are is have has would will got also about going to of been like want need trying thinking never always"
)
INFINITIVE = rf"(?<=to )(?!{either(DETERMINERS)}\b)\w+"
BECAUSE = r"(?:because|since|as|now that|before(?! \w+ (?:got|had|has|have|ran|laid)\b))"
PURPOSE = re.compile(
    rf"{BEGIN}(?:(?:{BECAUSE} )?(?:i|we|my \w+|our \w+|the \w+(?: \w+)?(?= (?:has|have|needs?) to)) "
    rf"(?:{either(AUXILIARIES)} )*(?!\w{{3,}}ed\b)(?:{either(INTENT)}|{INFINITIVE})\b[^,.?!:;]*|"
    rf"for (?:my|our|an?|the) [^,.?!:;]*?|(?:in order )?to {INFINITIVE} [^,.?!:;]*?)"
    r"(?:[,.:;]|\b(?=(?:i|we) (?:would|have|need|want)\b))"
)
"""A clause before the core that tells why it is asked: "because we want to rent it out"."""
NARROWING = words(
    "how many much what which whose where when tell closest nearest closer nearer left right back behind front ahead "
    "at by beside near next only not no half each none ones those small large big one two three other another first "
    "last second time object thing floor storey upstairs downstairs area apart remove skip me myself you"
).union(
    senses.ALTERING, senses.COUNTS, senses.GAPS, senses.LONG, senses.SHORT, senses.SIDES, senses.MEDIA,
    ROOMS, verbs("turn rotate pivot step walk stand sit look leave face close"),
)  # fmt: skip
"""Words for which a clause is more than a purpose."""
AFTERWARDS = re.compile(r"\b(?:will|would) (?:i|we|there|it|they) (?:be|have|remain|need)\b|\bthen\b|\bafter")
"""What may ask of the time when a purpose is fulfilled."""
DEFINITE = words("the my our your this that these those")


def without_asides(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return a question's words and marks without clauses that change nothing; of a purpose, only its things stay."""
    text = " ".join(ASIDES.sub(" ", " ".join(tokens)).split()).lstrip(" ,")
    return tuple(PURPOSE.sub(_things_of, text).split())


def _stays(things: Things) -> bool:
    """Tell whether a purpose may be about things: known ones, and nobody."""
    return not is_new(things.label) and things.label not in LIVING


def _things_of(purpose: re.Match[str]) -> str:
    """Return the definite things of a purpose ("i want to buy a box for the lamp": "the lamp"); the clause as it is if
    it may be more than that."""
    said = tuple(re.findall(r"[\w'-]+", purpose[0]))
    narrowing = NARROWING | senses.PLACES if said[0] == "for" else NARROWING  # "for the house next to it"
    more = narrowing.intersection(said) or any(map(unit_of, said))
    if more or AFTERWARDS.search(purpose.string, purpose.end()):
        return purpose[0]
    known = [
        (at, max((end for things, end in Phrases(said).things(at) if _stays(things)), default=at))
        for at, word in enumerate(said)
        if word in DEFINITE
    ]
    return " ".join([*(word for start, end in known for word in said[start:end]), "."])
