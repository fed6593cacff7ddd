"""High dynamic range (HDR) as phones record it, brought to the standard range (sRGB) that models were trained on.

HLG (ITU-R BT.2100; iPhones) and PQ (SMPTE ST 2084; HDR10) code more light than a screen of standard range shows, in the
wider colours of BT.2020. Taken as it is coded, such a picture is pale and grey. White is at 203 cd/m² (ITU-R BT.2408);
what is brighter than `KNEE` of white is compressed.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from av.video.stream import VideoStream
from jaxtyping import Float32, UInt8

PQ, HLG = 16, 18  # transfer characteristics (ITU-T H.273)
WHITE, HLG_PEAK, HLG_GAMMA = 203.0, 1000.0, 1.2  # cd/m², cd/m², of a screen with that peak
KNEE = 0.8
LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # of BT.2020's red, green and blue
BT709_FROM_BT2020 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
LEVELS = 4096  # steps of the square root of light, from which the output is looked up

Picture = UInt8[np.ndarray, "height width 3"]


def to_standard_range(stream: VideoStream) -> Callable[[Picture], Picture] | None:
    """Return the function that converts the pictures of a stream, None for a stream of standard range."""
    return {PQ: from_pq, HLG: from_hlg}.get(int(stream.codec_context.color_trc))


def from_pq(image: Picture) -> Picture:
    """Convert an RGB picture in PQ and BT.2020 to sRGB."""
    return _encoded(cv2.LUT(image, _PQ_LIGHT))


def from_hlg(image: Picture) -> Picture:
    """Convert an RGB picture in HLG and BT.2020 to sRGB, as a screen of `HLG_PEAK` shows it."""
    scene = cv2.LUT(image, _HLG_LIGHT)
    gain = cv2.pow(cv2.transform(scene, LUMINANCE), HLG_GAMMA - 1.0)
    return _encoded(scene * (gain * np.float32(HLG_PEAK / WHITE))[..., None])


def _encoded(light: Float32[np.ndarray, "height width 3"]) -> Picture:
    """Convert linear light in BT.2020 (1 is white) to sRGB."""
    light = cv2.transform(light, BT709_FROM_BT2020)
    roots = cv2.sqrt(np.clip(light, 0, _BRIGHTEST, out=light))
    return _SRGB[(roots * np.float32((LEVELS - 1) / np.sqrt(_BRIGHTEST))).astype(np.uint16)]


def _pq_light() -> Float32[np.ndarray, " codes"]:
    """Return the light of each 8-bit code in PQ, relative to white."""
    root = np.linspace(0, 1, 256) ** (1 / 78.84375)
    share = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return (10_000 / WHITE * share ** (1 / 0.1593017578125)).astype(np.float32)


def _hlg_light() -> Float32[np.ndarray, " codes"]:
    """Return the scene light (0–1) of each 8-bit code in HLG."""
    code = np.linspace(0, 1, 256)
    bright = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(code <= 0.5, code**2 / 3, bright).astype(np.float32)


def _srgb() -> UInt8[np.ndarray, " levels"]:
    """Return the sRGB code of each level of light, from 0 to `_BRIGHTEST`."""
    light = _BRIGHTEST * np.linspace(0, 1, LEVELS) ** 2
    above = 1 - (1 - KNEE) * np.exp(-(light - KNEE) / (1 - KNEE))
    shown = np.where(light > KNEE, above, light)
    code = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return (255 * code).round().astype(np.uint8)


_BRIGHTEST = 10_000 / WHITE
_PQ_LIGHT, _HLG_LIGHT, _SRGB = _pq_light(), _hlg_light(), _srgb()
