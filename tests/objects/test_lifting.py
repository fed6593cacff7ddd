"""Lifting: masks and boxes become sightings on the near surface; pieces of one thing become one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import (
    COLUMNS,
    HEIGHT,
    LABELS,
    ROWS,
    WIDTH,
    MadeBox,
    MadeRoom,
    camera,
    detections,
    picture,
    sighting,
    surface,
)

from vlm2.encoders.detectors import BoxShapes, Detections
from vlm2.objects.lifting import grid_of, lift, sampled, without_repeats

ROOM = MadeRoom(
    ((0, 0), (6, 0), (6, 5), (0, 5)),
    (
        MadeBox("chair", (3.0, 2.5, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("sofa", (5.0, 3.8, 0.4), (0.9, 1.8, 0.8), (20, 30, 200)),
    ),
)
SOFA = (1.8, 0.9, 0.8)
POSE = camera(0.5, 2.5, 0.0)


def lifted(found: Detections, points: np.ndarray, labels=LABELS, image: np.ndarray | None = None):
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8) if image is None else image
    return lift(found, labels, picture, points, 7, 3.5, np.eye(4))


def boxed(*boxes: tuple[float, float, float, float], label: str = "chair") -> Detections:
    return Detections(np.array(boxes, float).reshape(-1, 4), np.full(len(boxes), 0.8), (label,) * len(boxes))


def masked(*masks: np.ndarray, label: str = "chair") -> Detections:
    count = len(masks)
    return Detections(np.zeros((count, 4)), np.full(count, 0.8), (label,) * count, np.stack(masks))


def test_a_mask_becomes_the_thing_in_the_cameras_frame() -> None:
    found, points = detections(ROOM, POSE)
    seen = lifted(found, points, image=picture(ROOM, POSE))
    assert seen.frame == 7 and seen.time == 3.5 and len(seen.sightings) == 2
    by_label = {LABELS[int(s.evidence.argmax())]: s for s in seen.sightings}
    for box in ROOM.boxes:
        sighting = by_label[box.label]
        middle = POSE[:3, :3] @ sighting.centre + POSE[:3, 3]
        assert np.allclose(middle, box.center, atol=1e-3)
        assert sighting.shape is not None
        assert np.allclose(sighting.shape.size, (max(box.size[:2]), min(box.size[:2]), box.size[2]))
        assert sighting.extent == pytest.approx(max(box.size))
        assert np.abs(sighting.colour.astype(int) - box.colour).max() <= 2
        assert 2 <= len(sighting.points) <= 12 and sighting.whole
    assert by_label["chair"].share == pytest.approx(found.masks[0].mean())


def test_without_a_3d_box_the_middle_of_the_visible_points_stands_in() -> None:
    found, points = detections(ROOM, POSE, shapes=False)
    for seen in lifted(found, points).sightings:
        assert seen.shape is None
        low, high = seen.points.min(0), seen.points.max(0)
        assert np.allclose(seen.centre, (low + high) / 2)
        assert seen.extent == pytest.approx(float((high - low).max()))


def test_background_that_shines_through_a_mask_is_left_out() -> None:
    points, mask = surface(5.0), np.zeros((ROWS, COLUMNS), bool)
    mask[8:16, 10:20] = True
    points[8:16, 10:17] = surface(2.0)[8:16, 10:17]  # the rest of the mask shows the wall
    (sighting,) = lifted(masked(mask), points).sightings
    assert np.allclose(sighting.points[:, 2], 2.0)
    assert sighting.depth == pytest.approx(2.0)


def test_a_box_takes_the_near_surface_of_its_inner_part() -> None:
    """More than half of the inner part is background, as between the legs of a chair."""
    points = surface(6.0)
    points[8:16, 10:13] = surface(2.0)[8:16, 10:13]
    (sighting,) = lifted(boxed((32, 24, 72, 72)), points).sightings
    assert np.allclose(sighting.points[:, 2], 2.0)


@pytest.mark.parametrize(
    ("box", "whole"),
    [((40, 30, 80, 70), True), ((0, 30, 40, 70), False), ((40, 30, 128, 70), False), ((40, 40, 80, 96), False)],
)
def test_a_box_covers_its_area_and_is_whole_within_the_border(box, whole) -> None:
    (sighting,) = lifted(boxed(box), surface()).sightings
    assert sighting.whole is whole
    assert sighting.share == pytest.approx((box[2] - box[0]) * (box[3] - box[1]) / (HEIGHT * WIDTH))


@pytest.mark.parametrize(("rows", "whole"), [(slice(4, 9), True), (slice(0, 9), False), (slice(18, 24), False)])
def test_a_mask_at_the_border_is_not_whole(rows, whole) -> None:
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[rows, 10:15] = True
    (sighting,) = lifted(masked(mask), surface()).sightings
    assert sighting.whole is whole


@pytest.mark.parametrize("unknown", [0.0, np.nan, np.inf])
def test_a_detection_without_surface_is_left_out(unknown) -> None:
    points = np.full((ROWS, COLUMNS, 3), unknown, np.float32)
    seen = lifted(boxed((40, 30, 80, 70)), points)
    assert not seen.sightings
    assert np.isfinite(seen.points).all()


def test_a_mask_between_the_cells_is_left_out() -> None:
    assert not lifted(masked(np.zeros((ROWS, COLUMNS), bool)), surface()).sightings


def test_masks_and_surfaces_may_have_other_grids() -> None:
    mask, points = np.zeros((HEIGHT, WIDTH), bool), surface(3.0).repeat(2, 0).repeat(2, 1)
    mask[32:64, 40:80] = True
    (sighting,) = lifted(masked(mask), points).sightings
    assert sighting.share == pytest.approx(32 * 40 / (HEIGHT * WIDTH))
    assert np.allclose(sighting.points[:, 2], 3.0)


def test_labels_that_the_memory_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="labels unicorn are not among those of the object memory"):
        lifted(boxed((40, 30, 80, 70), label="unicorn"), surface())
    found = replace(boxed((40, 30, 80, 70)), evidence=np.ones((1, 3), np.float32))
    with pytest.raises(ValueError, match="evidence for 3 labels, but the object memory has 10"):
        lifted(found, surface())


def test_a_thing_in_two_pieces_becomes_one_sighting() -> None:
    found, points = detections(MadeRoom(ROOM.outline, ROOM.boxes[:1]), POSE)
    left = found.masks[0] & (np.arange(COLUMNS) < np.nonzero(found.masks[0])[1].mean())
    pieces = replace(
        found,
        boxes=found.boxes.repeat(2, 0),
        scores=np.array([0.9, 0.6]),
        labels=("chair", "stool"),
        masks=np.stack([left, found.masks[0] & ~left]),
        evidence=np.stack([found.evidence[0], 0.6 * found.evidence[0] + 0.4 * np.eye(10, dtype=np.float32)[8]]),
        shapes=BoxShapes(found.shapes.sizes.repeat(2, 0), found.shapes.headings.repeat(2), found.shapes.offsets),
    )
    (sighting,) = lifted(pieces, points).sightings
    assert sighting.share == pytest.approx(found.masks[0].mean())
    assert LABELS[int(sighting.evidence.argmax())] == "chair"


def test_the_same_box_twice_has_a_share_of_at_most_one() -> None:
    (sighting,) = lifted(boxed((0, 0, 128, 96), (0, 0, 128, 96)), surface()).sightings
    assert sighting.share == 1.0


def test_two_things_side_by_side_stay_two() -> None:
    boxes = (MadeBox("chair", (3.0, 2.1, 0.45), (0.5, 0.5, 0.9)), MadeBox("chair", (3.0, 2.9, 0.45), (0.5, 0.5, 0.9)))
    found, points = detections(MadeRoom(ROOM.outline, boxes), POSE)
    seen = lifted(found, points).sightings
    assert len(seen) == 2
    assert len(without_repeats(seen)) == 2


@pytest.mark.parametrize(
    ("apart", "label", "size", "left"),
    [(0.9, "sofa", SOFA, 1), (1.6, "sofa", SOFA, 2), (0.9, "table", SOFA, 2), (0.9, "sofa", None, 2)],
)
def test_boxes_of_one_label_that_overlap_are_pieces(apart, label, size, left) -> None:
    seen = [sighting((0, 0, 3), "sofa", size=size), sighting((apart, 0, 3), label, size=size, score=0.5)]
    assert len(without_repeats(seen)) == left


def test_the_ground_view_reaches_to_the_walls() -> None:
    found, points = detections(MadeRoom(ROOM.outline), POSE)
    view = lifted(found, points).view
    assert view is not None
    reach = view.reach @ POSE[:3, :3].T + POSE[:3, 3]
    assert reach.shape == (COLUMNS, 3)
    assert np.allclose(np.minimum(6 - reach[:, 0], np.minimum(reach[:, 1], 5 - reach[:, 1])), 0, atol=0.01)
    assert np.allclose((view.floor @ POSE[:3, :3].T + POSE[:3, 3])[:, 2], 0, atol=1e-3)
    assert np.allclose(POSE[:3, :3] @ view.up, (0, 0, 1), atol=1e-6)


def test_columns_without_surface_reach_nowhere() -> None:
    found, points = detections(MadeRoom(ROOM.outline), POSE)
    points[:, 3] = 0
    reach = lifted(found, points).view.reach
    assert np.isnan(reach[3]).all() and np.isfinite(np.delete(reach, 3, 0)).all()


def test_no_surfaces_no_ground_view() -> None:
    assert lifted(boxed((40, 30, 80, 70)), surface()).view is None


def test_the_grid_keeps_the_shape_of_the_frame() -> None:
    assert grid_of(96, 128) == (24, 32)
    assert grid_of(128, 96) == (32, 24)
    assert grid_of(1, 400) == (1, 32)
    assert sampled(np.arange(16).reshape(4, 4), 2, 2).tolist() == [[5, 7], [13, 15]]


def test_pieces_without_a_score_are_joined() -> None:
    thing = sighting((0.0, 0.0, 2.0), score=0.0)
    (one,) = without_repeats([thing, thing])
    assert np.isfinite(one.evidence).all()
