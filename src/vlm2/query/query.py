"""The base of all operators: a frozen record that a map answers."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..objects.frozen import FrozenRecord
from ..objects.object_map import ObjectMap
from ..objects.result import Answered, Result, words
from ..objects.result import Status as ResultStatus
from ..objects.track import Track, TrackView
from .calibration import calibrated
from .things import Viewpoint
from .words import PER_METRE, same_things

NORMAL_90 = 1.645  # standard deviations: half the width of the interval that holds 90 %
FRAMES = 4  # keyframes named in a result
CLOSE, CLOSE_LENGTH = 0.25, 0.1  # of a number; metres: errors below one of them count as right in the confidence
LABEL_POWER = 0.25  # of a label's share in the evidence: fitted to the right answers on validation homes
AMBIGUOUS = 0.8  # factor of the confidence if several things could be meant, likewise
STALE = 0.5  # factor of the confidence in a thing that was missed where it should be


class NoAnswer(Exception):
    """The map does not answer: which status that is, in words, a value where one is still likely, and the keyframes
    that show why."""

    def __init__(
        self, status: ResultStatus, sentence: str, value: Answered | None = None, frames: tuple[TrackView, ...] = ()
    ) -> None:
        super().__init__(sentence)
        self.status: ResultStatus = status
        self.value, self.frames = value, frames


class NoneSuch(NoAnswer):
    """Things of the kind were seen, but none of the description."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_seen", sentence)


class Unwatched(NoAnswer):
    """No frame shows what was there then: not even "none" is an answer."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_seen", sentence)


class Doubtful(NoAnswer):
    """Something was seen, in a frame, that may be such a thing, but not for sure."""

    def __init__(self, sentence: str, frame: TrackView) -> None:
        super().__init__("unsure", sentence, frames=(frame,))


@contextmanager
def denying(value: Answered) -> Iterator[None]:
    """Give a value, such as 0, to a NoAnswer that says that no such thing was seen."""
    try:
        yield
    except NoAnswer as error:
        if error.status == "not_seen" and not isinstance(error, Unwatched):
            error.value = value
        raise


@dataclass(frozen=True)
class Phrasing:
    """A way to ask: a template of words, [optional] ones, (one|another) and {slots}, and the fields that it sets.

    `situated`: the question asks for where someone is or looks (True), or says nothing of that (False); None: either.
    """

    template: str
    fields: dict[str, Any] = field(default_factory=dict)
    situated: bool | None = None


def phrasings(*templates: str, situated: bool | None = None, **fields: Any) -> tuple[Phrasing, ...]:
    """Return templates that set the same fields."""
    return tuple(Phrasing(template, fields, situated) for template in templates)


class Query(FrozenRecord, ABC):
    """One question to a map. `view` is where someone stands or when; `options` are the texts of a multiple choice."""

    view: Viewpoint | None = None
    options: tuple[str, ...] = ()
    relates: ClassVar[bool] = False  # the value depends on where its things and viewpoints lie to each other
    here: ClassVar[bool] = False  # without a view, it is asked from where the camera is now

    @abstractmethod
    def answer(self, map: ObjectMap) -> Result:
        """Compute the result; its confidence is not calibrated. Raises NoAnswer where the map does not support one."""

    def run(self, map: ObjectMap) -> Result:
        """Answer from a map; never raises for what the map lacks."""
        from .calls import call_of, name_of
        from .pieces import doubted
        from .selection import chance_selected
        from .things import things_in

        try:
            result = self.answer(map)
        except NoAnswer as error:
            result = Result(status=error.status, value=error.value, sentence=str(error), frames=error.frames)
        result = doubted(self, result, map)
        place = self.choose(result) if self.options and result.value is not None else None
        option = None if place is None else chr(ord("A") + place)
        if result.confidence:  # "the largest chair" may be another one
            chosen = math.prod(chance_selected(map, things, self.view) for things in things_in(self))
            result = result.model_copy(update={"confidence": result.confidence * chosen})
        sure = calibrated(name_of(self), result.confidence, len(self.options)) if result.confidence else 0.0
        return result.model_copy(update={"query": call_of(self), "option": option, "confidence": sure})

    def choose(self, result: Result) -> int | None:
        """Return the place of the option that a result's value stands for; None where none or several do."""
        value = words(result.value, result.unit)
        found = [place for place, option in enumerate(self.options) if _same(option, value)]
        return found[0] if len(found) == 1 else None


class Unplanned(Query):
    """A question that no operator expresses; `reason` says why, for example which words were not understood."""

    reason: str

    def answer(self, map: ObjectMap) -> Result:
        """Say why there is no answer."""
        raise NoAnswer("unsupported", self.reason)


def answered(
    value: Answered,
    sentence: str,
    tracks: Iterable[Track] = (),
    confidence: float = 1.0,
    unit: str | None = None,
    std: float | None = None,
    ambiguous: bool = False,
) -> Result:
    """Return a result. The confidences of the labels count, and for a number with the standard deviation `std`, in its
    unit, the probability that its error is below a quarter of it."""
    used = list({track.id: track for track in tracks}.values())
    if std and isinstance(value, int | float):
        close = max(CLOSE * abs(value), CLOSE_LENGTH * PER_METRE.get(unit or "", 0.0))
        confidence *= math.erf(close / (std * math.sqrt(2)))
    views = sorted((view for track in used for view in track.views), key=lambda view: -view.share)[:FRAMES]
    labels = math.prod(map(label_chance, used))
    moments = sorted({clock(view.time) for view in views})
    seen = f" Seen at {', '.join(moments)}." if moments else ""
    return Result(
        status="ambiguous" if ambiguous else "ok",
        value=value,
        unit=unit,
        uncertainty=None if std is None else NORMAL_90 * std,
        confidence=max(0.0, min(1.0, confidence * labels * (AMBIGUOUS if ambiguous else 1.0))),
        tracks=tuple(track.id for track in used),
        frames=tuple(sorted(views, key=lambda view: view.time)),
        sentence=sentence + seen,
    )


def label_chance(track: Track) -> float:
    """Return the probability that a thing is there, and that its label is right."""
    return track.label_confidence**LABEL_POWER * (STALE if track.status == "stale" else 1.0)


def quantity(value: float, unit: str, std: float) -> str:
    """Return a number for people: "about 1.4 m, ± 0.3 m"."""
    digits = 0 if unit in ("cm", "inches", "square feet") else 1
    spread = f", ± {NORMAL_90 * std:.{digits}f} {unit}" if NORMAL_90 * std >= 0.5 * 10**-digits else ""
    return f"about {value:.{digits}f} {unit}{spread}"


def chance_less(gap: float, std: float) -> float:
    """Return the probability that a difference is positive that was measured as `gap` with an error of `std`."""
    return 0.5 * (1 + math.erf(gap / (std * math.sqrt(2)))) if std > 0 else float(gap > 0) or 0.5 * (gap == 0)


def clock(seconds: float) -> str:
    """Return a time of the video: "1:05"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def closest_direction(angle: float, choices: Sequence[str]) -> str:
    """Return the direction closest to an angle in degrees (left is positive); see `direction_angle`."""
    known = [choice for choice in choices if direction_angle(choice) is not None]
    if not known:
        raise NoAnswer("unsupported", f"I do not know these directions: {', '.join(choices)}.")
    return min(known, key=lambda choice: abs(turn(direction_angle(choice) or 0.0, angle)))


def chance_of_direction(angle: float, std: float, choices: Sequence[str]) -> float:
    """Return the probability that the closest of some directions stays so, with an error of `std` degrees."""
    off = sorted(abs(turn(known, angle)) for choice in choices if (known := direction_angle(choice)) is not None)
    return chance_less((off[1] - off[0]) / 2, std) if len(off) > 1 else 1.0


def direction_angle(direction: str) -> float | None:
    """Return the angle in degrees that a direction's words name, left positive: "back-left" is 135."""
    text = direction.lower()
    if hour := re.search(r"\b(\d{1,2}) o'?clock", text):
        return -30.0 * int(hour[1])
    back = re.search(r"\b(back(wards?)?|behind|around)\b", text) is not None
    front = re.search(r"\b(front|forwards?|ahead|straight)\b", text) is not None
    side = 1.0 if re.search(r"\bleft\b", text) else -1.0 if re.search(r"\bright\b", text) else 0.0
    if not (side or back or front):
        return None
    return side * (135.0 if back else 45.0 if front else 90.0) if side else 180.0 * back


def turn(before: float, after: float) -> float:
    """Return the turn in degrees from one heading to another: (-180, 180], left is positive."""
    return 180.0 - (180.0 - (after - before)) % 360.0


def _same(option: str, value: str) -> bool:
    ours, theirs = value.lower().strip(" ."), option.split(". ", 1)[-1].lower().strip(" .")
    return ours == theirs or bool(same_things(ours) & same_things(theirs))
