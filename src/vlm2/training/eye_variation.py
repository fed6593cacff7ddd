"""Variation of rendered views: crops, mirroring, colours, textures, light, camera faults, obstacles."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from ..encoders.detectors.dense_head import STRIDE
from .eye_targets import Targets, cell_targets
from .eye_views import HomeView

OBSTACLE_SHARE = 0.12  # of the frames


def vary(
    view: HomeView, size: tuple[int, int], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "height width 3"], Targets]:
    """Return a varied frame of `size` = (width, height) pixels from a part of a view, with its targets."""
    width, height = size
    tall, wide = view.instances.shape
    scale = min(wide / width, tall / height) * (1 if rng.random() < 0.3 else rng.uniform(0.55, 1))
    left, top = rng.uniform(0, wide - width * scale), rng.uniform(0, tall - height * scale)
    flip = rng.random() < 0.5
    into = np.array([[1 / scale, 0, -left / scale], [0, 1 / scale, -top / scale]], np.float32)
    rgb = cv2.GaussianBlur(view.rgb, (0, 0), 0.4 * scale) if scale > 1.2 else view.rgb
    frame = cv2.warpAffine(rgb, into, size, flags=cv2.INTER_LINEAR)
    instances = cv2.warpAffine(view.instances, into, size, flags=cv2.INTER_NEAREST).astype(int)
    frame = vary_picture(frame, instances, rng)
    if flip:
        frame = frame[:, ::-1]
    targets = cell_targets(view, (left, top, width * scale, height * scale), size, flip)
    if rng.random() < OBSTACLE_SHARE:
        frame, targets = _put_obstacle(frame, targets, rng)
    return np.ascontiguousarray(frame), targets


def vary_picture(
    frame: UInt8[np.ndarray, "height width 3"], instances: Int[np.ndarray, "height width"], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """Change the colours and textures of things, the light, and what a camera does to a picture."""
    pixels = frame.astype(np.float32) / 255
    pixels = vary_things(pixels, instances, rng, lambda cells: _smooth_noise(rng, pixels.shape[:2], cells))
    if rng.random() < 0.3:  # light from a side
        pixels = pixels * np.exp(0.4 * _smooth_noise(rng, pixels.shape[:2], 3, channels=1))
    pixels = vary_camera(vary_tones(np.clip(pixels, 0, 1.6), rng), rng)
    frame = (np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        frame = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return frame


def vary_things(
    pixels: Float[np.ndarray, "height width 3"],
    instances: Int[np.ndarray, "height width"],
    rng: np.random.Generator,
    texture: Callable[[int], Float[np.ndarray, "height width 3"]],
    ids: int | None = None,
) -> Float[np.ndarray, "height width 3"]:
    """Give some things other colours, or none, and other textures. `texture` makes one with so many cells along a side;
    `ids` is the number of the things, by default of those in the frame."""
    ids = int(instances.max()) + 1 if ids is None else ids
    if rng.random() < 0.7:
        some = rng.random(ids) < rng.uniform(0.2, 0.9)
        tints = np.exp(rng.normal(0, 0.3, (ids, 1)) + rng.normal(0, 0.3, (ids, 3)))
        tints = np.where(some[:, None], tints, 1).astype(np.float32)
        grey = (some & (rng.random(ids) < 0.4)).astype(np.float32)[instances][..., None]
        pixels = (pixels * (1 - grey) + pixels.mean(-1, keepdims=True) * grey) * tints[instances]
    if rng.random() < 0.5:
        strengths = (rng.random(ids) < 0.4) * rng.uniform(0.05, 0.35, ids)
        noise = texture(int(rng.integers(4, 64)))
        if rng.random() < 0.5:
            noise = np.sign(noise)
        if rng.random() < 0.5:
            noise = noise.mean(-1, keepdims=True)
        pixels = pixels * (1 + strengths[instances][..., None].astype(np.float32) * noise)
    return pixels


def vary_tones(
    pixels: Float[np.ndarray, "height width 3"], rng: np.random.Generator
) -> Float[np.ndarray, "height width 3"]:
    """Change exposure, white balance, contrast, gamma and saturation; a tenth of the frames is grey."""
    pixels = pixels * np.float32(np.exp(rng.normal(0, 0.25))) * np.exp(rng.normal(0, 0.1, 3)).astype(np.float32)
    mean = pixels.mean()
    pixels = mean + (pixels - mean) * np.float32(np.exp(rng.normal(0, 0.2)))
    pixels = np.clip(pixels, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.25)))
    saturation = np.float32(0.0 if rng.random() < 0.1 else np.exp(rng.normal(0, 0.35)))
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
