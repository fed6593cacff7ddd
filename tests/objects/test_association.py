"""Association: one to one, by place and by label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import LABELS, empty, shown, sighting

from vlm2.objects.association import associate, same_thing

HERE = {frame: np.eye(4) for frame in range(10)}
CONFUSABLE = empty().confusable


def tracks_of(*sightings):
    return empty().observe(shown(0, sightings)).tracks


def pairs(sightings, tracks):
    return dict(associate(sightings, tracks, HERE, CONFUSABLE))


def test_nothing_seen_or_nothing_known() -> None:
    assert not pairs([], tracks_of(sighting((0, 0, 2))))
    assert not pairs([sighting((0, 0, 2))], ())


def test_one_sighting_continues_one_track() -> None:
    tracks = tracks_of(sighting((0, 0, 2)))
    assert pairs([sighting((0.05, 0, 2.1), frame=1), sighting((0.0, 0, 2.0), frame=1)], tracks) == {1: 0}


def test_two_chairs_side_by_side_stay_two() -> None:
    tracks = tracks_of(sighting((-0.35, 0, 2)), sighting((0.35, 0, 2)))
    nudged = [sighting((0.5, 0, 2.0), frame=1), sighting((-0.2, 0, 2.0), frame=1)]
    assert pairs(nudged, tracks) == {0: 1, 1: 0}


def test_both_move_together_so_both_are_kept() -> None:
    """Both shifted by half the gap: the nearest track of the first is the second's."""
    tracks = tracks_of(sighting((-0.35, 0, 2)), sighting((0.35, 0, 2)))
    nudged = [sighting((-0.02, 0, 2.0), frame=1), sighting((0.68, 0, 2.0), frame=1)]
    assert pairs(nudged, tracks) == {0: 0, 1: 1}


@pytest.mark.parametrize(("depth", "continues"), [(5.0, True), (6.2, True), (3.9, True), (20.0, False)])
def test_a_far_thing_with_an_error_in_depth_continues_its_track(depth, continues) -> None:
    tracks = tracks_of(sighting((0, 0, 5)))
    assert bool(pairs([sighting((0, 0, depth), frame=1)], tracks)) is continues


def test_an_error_across_the_ray_does_not() -> None:
    assert not pairs([sighting((1.6, 0, 5), frame=1)], tracks_of(sighting((0, 0, 5))))


@pytest.mark.parametrize(
    ("known", "seen", "continues"),
    [("chair", "chair", True), ("chair", "stool", True), ("sofa", "bed", True), ("chair", "lamp", False)],
)
def test_labels_agree_or_are_confusable(known, seen, continues) -> None:
    tracks = tracks_of(sighting((0, 0, 2), known))
    assert bool(pairs([sighting((0, 0, 2), seen, frame=1)], tracks)) is continues


def test_the_label_decides_between_two_at_one_place() -> None:
    tracks = tracks_of(sighting((0, 0, 2), "chair"), sighting((0, 0.1, 2), "lamp"))
    assert pairs([sighting((0, 0.05, 2), "lamp", frame=1)], tracks) == {0: 1}
    assert LABELS[tracks[1].label] == "lamp"


def test_another_colour_is_another_thing_and_another_size_is_less_likely_the_same() -> None:
    tracks, nearby = tracks_of(sighting((0, 0, 2))), sighting((0.1, 0, 2.2), frame=1)
    green = replace(nearby, colour=np.array([30, 200, 120], np.uint8))
    assert pairs([nearby], tracks) and not pairs([green], tracks)
    larger = sighting((0.1, 0, 2.2), size=(0.9, 0.9, 1.6), frame=1)
    (alike,), (unlike,) = same_thing([nearby, larger], tracks, HERE, CONFUSABLE)
    assert unlike < alike - 0.5


def test_the_colour_decides_between_two_side_by_side() -> None:
    """The green one is seen nearer to the place of the red one."""
    green = np.array([30, 160, 60], np.uint8)
    tracks = tracks_of(sighting((-0.2, 0, 2)), replace(sighting((0.2, 0, 2)), colour=green))
    assert pairs([replace(sighting((-0.05, 0, 2.0), frame=1), colour=green)], tracks) == {0: 1}


def test_a_size_that_no_detector_estimates_counts_as_equal() -> None:
    boxed, bare = sighting((0, 0, 2)), sighting((0, 0, 2), size=None, frame=1)
    (odds,) = same_thing([bare], tracks_of(boxed), HERE, CONFUSABLE)[0]
    (equal,) = same_thing([replace(boxed, frame=1)], tracks_of(boxed), HERE, CONFUSABLE)[0]
    assert np.isfinite(odds) and odds == pytest.approx(equal, abs=0.3)


def test_the_mean_of_a_track_is_of_its_kept_sightings() -> None:
    track = tracks_of(sighting((0, 0, 2)))[0]
    grown = track.then(replace(sighting((0, 0, 2), frame=1), colour=np.array([100, 130, 30], np.uint8)), HERE)
    assert grown.colour == pytest.approx(np.array([150, 80, 30]) / 255, abs=1e-4)
    assert np.exp(grown.log_size) == pytest.approx([0.5, 0.5, 0.9])
