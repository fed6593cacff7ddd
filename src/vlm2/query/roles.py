"""The roles of three things in a question of direction: someone's place, the thing faced, and the thing asked for."""

from __future__ import annotations

import re

from .mentions import Mentions
from .senses import LOOKING, PEOPLE, POSES, STANCE, either, verbs
from .things import Things, Viewpoint

FACED = either(LOOKING)
SELF = "(me|you|us|them|him|her|someone)"
BY = "at|by|beside( of)?|near( to)?|next( to)?|close to|against|alongside|from|in front of"
AT = re.compile(
    rf"(\b({BY}|centred on|{either(verbs('go walk come'))} (over )?to|reached|reaching)|"
    rf"(^|\b(in|from|with|my|your|their) ){either(POSES, STANCE)}|\b(in|from) {either(POSES)} of)$"
)
"""Words before the thing that someone is at."""
AT_BEHIND = re.compile(
    rf"^(at (my|your|their) back|(as|(as )?my|your|their) {either(POSES)}|(beside|next to|near|by) {SELF})\b"
)
"""Words behind it: "the sofa beside me"."""
FACING = re.compile(
    rf"\b(?<!back )({FACED}|view|sight)( (straight|right|directly|over|out|fixed|on|goes|go|{FACED}))*"
    r"( (to|at|towards?|on|onto|into|upon|in direction of|direction of))$|"
    rf"\b({FACED}|turn(s|ed|ing)? (over )?to|towards?|(view|sight) of|tak(e|es|ing) in|"
    rf"see (to|(straight |right )?(ahead|in front)( of {SELF})?))$"
)
"""Words before the thing that someone faces."""
AHEAD = re.compile(
    rf"^((straight |right |dead )?(ahead|in front(?!-)|in front of {SELF}|before {SELF})"
    rf"(?! ((and|to|on|or|of|{SELF}) )*(left|right|or|behind|back))|as (my |your )?(forward|front|heading)|"
    rf"(thing|object|one|what|which) {either(PEOPLE)} (look at|face|see))\b"
)
"""Words behind it: "the sofa straight ahead"."""
TO_TURN = re.compile(
    r"\b(must|should|need|have to|has to|(which|what) (way|direction))\b.* (face|look at|see|look to|look towards?)$"
)
"""Words before what someone would have to turn to: "which way must I turn to face the sofa"."""
MOVED = re.compile(
    r"\b((turn|rotate|pivot|go|walk)(es|s|d|ed|ing)?|went)"
    r"( (?!(over |right |straight |myself |yourself )*(to|towards?|at|on|face|look|for|from)\b)|$)"
    r"(?!(my head |your head )?(left|right|back|around|behind) (or |left |right |back |around |behind )+)|"
    rf"{either(verbs('go walk come'))} from T to\b|(left|right|behind|back) (to )?(have|get|put|keep) T"
)
"""Turns and ways that lead away from what is faced: nothing here says where one looks then."""
OWN = re.compile(
    rf"^((stands|stood|sits|sat|waits|waited) ({BY})|(faces|points|looks|watches)\b|"
    r"(fac|look|point|head|aim)(e|es|s|ing|ed)?$)"
)
"""Words behind a thing that itself stands somewhere or faces something."""
PART = re.compile(
    r"\b(what (to |on |in )?(left|right|front|back|behind)( of)?|(what|which) (side|hand) of|put|place|keep|leave)$"
)
"""Words before a thing that another is looked for beside ("what is left of the sofa"), or that someone moved."""


def roles(text: Mentions) -> tuple[Viewpoint, Things] | None:
    """Return the viewpoint and the thing asked for, by the words beside each thing; None where they do not say it."""
    at, facing, targets = [], [], []
    for things, before, behind in text.beside():
        ahead = FACING.search(before) or AHEAD.search(behind)
        place = AT.search(before) or AT_BEHIND.search(behind)
        if TO_TURN.search(before) or not (ahead or place):
            targets += [things] * (not OWN.search(behind) and not PART.search(before))
        else:
            (facing if ahead else at).append(things)
    if MOVED.search(text.skeleton) or not len(at) == len(facing) == len(targets) == 1:
        return None
    return None if targets[0] in (at[0], facing[0]) else (Viewpoint(at=at[0], facing=facing[0]), targets[0])
