"""The things in a room, or in the whole place."""

from __future__ import annotations

from collections import Counter

from ...objects import ObjectMap, Result
from ..query import NoAnswer, Query, answered, phrasings
from ..selection import labelled, rooms, together
from ..things import Things
from ..words import a, listed, plural, the_room
from .area import Area


class Describe(Query):
    """The things of a room by kind and number, the commonest first; without a room, of everything."""

    room: str | None = None

    def answer(self, map: ObjectMap) -> Result:
        """List the kinds of things, and the area where it is known."""
        found = labelled(map, Things().label)
        if self.room:
            kinds = {room.name for room in rooms(map, self.room)}
            found = [track for track in found if map.room_of(track) in kinds]
        if not found:
            raise NoAnswer("not_seen", "I have seen no things there.")
        counts = Counter(track.label for track in found).most_common()
        things = listed([a(name) if number == 1 else f"{number} {plural(name)}" for name, number in counts])
        joined = together(map, self.room)
        place = joined or (the_room(self.room) if self.room else "all that I have seen")
        many = f" in {len(map.floor.rooms)} rooms" if not self.room and len(map.floor.rooms) > 1 else ""
        area = Area(room=self.room).run(map).value
        size = f" ({area:.0f} m²{many})" if area else ""
        return answered(tuple(name for name, _ in counts), f"{place[0].upper()}{place[1:]}{size}: {things}.", found)


OPERATOR = Describe
ANYTHING = "(things|objects|items|furniture)"
PHRASINGS = phrasings(
    "describe ({room}|this room|this place|this home|the room|the home|the place|everything)",
    "tell me about ({room}|this room|this place|this home|the room|the home|the place)",
    "what is (in|inside) ({room}|this room|this place|the room|this home)",
    f"(what|which) [{ANYTHING}] (is|are) [there] in ({{room}}|this room|this place|the room|this home)",
    f"(what|which) [{ANYTHING}] (can|do|did) (i|you|we) (see|find) in ({{room}}|this room|this place|the room|the "
    f"video)",
    f"(what|which) {ANYTHING} (did you see|have you seen|are there)",
    f"list (all|the|all the) {ANYTHING} [in ({{room}}|this room|this place|the room)]",
    f"(what|which) [{ANYTHING}] (is|are) here",
    "what did you see",
    "what have you seen",
)
INTENTS = {
    "describe_room": "What is in the {room}?",
    "describe": "What did you see?",
}
EXAMPLES = (("What is in the kitchen?", "describe(kitchen)"), ("Describe this place.", "describe()"))
