"""Which of several things is the larger, taller, or wider."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import MEASURES, chance_of_most, one
from ..things import Extreme, Things

TELLS = 0.6  # probability that the first is more than the second; below, they are about the same
COMPARATIVES: dict[Extreme, str] = {
    "largest": "larger", "smallest": "smaller", "tallest": "taller", "shortest": "shorter", "longest": "longer",
    "widest": "wider", "narrowest": "narrower", "roundest": "rounder", "highest": "higher", "lowest": "lower",
}  # fmt: skip


class Compare(Query):
    """The thing that is the most of something. `claim`: yes or no, the first is."""

    among: tuple[Things, ...] = ()
    by: Extreme = "largest"
    claim: Literal["which", "yes_no"] = "which"

    def answer(self, map: ObjectMap) -> Result:
        """Compare the measures of one thing each."""
        kinds = self.among or tuple(Things(label=option) for option in self.options)
        if len(kinds) < 2:
            raise NoAnswer("unsupported", "Say which things to compare.")
        found = [(kind, *one(map, kind, self.view)) for kind in kinds]
        tracks = [track for _, track, _ in found]
        if len({track.id for track in tracks}) < len(tracks):
            raise NoAnswer("unsupported", f"I know one {tracks[0].label} only; say which two things to compare.")
        sign, measure = MEASURES[self.by]
        ranked = sorted(found, key=lambda row: -sign * measure(row[1].box))
        sure = chance_of_most([row[1] for row in ranked[:2]], self.by)
        best, next_best = (row[0].phrase for row in ranked[:2])
        value = ranked[0][0] == found[0][0] if self.claim == "yes_no" else best
        if sure < TELLS:
            words = f"The {best} and the {next_best} are about the same: I cannot tell which is the {self.by}."
        elif len(ranked) > 2:
            words = f"The {best} is the {self.by}."
        else:
            claim = {"which": "The", "yes_no": "Yes, the" if value else "No, the"}[self.claim]
            words = f"{claim} {best} is {COMPARATIVES[self.by]} than the {next_best}."
        several = sure < TELLS or any(row[2] for row in found)
        return answered(value, words, tracks, sure, ambiguous=several)


OPERATOR = Compare
PHRASINGS = (
    *(
        phrasing
        for words, by in (
            ("larger|largest|bigger|biggest", "largest"),
            ("smaller|smallest", "smallest"),
            ("taller|tallest", "tallest"),
            ("shorter|shortest", "shortest"),
            ("higher|highest", "highest"),
            ("lower|lowest", "lowest"),
            ("longer|longest", "longest"),
            ("wider|widest|broader", "widest"),
            ("narrower|narrowest", "narrowest"),
        )
        for phrasing in (
            *phrasings(
                f"(which|what) [one|object|thing] is [the] ({words}) [in size] [between] {{among}}",
                f"(which|what) of (these|the following) [objects|things] [{{among}}] is [the] ({words})",
                f"(which|what) is [the] ({words}) (one|thing|object|item) [of|among] {{among}}",
                f"[out] of {{among}} (which|what) [one] is [the] ({words})",
                f"(which|what) [one] of {{among}} is [the] ({words}) [one]",
                by=by,
            ),
            *phrasings(f"(is|are) {{among:single}} ({words}) than {{among:single}}", by=by, claim="yes_no"),
        )
    ),
)
INTENTS = {
    "largest": "Which is the largest: the {among}?",
    "smallest": "Which is the smallest: the {among}?",
    "tallest": "Which is the tallest: the {among}?",
    "shortest": "Which is the shortest: the {among}?",
    "larger": "Is the {a} larger than the {b}?",
    "taller": "Is the {a} taller than the {b}?",
}
EXAMPLES = (
    ("Which is taller, the lamp or the bookshelf?", "compare([lamp, bookshelf], tallest)"),
    ("Is the sofa larger than the bed?", "compare([sofa, bed], claim=yes_no)"),
)
