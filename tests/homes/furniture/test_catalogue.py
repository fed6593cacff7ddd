import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from vlm2.homes.furniture import catalogue as module
from vlm2.homes.furniture.catalogue import DESIGNS, Catalogue, design_models
from vlm2.homes.furniture.random_draw import PALETTE
from vlm2.homes.home import FurnitureModel
from vlm2.homes.textures import texture_names

SPLITS = ("train", "validation", "test")
WANTED = """chair, table, sofa, bed, tv, stool, lamp, shelf, bookshelf, cabinet, closet, nightstand, refrigerator, sink,
toilet, bathtub, stove, washer, dishwasher, microwave, desk, monitor, keyboard, computer mouse, laptop, computer tower,
printer, telephone, trash bin, plant, pillow, backpack, suitcase, basket, mirror, towel, clock, ceiling light, radiator,
fan, kettle, pan, cup, bowl, counter, whiteboard, picture, fireplace, piano, guitar, shoes, blanket, bucket, box, crate,
coat rack, tv stand, rug"""


def own(split="test") -> Catalogue:
    return Catalogue(split, sweethome=False)


@pytest.fixture(scope="module")
def models() -> list[FurnitureModel]:
    """One model of each design, of the training split."""
    return [module._model(design, design_models(design)["train"][0], "train") for design in DESIGNS]


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_every_category_and_form(split):
    catalogue = own(split)
    assert set(WANTED.replace("\n", " ").split(", ")) <= set(catalogue.categories)
    for design in DESIGNS:
        assert design_models(design)[split], design


def test_no_model_is_in_two_splits():
    names = {split: {name for design in DESIGNS for name in design_models(design)[split]} for split in SPLITS}
    assert not names["train"] & names["test"] and not names["train"] & names["validation"]
    assert not names["validation"] & names["test"]
    assert len(names["train"]) > 30 * len(names["test"]) and len(names["test"]) > len(names["validation"])


def test_pick_follows_the_generator():
    catalogue = own()
    first = [catalogue.pick("chair", np.random.default_rng(s)) for s in range(8)]
    again = [own().pick("chair", np.random.default_rng(s)) for s in range(8)]
    assert [m.name for m in first] == [m.name for m in again]
    assert len({m.name for m in first}) > 2
    assert first[0] is again[0]  # built once


def test_an_unknown_category_is_named_with_the_known_ones():
    with pytest.raises(KeyError, match=r"sofa bed.*chair"):
        own().pick("sofa bed", np.random.default_rng(0))


def test_origins_are_where_the_record_says(models):
    for model in models:
        low, high = model.mesh.bounds
        assert np.allclose(high - low, model.size, atol=1e-3), model.name
        middle = (low + high) / 2
        assert abs(middle[0]) < 1e-4
        if model.stands in ("floor", "top"):
            assert abs(low[2]) < 1e-4 and abs(middle[1]) < 1e-4
        elif model.stands == "wall":
            assert abs(low[1]) < 1e-4 and abs(middle[2]) < 1e-4
        else:
            assert abs(high[2]) < 1e-4 and abs(middle[1]) < 1e-4


def test_meshes_are_sound_and_light(models):
    for model in models:
        triangles = sum(len(part.faces) for part in model.mesh.parts)
        assert 12 <= triangles <= 2500, (model.name, triangles)
        assert model.colour in PALETTE
        for part in model.mesh.parts:
            assert np.isfinite(part.positions).all() and np.isfinite(part.uvs).all()
            assert part.faces.min() >= 0 and part.faces.max() < len(part.positions)
            assert np.allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-3), model.name


def test_triangles_wind_the_way_their_normals_look(models):
    for model in models:
        for part in model.mesh.parts:
            corners = part.positions[part.faces]
            crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            along = (crossed * part.normals[part.faces].mean(1)).sum(1)
            assert (along[np.linalg.norm(crossed, axis=1) > 1e-9] > -1e-12).mean() > 0.98, model.name


def test_tops_that_carry_things_are_inside_the_piece(models):
    carrying = {m.category for m in models if m.surface_height is not None}
    assert {"table", "desk", "counter", "nightstand", "cabinet", "tv stand", "bed", "sofa"} <= carrying
    for model in models:
        if model.surface_height is not None:
            assert 0.2 < model.surface_height <= model.size[2] + 1e-3, model.name


def test_a_split_uses_only_its_own_textures():
    kinds = ("wood", "fabric", "marble", "picture")
    mine = {n for kind in kinds for n in texture_names(kind, "test")}
    catalogue = own()
    for category in ("chair", "table", "picture", "counter", "rug"):
        for seed in range(6):
            for part in catalogue.pick(category, np.random.default_rng(seed)).mesh.parts:
                assert part.material.texture is None or part.material.texture in mine


def test_chairs_and_sofas_face_y():
    for category in ("chair", "sofa"):
        for seed in range(6):
            mesh = own("train").pick(category, np.random.default_rng(seed)).mesh
            points = np.concatenate([p.positions for p in mesh.parts])
            top = points[points[:, 2] > 0.9 * points[:, 2].max()]
            assert top[:, 1].mean() < -0.05  # the back of the seat


def look(models: list[FurnitureModel]) -> list[float]:
    """Return figures that a change of any form or finish moves: parts, triangles' area (m²), its mean colour, gloss,
    glow, size of textures, and place (m), and the mean extents (m)."""
    rows, areas = [], []
    for model in models:
        for part in model.mesh.parts:
            corners = part.positions[part.faces].astype(np.float64)
            crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            area = np.linalg.norm(crossed, axis=1) / 2
            made = part.material
            place = (corners.mean(1) * area[:, None]).sum(0) / area.sum()
            rows.append([*made.colour, made.gloss, made.glow, made.texture_size, *place])
            areas.append(area.sum())
    extents = np.mean([np.diff(model.mesh.bounds, axis=0)[0] for model in models], axis=0)
    means = np.average(rows, axis=0, weights=areas)
    return [len(rows), float(sum(areas)), *map(float, means), *map(float, extents)]


def test_the_pieces_of_the_pinned_homes_look_as_they_did():
    """Change the furniture of the test split, and version 1 of the homes shows other things: raise `SUITE.version`, pin
    the homes anew, and write `look` of every category to the file."""
    pinned = json.loads((Path(__file__).parent / "looks.json").read_text())
    by_category = defaultdict(list)
    for design in DESIGNS:
        by_category[design.category] += [module._model(design, n, "test") for n in design_models(design)["test"]]
    assert sorted(pinned) == sorted(by_category)
    for category, models in by_category.items():
        names = sorted({str(part.material.texture) for model in models for part in model.mesh.parts})
        assert pinned[category]["textures"] == names, category
        assert pinned[category]["look"] == pytest.approx(look(models), rel=1e-3, abs=1e-3), category
