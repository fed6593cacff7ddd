"""Parse a question: the things that it names, who stands where and faces what, and its options.

The rules use the options, the named things, and cue words beside the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from ...scenes.vocabulary import named

Kind = Literal[
    "order", "route", "direction", "distance", "nearest", "farthest", "number", "area",
    "walked", "displacement", "course", "reach", "reached", "beside",
]  # fmt: skip
"""The last six concern times in the video: the length of the camera's path (from start to end where no times are
named), its displacement and direction, its distance to a thing, the thing closest to it, and the position of a thing
relative to another in its frame."""


REQUEST = re.compile(r"^(?:Options:|[A-H]\. .+|Answer with .+|Please answer .+)$", re.MULTILINE)
_GAP = re.compile(r"(\[please fill in\])|until ([^\[.\d]+)", re.IGNORECASE)
OPTION = re.compile(r"^[A-H]\. (.+)$", re.MULTILINE)
_SIDE = re.compile(
    r"(?:to |on |at )?(?:the |my |your )?(?:(?:front|back|ahead|behind)[- ]?)?(?:left|right|back|behind)?$"
)
_IDIOM = re.compile(  # no names and no cues, though their words are
    r"\bpicture (?=me\b|yourself\b|someone\b|an? \w+ (?:stand|stood|at|by|next)\w*)|\byes or no\b|"
    r"\b(?:over|on) the phone\b|\bin the picture\b|\bon camera\b",
    re.IGNORECASE,
)
_FIRST_STEP = re.compile(r"\b1\. ")


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


_VIEWER = _words("camera", "lens", "viewer", "viewpoint", "frames?", "seconds")
_TIMED = re.compile(r"\b(?:seconds|second \d+|secs?)\b|\d s\b", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\b")
_FRAME = re.compile(r"\bframes? (\d+)", re.IGNORECASE)
_FRAMES = re.compile(r"\bof (\d+)\b")
_COURSE = _words("forwards?", "backwards?", "direction", "which way", "course")
_WAY = _words("forwards?", "backwards?", "left", "right")
_WALKED = _words(
    r"(?:far(?! can)|distance|met(?:er|re)s|feet)\b[^.?!]*\b(?:walk(?:ed)?|travel(?:l?ed)?)",
    r"(?:length of|long (?:is|was)) (?:\w+ )?(?:path|route|way|walk|tour)",
)
_AXES = (  # right, down, forward: words towards the start and the end of each
    (_words("left"), _words("right")),
    (_words("up", "above", "higher"), _words("down", "below", "lower")),
    (_words("near(?:er)?", "closer", "in front"), _words("far", "farther", "further", "beyond", "behind")),
)
_ORDER = _words("order(?:ed)?", "sequence", "sort", "chronolog\\w+", "came (?:up )?first", "earliest to latest")
_NEAREST = _words("(?:closest|closer|nearest|nearer)(?! (?:point|edge|part|side))", "reach(?:ed)? first")
_NEAR = _words(
    "close", "near", "next to", "beside", "adjacent", "neighbou?rs?", "proximity", "shortest", "least far",
    "(?:short|small|least|low|minim)(?:e?st|al|um)? (?:space|gap|distance|way)",
)  # fmt: skip
_FARTHEST = _words("farthest", "furthest", "farther", "most distant", "(?:largest|greatest|biggest) (?:gap|distance)")
_CLOSE_TO = re.compile(
    r"\b(?:close(?:r|st)?|near(?:er|est)?|next|f[au]rthest|farther)(?: (?:to|from))?(?: the| an?| my)? $",
    re.IGNORECASE,
)
_DISTANCE = _words("distance", "far", "apart", "gap", "(?:centi)?met(?:er|re)s?", "feet", "foot", "cm")
_NUMBER = re.compile(
    r"\b(?:how (?:many|much)|(?:numbers?|amount|total|quantity) of|count(?: up)?|tally(?: up)?|add up)"
    r"(?: (?:of|the|these|those|my|all|different|separate|individual))* $",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^,? (?:count\b|how many\b|in total\b)", re.IGNORECASE)
_SQUARE = re.compile(r"\bsquare (?:centi)?(?:met|f[eo]+t)|\bsq ?(?:m|ft)\b|\bm²|\bm2\b", re.IGNORECASE)
_PLACE = _words("place", "rooms?", "home", "house", "flat", "apartment", "floor", "space", "everywhere", "everything")
_AREA = _words("size", "area", "square", "large", "big", "floor")
_SIDES = "left|right|front|back|behind|ahead"
_WHICH_SIDE = re.compile(
    r"\b(?:which|what) (?:way|side|hand|corner|quadrant|quarter|direction|of these directions)\b|\bwhere"
    rf"|\bdirection of\b|\b(?:{_SIDES})\b[^.?!]*\bor\b|\bor\b[^.?!]*\b(?:{_SIDES})\b",
    re.IGNORECASE,
)

# Beside a name, in the text before it or after it, the strongest first. Other names are written "_" there.
_GO_ON = r"(?:[^\w.?!:;]+(?!_)\w+){0,4}[^\w.?!:;]*$"  # at most four words, of the same sentence, up to the name
_NEVER = r"(?!)"
_FACED = (
    (
        rf"\b(?:fac(?:e|es|ed|ing)|opposite){_GO_ON}",
        r"^[ ,]*(?:is |being )?(?:straight |right |directly |dead |just )?"
        r"(?:ahead\b|in front\b(?!-)(?! of \w+ or\b)|before (?:me|you|us|him|her|it)\b)",
    ),
    (
        rf"\b(?:look\w*(?! from)|star(?:e|es|ed|ing)|watch\w*|gaz\w+|ey(?:es|ing)|point\w*|aim\w*|turned){_GO_ON}",
        r"^ in (?:my|his|her|their) (?:view|sight)\b",
    ),
    (r"\blook\w* from (?:\w+ )?_,? (?:straight |over )?(?:at|to|towards?)(?: the)? $", _NEVER),
    (rf"\b(?:see|view|towards?){_GO_ON}|\b(?:left|right|side)(?: side)? of(?: the)? $", _NEVER),
)
_MEASURED_BY = (
    (
        r"\b(?:of|from|than|against|next to|(?:relative|compared) to)(?: the| an?)? $",
        r"^(?:'s (?:left|right)| as the measure)",
    ),
)
_PLACED = (
    (
        r"\b(?:stand\w*|stood|am|i'm|position\w*|parked|plac(?:e|ed|ing)|put|robot|beg[ai]n\w*|start\w*"
        rf"|set(?:ting)? off|sit\w*|sat|wait\w*|based|leav\w+){_GO_ON}",
        r"^ (?:beside me|at my back|next to me)",
    ),
    (r"(?:\b(?:by|at|beside|next to|near|from|close to|against)|back is to)(?: the| an?| my)? $", _NEVER),
)


class Mention(NamedTuple):
    """A thing named in a text: its index in the vocabulary, and where its name begins and ends."""

    name: int
    start: int
    end: int


class VideoTime(NamedTuple):
    """A time in the video: seconds, or a share of it from 0 to 1."""

    value: float
    is_share: bool = False


class ViewerRoles(NamedTuple):
    """Where someone stands, what they look at, and the things named besides, in the order of the text."""

    stand: int
    face: int
    others: tuple[int, ...]


@dataclass(frozen=True)
class ParsedQuestion:
    """A prompt taken apart: the question, the options' words, and the things named in the question, each once."""

    question: str
    options: tuple[str, ...]
    names: tuple[Mention, ...]

    @staticmethod
    def of(prompt: str) -> ParsedQuestion:
        """Read a prompt."""
        cut = REQUEST.search(prompt)
        question = prompt[: cut.start()] if cut else prompt
        question = _IDIOM.sub("", question)
        names: dict[int, Mention] = {}
        for start, end, name in named(question):
            names.setdefault(name, Mention(name, start, end))
        return ParsedQuestion(question, tuple(OPTION.findall(prompt)), tuple(names.values()))

    @cached_property
    def listed(self) -> tuple[tuple[int, ...], ...]:
        """The things that each option names."""
        return tuple(tuple(name for _, _, name in named(option)) for option in self.options)

    @cached_property
    def steps(self) -> tuple[tuple[bool, int | None], ...]:
        """The steps of a way: a turn that is asked for (True), or a thing that is walked up to."""
        found = []
        for gap, stop in _GAP.findall(self.question[self._first_step :]):
            goals = [name for _, _, name in named(stop)]
            found.append((bool(gap), next(iter(goals), None)))
        return tuple(found)

    @cached_property
    def kind(self) -> Kind | None:
        """What the question asks for; None where no rule applies."""
        lists = len(self.listed) > 1 and all(len(option) > 1 for option in self.listed)
        if self._asks_for_way:
            return "walked"
        if lists:
            return "order" if self._has(_ORDER) or not (self._has(_NEAREST) or self._has(_FARTHEST)) else None
        if self.times:
            return self._kind_at_times
        if any(gap for gap, _ in self.steps):
            return "route"
        if self.roles is not None and self.roles.others and self._asks_for_side:
            return "direction"
        if self._has(_VIEWER):
            return None  # of what the camera saw, at no known time
        if self._has(_ORDER) and len(self.names) > 1:
            return "order"
        if self._has(_FARTHEST) or self._has(_NEAREST) or (self._compares and self._has(_NEAR)):
            if self.compared is not None:
                return "farthest" if self._has(_FARTHEST) else "nearest"
            if len(self.names) != 2:
                return None
        if self.options:
            return None
        if len(self.names) == 2 and self._has(_DISTANCE):
            return "distance"
        if len(self.names) == 1:
            [name] = self.names
            if _NUMBER.search(self.question[: name.start]) or _NUMBERED.search(self.question[name.end :]):
                return "number"
        if _SQUARE.search(self.question) and (not self.names or self._has(_PLACE)):
            return "area"
        return "area" if self._has(_AREA) and not self.names else None

    @cached_property
    def times(self) -> tuple[VideoTime, ...]:
        """The times that are named, as seconds or as frames ("frame 5 of 32", spread evenly over the video)."""
        frames, count = _FRAME.findall(self.question), _FRAMES.search(self.question)
        if frames and count:
            return tuple(VideoTime((int(frame) - 1) / max(int(count[1]) - 1, 1), is_share=True) for frame in frames)
        return tuple(VideoTime(float(figure)) for figure in _FIGURE.findall(self.question)) if self._has(_TIMED) else ()

    @property
    def _asks_for_way(self) -> bool:
        asked = self._has(_WALKED) and not _SQUARE.search(self.question)
        return asked and not self.names and not self.options and len(self.times) in (0, 2)

    @property
    def _kind_at_times(self) -> Kind | None:
        if len(self.times) == 2 and not self.names:
            if self.options:
                return "course" if all(_WAY.search(option) for option in self.options) else None
            if self._has(_COURSE):
                return "course"
            return "displacement" if self._has(_DISTANCE) else None
        if len(self.times) != 1:
            return None
        if self.axis is not None and len(self.names) == 2:
            return "beside"
        if len(self.choices) > 1 and (self._has(_NEAREST) or self._has(_NEAR)):
            return "reached"
        one = len(self.names) == 1 and not self.options
        return "reach" if one and (self._has(_DISTANCE) or self._has(_NEAR)) else None

    @property
    def choices(self) -> tuple[int, ...]:
        """The things of which one is to be chosen: the options, or else what is named."""
        if self.options:
            return tuple(option[0] for option in self.listed if len(option) == 1)
        return tuple(name.name for name in self.names)

    @property
    def axis(self) -> int | None:
        """Along which axis of the camera two things are compared: right, down or forward."""
        words = " ".join(self.options) or self.question
        found = (axis for axis, ends in enumerate(_AXES) if all(end.search(words) for end in ends))
        return next(found, None)

    @property
    def measured(self) -> tuple[int, int]:
        """Of two things named, the one whose place is asked for, and the one that it is compared with."""
        other = max(self.names, key=lambda name: (self._beside(name, _MEASURED_BY), name.start))
        return next(name.name for name in self.names if name != other), other.name

    @property
    def compared(self) -> tuple[int, tuple[int, ...]] | None:
        """A thing, and those of which one is to be the closest to it: the options, or the others named."""
        choices = tuple(name for option in self.listed for name in option)
        targets = [name for name in self.names if name.name not in choices]
        if not targets or (choices and not all(len(option) == 1 for option in self.listed)):
            return None
        to = [name for name in targets if _CLOSE_TO.search(self.question[: name.start])]
        stood = [name for name in targets if self._beside(name, _PLACED)]
        target = [*to, *stood, targets[-1]][0].name
        choices = choices or tuple(name.name for name in self.names if name.name != target)
        return (target, choices) if len(choices) > 1 else None

    @cached_property
    def roles(self) -> ViewerRoles | None:
        """Who stands where and looks where, by the words beside the names; None where no one looks at a thing."""
        steps = range(self._first_step, self._last_step)
        names = [name for name in self.names if name.start not in steps]
        if len(names) < 2:
            return None
        face = max(names, key=lambda name: self._beside(name, _FACED))  # of equals the first
        if not self._beside(face, _FACED):
            return None
        others = [name for name in names if name != face]
        stand = max(others, key=lambda name: self._beside(name, _PLACED))
        return ViewerRoles(stand.name, face.name, tuple(name.name for name in others if name != stand))

    @property
    def _compares(self) -> bool:
        return bool(self.options) or len(self.names) > 3

    @property
    def _first_step(self) -> int:
        first = _FIRST_STEP.search(self.question)
        return first.start() if first else len(self.question)

    @property
    def _last_step(self) -> int:
        ends = [gap.end() for gap in _GAP.finditer(self.question, self._first_step)]
        return max(ends, default=len(self.question))

    @property
    def _asks_for_side(self) -> bool:
        if self.options:
            return all(option and _SIDE.match(option.lower()) for option in self.options)
        return self._has(_WHICH_SIDE)

    def end(self, axis: int, later: bool) -> str:
        """Return the start or the end of an axis in the words of the options or of the question."""
        cue = _AXES[axis][later]
        found = [option for option in self.options if cue.search(option)] or cue.findall(self.question)
        return found[0]

    def _has(self, cue: re.Pattern[str]) -> bool:
        return cue.search(self.question) is not None

    def _beside(self, name: Mention, cues: tuple[tuple[str, str], ...]) -> int:
        """Return how strong a cue is beside a name; 0: none."""
        before, end = "", 0
        for start, stop, _ in named(self.question[: name.start]):
            before += self.question[end:start] + "_"
            end = stop
        before += self.question[end : name.start]
        after = self.question[name.end :]
        for rank, (left, right) in enumerate(cues):
            if re.search(left, before, re.IGNORECASE) or re.search(right, after, re.IGNORECASE):
                return len(cues) - rank
        return 0
