"""The scene as a glTF file, read by another library."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from vlm2.objects.floor import room_area
from vlm2.viewer.gltf_file import gltf_scene
from vlm2.viewer.scene import scene_of
from vlm2.viewer.viser_scene import thing_name

trimesh = pytest.importorskip("trimesh")


def described(file: bytes) -> dict:
    """The JSON part of a .glb file, whose lengths are checked."""
    magic, version, length, text = struct.unpack_from("<4sIII", file)
    assert (magic, version, length) == (b"glTF", 2, len(file)) and text % 4 == 0
    (binary,) = struct.unpack_from("<I", file, 20 + text)
    assert 28 + text + binary == len(file) and binary % 4 == 0
    return json.loads(file[20 : 20 + text])


def test_another_library_finds_the_things_where_they_are(scene):
    loaded = trimesh.load_scene(io.BytesIO(gltf_scene(scene, "home")), file_type="glb")
    for track in scene.things:
        names = [name for name in loaded.graph.nodes_geometry if name.startswith(thing_name(track))]
        corners = [
            trimesh.transform_points(loaded.geometry[geometry].vertices, pose)
            for pose, geometry in (loaded.graph[name] for name in names)
        ]
        x, y, z = np.concatenate(corners).mean(0)  # y is up
        np.testing.assert_allclose((x, -z, y), track.box.center, atol=1e-4)
    names = set(loaded.graph.nodes)
    assert {"home", "points", "path", *(thing_name(track) for track in scene.things)} <= names
    assert {room.name for room in scene.map.floor.rooms} <= names


def test_points_keep_their_colours_and_the_floor_its_area(scene):
    loaded = trimesh.load_scene(io.BytesIO(gltf_scene(scene, "home")), file_type="glb")
    points = loaded.geometry[loaded.graph["points"][1]]
    np.testing.assert_array_equal(np.asarray(points.colors)[:, :3], scene.colours)
    for room in scene.map.floor.rooms:
        assert loaded.geometry[loaded.graph[room.name][1]].area == pytest.approx(room_area(room))


def test_cameras_look_where_the_frames_looked(scene):
    file = described(gltf_scene(scene, "home"))
    nodes = [node for node in file["nodes"] if "camera" in node]
    assert len(nodes) == len(scene.frames)
    for node, frame in zip(nodes, scene.frames, strict=True):
        x, y, z, w = node["rotation"]
        turn = trimesh.transformations.quaternion_matrix((w, x, y, z))[:3, :3]
        np.testing.assert_allclose(-turn[:, 2], frame.scene_from_camera[:3, 2], atol=1e-6)
        np.testing.assert_allclose(-turn[:, 1], frame.scene_from_camera[:3, 1], atol=1e-6)


def test_accessors_are_aligned_and_bounded(scene):
    file = described(gltf_scene(scene, "home"))
    assert all(view["byteOffset"] % 4 == 0 for view in file["bufferViews"])
    for mesh in file["meshes"]:
        for part in mesh["primitives"]:
            assert {"min", "max"} <= file["accessors"][part["attributes"]["POSITION"]].keys()


def test_a_scene_without_things_is_a_file(watch):
    scene = replace(scene_of(watch(16)._stream), points=np.empty((0, 3)), colours=np.empty((0, 3), np.uint8))
    file = described(gltf_scene(scene, "empty"))
    assert "points" not in {node["name"] for node in file["nodes"]}
