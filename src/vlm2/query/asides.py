"""Clauses beside a question's core that change nothing: politeness, purposes, remarks, and what was said by mistake."""

from __future__ import annotations

import re

from .adjuncts import unit_of
from .senses import COUNTS, GAPS, LONG, MEDIA, PLACES, SHORT, either, verbs, words
from .words import NAMES, NOUNS, ROOMS, singular

END = r"(?=[,.?!:;]|$)"
INTENT = verbs(
    "want need plan hope intend wish try think write draw decide wonder prepare arrange order buy rent sell organise "
    "organize redecorate renovate move get make do check work compare settle argue run put lay install design build"
)
"""Verbs of what one is up to: it is why something is asked, and narrows nothing."""
POLITE = re.compile(
    r"\bif (?:it|that|this|you|i|we|possible|there)\b[^,.?!:;]*?\b(?:trouble|mind|bother|moment|minute|time|possible|kind|"
    rf"may|helps?)(?: (?:for|to|of) you| telling me| saying| asking| me asking| to (?:ask|look|check))? ?{END}"
)
REMARK = re.compile(
    r"(?:^|(?<=[.?!:;] )) *(?:(?:just|a|one|another|my|quick|last|final|more|simple|next)\b ?)*(?:question|thing) ?[:,.?]|"
    r"\b(?:picture|imagine|consider) this ?[:,]|\b(?:(?:axis-aligned|oriented|3d) )?bounding box (?:of|for)\b"
)
PURPOSE = re.compile(
    r"(?:^|(?<=[.?!:;] )|(?<=[?.!:;])) *(?:"
    r"(?:(?:because|since|as|now that|seeing that|before|and|well) )*(?:i|we|my \w+|our \w+) (?:(?:am|are|is|have|has|was|"
    rf"were|would|will|got|also|about|going|to|of|been|like|trying|thinking) )*(?!\w+ed\b){either(INTENT)}\b[^,.?!:;]*|"
    r"for (?:my|our|an?|the) [^,.?!:;]*?|(?:in order )?to \w+ [^,.?!:;]*?)"
    r"(?:[,.:;]|\b(?=(?:i|we) (?:would|have|need|want)\b))"
)
"""A clause before the core that tells why it is asked."""
NARROWING = ROOMS | COUNTS | GAPS | LONG | SHORT | PLACES | MEDIA | words(
    "how many much what which whose where when whether tell closest nearest closer nearer left right back behind front "
    "ahead facing face only not no never without except but half all each every both none two three other another next "
    "floor storey upstairs downstairs area size height width depth apart remove ignore skip exclude me myself you if"
) | verbs("turn rotate pivot step walk stand sit look leave close")  # fmt: skip
"""Words for which a clause is more than a purpose."""
AFTERWARDS = re.compile(r"\b(?:will|would) (?:i|we|there|it|they) (?:then )?(?:be|have|remain|need)\b|\bthen\b|\bafter")
"""What may ask of the time when a purpose is fulfilled."""
INDEFINITE = words("a an some new to")


def without_asides(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return a question's words and marks without clauses that change nothing."""
    text = REMARK.sub(" ", POLITE.sub(" ", " ".join(tokens)))
    while (purpose := PURPOSE.search(text)) and _is_purpose(purpose[0]) and not AFTERWARDS.search(text, purpose.end()):
        text = f"{text[: purpose.start()]} {text[purpose.end() :]}".strip()
    return tuple(text.split())


def _is_purpose(clause: str) -> bool:
    """Tell whether a clause names no known thing, apart from one to get, no unit, and nothing that narrows."""
    said = re.findall(r"[\w'-]+", clause)
    named = [word for before, word in zip(("", *said), said, strict=False) if before not in INDEFINITE]
    return not NARROWING & set(said) and not any(
        singular(word) in NAMES or singular(word) in NOUNS or unit_of(word) for word in named
    )
