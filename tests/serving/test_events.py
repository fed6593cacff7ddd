"""Events tell what changed in a map."""

from __future__ import annotations

from vlm2.objects import ObjectMap, Track
from vlm2.objects.path import ObservedPath
from vlm2.objects.track import upright_box
from vlm2.serving.events import SessionEvent, changes

POSE = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def track(id: int, label: str, status: str = "seen") -> Track:
    return Track(id=id, label=label, box=upright_box((0, 0, 0), (1, 1, 1)), status=status)


def test_changes_are_told_once() -> None:
    path = ObservedPath(times=(0.0, 1.0), world_from_camera=(POSE, POSE))
    lost = path.model_copy(update={"pieces": (0, 1)})
    before = ObjectMap(tracks=(track(1, "chair"), track(2, "bed")), path=path)
    now = ObjectMap(tracks=(track(1, "chair", "removed"), track(2, "bed"), track(3, "lamp")), path=lost)
    assert changes(before, now, 2.0) == [
        SessionEvent("appeared", 2.0, 3, "lamp"),
        SessionEvent("left", 2.0, 1, "chair"),
        SessionEvent("lost", 1.0),
    ]
    assert changes(now, now, 2.0) == [] and changes(ObjectMap(), ObjectMap(), 0.0) == []
    assert SessionEvent("lost", 1.0).to_json() == {"kind": "lost", "time": 1.0}


def test_listeners_hear_what_comes_after_them(store, images) -> None:
    hosted, early, late = store.create(), [], []
    hosted.events.listen(hosted.session, early.append)
    for index, image in enumerate(images[:8]):
        hosted.push(image, index / 2)
    hosted.ask("How many chairs are there?", wait=True).result(20)
    assert early and {event.kind for event in early} <= {"appeared", "left", "lost"}
    appeared = [event.thing for event in early if event.kind == "appeared"]
    assert set(appeared) >= {track.id for track in hosted.session.stream.object_map().tracks}
    hosted.events.listen(hosted.session, late.append)
    hosted.events.leave(early.append)
    store.delete(hosted.id)
    assert late == [None] and None not in early
    hosted.events.listen(hosted.session, late.append)
    assert late == [None, None]
