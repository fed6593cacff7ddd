"""Questions that the object memory does not answer, put to a vision-language model: which keyframes and facts it gets,
and how its answer is marked and checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..encoders.vlm import VisionLanguageModel, VLMError
from ..objects import ObjectMap, Result, Track
from ..query.claims import check
from ..query.facts import facts, named_tracks
from ..query.query import clock
from .answer import Answer, Evidence
from .keyframe import KeyframePicture

CANNOT = ("unsupported", "unknown_label")  # a query's status where the object memory has no answer
MOST_FRAMES, MOST_TOKENS = 8, 160  # of a message, of its answer
WELL = 0.5  # of a thing's largest share of a picture, in those that show it well
LOOK, AGE = 1.5, 2.0  # metres that a look the other way, and the whole video, count as, half of them
REQUEST = "Answer in one or two short sentences. If the frames do not show it, say that you cannot tell."
MOST_EARLIER = 3  # questions of a message that were asked before
BEFORE = "Asked before, for what the question below refers to:"
NOTED = "Another program watched the whole video and noted, perhaps with errors:"


def answer_by_vlm(
    vlm: VisionLanguageModel,
    question: str,
    map: ObjectMap,
    keyframes: Sequence[KeyframePicture],
    own: Result | None,
    earlier: Sequence[str] = (),
) -> Answer:
    """Ask a vision-language model a question about a video. `own` is the result of the object memory, where there is
    one. `earlier` are the questions asked before; if the question names nothing, the frames are those of the things
    that the last of them names. The answer's time is not measured. Raises VLMError where there is no answer."""
    if not keyframes:
        raise VLMError("This memory holds no pictures for a VLM; watch the video again with one.")
    named = named_tracks(map, question) or (named_tracks(map, earlier[-1]) if earlier else [])
    shown = chosen(keyframes, map, named)
    text = vlm.answer(message(question, shown, facts(map, named) if map.tracks else [], earlier), MOST_TOKENS)
    evidence = tuple(Evidence(frame.time, 1 / len(shown)) for frame in shown)
    return Answer(
        text=text,
        evidence=evidence,
        seconds=0.0,
        source="vlm",
        vlm=vlm.name,
        sentence=_sentence(vlm.name, text, map, own),
        query=None if own is None else own.query,
    )


def message(
    question: str, shown: Sequence[KeyframePicture], noted: Sequence[str], earlier: Sequence[str] = ()
) -> list[str | bytes]:
    """Return the parts of a message: each frame with its time, the facts, the last `MOST_EARLIER` questions before, and
    the question; a question of one line gets the request for a short answer."""
    parts: list[str | bytes] = [f"These are {len(shown)} frames of one video, in the order of time."]
    for number, frame in enumerate(shown, 1):
        parts += [f"Frame {number}, at {clock(frame.time)}:", frame.jpeg.numpy().tobytes()]
    told = "\n".join([NOTED, *(f"- {fact}" for fact in noted)]) + "\n\n" if noted else ""
    asked = question if "\n" in question.strip() else f"{question.strip()}\n{REQUEST}"
    before = "\n".join([BEFORE, *(f"- {text.strip()}" for text in earlier[-MOST_EARLIER:])]) + "\n\n" if earlier else ""
    return [*parts, told + before + asked]


def chosen(keyframes: Sequence[KeyframePicture], map: ObjectMap, named: Sequence[Track]) -> list[KeyframePicture]:
    """Return at most `MOST_FRAMES` keyframes, in the order of time.

    The best keyframe of each named thing is chosen first, then others that show named things well and differ as much
    as possible. If no thing is named, the choice is among the keyframes that show any thing well, or among all
    keyframes if those are too few.
    """
    places = {frame.frame: place for place, frame in enumerate(keyframes)}
    best: dict[int, None] = {}
    well: set[int] = set()
    for track in named or map.tracks:
        shares = {places[view.frame]: view.share for view in track.views if view.frame in places}
        if shares:
            best[max(shares, key=lambda place: shares[place])] = None
            well |= {place for place in shares if shares[place] >= WELL * max(shares.values())}
    if not named and len(well) < MOST_FRAMES:
        well = set(places.values())
    picked = list(best)[: MOST_FRAMES if named else 1] or [0]
    views, rest = _views(keyframes, map), np.array(sorted(well or places.values()))
    while len(picked) < MOST_FRAMES:
        apart = np.linalg.norm(views[rest, None] - views[picked][None], axis=2).min(axis=1)
        if apart.max() == 0:
            break
        picked.append(int(rest[apart.argmax()]))
    return [keyframes[place] for place in sorted(picked)]


def _views(keyframes: Sequence[KeyframePicture], map: ObjectMap) -> Float[np.ndarray, "keyframes dim"]:
    """Return a vector for each keyframe whose distances say how much two keyframes differ: in the camera's place
    (metres), in the direction of its look, and in time."""
    times = np.array([frame.time for frame in keyframes])
    age = AGE * (times - times[0]) / max(times[-1] - times[0], 1e-9)
    if not map.path:
        return age[:, None]
    poses = map.path.poses[[map.path.frame(time) for time in times]]
    return np.concatenate([poses[:, :, 3], LOOK * poses[:, :, 2], age[:, None]], axis=1)


def _sentence(name: str, text: str, map: ObjectMap, own: Result | None) -> str:
    """Return the answer for people: its source, a warning that it may be wrong, the object memory's own answer, and
    what in it contradicts that memory."""
    parts = [f"{name} says, and may be wrong: {text}"]
    if own is not None and own.status not in CANNOT:
        parts.append(f"The object memory's own answer: {own.sentence}")
    if own is not None:
        checked = check(map, text)
        if checked.differs:
            parts.append(f"This contradicts the object memory: {' '.join(checked.differs)}")
        else:
            agrees = "agrees as far as it could check" if checked.agrees else "could check nothing of this"
            parts.append(f"The object memory {agrees}.")
    return " ".join(parts)
