import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from vlm2.homes.furniture import sweethome
from vlm2.homes.furniture.shading import shaded, thinned, weld
from vlm2.homes.furniture.sweethome import Selection, SweetHome, selection, split_of
from vlm2.homes.furniture.wavefront import read_mtl, read_obj
from vlm2.homes.mesh import Material

# A seat with its back at −z, y up: front towards +z, as Sweet Home 3D wants it.
CHAIR = """mtllib chair.mtl
v -1 0 -1
v 1 0 -1
v 1 0 1
v -1 0 1
v -1 2 -1
v 1 2 -1
usemtl seat
f 4/1/1 3/2/1 2/3/1 1/4/1
usemtl back
f -6 -5 -1 -2
"""
COLOURS = "newmtl seat\nKd 1 0 0\nnewmtl back\nKd 0 0 0\nmap_Kd some/where/Cloth.PNG\n"
PROPERTIES = """id=Pack
id#1=Pack#chair
name#1=Chair
model#1=/pack/chair/chair.obj
width#1=50
depth#1=40
height#1=90
creator#1=A. Maker
id#2=Pack#table
model#2=/pack/chair/chair.obj
width#2=100
depth#2=80
height#2=70
dropOnTopElevation#2=65
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (0, 0, 255)).save(picture, "PNG")
    with zipfile.ZipFile(tmp_path / "Pack.sh3f", "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", PROPERTIES)
        archive.writestr("pack/chair/chair.obj", CHAIR)
        archive.writestr("pack/chair/chair.mtl", COLOURS)
        archive.writestr("pack/chair/cloth.png", picture.getvalue())
    chosen = Selection({"Pack": {"chair": "chair", "table": "table"}}, {"Pack": "CC-BY-3.0"}, carrying=("table",))
    monkeypatch.setattr(sweethome, "selection", lambda: chosen)
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_pack_becomes_models_in_our_frame(folder):
    pack = SweetHome(folder)
    chair, table = (pack.model(entry) for entry in pack.entries)
    assert (chair.name, chair.category, chair.stands) == ("chair/Pack/chair", "chair", "floor")
    assert chair.size == pytest.approx((0.5, 0.4, 0.9))
    assert chair.licence == "CC-BY-3.0, A. Maker"
    assert chair.surface_height is None and table.surface_height == pytest.approx(0.65)
    points = np.concatenate([p.positions for p in chair.mesh.parts])
    assert points[points[:, 2] > 0.8, 1] == pytest.approx(-0.2)  # the back is away from the front, +y
    assert np.allclose(chair.mesh.bounds, [[-0.25, -0.2, 0], [0.25, 0.2, 0.9]], atol=1e-5)


def test_a_texture_gives_its_mean_colour(folder):
    back = SweetHome(folder).model(SweetHome(folder).entries[0]).mesh.parts[1].material.colour
    assert back[2] > 0.8 and max(back[:2]) < 0.01


def test_the_pack_is_built_once_and_leaves_nothing_half_done(folder, monkeypatch):
    path = SweetHome(folder).path
    monkeypatch.setattr(sweethome, "_write", lambda *_: pytest.fail("built twice"))
    assert SweetHome(folder).path == path
    assert not list(path.parent.glob("*.partial"))


def test_a_changed_pack_is_built_anew(folder):
    before = SweetHome(folder).path
    with zipfile.ZipFile(folder / "Pack.sh3f", "a") as archive:
        archive.writestr("pack/more.txt", "more")
    assert SweetHome(folder).path != before


def test_a_missing_package_is_named_with_its_remedy(tmp_path):
    with pytest.raises(ValueError, match="apt-get install -y sweethome3d-furniture"):
        SweetHome(tmp_path)


def test_the_selection_gives_every_pack_its_licence_and_known_words():
    chosen = selection()
    categories = {category for models in chosen.models.values() for category in models}
    assert list(chosen.models) == list(chosen.licences)
    assert {*chosen.on_top, *chosen.carrying} <= categories


def test_splits_are_70_10_20():
    splits = [split_of(f"chair/Pack/{i}") for i in range(2000)]
    assert [round(splits.count(s) / 2000, 1) for s in ("train", "validation", "test")] == [0.7, 0.1, 0.2]


def test_obj_faces_count_back_and_fan_out():
    triangles = read_obj(CHAIR)
    assert triangles.faces["seat"].tolist() == [[3, 2, 1], [3, 1, 0]]
    assert triangles.faces["back"].tolist() == [[0, 1, 5], [0, 5, 4]]
    assert triangles.libraries == ("chair.mtl",)


def test_a_texture_that_is_missing_leaves_the_plain_colour():
    assert read_mtl(COLOURS, lambda name: None)["back"] == (0.0, 0.0, 0.0)


def grid(count: int):
    x, y = np.meshgrid(np.linspace(0, 1, count), np.linspace(0, 1, count))
    points = np.column_stack([x.ravel(), y.ravel(), 0.05 * np.sin(6 * x.ravel())])
    corner = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + count], 1),
            np.stack([corner + 1, corner + count + 1, corner + count], 1),
        ]
    )
    return points, faces


def area(points, faces) -> float:
    a, b, c = (points[faces[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("loose", [False, True])
def test_thinning_keeps_extent_and_area(loose):
    points, faces = grid(60)
    if loose:  # every triangle a patch of its own
        points, faces = points[faces.ravel()], np.arange(faces.size).reshape(-1, 3)
    fewer, left = thinned(points, faces, 800)
    assert len(left) <= 1200
    assert area(fewer, left) == pytest.approx(area(points, faces), rel=0.2)
    assert np.ptp(fewer[left.ravel()], axis=0) == pytest.approx(np.ptp(points, axis=0), abs=0.025)


def test_welding_closes_seams_and_drops_doubles():
    points, faces = grid(5)
    split = points[faces.ravel()], np.arange(faces.size).reshape(-1, 3)
    welded, left = weld(*split)
    assert (len(welded), len(left)) == (25, 32)
    assert len(weld(points, np.concatenate([faces, faces[:, ::-1]]))[1]) == 32


def test_normals_are_smooth_but_for_creases():
    flat = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, -1.0]])
    edge = shaded(flat, np.array([[0, 1, 2], [0, 3, 1]]), Material())
    assert len(edge.positions) == 6  # a right angle: nothing shared
    gentle = flat.copy()
    gentle[3] = [1, -1, -0.1]
    assert len(shaded(gentle, np.array([[0, 1, 2], [0, 3, 1]]), Material()).positions) < 6
