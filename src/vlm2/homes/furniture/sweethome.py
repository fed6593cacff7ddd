"""Sweet Home 3D's furniture (Debian package `sweethome3d-furniture`): read once, simplified, kept in a binary pack.

The packs hold OBJ models, y up, front towards +z, with sizes in centimetres. Licences are CC0 and CC-BY 3.0; each
model keeps its own and its author (see NOTICE). Each texture is replaced by its mean colour.
"""

from __future__ import annotations

import hashlib
import json
import logging
import posixpath
import re
import tomllib
import zipfile
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ...cache import cache_folder, whole_file
from ..home import FurnitureModel, Split
from ..mesh import Material, Mesh, Part
from .design import Stands, settled_model
from .random_draw import linear_from_srgb
from .shading import shaded, thinned, weld
from .wavefront import read_mtl, read_obj

FOLDER = Path("/usr/share/sweethome3d/furniture")
CONVERTER = 2  # raise this number when the conversion gives other results
ARRAYS = {"positions": np.float32, "normals": np.float16, "faces": np.int32}  # of each model in the pack
MOST_TRIANGLES, MOST_TRIANGLES_SMALL = 2000, 700


@dataclass(frozen=True)
class Selection:
    """Which models we take: model ids (joined by spaces) by pack and category, and how some of them stand."""

    models: dict[str, dict[str, str]]
    licences: dict[str, str]
    on_top: tuple[str, ...] = ()
    on_wall: tuple[str, ...] = ()
    carrying: tuple[str, ...] = ()


@cache
def selection() -> Selection:
    """Read the selection from `sweethome_models.toml`."""
    text = (files("vlm2.homes.furniture") / "sweethome_models.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    places = (tuple(table[key]) for key in ("on_top", "on_wall", "carrying"))
    return Selection(table["models"], table["licences"], *places)


@dataclass(frozen=True)
class CatalogueEntry:
    """The pack's index entry: a model without its mesh, and what each part of the mesh is.

    `parts` are (red, green, blue, vertices, triangles), colours linear in [0, 1].
    """

    model: FurnitureModel
    parts: tuple[tuple[float, float, float, int, int], ...]


def installed(folder: Path = FOLDER) -> bool:
    """Return whether the packs that we read are there."""
    return all((folder / f"{pack}.sh3f").is_file() for pack in selection().models)


def split_of(name: str) -> Split:
    """Return the split of a model: 70, 10 and 20 % of the names, by their hashes."""
    share = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
    return "train" if share < 0.7 else "validation" if share < 0.8 else "test"


class SweetHome:
    """The binary pack, made from the Debian package at first use."""

    def __init__(self, folder: Path = FOLDER):
        if not installed(folder):
            raise ValueError(
                f"Sweet Home 3D's furniture is not in {folder}. Install it with "
                "`apt-get install -y sweethome3d-furniture`, or use vlm2's own furniture only (sweethome=False)."
            )
        self.path = _built(folder)
        with np.load(self.path, allow_pickle=False) as pack:
            rows = json.loads(pack["index"].tobytes())
        self.entries = tuple(_entry(row) for row in rows)

    def model(self, entry: CatalogueEntry) -> FurnitureModel:
        """Read one model."""
        with np.load(self.path, allow_pickle=False) as pack:
            positions, normals, faces = (pack[f"{entry.model.name}:{k}"] for k in ARRAYS)
        parts, vertex, face = [], 0, 0
        for red, green, blue, vertices, triangles in entry.parts:
            spots = positions[vertex : vertex + vertices]
            directions = normals[vertex : vertex + vertices].astype(np.float32)
            material = Material((red, green, blue), gloss=0.15)
            parts.append(Part(spots, directions, spots[:, :2].copy(), faces[face : face + triangles], material))
            vertex, face = vertex + vertices, face + triangles
        return replace(entry.model, mesh=Mesh(tuple(parts)))


def _entry(row: dict[str, Any]) -> CatalogueEntry:
    parts = tuple(tuple(part) for part in row.pop("parts"))
    return CatalogueEntry(FurnitureModel(mesh=Mesh(()), size=tuple(row.pop("size")), **row), parts)


def _built(folder: Path) -> Path:
    """Return the pack's path, building it under a lock if it is not there yet; it appears whole or not at all."""
    target = cache_folder() / f"sweethome-{_identity(folder)[:16]}.npz"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock")):
        if not target.is_file():
            logging.getLogger(__name__).warning(
                "Converting Sweet Home 3D's furniture. This happens once and takes about a minute."
            )
            with whole_file(target) as partial, partial.open("wb") as file:
                _write(folder, file)
    return target


def _identity(folder: Path) -> str:
    """Return a sha256 over the packs' contents (their checksums), our selection, and the converter's version."""
    chosen = selection()
    digest = hashlib.sha256(f"{CONVERTER}|{chosen.models}|{chosen.on_top}|{chosen.on_wall}|{chosen.carrying}".encode())
    for pack in chosen.models:
        with zipfile.ZipFile(folder / f"{pack}.sh3f") as archive:
            for info in archive.infolist():
                digest.update(f"{info.filename}|{info.CRC}".encode())
    return digest.hexdigest()


def _write(folder: Path, file) -> None:
    """Convert every selected model and write the pack."""
    arrays: dict[str, np.ndarray] = {}
    rows = []
    for pack, categories in selection().models.items():
        with zipfile.ZipFile(folder / f"{pack}.sh3f") as archive:
            catalogue = read_catalogue(archive.read("PluginFurnitureCatalog.properties").decode("latin-1"))
            chosen = [(category, slug) for category, slugs in categories.items() for slug in slugs.split()]
            for category, slug in chosen:
                model = _converted(archive, pack, category, slug, catalogue[slug])
                parts = model.mesh.parts
                row: dict[str, Any] = {f.name: getattr(model, f.name) for f in fields(model) if f.name != "mesh"}
                row["parts"] = [(*part.material.colour, len(part.positions), len(part.faces)) for part in parts]
                rows.append(row)
                for name, dtype in ARRAYS.items():
                    arrays[f"{model.name}:{name}"] = np.concatenate([getattr(p, name) for p in parts]).astype(dtype)
    arrays["index"] = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]


def read_catalogue(text: str) -> dict[str, dict[str, str]]:
    """Read a pack's property file: by the model's id without the pack's name, its properties."""
    rows: dict[str, dict[str, str]] = {}
    for key, number, value in re.findall(r"^(\w+)#(\d+)=(.*)$", text, re.MULTILINE):
        rows.setdefault(number, {})[key] = value.strip()
    return {row["id"].split("#")[-1]: row for row in rows.values() if "model" in row}


def _converted(archive: zipfile.ZipFile, pack: str, category: str, slug: str, row: dict[str, str]) -> FurnitureModel:
    size = np.array([float(row[k]) for k in ("width", "depth", "height")]) / 100
    stands = _stands(category, slug, size)
    limit = MOST_TRIANGLES_SMALL if size.max() < 0.45 else MOST_TRIANGLES
    mesh = _simplified(archive, row, size, limit)
    licence = f"{selection().licences[pack]}, {row.get('creator', pack)}"
    surface_height = _surface(category, row, float(size[2]))
    return settled_model(f"{category}/{pack}/{slug}", category, mesh, stands, surface_height, licence)


def _stands(category: str, slug: str, size: np.ndarray) -> Stands:
    if slug in selection().on_wall:
        return "wall"
    if category == "ceiling light":
        return "ceiling"
    small_plant = category == "plant" and size[2] < 0.45 and size[:2].max() < 0.45
    return "top" if category in selection().on_top or small_plant else "floor"


def _surface(category: str, row: dict[str, str], height: float) -> float | None:
    """Return where things may be put: the catalogue's height in metres if it gives one, else the top."""
    if category not in selection().carrying:
        return None
    given = float(row.get("dropOnTopElevation", "0"))
    if given > 0:
        return given / 100
    return None if given < 0 or category in ("bed", "sofa") else height


def _simplified(archive: zipfile.ZipFile, row: dict[str, str], size: np.ndarray, limit: int) -> Mesh:
    """Return a model's triangles in our frame, in metres, thinned to about `limit` of them."""
    path = row["model"].lstrip("/")
    base = posixpath.dirname(path)
    names = {name.lower(): name for name in archive.namelist()}

    def read(name: str) -> bytes | None:
        found = names.get(posixpath.join(base, name).lower())
        return archive.read(found) if found else None

    triangles = read_obj(archive.read(path).decode("latin-1"))
    colours: dict[str, tuple[float, float, float]] = {}
    for library in triangles.libraries:
        colours |= read_mtl((read(library) or b"").decode("latin-1"), read)
    turn = np.array([float(v) for v in row.get("modelRotation", "1 0 0 0 1 0 0 0 1").split()]).reshape(3, 3)
    points = triangles.positions @ turn.T @ np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]])
    used = points[np.unique(np.concatenate(list(triangles.faces.values())))]
    low, span = used.min(0), np.maximum(np.ptp(used, axis=0), 1e-9)
    points = (points - low) / span * size
    groups: dict[tuple[float, float, float], list[np.ndarray]] = {}
    for name, faces in triangles.faces.items():
        groups.setdefault(_linear(colours.get(name, (0.7, 0.7, 0.7))), []).append(faces)
    welded = {colour: weld(points, np.concatenate(faces)) for colour, faces in groups.items()}
    total = sum(len(faces) for _, faces in welded.values())
    parts = []
    for colour, (spots, faces) in welded.items():
        share = max(24, round(limit * len(faces) / total)) if total > limit else len(faces)
        if len(faces):
            parts.append(shaded(*thinned(spots, faces, share), Material(colour, gloss=0.15)))
    return Mesh(tuple(p for p in parts if len(p.faces)))


def _linear(srgb: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a colour as linear light, to 3 digits, no darker than black paint and no lighter than white."""
    red, green, blue = linear_from_srgb(np.clip(srgb, 0.03, 0.95)).round(3)
    return (float(red), float(green), float(blue))
