"""What is recalled of a thing follows from the tokens that show it."""

import pytest
import torch
from recollections import CHAIR, TABLE, recollection

from vlm2.models.recall.object_evidence import CLOSEST_SHARE, FLOOR_SHARE, ObjectEvidence, ObjectTokens, instances
from vlm2.scenes.vocabulary import VOCABULARY


def test_a_thing_is_counted_placed_and_timed():
    found = recollection(
        (1, CHAIR, (0.0, 0.0, 2.0)),
        (2, CHAIR, (0.2, 0.0, 2.0)),
        (2, CHAIR, (0.1, 0.3, 2.2)),
        (3, CHAIR, (3.0, 0.0, 2.0)),
        (2, TABLE, (0.1, 0.0, 4.0)),
    )
    chair, table = found.thing(CHAIR), found.thing(TABLE)
    assert sorted(chair.masses(0.7).tolist()) == pytest.approx([0, 0, 0.9, 2.7], abs=1e-4)  # two groups
    assert sorted(chair.masses(5.0).tolist()) == pytest.approx([0, 0, 0, 3.6], abs=1e-4)
    assert len(chair.surer(0.95).masses(0.7)) == 0
    assert len(chair.surer(0.95, fewest=2).weights) == 2
    torch.testing.assert_close(chair.centre, torch.tensor([0.1, 0.1, 2.0667]), atol=1e-3, rtol=0)
    assert chair.first_seen == 1 and table.first_seen == 2
    assert found.thing(CHAIR) is chair  # gathered once


def test_the_distance_is_that_of_the_closest_points():
    one = ObjectTokens(torch.ones(30), torch.rand(30, 3), torch.zeros(30))
    other = ObjectTokens(torch.ones(30), torch.rand(30, 3) + torch.tensor([4.0, 0, 0]), torch.zeros(30))
    pairs = (one.places[:, None] - other.places[None]).norm(dim=-1)
    assert 0.85 * float(pairs.min()) <= one.distance(other) < float(pairs.mean())
    assert one.distance(other) == pytest.approx(other.distance(one))


def test_of_several_instances_the_main_one_is_measured_or_the_closest():
    near, far = torch.tensor([[1.0, 0, 0]]).repeat(5, 1), torch.tensor([[6.0, 0, 0]]).repeat(20, 1)
    one = ObjectTokens(torch.ones(3), torch.zeros(3, 3), torch.zeros(3))
    others = ObjectTokens(torch.ones(25), torch.cat([near, far]), torch.zeros(25))
    assert one.distance(others) == pytest.approx(6 * CLOSEST_SHARE)
    assert one.distance_to_any(others) == pytest.approx(CLOSEST_SHARE)


def test_a_thing_that_nothing_shows_is_recalled_faintly():
    thing = recollection().thing(CHAIR)
    assert float(thing.masses(0.7).sum()) < 0.1 and thing.weights.max() < 0.02
    assert torch.isfinite(thing.centre).all()


def test_slots_can_be_cut_and_put_together():
    whole = recollection((1, CHAIR, (1.0, 2.0, 3.0)), (3, TABLE, (0.0, 0.0, 1.0)))
    again = whole.first(2).then(ObjectEvidence(whole.shown[2:], whole.places[2:], whole.times[2:]))
    for name in ("shown", "places", "times"):
        assert torch.equal(getattr(again, name), getattr(whole, name))


def test_the_floor_is_the_ground_that_points_cover():
    ground = torch.rand(8, 400, 3) * torch.tensor([4.0, 2.0, 6.0])
    seen = ObjectEvidence(torch.zeros(8, 400, len(VOCABULARY) - 1), ground, torch.zeros(8))
    assert seen.floor == pytest.approx(FLOOR_SHARE * 24 * 0.96**2, rel=0.03)


def test_instances_are_the_connected_groups():
    places = torch.rand(60, 3, generator=torch.Generator().manual_seed(0)) * 3
    near = 0.6
    expected, parent = [], list(range(60))

    def root(i: int) -> int:
        return i if parent[i] == i else root(parent[i])

    for i in range(60):
        for j in range(i):
            if (places[i] - places[j]).norm() < near:
                first, second = sorted((root(i), root(j)))
                parent[second] = first
    expected = [root(i) for i in range(60)]
    assert 1 < len(set(expected)) < 60
    assert instances(places, near).tolist() == expected
