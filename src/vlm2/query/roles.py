"""The roles of three things in a question of direction: where someone is, what they face, and what is asked for."""

from __future__ import annotations

import re

from .mentions import Mentions
from .senses import LOOKING, PEOPLE, POSES, STANCE, either, verbs
from .things import Things, Viewpoint

FACED = either(LOOKING)
SELF = "(me|you|us|them|him|her|someone)"
BY = "at|by|beside|near|next to|close to|against|alongside|from|in front of"
AT = re.compile(
    rf"(\b({BY}|{either(verbs('go walk come'))} (over )?to|reached|reaching)|"
    rf"(^|\b(in|from|with|my|your|their) ){either(POSES, STANCE)}( of)?)$"
)
"""Words before the thing that someone is at."""
AT_BEHIND = re.compile(
    rf"^(at (my|your|their) back|(as|(as )?my|your|their) {either(POSES)}|(beside|next to|near|by) {SELF})\b"
)
"""Words behind it: "the sofa beside me"."""
FACING = re.compile(
    rf"\b({FACED}|view|sight)( (straight|right|directly|over|out|fixed|on|goes|go|{FACED}))*"
    r"( (to|at|towards?|on|onto|into|upon|in direction of|direction of))$|"
    rf"\b({FACED}|turn(s|ed|ing)? (over )?to|towards?|(view|sight) of|see to|tak(e|es|ing) in)$"
)
"""Words before the thing that someone faces."""
AHEAD = re.compile(
    rf"^((straight |right )?(ahead|in front(?!-)|in front of {SELF}|before {SELF})"
    r"(?! ((and|to|on|or|of) )*(left|right|or|behind|back))|as (my |your )?(forward|front|heading)|"
    rf"(thing|object|one|what|which) {either(PEOPLE)} (look at|face|see))\b"
)
"""Words behind it: "the sofa straight ahead"."""
TO_TURN = re.compile(
    r"\b(must|should|need|have to|has to|(which|what) (way|direction))\b.* (face|look at|see|look to|look towards?)$"
)
"""Words before what someone would have to turn to: "which way must I turn to face the sofa"."""
MOVED = re.compile(
    r"\b(turn|rotate|pivot)(s|d|ed|ing)?( (?!(over |right |straight )*(to|towards?|at|on|face|look|for)\b)|$)"
    r"(?!(left|right|back|around|behind) (or |left |right |back |around |behind )+)|"
    rf"{either(verbs('go walk come'))} from T to\b"
)
"""Turns and ways that lead away from what is faced: nothing here says where one looks then."""
STANDS = re.compile(rf"(stands|stood|sits|sat|waits|waited) ({BY})")
"""What stands between a thing that itself "stands at" another: no one who looks."""


def roles(text: Mentions) -> tuple[Viewpoint, Things] | None:
    """Return the viewpoint and the thing asked for, by the words beside each thing; None where they do not say it."""
    at, facing, targets = [], [], []
    for things, before, behind in text.beside():
        ahead = FACING.search(before) or AHEAD.search(behind)
        place = AT.search(before) or AT_BEHIND.search(behind)
        (targets if TO_TURN.search(before) else facing if ahead else at if place else targets).append(things)
    moved = MOVED.search(text.skeleton) or any(STANDS.fullmatch(behind) for _, _, behind in text.beside())
    if moved or not len(at) == len(facing) == len(targets) == 1 or targets[0] in (at[0], facing[0]):
        return None
    return Viewpoint(at=at[0], facing=facing[0]), targets[0]
