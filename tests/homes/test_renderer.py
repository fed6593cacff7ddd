"""The renderer: exact measures of a room made by hand, agreement between views, clear refusals."""

import sys
from contextlib import closing

import numpy as np
import pytest

from vlm2.homes.illumination import illuminate
from vlm2.homes.renderer import MissingEGL, Rendered, Renderer, camera_points, pinhole

from .boxes import HEIGHT, LENGTH, WIDTH, box_home, look

SIZE = (96, 72)
K = pinhole(*SIZE, 1.2)


@pytest.fixture(scope="module")
def renderer():
    try:
        renderer = Renderer(*SIZE)
    except RuntimeError as error:
        pytest.skip(str(error))
    renderer.load(box_home())
    yield renderer
    renderer.close()


def world_points(shot: Rendered, pose: np.ndarray) -> np.ndarray:
    return camera_points(shot.depth, K) @ pose[:3, :3].T + pose[:3, 3]


def test_a_wall_is_where_it_is(renderer):
    pose = look((2.0, 4.0, 1.5), (2.0, 0.0, 1.5))  # at the wall y = 0, above the table
    shot = renderer.render(pose, K)
    points = world_points(shot, pose)
    upper = slice(20, SIZE[1] // 2), slice(SIZE[0] // 3, 2 * SIZE[0] // 3)
    assert np.abs(shot.depth[upper] - 4.0).max() < 1e-3
    assert np.abs(points[upper][..., 1]).max() < 1e-3
    assert (shot.instances[upper] == 0).all()
    # The centre of the image, between the four middle pixels, looks along the camera's axis.
    middle = points[SIZE[1] // 2 - 1 : SIZE[1] // 2 + 1, SIZE[0] // 2 - 1 : SIZE[0] // 2 + 1].mean((0, 1))
    assert np.abs(middle - [2.0, 0.0, 1.5]).max() < 1e-3


def test_the_image_is_upright_and_not_mirrored(renderer):
    pose = look((2.0, 4.0, 1.5), (2.0, 0.0, 1.5))
    points = world_points(renderer.render(pose, K), pose)
    assert points[0, 0, 2] > points[-1, 0, 2]  # row 0 is the top
    assert points[0, 0, 0] > points[0, -1, 0]  # looking along −y, +x is on the left


def test_everything_lies_in_the_room_and_ids_lie_on_their_boxes(renderer):
    pose = look((0.5, 0.5, 1.6), (2.6, 3.5, 0.6))
    shot = renderer.render(pose, K)
    points = world_points(shot, pose)
    assert (points > -0.001).all()
    assert (points < np.array([WIDTH, LENGTH, HEIGHT]) + 0.001).all()
    assert set(np.unique(shot.instances)) <= {0, 1, 2, 3}
    table = points[shot.instances == 1]
    assert len(table) > 100
    assert (np.abs(table - [2.4, 2.0, 0.375]) <= np.array([0.6, 0.4, 0.375]) + 0.001).all()


def test_two_views_agree(renderer):
    first, second = look((0.5, 0.5, 1.6), (2.6, 3.5, 0.6)), look((1.2, 0.4, 1.5), (2.4, 3.5, 0.5))
    one, two = renderer.render(first, K), renderer.render(second, K)
    points, there = world_points(one, first).reshape(-1, 3), world_points(two, second)
    seen = (points - second[:3, 3]) @ second[:3, :3]
    u = np.floor(K.fx * seen[:, 0] / seen[:, 2] + K.cx).astype(int)
    v = np.floor(K.fy * seen[:, 1] / seen[:, 2] + K.cy).astype(int)
    inside = (seen[:, 2] > 0.1) & (u >= 0) & (u < K.width) & (v >= 0) & (v < K.height)
    error = np.abs((there[v[inside], u[inside]] - points[inside]) @ second[:3, 2])
    same = one.instances.ravel()[inside] == two.instances[v[inside], u[inside]]
    assert same.mean() > 0.8
    assert np.median(error[same]) < 0.01


def test_colour_shows_light_and_shadow(renderer):
    shot = renderer.render(look((0.6, 0.6, 1.5), (2.6, 3.0, 0.7)), K)
    assert 60 < shot.rgb.mean() < 210
    assert shot.rgb.std() > 20


def test_a_table_casts_a_shadow():
    light = illuminate(box_home())

    def at(point):
        x, y, z = ((np.array(point) - light.origin) / light.cell).astype(int)
        return light.light[x, y, z, :3].sum() / light.light[x, y, z, 3]

    assert at((2.4, 1.45, 0.15)) < 0.5 * at((1.6, 3.55, 0.15))  # in the table's shadow, and as far on open floor


def test_the_home_can_be_changed(renderer):
    pose = look((0.5, 0.5, 1.6), (2.6, 3.5, 0.6))
    before = renderer.render(pose, K)
    renderer.load(box_home())
    after = renderer.render(pose, K)
    assert np.array_equal(before.rgb, after.rgb)
    assert np.array_equal(before.depth, after.depth)


def test_two_renderers_do_not_disturb_each_other(renderer):
    pose = look((0.5, 0.5, 1.6), (2.6, 3.5, 0.6))
    before = renderer.render(pose, K)
    with closing(Renderer(32, 24)) as other:
        other.load(box_home())
        small = other.render(pose, pinhole(32, 24, 1.2))
        during = renderer.render(pose, K)
        again = other.render(pose, pinhole(32, 24, 1.2))
    after = renderer.render(pose, K)
    assert np.array_equal(small.rgb, again.rgb)
    for shot in (during, after):
        assert np.array_equal(before.rgb, shot.rgb)
        assert np.array_equal(before.depth, shot.depth)


def test_wrong_sizes_are_refused(renderer):
    with pytest.raises(ValueError, match="32 × 24"):
        renderer.render(np.eye(4), pinhole(32, 24, 1.2))
    with pytest.raises(ValueError, match="0 × 10"):
        Renderer(0, 10)


def test_missing_egl_names_the_line_that_installs_it(monkeypatch):
    class Broken:
        @staticmethod
        def create_standalone_context(**_):
            raise OSError("libEGL.so not found")

    monkeypatch.setitem(sys.modules, "moderngl", Broken)
    with pytest.raises(MissingEGL, match="apt-get install -y libegl1 libgl1 libgl1-mesa-dri"):
        Renderer(8, 8)
