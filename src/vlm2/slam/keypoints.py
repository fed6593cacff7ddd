"""Keypoints of a frame: corners at several scales, each with a direction and a descriptor of gradients around it.

Corners are maxima of Harris' measure in the levels of an image pyramid, each smaller than the one before by √2. The
descriptor is a histogram of gradient directions on a 4 × 4 grid, as SIFT's (Lowe 2004). It is read from blurred maps of
the gradients in 8 directions, as DAISY's (Tola 2010), so most of the work is done once a level and not once a corner.
The first level has the image's own size: SIFT as OpenCV finds it doubles the image, and costs about four times as much.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int16, UInt8

from .configuration import FeatureConfig

SIDES = 4  # cells of a descriptor in each direction
DIRECTIONS = 8
STEPS = 16  # of an integer image in a grey level, so that blurring does not round weak texture away
CELLS = (np.stack(np.meshgrid(np.arange(SIDES), np.arange(SIDES)), -1).reshape(-1, 2) - (SIDES - 1) / 2).astype("f4")
CELL_WEIGHTS = np.exp(-np.square(CELLS).sum(1, keepdims=True) / (SIDES**2 / 2))
Y, X = np.mgrid[-1:2, -1:2].reshape(2, -1)
SURFACE = np.linalg.pinv(np.stack((X, Y, X * X, Y * Y, X * Y, np.ones(9)), 1)).T.astype("f4")  # fitted to 9 values
BORDER = 3  # pixels of a level, where no corner is searched

Level = Int16[np.ndarray, "rows columns"]
Pixels = Float[np.ndarray, "keypoints 2"]
Descriptors = Float32[np.ndarray, "keypoints 128"]


def find_keypoints(image: UInt8[np.ndarray, "height width"], config: FeatureConfig) -> tuple[Pixels, Descriptors]:
    """Return pixels from the upper left corner, and unit descriptors, the strongest corner first.

    Each level gets a share of `max_features` in proportion to its area. What coarse levels do not use is left to finer
    ones.
    """
    size = np.array(image.shape[::-1])
    scales = 0.5 ** (np.arange(config.levels) / 2)
    scales = scales[(scales * size.min()).round() > 2 * BORDER]
    pixels, descriptors, strengths = [np.zeros((0, 2))], [np.zeros((0, 128), np.float32)], [np.zeros(0)]
    whole, left = image.astype(np.int16) * STEPS, config.max_features
    for index in range(len(scales) - 1, -1, -1):
        most = int(np.ceil(left * scales[index] ** 2 / np.square(scales[: index + 1]).sum()))
        columns, rows = np.rint(scales[index] * size).astype(int).tolist()
        level = whole if index == 0 else cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
        smooth = np.asarray(cv2.GaussianBlur(level, (5, 5), config.smoothing), np.int16)
        corners, strength = _corners(smooth, most, config)
        pixels.append((corners + 0.5) * (size / (columns, rows)))
        descriptors.append(_describe(smooth, corners, config))
        strengths.append(strength)
        left -= len(corners)
    order = np.argsort(-np.concatenate(strengths), kind="stable")
    return np.concatenate(pixels)[order], np.concatenate(descriptors)[order]


def _corners(smooth: Level, most: int, config: FeatureConfig) -> tuple[Pixels, Float[np.ndarray, " keypoints"]]:
    """Return the strongest corners with fractions of a pixel, the centre of the first pixel being 0, and their
    strengths: the square root of half the harmonic mean of the structure tensor's eigenvalues, in grey levels a
    pixel."""
    along = [cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / (8 * STEPS)) for axis in ((1, 0), (0, 1))]
    products = (along[0] * along[0], along[1] * along[1], along[0] * along[1])
    xx, yy, xy = (cv2.GaussianBlur(product, (7, 7), config.corner_window) for product in products)
    strength = np.sqrt(np.maximum((xx * yy - xy * xy) / (xx + yy + 1e-3), 0))
    peaks = (strength == cv2.dilate(strength, np.ones((3, 3), np.uint8))) & (strength > config.least_strength)
    inside = np.zeros_like(peaks)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    values, width = strength.ravel(), strength.shape[1]
    at = np.flatnonzero(peaks & inside)
    at = at[np.argsort(-values[at], kind="stable")[:most]]
    row, column = np.divmod(at, width)
    return np.stack((column, row), 1) + _vertices(values, at, width), values[at]


def _vertices(values: Float[np.ndarray, " pixels"], at: np.ndarray, width: int) -> Pixels:
    """Return where the quadratic surface fitted to the 3 × 3 values around each peak has its maximum, (x, y) from the
    peak, from -0.7 to 0.7, or 0 where it has none."""
    around = values[at[:, None] + np.add.outer((-width, 0, width), (-1, 0, 1)).ravel()]
    x, y, xx, yy, xy, _ = (around @ SURFACE).T
    determinant = 4 * xx * yy - xy * xy
    offsets = np.stack((xy * y - 2 * yy * x, xy * x - 2 * xx * y), 1) / determinant.clip(1e-9)[:, None]
    return np.where(((determinant > 1e-9) & (xx < 0))[:, None], offsets, 0).clip(-0.7, 0.7)


def _direction_maps(smooth: Level, config: FeatureConfig) -> Int16[np.ndarray, "directions rows columns"]:
    """Split each gradient between the two nearest of 8 directions, 45° apart, and blur the results."""
    x, y = cv2.Sobel(smooth, cv2.CV_16S, 1, 0), cv2.Sobel(smooth, cv2.CV_16S, 0, 1)
    half = 0.5**0.5
    u, v = cv2.addWeighted(x, half, y, half, 0), cv2.addWeighted(y, half, x, -half, 0)
    pairs = [(x, np.abs(y)), (u, np.abs(v)), (y, np.abs(x)), (v, np.abs(u))]  # along the direction, and across
    pairs += [(-along, across) for along, across in pairs]
    return np.stack([_pooled(np.maximum(along - across, 0), config.pooling) for along, across in pairs])


def _pooled(values: Level, widths: tuple[int, ...]) -> Level:
    """Average values over squares of these widths, one after the other."""
    for side in widths:
        values = np.asarray(cv2.blur(values, (side, side)), np.int16)
    return values


def _describe(smooth: Level, corners: Pixels, config: FeatureConfig) -> Descriptors:
    """Describe corners by the gradients around them, relative to the gradient of the blurred surroundings."""
    height, width = smooth.shape
    blurred = np.asarray(cv2.GaussianBlur(smooth, (0, 0), config.cell), np.int32)
    column, row = np.rint(corners).astype(int).T
    x = blurred[row, column + 1] - blurred[row, column - 1]
    y = blurred[row + 1, column] - blurred[row - 1, column]
    angle = np.arctan2(y, x).astype(np.float32)[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    across, down = config.cell * CELLS.T
    columns = np.rint(corners[:, :1] + cos * across - sin * down).astype(np.int32).clip(0, width - 1)
    rows = np.rint(corners[:, 1:] + sin * across + cos * down).astype(np.int32).clip(0, height - 1)
    turn = angle * np.float32(DIRECTIONS / (2 * np.pi))
    whole = np.floor(turn).astype(np.int32)
    planes = (whole + np.arange(DIRECTIONS + 1, dtype=np.int32)) % DIRECTIONS
    indices = planes[:, None] * smooth.size + (rows * width + columns)[:, :, None]
    read = _direction_maps(smooth, config).ravel().take(indices).astype(np.float32)
    counts = read[..., :-1] + (turn - whole).astype(np.float32)[:, :, None] * (read[..., 1:] - read[..., :-1])
    counts = (counts * CELL_WEIGHTS).reshape(-1, SIDES**2 * DIRECTIONS)
    # The square root of a histogram of unit sum: distances of these tell features better apart (Arandjelović 2012).
    return np.sqrt(counts / counts.sum(1, keepdims=True).clip(1e-6))
