"""Variation of rendered views: crops, mirroring, colours, textures, light, camera faults, obstacles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from ..encoders.detectors.dense_head import STRIDE
from .eye_targets import CEILING_HEIGHT, FLOOR_HEIGHT, Targets, cell_targets
from .eye_views import HomeView

OBSTACLE_SHARE = 0.2  # of the frames
PASTED_SHARE = 0.4  # of the frames get things of another view
MOST_PASTED = 5  # things
LARGEST_PASTED = 0.25  # of the frame
LARGEST_THING, CUTS = 0.6, 4  # of the frame; cuts that are tried: what one plain thing fills, nobody could name
BRIGHTNESS = 0.1, 0.7  # mean of a frame
STRENGTH = 1.3  # of the colours, textures and tones, against that of walks: single views may differ more


@dataclass(frozen=True)
class _Cut:
    """A part of a view at the size of a frame: its pixels, the ids of the things and surfaces in it, its targets."""

    rgb: UInt8[np.ndarray, "height width 3"]
    parts: Int[np.ndarray, "height width"]
    targets: Targets


def vary(
    view: HomeView, size: tuple[int, int], rng: np.random.Generator, other: HomeView | None = None
) -> tuple[UInt8[np.ndarray, "height width 3"], Targets]:
    """Return a varied frame of `size` = (width, height) pixels from a part of a view, with its targets.

    Some frames get things of the `other` view, at the places that they have there.
    """
    cut = _cut(view, size, rng)
    if other is not None and rng.random() < PASTED_SHARE:
        cut = _paste(cut, _cut(other, size, rng), rng)
    frame, targets = vary_picture(cut.rgb, cut.parts, rng), cut.targets
    if rng.random() < OBSTACLE_SHARE:
        frame, targets = _put_obstacle(frame, targets, rng)
    return np.ascontiguousarray(frame), targets


def parts_of(view: HomeView) -> Int[np.ndarray, "height width"]:
    """Return the ids of the things in a view. The shell has three: 0 for the walls, and the two that follow the
    things' for floor and ceiling."""
    tall, wide = view.instances.shape
    nearness = cv2.resize(1 / np.maximum(view.depth, 0.05), (wide, tall), interpolation=cv2.INTER_LINEAR)
    right = (np.arange(wide) + 0.5 - 0.5 * wide) / view.focal
    down = (np.arange(tall)[:, None] + 0.5 - 0.5 * tall) / view.focal
    up = view.world_from_camera[2]
    height = (up[0] * right + up[1] * down + up[2]) / nearness + up[3]
    parts, floor = view.instances.astype(int), len(view.things.labels)
    shell = parts == 0
    parts[shell & (height < FLOOR_HEIGHT)] = floor
    parts[shell & (height > CEILING_HEIGHT)] = floor + 1
    return parts


def vary_picture(
    frame: UInt8[np.ndarray, "height width 3"], parts: Int[np.ndarray, "height width"], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """Change the colours and textures of things and surfaces, the light, and what a camera does to a picture."""
    pixels, shape = frame.astype(np.float32) / 255, frame.shape[:2]
    pixels = vary_things(pixels, parts, rng, lambda cells: _pattern(rng, shape, cells), strength=STRENGTH)
    if rng.random() < 0.4:  # light from a side
        pixels = pixels * np.exp(0.5 * _smooth_noise(rng, shape, 3, channels=1))
    pixels = vary_tones(np.clip(pixels, 0, 1.6), rng, STRENGTH)
    mean = max(float(pixels.mean()), 1e-3)
    pixels = pixels * np.float32(np.clip(mean, *BRIGHTNESS) / mean)
    if rng.random() < 0.25:  # a coarse picture, enlarged
        few = np.maximum(8, np.array(shape[::-1]) * rng.uniform(0.35, 0.8)).astype(int)
        pixels = cv2.resize(cv2.resize(pixels, few.tolist(), interpolation=cv2.INTER_AREA), shape[::-1])
    frame = (np.clip(vary_camera(pixels, rng), 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))])[1]
        frame = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return frame


def vary_things(
    pixels: Float[np.ndarray, "height width 3"],
    instances: Int[np.ndarray, "height width"],
    rng: np.random.Generator,
    texture: Callable[[int], Float[np.ndarray, "height width 3"]],
    ids: int | None = None,
    strength: float = 1.0,
) -> Float[np.ndarray, "height width 3"]:
    """Give some things other colours, or none, and other textures. `texture` makes one with so many cells along a side;
    `ids` is the number of the things, by default of those in the frame; `strength` multiplies the changes."""
    ids = int(instances.max()) + 1 if ids is None else ids
    if rng.random() < 0.7:
        some = rng.random(ids) < rng.uniform(0.2, 0.9)
        tints = np.exp(strength * (rng.normal(0, 0.3, (ids, 1)) + rng.normal(0, 0.3, (ids, 3))))
        tints = np.where(some[:, None], tints, 1).astype(np.float32)
        grey = (some & (rng.random(ids) < 0.4)).astype(np.float32)[instances][..., None]
        pixels = (pixels * (1 - grey) + pixels.mean(-1, keepdims=True) * grey) * tints[instances]
    if rng.random() < 0.5:
        strengths = (rng.random(ids) < 0.4) * rng.uniform(0.05, 0.35, ids) * strength
        noise = texture(int(rng.integers(4, 64)))
        if rng.random() < 0.5:
            noise = np.sign(noise)
        if rng.random() < 0.5:
            noise = noise.mean(-1, keepdims=True)
        pixels = pixels * (1 + strengths[instances][..., None].astype(np.float32) * noise)
    return pixels


def vary_tones(
    pixels: Float[np.ndarray, "height width 3"], rng: np.random.Generator, strength: float = 1.0
) -> Float[np.ndarray, "height width 3"]:
    """Change exposure, white balance, contrast, gamma and saturation; a tenth of the frames is grey. `strength`
    multiplies the deviations."""

    def factor(deviation: float, count: int = 1) -> np.ndarray:
        return np.exp(rng.normal(0, deviation * strength, count)).astype(np.float32)

    pixels = pixels * factor(0.25) * factor(0.1, 3)
    mean = pixels.mean()
    pixels = mean + (pixels - mean) * factor(0.2)
    pixels = np.clip(pixels, 0, 1) ** factor(0.25)
    saturation = np.float32(0.0) if rng.random() < 0.1 else factor(0.35)
    grey = pixels.mean(-1, keepdims=True)
    return grey + (pixels - grey) * saturation


def vary_camera(
    pixels: Float[np.ndarray, "height width 3"], rng: np.random.Generator
) -> Float[np.ndarray, "height width 3"]:
    """Blur, smear by motion or sharpen some frames; add noise to half of them."""
    fault = rng.random()
    if fault < 0.15:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.6))
    elif fault < 0.3:
        length, kernel, angle = int(rng.integers(2, 8)), np.zeros((9, 9), np.float32), rng.uniform(0, math.pi)
        x, y = math.cos(angle) * length / 2, math.sin(angle) * length / 2
        cv2.line(kernel, (round(4 - x), round(4 - y)), (round(4 + x), round(4 + y)), 1.0)
        pixels = cv2.filter2D(pixels, -1, kernel / kernel.sum())
    elif fault < 0.4:
        pixels = cv2.addWeighted(pixels, 2.0, cv2.GaussianBlur(pixels, (0, 0), 1.2), -1.0, 0)
    if rng.random() < 0.5:
        strength, channels = rng.uniform(0.005, 0.05), 3 if rng.random() < 0.5 else 1
        pixels = pixels + rng.normal(0, strength, (*pixels.shape[:2], channels)).astype(np.float32)
    return pixels


def _cut(view: HomeView, size: tuple[int, int], rng: np.random.Generator) -> _Cut:
    """Cut a part out of a view, and mirror half of these parts."""
    width, height = size
    whole = parts_of(view).astype(np.int16)
    tall, wide = whole.shape
    for _ in range(CUTS):
        scale = min(wide / width, tall / height) * (1 if rng.random() < 0.3 else rng.uniform(0.55, 1))
        left, top = rng.uniform(0, wide - width * scale), rng.uniform(0, tall - height * scale)
        into = np.array([[1 / scale, 0, -left / scale], [0, 1 / scale, -top / scale]], np.float32)
        parts = cv2.warpAffine(whole, into, size, flags=cv2.INTER_NEAREST).astype(int)
        if np.bincount(parts.ravel())[1:].max(initial=0) < LARGEST_THING * parts.size:
            break
    flip = rng.random() < 0.5
    rgb = cv2.GaussianBlur(view.rgb, (0, 0), 0.4 * scale) if scale > 1.2 else view.rgb
    rgb = cv2.warpAffine(rgb, into, size, flags=cv2.INTER_LINEAR)
    targets = cell_targets(view, (left, top, width * scale, height * scale), size, flip)
    return _Cut(rgb[:, ::-1], parts[:, ::-1], targets) if flip else _Cut(rgb, parts, targets)


def _paste(cut: _Cut, other: _Cut, rng: np.random.Generator) -> _Cut:
    """Put some things of another view before what a view shows: a home is more cluttered than a plan."""
    middles = slice(STRIDE // 2, None, STRIDE)
    seen = np.unique(other.parts[middles, middles][other.targets["thing"]])
    small = seen[np.bincount(other.parts.ravel())[seen] < LARGEST_PASTED * other.parts.size]
    mask = np.isin(other.parts, rng.permutation(small)[: rng.integers(1, MOST_PASTED + 1)])
    cells = mask[middles, middles] & other.targets["thing"]
    targets = {
        name: np.where(cells.reshape(cells.shape + (1,) * (values.ndim - 2)), other.targets[name], values)
        for name, values in cut.targets.items()
    }
    targets["up"] = cut.targets["up"]
    parts = np.where(mask, int(cut.parts.max()) + 1 + other.parts, cut.parts)
    return _Cut(np.where(mask[..., None], other.rgb, cut.rgb), parts, targets)


def _put_obstacle(frame: np.ndarray, targets: Targets, rng: np.random.Generator) -> tuple[np.ndarray, Targets]:
    """Put an ellipse before the picture that is no thing of the home."""
    height, width = frame.shape[:2]
    middle = int(rng.uniform(0, width)), int(rng.uniform(height * 0.2, height))
    axes = int(rng.uniform(8, 40)), int(rng.uniform(15, 80))
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, middle, axes, rng.uniform(-30, 30), 0, 360, 1, -1)
    colour = rng.integers(0, 255, 3) + 25 * _smooth_noise(rng, (height, width), int(rng.integers(3, 20)))
    frame = np.where(mask[..., None] > 0, np.clip(colour, 0, 255), frame).astype(np.uint8)
    free = mask[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE] == 0
    return frame, targets | {name: targets[name] * free for name in ("label", "thing", "valid")}


def _smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], cells: int, channels: int = 3
) -> Float[np.ndarray, "height width channels"]:
    """Return Gaussian noise that varies smoothly from cell to cell."""
    coarse = rng.normal(0, 1, (cells, cells, channels)).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(*shape, channels)


def _pattern(
    rng: np.random.Generator, shape: tuple[int, ...], cells: int
) -> Float[np.ndarray, "height width channels"]:
    """Return smooth noise, or stripes as blinds, boards and books have them."""
    if rng.random() < 0.5:
        return _smooth_noise(rng, shape, cells)
    angle = rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.1)
    rows, columns = np.indices(shape, np.float32)
    along = (columns * math.cos(angle) + rows * math.sin(angle)) * (math.pi * cells / max(shape)) + rng.uniform(0, 6)
    stripes = np.tanh(np.sin(along) * rng.uniform(1, 6))[..., None] * rng.normal(0, 1, 3)
    return stripes.astype(np.float32)
