"""A person films single things of a home from close by: a desk, a bed, what stands on a shelf."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float

from .build import opening_box, placement_box
from .camera_walk import wander
from .floor_plan import inside
from .home import CameraWalk, Home, Placement
from .walkable_ground import WalkableGround

FPS = 10.0
THINGS = 2  # filmed one after the other
SECONDS = 30.0  # for each of them
DISTANCES = 0.25, 1.2  # metres from the thing's side
HEIGHTS = 0.75, 1.9  # metres of the camera above the floor
LEAST_HEIGHT = 0.08  # metres; lower things, such as rugs, are not filmed
CLEAR = 0.08  # metres that the camera keeps from all things and walls
TRIES, MOSTLY = 40, 0.7  # draws of a path; share of its frames that must be free


def close_walk(home: Home, rng: np.random.Generator) -> CameraWalk:
    """Film `THINGS` things of a home from `DISTANCES`, moving around each in an arc; 10 frames a second.

    Frames in which the camera would be inside something are left out. Raises ValueError if no thing can be filmed.
    """
    ground = WalkableGround(home)
    things = [p for p in home.placements if p.model.stands != "ceiling" and p.model.size[2] > LEAST_HEIGHT]
    times, poses = [], []
    for choice in rng.permutation(len(things)):
        path = _around(things[choice], home, ground, rng)
        if (free := _free(path[:, :3, 3], home)).mean() > MOSTLY:
            times.append((len(times) * SECONDS * FPS + np.flatnonzero(free)) / FPS)
            poses.append(path[free])
        if len(times) == THINGS:
            break
    if not times:
        raise ValueError(f"No thing of home {home.seed} can be filmed from close by.")
    return CameraWalk(np.concatenate(times), np.concatenate(poses), math.radians(float(rng.uniform(60, 80))))


def _around(
    thing: Placement, home: Home, ground: WalkableGround, rng: np.random.Generator
) -> Float[np.ndarray, "frames 4 4"]:
    """Return poses on an arc around a thing, on the side where a person can stand. Places that are mostly inside other
    things are drawn anew, at most `TRIES` times."""
    box = placement_box(thing)
    centre, halves = np.array(box.center), np.array(box.size) / 2
    room = next(i for i, room in enumerate(home.rooms) if room.name == thing.room)
    nodes = ground.nodes[ground.main & (ground.node_room == room)]
    times = np.arange(int(SECONDS * FPS)) / FPS
    away = nodes[np.linalg.norm(nodes - centre[:2], axis=1).argmin()] - centre[:2] if len(nodes) else None
    for _ in range(TRIES):
        angle = rng.uniform(-math.pi, math.pi) if away is None else math.atan2(away[1], away[0]) + rng.normal(0, 0.5)
        distance = math.exp(rng.uniform(*np.log(DISTANCES)))
        height = np.clip(centre[2] + halves[2] + rng.normal(0.2, 0.3), *HEIGHTS)
        angles = angle + wander(rng, times, 0.35)
        outward = np.stack([np.cos(angles), np.sin(angles)], 1)
        reach = np.abs(outward @ np.array(box.axes)[:2, :2].T) @ halves[:2]
        from_centre = reach + distance * np.exp(wander(rng, times, 0.2))
        places = np.empty((len(times), 3))
        places[:, :2] = centre[:2] + outward * from_centre[:, None]
        places[:, 2] = np.clip(height + wander(rng, times, 0.08), *HEIGHTS)
        if _free(places, home).mean() > MOSTLY:
            break
    aim = centre + np.stack([wander(rng, times, 0.15 * (0.3 + distance)) for _ in range(3)], 1)
    return look_at(places, aim)


def look_at(
    places: Float[np.ndarray, "frames 3"], aim: Float[np.ndarray, "frames 3"]
) -> Float[np.ndarray, "frames 4 4"]:
    """Return level cameras (x right, y down, z forward) at places that look at points; world z is up."""
    forward = aim - places
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    poses = np.tile(np.eye(4), (len(places), 1, 1))
    poses[:, :3, 0], poses[:, :3, 1], poses[:, :3, 2] = right, np.cross(forward, right), forward
    poses[:, :3, 3] = places
    return poses


def _free(places: Float[np.ndarray, "frames 3"], home: Home) -> Bool[np.ndarray, " frames"]:
    """Return at which places a camera is in a room, and neither in a thing nor in a wall."""
    steps = CLEAR * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    x, y = (places[:, None, :2] + steps).transpose(2, 0, 1)
    free = np.logical_or.reduce([np.all(inside(room.polygon, (x, y)), axis=1) for room in home.rooms])
    for box in [placement_box(p) for p in home.placements] + [opening_box(o) for o in home.openings]:
        local = (places - np.array(box.center)) @ np.array(box.axes).T
        free &= (np.abs(local) > np.array(box.size) / 2 + CLEAR).any(axis=1)
    return free
