"""Keypoints: where corners are, at all scales, with descriptors that stay when the picture turns or shrinks."""

import numpy as np
import pytest

from vlm2.slam.configuration import FeatureConfig
from vlm2.slam.keypoints import find_keypoints

cv2 = pytest.importorskip("cv2")

CONFIG = FeatureConfig()


def picture(seed: int, height: int = 160, width: int = 200) -> np.ndarray:
    """Return a grey image of soft blobs of all sizes."""
    rng, image = np.random.default_rng(seed), np.zeros((height, width))
    for cells in (4, 8, 16):
        coarse = rng.random((height // cells + 1, width // cells + 1))
        image += np.kron(coarse, np.ones((cells, cells)))[:height, :width]
    return (image / image.max() * 255).astype(np.uint8)


def share_found_again(image: np.ndarray, changed: np.ndarray, affine: np.ndarray) -> float:
    """Return the share of keypoints whose most similar one in the changed picture is within 1.5 pixels of where the
    affine map takes them."""
    (pixels, descriptors), (others, theirs) = find_keypoints(image, CONFIG), find_keypoints(changed, CONFIG)
    expected = (pixels - 0.5) @ affine[:, :2].T + affine[:, 2] + 0.5
    found = others[(descriptors @ theirs.T).argmax(1)]
    inside = ((expected > 20) & (expected < np.array(changed.shape[::-1]) - 20)).all(1)
    return float((np.linalg.norm(found - expected, axis=1) < 1.5)[inside].mean())


@pytest.mark.parametrize("degrees", [0, 20, 90, 200])
def test_keypoints_are_found_again_in_a_turned_picture(degrees):
    image = picture(0)
    affine = cv2.getRotationMatrix2D((99.5, 79.5), degrees, 1.0)
    changed = cv2.warpAffine(image, affine, image.shape[::-1])
    assert share_found_again(image, changed, affine) > 0.6


def test_keypoints_are_found_again_in_a_smaller_picture():
    image = picture(1)
    changed = cv2.resize(image, (141, 113), interpolation=cv2.INTER_AREA)
    scale = np.array([141 / 200, 113 / 160])
    affine = np.concatenate((np.diag(scale), (0.5 * scale - 0.5)[:, None]), 1)
    assert share_found_again(image, changed, affine) > 0.5


def test_the_corners_of_a_rectangle_are_found_between_pixels():
    large = np.full((640, 800), 50, np.uint8)
    large[163:483, 245:565] = 200  # in quarters of a pixel
    image = cv2.resize(large, (200, 160), interpolation=cv2.INTER_AREA)
    pixels, _ = find_keypoints(image, FeatureConfig(levels=1))
    corners = np.array([(x, y) for x in (245, 565) for y in (163, 483)]) / 4
    assert len(pixels) == 4
    # Smoothing moves a corner inwards, as far on every side.
    away = np.array([pixels[np.linalg.norm(pixels - corner, axis=1).argmin()] - corner for corner in corners])
    assert np.allclose(np.abs(away), np.abs(away).mean(), atol=0.1) and np.abs(away).max() < 2


def test_a_contrast_and_a_brightness_change_no_descriptor_much():
    image = picture(2)
    pixels, descriptors = find_keypoints(image, CONFIG)
    darker, theirs = find_keypoints((40 + image // 2).astype(np.uint8), CONFIG)
    nearest = np.linalg.norm(pixels[:100, None] - darker, axis=2).argmin(1)
    assert np.median((descriptors[:100] * theirs[nearest]).sum(1)) > 0.99


def test_the_strongest_come_first_and_no_more_than_asked_for():
    image = picture(3)
    everything, _ = find_keypoints(image, CONFIG)
    few, descriptors = find_keypoints(image, FeatureConfig(max_features=50))
    assert len(few) == len(descriptors) == 50 < len(everything) <= CONFIG.max_features
    assert descriptors.dtype == np.float32 and np.allclose(np.linalg.norm(descriptors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (7, 7), (16, 16)])
def test_a_tiny_picture_is_no_error(size):
    pixels, descriptors = find_keypoints(np.random.default_rng(4).integers(0, 255, size, np.uint8), CONFIG)
    assert len(pixels) == len(descriptors) and descriptors.shape[1] == 128
