"""Features and their matches: in the right pixels, with the right depth, and none where nothing can be told apart."""

import numpy as np
import pytest

from vlm2.slam.configuration import FeatureConfig
from vlm2.slam.features import Features, KeyframeFeatures, Matches, detect, match

pytest.importorskip("cv2")

CONFIG = FeatureConfig()


def picture(seed: int, height: int = 160, width: int = 200) -> np.ndarray:
    """Return a grey image of soft blobs of all sizes."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width))
    for cells in (4, 8, 16):
        coarse = rng.random((height // cells + 1, width // cells + 1))
        image += np.kron(coarse, np.ones((cells, cells)))[:height, :width]
    return (image / image.max() * 255).astype(np.uint8)


def features(count: int, seed: int) -> Features:
    """Return features that look like nothing else, 2 m away."""
    rng = np.random.default_rng(seed)
    descriptors = rng.random((count, 128)) ** 4
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Features(rng.uniform(-80, 80, (count, 2)), descriptors, np.full(count, 2.0))


def test_a_shifted_image_is_found_again_where_it_was_shifted_to():
    image, depth = picture(0), np.full((12, 16), 1.5)
    first = detect(np.ascontiguousarray(image[5:, 9:]), depth, CONFIG)
    second = detect(np.ascontiguousarray(image[:-5, :-9]), depth, CONFIG)
    matches = match(first, second, 3, 7, CONFIG)
    there = matches.source == 3
    assert there.sum() > 20
    shift = (matches.target_pixels - matches.source_pixels)[there]
    assert np.allclose(np.median(shift, axis=0), [9, 5], atol=0.1)
    assert (np.linalg.norm(shift - [9, 5], axis=1) < 1).mean() > 0.95


def turned(descriptors: np.ndarray, angles: np.ndarray, seed: int) -> np.ndarray:
    """Turn each descriptor by an angle (radians) in a direction of its own."""
    away = np.random.default_rng(seed).standard_normal(descriptors.shape)
    away -= (away * descriptors).sum(1, keepdims=True) * descriptors
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return np.cos(angles)[:, None] * descriptors + np.sin(angles)[:, None] * away


def test_matches_come_both_ways_in_the_same_order():
    a, b = features(30, 1), features(30, 2)
    b = Features(b.pixels, a.descriptors[::-1].copy(), b.depth * 2)
    matches = match(a, b, 0, 1, CONFIG)
    half = len(matches.source) // 2
    assert half == 30
    assert matches.source.tolist() == matches.target[::-1].tolist() == [0] * 30 + [1] * 30
    assert np.array_equal(matches.source_pixels[:half], matches.target_pixels[half:])
    assert np.array_equal(matches.target_pixels[:half], matches.source_pixels[half:])
    assert np.array_equal(matches.target_pixels[:half], b.pixels[::-1])
    assert (matches.source_depth[:half] == 2).all() and (matches.source_depth[half:] == 4).all()


def test_what_is_seen_twice_matches_neither():
    a = features(12, 3)
    pixels, descriptors, depth = (np.concatenate([values, values[:4]]) for values in vars(a).values())
    twice = Features(pixels, turned(descriptors, np.full(16, 0.05), 3), depth)
    matches = match(a, twice, 0, 1, CONFIG)
    assert np.array_equal(matches.source_pixels[: len(matches.source) // 2], a.pixels[4:])


def test_of_many_matches_the_likest_stay():
    a = features(CONFIG.max_matches + 40, 4)
    less_and_less = turned(a.descriptors, np.linspace(0.01, 0.2, len(a.depth)), 5)
    matches = match(a, Features(a.pixels, less_and_less, a.depth), 0, 1, CONFIG)
    assert np.array_equal(matches.source_pixels[: len(matches.source) // 2], a.pixels[: CONFIG.max_matches])


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_features_match_nothing(count):
    few = features(count, 6)
    assert len(match(few, features(5, 7), 0, 1, CONFIG)) == len(match(features(5, 7), few, 0, 1, CONFIG)) == 0


def test_features_have_the_depth_of_their_cell_and_none_lies_where_there_is_none():
    depth = np.zeros((4, 2))
    depth[:, 0], depth[0, 1] = 3.0, 5.0
    found = detect(picture(8), depth, CONFIG)
    x, y = found.pixels.T
    assert set(np.unique(found.depth)) == {3.0, 5.0}
    assert ((x < 0) == (found.depth == 3)).all()  # pixels are counted from the middle
    assert (y[found.depth == 5] < -40).all()
    assert np.allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-5)


def test_a_plain_image_has_no_features():
    found = detect(np.full((60, 80), 90, np.uint8), np.ones((6, 8)), CONFIG)
    assert found.pixels.shape == (0, 2) and found.descriptors.shape == (0, 128) and found.depth.shape == (0,)
    assert len(match(found, found, 0, 1, CONFIG)) == 0


def test_keyframe_features_in_other_units_keep_their_pixels():
    seen = KeyframeFeatures(features(3, 9), focal=100.0)
    scaled = seen.scaled(0.5)
    assert (scaled.features.depth == 1).all() and scaled.features.pixels is seen.features.pixels
    assert scaled.focal == 100.0


def test_matches_are_joined_in_order():
    a, b = match(features(4, 10), features(4, 10), 0, 1, CONFIG), match(features(3, 11), features(3, 11), 2, 5, CONFIG)
    joined = Matches.join([a, b])
    assert joined.source.tolist() == [0] * 4 + [1] * 4 + [2] * 3 + [5] * 3
    assert len(joined.source_pixels) == len(joined.target_pixels) == len(joined) == 14
