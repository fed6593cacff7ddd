"""The object map: a value that holds the things, the floor and the camera's path, and answers queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field, ValidationError, model_validator

from .. import registry
from ..scenes.record import Scene
from ..scenes.vocabulary import VOCABULARY
from .floor import Floor
from .frozen import FrozenRecord
from .path import ObservedPath
from .result import Result
from .scene_truth import truth_of
from .track import Track

PLANNERS = "vlm2.query.planners"
GUESSED = 0.8  # factor of a guess's confidence: of 794 about generated homes, 0.75 were said to be right, 0.63 were


@runtime_checkable
class MapQuery(Protocol):
    """A query that a map can run."""

    def run(self, map: ObjectMap) -> Result:
        """Return the result of the query on the map."""
        ...


Planner = Callable[[str, Sequence[str] | None], MapQuery]


class ObjectMap(FrozenRecord):
    """Everything that was seen, at one moment.

    `possible` holds, for labels that no track has, the thing that is most likely to be one: it has another label in the
    tracks, or too little evidence. Only guesses and doubts use it.
    `vocabulary` holds the labels that the detector knows. `counts` holds numbers of things by label, where a scene
    record gives them separately from the tracks (real scans). `scale_std` is the standard deviation of the geometry's
    scale, relative to a length, and `drift_std` that of a thing's place among things far away, in metres.
    """

    tracks: tuple[Track, ...] = ()
    possible: tuple[Track, ...] = ()
    floor: Floor = Floor()
    path: ObservedPath = ObservedPath()
    vocabulary: tuple[str, ...] = VOCABULARY[1:]
    counts: dict[str, int] = Field(default_factory=dict)
    scale_std: Annotated[float, Field(ge=0.0)] = 0.0
    drift_std: Annotated[float, Field(ge=0.0)] = 0.0
    version: Literal[1] = 1

    @model_validator(mode="after")
    def _check(self) -> ObjectMap:
        tracks = (*self.tracks, *self.possible)
        if len({track.id for track in tracks}) < len(tracks):
            raise ValueError("two tracks have the same id")
        return self

    @staticmethod
    def from_scene(scene: Scene) -> ObjectMap:
        """Return the true map of a generated home or of a real scan."""
        tracks, floor, path = truth_of(scene)
        return ObjectMap(tracks=tracks, floor=floor, path=path, counts=scene.counts)

    @staticmethod
    def from_json(text: str) -> ObjectMap:
        """Read a map written by `to_json`. Raises ValueError for any other text."""
        try:
            return ObjectMap.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the document"
            raise ValueError(f"This is not an object map of version 1: {where}: {first['msg']}.") from None

    def to_json(self) -> str:
        """Write the map as one JSON document."""
        return self.model_dump_json()

    def run(self, query: MapQuery) -> Result:
        """Answer a query."""
        return query.run(self)

    def guess(self, query: MapQuery) -> Result:
        """Answer a query, also with `possible` things if a thing was not seen and the result has no value. Such an
        answer has the status "guess", and less confidence."""
        result = query.run(self)
        if result.status not in ("not_seen", "unsure") or result.value is not None or not self.possible:
            return result
        likely = query.run(self.model_copy(update={"tracks": (*self.tracks, *self.possible), "possible": ()}))
        if likely.value is None:
            return result
        sentence = f"{result.sentence} A guess: {likely.sentence}"
        sure = GUESSED * likely.confidence
        return likely.model_copy(update={"status": "guess", "sentence": sentence, "confidence": sure})

    def ask(
        self,
        question: str,
        options: Sequence[str] | None = None,
        planner: Planner | None = None,
        guess: bool = False,
    ) -> Result:
        """Answer a question in words; `options` are those of a multiple choice. Without `planner`, rules plan. With
        `guess`, see the method `guess`."""
        plan: Planner = planner or registry.load(PLANNERS, "rules", "plan", "planner").plan
        query = plan(question, options)
        return self.guess(query) if guess else query.run(self)

    def room_of(self, track: Track) -> str | None:
        """Return the name of the room that a thing is in; None if it is not known."""
        if track.room is not None:
            return track.room
        room = self.floor.room_at(*track.box.center[:2])
        return room and room.name
