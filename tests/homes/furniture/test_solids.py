import numpy as np
import pytest

from vlm2.homes.furniture.random_draw import colour_name, linear
from vlm2.homes.furniture.solids import box, cushion, cylinder, ellipsoid, lathe, prism, rod, sheet, to_front, turned


def volume(part) -> float:
    a, b, c = (part.positions[part.faces[:, i]].astype(float) for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_volumes_show_closed_surfaces_that_look_outwards():
    assert volume(box((0.4, 0.3, 0.2), (1, 2, 3))) == pytest.approx(0.024, rel=1e-4)
    assert volume(box((0.4, 0.3, 0.2), bevel=0.02, steps=3)) == pytest.approx(0.0238, rel=0.01)
    assert volume(cylinder(0.1, 0.5, sides=64)) == pytest.approx(np.pi * 0.005, rel=0.01)
    assert volume(ellipsoid((0.2, 0.3, 0.4), sides=32)) == pytest.approx(np.pi / 6 * 0.024, rel=0.05)
    assert volume(prism([(0, 0), (1, 0), (1, 1), (0, 1)], 0.5)) == pytest.approx(0.5)
    assert volume(rod((0, 0, 0), (1, 1, 1), 0.1, sides=48)) == pytest.approx(np.pi * 0.01 * 3**0.5, rel=0.01)
    assert volume(lathe([(0, 0), (0.2, 0), (0.2, 0.3), (0.1, 0.3), (0.1, 0.05), (0, 0.05)], sides=64)) > 0


def test_a_solid_stands_on_the_centre_of_its_base():
    for solid in (
        box((0.4, 0.2, 0.1), (1, 2, 3), bevel=0.01),
        cushion((0.4, 0.2, 0.1), (1, 2, 3)),
        ellipsoid((0.4, 0.2, 0.1), (1, 2, 3)),
    ):
        low, high = solid.positions.min(0), solid.positions.max(0)
        assert low[2] == pytest.approx(3, abs=1e-5)
        assert (low + high)[:2] / 2 == pytest.approx([1, 2], abs=1e-5)
    assert np.ptp(cushion((0.5, 0.5, 0.14), puff=0.7).positions[:, 2]) == pytest.approx(0.14, abs=1e-3)


def test_turning_follows_the_right_hand():
    point = box((0.1, 0.1, 0.1), (0, 0, 1))
    assert turned(point, 10, "x").positions[:, 1].mean() < -0.1  # a back leans towards −y
    assert to_front(cylinder(0.1, 0.5), (0, 0, 1)).positions[:, 1].max() == pytest.approx(0.5)


def test_a_sheet_is_seen_from_both_sides():
    both = sheet([(0, 0, 0), (1, 0, 0), (1, 0, 2), (0, 0, 2)], unit_uv=True)
    assert len(both.faces) == 4 and both.uvs.max() == 1
    assert np.allclose(both.normals[:4], -both.normals[4:])


COLOURS = """ffffff white, 101010 black, 808080 grey, 5b3a22 brown, e2d4b7 beige, c02020 red, 2f6b2f green, 27477f blue,
ecd22a yellow, e5801c orange, e2a0ad pink, 6a4585 purple"""


@pytest.mark.parametrize(("code", "name"), [pair.split() for pair in COLOURS.split(",")])
def test_colours_have_the_names_that_people_use(code, name):
    assert colour_name(linear(code)) == name
