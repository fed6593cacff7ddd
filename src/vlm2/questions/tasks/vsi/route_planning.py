"""The turns of a robot that walks from object to object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from jaxtyping import Bool, Float64

from ....scenes.box_geometry import blocked, crossing, heading, turn
from ....scenes.record import Scene, SceneObject
from ....scenes.visibility import single
from ...question import Question
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import grouped, shuffled

TURNS = {"Turn Left": 90.0, "Turn Right": -90.0, "Turn Back": 180.0}
CLEAR = 30.0  # degrees that a turn may differ from a quarter or a half turn
SHORTEST, LONGEST = 0.8, 6.0  # metres between the centres of two stops
DRAWS = 400  # routes tried
WALKS = (1, 2, 2, 3, 3, 3)  # stops after the start, drawn from these: few long routes come out clear
HEAD = 1.6  # metres above the lowest object; an object whose bottom is higher is no obstacle

BLANK = "[please fill in]"

TYPE = QuestionType(
    name="route_planning",
    held_out=4,
    texts=(
        "You are a robot beginning at the {start} and facing the {facing}. You want to navigate to the {goal}. You "
        "will perform the following actions (Note: for each [please fill in], choose either 'turn back,' 'turn left,' "
        "or 'turn right.'): {steps}. You have reached the final destination.",
        "I am at the {start}, facing the {facing}, and want to get to the {goal}. Fill in the turns: {steps}.",
        in_words(
            "Starting at the {start} and looking at the {facing}, how do I turn on my way to the {goal}? {steps}."
        ),
        "Which turns complete this route from the {start}, facing the {facing}, to the {goal}? {steps}.",
        "Guide me from the {start} to the {goal}. I face the {facing} now. Complete the steps: {steps}.",
        in_words("A robot at the {start} faces the {facing} and has to reach the {goal}. Name its turns: {steps}."),
        "Standing at the {start} with the {facing} ahead, I walk to the {goal}. Which turns are missing? {steps}.",
        in_words("Plan the way from the {start} (facing the {facing}) to the {goal}; say the turns: {steps}."),
        "Help a robot from the {start} to the {goal}: it looks at the {facing}. What goes in the gaps? {steps}.",
        in_words(
            "I leave the {start} with my eyes on the {facing}. What are the missing turns up to the {goal}? {steps}."
        ),
        "Complete these directions to the {goal} for someone at the {start} who faces the {facing}: {steps}.",
        "My robot vacuum is sitting at the {start}, pointed at the {facing}, and I want it to end up at the {goal}. "
        "Here's the program so far: {steps}. Which turns are missing from it?",
        "I'm at the {start} and I'm facing the {facing}. Help me get to the {goal}! I wrote my directions down but "
        "left out the turns: {steps}. Fill those in for me.",
        "Left some directions for the lad and the turns have got smudged. He starts off by the {start}, facing the "
        "{facing}, and he's meant to finish at the {goal}. What I wrote was: {steps}. What turn goes in each blank?",
        "Please complete the turns in this path, which way must one turn at every empty place? {steps}. The person "
        "begins at the {start} with his face to the {facing}, and the destination is the {goal}.",
    ),
)


@dataclass(frozen=True)
class WalkableMap:
    """Objects seen from above, and the straight ways between them that a robot can walk."""

    things: tuple[SceneObject, ...]
    scene: Scene

    @cached_property
    def centers(self) -> Float64[np.ndarray, "things 2"]:
        """The objects' centres on the ground plane, in metres."""
        return np.array([thing.box.center[:2] for thing in self.things]).reshape(-1, 2)

    @cached_property
    def lengths(self) -> Float64[np.ndarray, "things things"]:
        """The distances between the objects' centres, in metres."""
        return np.linalg.norm(self.centers[:, None] - self.centers[None], axis=-1)

    @cached_property
    def views(self) -> Bool[np.ndarray, "things things"]:
        """Tell which objects can be faced from which: those in one room, far enough apart for a clear direction."""
        rooms = [thing.room for thing in self.things]
        return np.array([[room == other for other in rooms] for room in rooms]) & (self.lengths >= SHORTEST)

    @cached_property
    def free(self) -> Bool[np.ndarray, "things things"]:
        """Tell between which objects a robot can walk in a straight line, with nothing else in its way."""
        free = self.views & (self.lengths <= LONGEST)
        first, last = np.nonzero(np.triu(free))
        bottoms = {thing.box: thing.box.center[2] - thing.box.size[2] / 2 for thing in self.scene.objects}  # upright
        obstacles = [box for box, bottom in bottoms.items() if bottom < min(bottoms.values()) + HEAD]
        free[first, last] = free[last, first] = ~blocked(self.centers[first], self.centers[last], obstacles)
        return free

    def turns(self, facing: int, stops: Sequence[int]) -> list[str | None]:
        """Return the robot's turn at each stop but the last, None where it is not clear.

        It stands at the first stop, faces the object `facing`, and walks on from each stop to the next. A turn on the
        way is clear when it is the same at a stop's centre and at the edge where the robot arrives.
        """
        first, second = self.centers[stops[0]], self.centers[stops[1]]
        found = [turn_name(turn(heading(first, self.centers[facing]), heading(first, second)))]
        for previous, stop, following in zip(stops, stops[1:], stops[2:], strict=False):
            start, center, goal = self.centers[[previous, stop, following]]
            enter, _ = crossing(start[None], center[None], self.things[stop].box)
            edge = start + max(enter[0], 0.0) * (center - start)
            names = {turn_name(turn(heading(start, center), heading(place, goal))) for place in (center, edge)}
            found.append(names.pop() if len(names) == 1 else None)
        return found


def turn_name(angle: float) -> str | None:
    """Return the name of a turn in degrees (left is positive), or None where it is none of the three clearly."""
    return next((name for name, exact in TURNS.items() if abs(turn(exact, angle)) <= CLEAR), None)


@task(TYPE, column=7)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about routes between unambiguous objects with one to three turns to fill in, in random order."""
    floor = WalkableMap(single(scene), scene)
    if len(floor.things) < 3 or not floor.free.any():
        return
    asked = set()
    for _ in range(DRAWS):
        route = _draw(floor, rng)
        if route is None or route in asked:
            continue
        asked.add(route)
        facing, *stops = route
        turns = floor.turns(facing, stops)
        too_far = "Turn Back" in turns[1:]
        straight_on = stops[1] == facing  # the first walk needs no turn
        clear = [name for name in turns[straight_on:] if name is not None]
        if clear and len(clear) == len(turns) - straight_on and not too_far:
            yield _question(floor, facing, stops, clear, rng)


def _draw(floor: WalkableMap, rng: np.random.Generator) -> tuple[int, ...] | None:
    """Return an object to face and then two to four different stops, joined by free ways; None at a dead end.

    The object to face is drawn so that each first turn and walking straight on have the same probability.
    """
    start = int(rng.integers(len(floor.things)))
    stops = [start]
    for _ in range(int(rng.choice(WALKS))):
        onward = [j for j in np.flatnonzero(floor.free[stops[-1]]) if j not in stops]
        if not onward:
            return None
        stops.append(int(rng.choice(onward)))
    here, after = floor.centers[start], heading(floor.centers[start], floor.centers[stops[1]])
    others = set(np.flatnonzero(floor.views[start]).tolist()).difference(stops)
    views = grouped((turn_name(turn(heading(here, floor.centers[j]), after)), j) for j in others)
    groups = [[stops[1]], *(views[name] for name in TURNS if name in views)]
    return int(rng.choice(groups[int(rng.integers(len(groups)))])), *stops


def _question(
    floor: WalkableMap, facing: int, stops: Sequence[int], turns: Sequence[str], rng: np.random.Generator
) -> Question:
    names = [thing.category for thing in floor.things]
    walks = [f"Go forward until the {names[stop]}" for stop in stops[1:]]
    blanks = [BLANK] * len(walks) if len(turns) == len(walks) else ["", *[BLANK] * len(turns)]
    actions = [action for pair in zip(blanks, walks, strict=True) for action in pair if action]
    slots = {
        "start": names[stops[0]],
        "facing": names[facing],
        "goal": names[stops[-1]],
        "steps": " ".join(f"{number}. {action}" for number, action in enumerate(actions, start=1)),
    }
    right = ", ".join(turns)
    answers = [", ".join(answer) for answer in product(TURNS, *[("Turn Left", "Turn Right")] * (len(turns) - 1))]
    wrong = [answer for answer in answers if answer != right]
    choices = shuffled([right, *shuffled(wrong, rng)[: 2 if len(turns) == 1 else 3]], rng)
    return TYPE.choice(choices, right, slots, [floor.things[index] for index in dict.fromkeys([*stops, facing])])
