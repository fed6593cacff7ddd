"""The parts beside a question's core: units, times, the steps of a way, remarks, politeness."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .things import Viewpoint
from .words import UNITS

CONTRACTIONS = {"what's": "what is", "where's": "where is", "there's": "there is", "it's": "it is", "i'm": "i am",
                "i've": "i have", "you're": "you are", "which's": "which is", "how's": "how is", "that's": "that is",
                "i'd": "i would", "they're": "they are", "let's": "let us", "who's": "who is", "we're": "we are",
                "we've": "we have"}  # fmt: skip
TYPOS = {"infront": "in front", "how man": "how many", "how may": "how many", "oclock": "o'clock"}
HARMLESS = re.compile(
    r"\b(please|kindly|approximately|roughly|exactly|just|actually|really|simply|currently|hey|hi|hello|ok|okay|so|"
    r"(?<!i am )also|(?:too|as well|or not)(?=\W*$)|anywhere|well|measured|maybe|perhaps|"
    r"directly|immediately|"
    r"((can|could|would|will) you )?tell me|as the camera sees it|yes or no|"
    r"would you say( that)?|is it true( that)?)\b"
)
POLITE = re.compile(
    r"^\W*((and|but|or)\b\W*)?((can|could|would|will) you (?=(count|describe|list|name|estimate|sort|tell|say|give|"
    r"show|how|what|where|which|when)\b))?"
    r"((to )?(tell me|let me know|say|i (want|need|would like) to know|do you (know|remember)|i wonder|give me|"
    r"show me))?\b"
)
SCOPE = re.compile(
    r"\b(in|from|throughout|around|inside) (this|the|my|our|your) (whole |entire |same )?(room|place|home|house|flat|"
    r"apartment|building|video|clip|scene|space|footage|recording)\b|\b(in|from|around) here\b|\bon camera\b|"
    r"\bfor me\b|\bin total\b"
)
_UNIT = "|".join(sorted((word for words in UNITS.values() for word in words), key=len, reverse=True))
UNIT = re.compile(
    rf"[,(]? ?\b(?:(?:answer|give the answer|measured|counted) )?in ({_UNIT})(?![\w²])\)?|, ({_UNIT})(?=\W*$)"
)
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
TIME = re.compile(
    r"(?:\b(?:during the sequence|at|in|after|from|to|and|by|between|until|up to|when|about|far as) )*"
    r"(?:\bframes? (?P<frame>\d{1,9})\b(?: of (?P<count>\d{1,9})\b)?|\b(?P<minute>\d{1,6}):(?P<rest>\d\d)\b|"
    rf"\bsecond (?P<second>{_NUMBER})|\b(?P<seconds>{_NUMBER})(?: ?s\b| ?secs?\b| seconds?\b)|"
    rf"(?:(?<=between )|(?<=from )|(?<=at ))(?P<bare>{_NUMBER})(?= (?:and|to) ))"
    r"(?: into the video| had passed| of filming| of the video| in the video)?"
)
STEPS_MARK = "routesteps"  # a word that stands where the steps were
STEPS = re.compile(r"\b1\. .*?(?=\. you have reached|[.?]? *$)")
STEP = re.compile(
    r"\d+\. *(?:(\[please fill in\])|go forward (?:until|to|past|passing) (?:you reach |you get to )?([^\[\d]+))"
)
TOKEN = re.compile(r"[^\W_]+(?:[-/'’][^\W_]+)*²?|[^\w\s]")


@dataclass(frozen=True)
class Adjuncts:
    """A question's core as words, and what was taken from beside it.

    `steps` are the texts of a way's steps, None for a turn to fill in; `noted` are the remarks that were taken out.
    """

    tokens: tuple[str, ...]
    unit: str | None
    times: tuple[Viewpoint, ...]
    steps: tuple[str | None, ...]
    noted: frozenset[str]


def take_apart(question: str, notes: tuple[str, ...], scope: bool) -> Adjuncts:
    """Separate a question's core from what stands beside it; with `scope`, words such as "in this room" as well."""
    text = re.sub(r"\s+", " ", question.lower().replace("’", "'").replace("sq.", "sq").strip())
    text = re.sub(r"s?\(s\)", "s", text)
    for short, whole in (CONTRACTIONS | TYPOS).items():
        text = re.sub(rf"\b{short}\b", whole, text)
    steps: tuple[str | None, ...] = ()
    if found := STEPS.search(text):
        steps = tuple(None if blank else stop.strip(" .") for blank, stop in STEP.findall(found[0]))
        steps = tuple(step or None for step in steps)
        text = f"{text[: found.start()]} {STEPS_MARK} {text[found.end() :]}"
    text, noted = _without_notes(text, notes)
    units = [first or second for first, second in UNIT.findall(text)]
    text = HARMLESS.sub(" ", UNIT.sub(" ", text))
    text, times = _without_times(text)
    text = POLITE.sub("", re.sub(r"\s+", " ", text).strip())
    if scope:
        text = SCOPE.sub(" ", text)
    return Adjuncts(tuple(TOKEN.findall(text)), unit_of(units[0]) if units else None, times, steps, noted)


def unit_of(words: str) -> str | None:
    """Return the unit that words name."""
    return next((unit for unit, names in UNITS.items() if words in names), None)


def _without_notes(text: str, notes: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    noted = set()
    for note in notes:
        pattern = r"\W+".join(map(re.escape, note.split()))
        text, number = re.subn(rf"\W*\b{pattern}\b\W*", lambda found: f"{re.sub(r'[^.?,]', '', found[0])[:1]} ", text)
        noted |= {note} if number else set()
    return text, frozenset(noted)


def _without_times(text: str) -> tuple[str, tuple[Viewpoint, ...]]:
    counts = [int(count) for count in re.findall(r"\bframes? \d{1,9} of (\d{1,9})\b", text)]
    found = []
    for time in TIME.finditer(text):
        if time["frame"]:
            if not counts:
                return text, ()
            share = (int(time["frame"]) - 1) / max(counts[0] - 1, 1)
            found.append(Viewpoint(share=min(1.0, max(0.0, share))))
        elif time["minute"]:
            found.append(Viewpoint(seconds=60.0 * int(time["minute"]) + int(time["rest"])))
        else:
            found.append(Viewpoint(seconds=float(time["seconds"] or time["second"] or time["bare"])))
    return TIME.sub(" ", text), tuple(found)
