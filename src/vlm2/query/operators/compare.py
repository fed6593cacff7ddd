"""Which of several things is the larger, taller, or wider."""

from __future__ import annotations

from typing import Literal

from ...objects import ObjectMap, Result
from ...objects.box_measures import sides
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import MEASURES, chance_of_most, one
from ..things import Extreme, Things


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
        sign, measure = MEASURES[self.by]
        ranked = sorted(found, key=lambda row: -sign * measure(sides(row[1].box)))
        tracks = [track for _, track, _ in found]
        sure = chance_of_most([row[1] for row in ranked[:2]], self.by)
        best = ranked[0][0]
        several = any(row[2] for row in found)
        sentence = f"The {best.phrase} is the {self.by}."
        value = best == found[0][0] if self.claim == "yes_no" else best.phrase
        return answered(value, sentence, tracks, sure, ambiguous=several)


OPERATOR = Compare
PHRASINGS = (
    *(
        phrasing
        for words, by in (
            ("larger|largest|bigger|biggest", "largest"),
            ("smaller|smallest", "smallest"),
            ("taller|tallest|higher|highest", "tallest"),
            ("shorter|shortest|lower|lowest", "shortest"),
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
