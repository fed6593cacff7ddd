"""A person with a hand-held camera walks through a home and looks around in every room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .floor_plan import polygon_area
from .home import CameraWalk, Home
from .walkable_ground import WalkableGround

STEP = 1 / 30  # seconds of a step of the simulation
SHORTEST, LONGEST = 20.0, 300.0  # seconds of a walk
AROUND = np.linspace(0, 2 * math.pi, 72, endpoint=False)  # directions, radians


@dataclass(frozen=True)
class WalkStyle:
    """The way a person films: eye height (m), pace (m/s), turning speed (rad/s), downward pitch (rad)."""

    height: float
    pace: float
    turn: float
    pitch: float


def walk(home: Home, seed: int, fps: float = 10.0, duration: float | None = None) -> CameraWalk:
    """Walk through all rooms of a home and return camera poses at `fps` frames a second.

    `duration` is in seconds, 20–300. If it is longer than a natural tour, the person walks another round with other
    stops; if it is shorter, they make fewer and shorter stops. Raises ValueError for other durations.
    """
    if duration is not None and not SHORTEST <= duration <= LONGEST:
        raise ValueError(f"A walk cannot last {duration:g} s. Give {SHORTEST:g} to {LONGEST:g} s.")
    rng = np.random.default_rng([seed, home.seed, 7])
    ground = WalkableGround(home)
    style = WalkStyle(*(float(rng.uniform(*span)) for span in ((1.38, 1.66), (0.6, 0.85), (0.58, 0.7), (0.2, 0.4))))
    thorough = 1.0
    while True:
        positions, targets = _tour(ground, home, style, rng, thorough, heading=float(rng.uniform(-math.pi, math.pi)))
        if duration is None or len(positions) * STEP <= duration * 1.02 or thorough < 0.2:
            break
        thorough *= 0.75
    limit = LONGEST if duration is None else duration
    least = float(rng.uniform(SHORTEST, 25)) if duration is None else duration
    if len(positions) * STEP < least:
        limit = least
    while len(positions) * STEP < least:
        more = _tour(ground, home, style, rng, 1.0, start=positions[-1], heading=targets[-1])
        positions, targets = np.concatenate([positions, more[0]]), np.concatenate([targets, more[1]])
    steps = min(len(positions), int(limit / STEP))
    count = int(steps * STEP * fps)
    times = np.arange(count) / fps
    poses = _poses(positions[:steps], targets[:steps], style, rng, times)
    return CameraWalk(times, poses, math.radians(float(rng.uniform(60, 80))))


def _tour(ground: WalkableGround, home: Home, style: WalkStyle, rng, thorough: float, heading: float, start=None):
    """Return positions and wanted view directions of one round through all rooms, per simulation step.

    It begins at `start`, or at any of its stops.
    """
    stops = _stops(ground, home, rng, thorough)
    nodes = [node for _, node in stops]
    entry = nodes[int(rng.integers(len(nodes)))] if start is None else _nearest(ground, start)
    lengths, before = ground.ways([entry, *nodes])
    order = _order(lengths, stops)
    positions: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    visited: set[int] = set()
    here = 0
    for k in order:
        room, node = stops[k]
        origin = entry if here == 0 else nodes[here - 1]
        if node != origin:
            way = ground.way(before[here], origin, node)
            moved, looked = _stride(way, style, rng, heading)
            positions.append(moved)
            targets.append(looked)
            heading = looked[-1]
        here = k + 1
        first = room not in visited
        visited.add(room)
        share = (0.95 if first else 0.75) * min(1.0, 0.35 + 0.65 * thorough)
        pan = _pan(ground.views(ground.nodes[node], AROUND), style, rng, heading, share)
        positions.append(np.repeat(ground.nodes[node][None], len(pan), 0))
        targets.append(pan)
        heading = pan[-1]
    return np.concatenate(positions), np.concatenate(targets)


def _nearest(ground: WalkableGround, point) -> int:
    apart = np.linalg.norm(ground.nodes - np.asarray(point), axis=1)
    return int(np.where(ground.main, apart, np.inf).argmin())


def _stops(ground: WalkableGround, home: Home, rng, thorough: float) -> list[tuple[int, int]]:
    """Choose 1–4 places (room, node) to stop at in each room, far apart."""
    stops = []
    for i, room in enumerate(home.rooms):
        inside = np.nonzero(ground.main & (ground.node_room == i))[0]
        if not len(inside):
            continue
        area = polygon_area(room.polygon)
        wanted = 1 + (area > 12) if len(home.rooms) > 1 else 2 + (area > 13)
        wanted = max(1, round(wanted * thorough))
        nodes = ground.nodes[inside]
        worth = 1.5 * np.minimum(ground.node_distance[inside], 0.9) + rng.uniform(0, 0.5, len(inside))
        worth -= 2.0 * np.maximum(0, 0.9 - ground.node_door[inside])
        worth += (-0.4 if wanted == 1 else 0.25) * np.linalg.norm(nodes - np.mean(room.polygon, axis=0), axis=1)
        chosen = [int(worth.argmax())]
        while len(chosen) < wanted:
            apart = np.min([np.linalg.norm(nodes - nodes[c], axis=1) for c in chosen], axis=0)
            best = int((apart + worth).argmax())
            if apart[best] < 0.8:
                break
            chosen.append(best)
        stops += [(i, int(inside[c])) for c in chosen]
    return stops


def _order(lengths: np.ndarray, stops: list[tuple[int, int]]) -> list[int]:
    """Order the stops: from the entry, always to the nearest one left in the room, then to the nearest room."""
    left = list(range(len(stops)))
    order = [min(left, key=lambda k: lengths[0, stops[k][1]])]
    left.remove(order[0])
    while left:
        last = order[-1]
        order.append(min(left, key=lambda k: lengths[last + 1, stops[k][1]] + 20 * (stops[k][0] != stops[last][0])))
        left.remove(order[-1])
    return order


def _stride(way: np.ndarray, style: WalkStyle, rng, heading: float) -> tuple[np.ndarray, np.ndarray]:
    """Walk along a way: positions and view directions (ahead, with glances aside) per step."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    length = along[-1]
    pace = min(0.88, style.pace * rng.uniform(0.85, 1.15))
    ramp = min(0.7, length / pace)  # seconds of speeding up and slowing down
    total = length / pace + ramp
    times = np.arange(1, int(total / STEP) + 1) * STEP
    gone = np.where(
        times < ramp,
        pace * times**2 / (2 * ramp),
        np.where(times < total - ramp, pace * (times - ramp / 2), length - pace * (total - times) ** 2 / (2 * ramp)),
    )
    positions = np.stack([np.interp(gone, along, way[:, i]) for i in range(2)], 1)
    ahead = np.stack([np.interp(np.minimum(gone + 0.7, length), along, way[:, i]) for i in range(2)], 1) - positions
    direction = np.arctan2(ahead[:, 1], ahead[:, 0])
    far = np.linalg.norm(ahead, axis=1) > 0.25
    direction = direction[far][np.cumsum(far) - 1] if far.any() else np.full(len(times), heading)
    glance = math.radians(rng.normal(0, 28)) * np.sin(np.pi * times / total) ** 2
    looked = np.unwrap(np.concatenate([[heading], direction + glance]))[1:]
    return positions, looked


def _scope(views: np.ndarray) -> tuple[float, float]:
    """Return the arc of directions (from, to; radians, to > from) worth looking at.

    It leaves out the widest arc in which a wall fills the picture. `views` are the visible distances all around, in
    equal steps from direction 0.
    """
    count = len(views)
    half = round(count * 30 / 360)
    worth = np.mean([np.roll(views, k) for k in range(-half, half + 1)], axis=0)
    dull = worth < max(1.25, worth.min() + 0.05)
    turned = np.roll(dull, -int(worth.argmax()))
    best, run, end = 0, 0, 0
    for i, flag in enumerate(turned):
        run = run + 1 if flag else 0
        if run > best:
            best, end = run, i
    step = 2 * math.pi / count
    low = (end + 1 + int(worth.argmax())) * step
    return low, low + 2 * math.pi - best * step


def _pan(views: np.ndarray, style: WalkStyle, rng, heading: float, share: float) -> np.ndarray:
    """Look around at a stop: view directions per step, over a share (0–1) of the arc worth looking at."""
    low, high = _scope(views)
    half = (high - low) / 2 * min(1.0, share * rng.uniform(0.85, 1.05))
    middle = heading + ((low + high) / 2 - heading + math.pi) % (2 * math.pi) - math.pi
    ends = [middle - half, middle + half]
    if abs(ends[1] - heading) < abs(ends[0] - heading):
        ends.reverse()
    speed = style.turn * rng.uniform(0.9, 1.1)
    turns, where = [], heading
    for end in ends:
        count = max(1, int(abs(end - where) / speed / STEP))
        turns.append(where + (end - where) * np.arange(1, count + 1) / count)
        turns.append(np.full(int(rng.uniform(0.1, 0.5) / STEP), end))
        where = end
    return np.concatenate(turns)


def wander(rng, times: np.ndarray, size: float, slowest: float = 0.07, fastest: float = 0.7) -> np.ndarray:
    """Return smooth noise of a standard deviation: a sum of slow waves."""
    rates = np.exp(rng.uniform(math.log(slowest), math.log(fastest), 5))
    phases = rng.uniform(0, 2 * math.pi, 5)
    weights = 1 / (1 + 3 * rates)
    waves = np.sin(2 * math.pi * rates * times[:, None] + phases) @ weights
    return size * waves / math.sqrt((weights**2).sum() / 2)


def _follow(targets: np.ndarray, limit: float) -> np.ndarray:
    """Turn after the wanted directions with a limited speed and without jerks (radians, per step)."""
    result = np.empty(len(targets))
    where, speed = float(targets[0]), 0.0
    for i, target in enumerate(targets.tolist()):
        wanted = max(-limit, min(limit, (target - where) * 2.5))
        speed += max(-2.5 * STEP, min(2.5 * STEP, wanted - speed))
        where += speed * STEP
        result[i] = where
    return result


def _poses(positions: np.ndarray, targets: np.ndarray, style: WalkStyle, rng, times: np.ndarray) -> np.ndarray:
    """Return world_from_camera at times, with the bob, sway and tremble of a hand-held camera."""
    clock = np.arange(len(positions)) * STEP
    yaw = np.interp(times, clock, _follow(targets, math.radians(46)))
    x, y = (np.interp(times, clock, positions[:, i]) for i in range(2))
    speed = np.linalg.norm(np.gradient(positions, STEP, axis=0), axis=1)
    bob = np.sin(2 * math.pi * 1.75 * times) * 0.012 * np.interp(times, clock, np.minimum(speed, 0.9))
    z = style.height + bob + wander(rng, times, 0.012)
    x, y = x + wander(rng, times, 0.007), y + wander(rng, times, 0.007)
    yaw = yaw + wander(rng, times, math.radians(0.8))
    pitch = np.clip(style.pitch + wander(rng, times, math.radians(4.5), 0.04, 0.3), math.radians(3), math.radians(34))
    roll = wander(rng, times, math.radians(1.0))
    forward = np.stack([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)], 1)
    level = np.stack([np.sin(yaw), -np.cos(yaw), np.zeros_like(yaw)], 1)
    below = np.cross(forward, level)
    poses = np.tile(np.eye(4), (len(times), 1, 1))
    poses[:, :3, 0] = level * np.cos(roll)[:, None] + below * np.sin(roll)[:, None]
    poses[:, :3, 1] = np.cross(forward, poses[:, :3, 0])
    poses[:, :3, 2] = forward
    poses[:, :3, 3] = np.stack([x, y, z], 1)
    return poses
