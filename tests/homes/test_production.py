"""Producing homes: files that agree with one another, resumed and repeated; frames for training."""

import json
import os

import av
import jaxtyping
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from vlm2.cli.homes import app, home_seed
from vlm2.homes import production as produce
from vlm2.homes.home import CameraWalk
from vlm2.homes.production import HomeOrder, SampledHome, produce_home, sample_home, sampled_frames, shares
from vlm2.homes.renderer import Renderer
from vlm2.scenes.record import Scene

from .boxes import box_home, look

SIZE = (64, 48)


@pytest.fixture(scope="module", autouse=True)
def egl():
    try:
        Renderer(8, 8).close()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture
def box_homes(monkeypatch):
    """Homes are the room made by hand, with a short walk through it."""

    def walk(home, seed, fps=10.0, duration=None):
        times = np.arange(0.0, (duration or 2.0) - 1e-9, 1.0 / fps)
        poses = [look((0.5 + 0.4 * t, 0.5 + 0.2 * t, 1.6), (2.6 - 0.3 * t, 3.5, 0.6)) for t in times]
        return CameraWalk(times, np.stack(poses), 1.2)

    monkeypatch.setattr(produce, "build_home", lambda seed, split, rooms=None, catalogue=None: box_home(seed, split))
    monkeypatch.setattr(produce, "walk", walk)


def order(**more) -> HomeOrder:
    return HomeOrder("box", 5, "train", **({"size": SIZE} | more))


def test_the_video_has_every_frame_at_its_time(box_homes, tmp_path):
    scene = produce_home(order(fps=12.5), tmp_path)
    with av.open(str(tmp_path / scene.video)) as container:
        stream = container.streams.video[0]
        times = [float(f.pts * stream.time_base) for f in container.decode(stream)]
        assert (stream.width, stream.height, stream.pix_fmt) == (*SIZE, "yuv420p")
        assert stream.codec_context.name == "h264"
    assert np.allclose(times, np.arange(25) / 12.5, atol=1e-3)
    assert scene.duration == pytest.approx(2.0)


def test_the_record_says_what_the_frames_show(box_homes, tmp_path):
    scene = produce_home(order(geometry=True), tmp_path)
    assert scene == Scene.load(tmp_path / "scenes" / "box.json")
    assert scene.trajectory.times == (0.0, 0.5, 1.0, 1.5)
    assert scene.counts == {"table": 1, "cabinet": 1, "window": 1}
    table = scene.of_category("table")[0]
    assert [s.frame for s in table.sightings] == [0, 1, 2, 3]
    assert 0.02 < table.sightings[0].share < 0.5
    geometry = np.load(tmp_path / "geometry" / "box.npz")
    assert geometry["depth"].shape == (4, SIZE[1], SIZE[0])
    poses = np.array(scene.trajectory.world_from_camera).reshape(-1, 3, 4)
    assert np.allclose(poses, geometry["world_from_camera"][:, :3])


def test_pictures_are_drawn(box_homes, tmp_path):
    produce_home(order(), tmp_path)
    for name in ("box.png", "box_map.png"):
        with Image.open(tmp_path / "sheets" / name) as image:
            assert min(image.size) > 100


def test_a_finished_home_is_kept_and_a_broken_one_made_again(box_homes, tmp_path):
    first = produce_home(order(sheets=False), tmp_path)
    video = tmp_path / "videos" / "box.mp4"
    stamp = 1_000_000_000
    os.utime(video, (stamp, stamp))
    assert produce_home(order(sheets=False), tmp_path) == first
    assert video.stat().st_mtime == stamp
    (tmp_path / "scenes" / "box.json").unlink()
    assert produce_home(order(sheets=False), tmp_path) == first
    assert video.stat().st_mtime != stamp


def test_a_failure_leaves_no_half_file(box_homes, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space")

    monkeypatch.setattr(produce, "scene_of", fail)
    with pytest.raises(OSError, match="no space"):
        produce_home(order(), tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["box.mp4"]


def test_sampled_frames_follow_the_rate():
    times = np.arange(31) / 10.0
    assert sampled_frames(times, 2.0).tolist() == [0, 5, 10, 15, 20, 25, 30]
    assert sampled_frames(times, 100.0).tolist() == list(range(31))


def test_small_things_are_not_seen():
    instances = np.zeros((100, 100), np.int32)
    instances[:2, :2], instances[50:53, 50:53] = 4, 9
    assert shares(instances) == {9: 0.0009}


def test_sizes_that_no_video_has_are_refused():
    with pytest.raises(ValueError, match="63 × 48"):
        order(size=(63, 48))


@pytest.fixture
def unchecked():
    """Furnishing calls small functions very often; checking the types of each costs minutes."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def test_a_real_home_agrees_with_itself(unchecked):
    assert disagreement(sample_home(3, "train", fps=1.0, size=SIZE, rooms=1, duration=20.0)) < 0.01


@pytest.mark.full
@pytest.mark.parametrize("index", range(20))
def test_twenty_homes_of_seed_7_agree_with_themselves(unchecked, index):
    assert disagreement(sample_home(home_seed(7, index), "train", fps=1.0, size=SIZE)) < 0.01


def disagreement(home: SampledHome) -> float:
    """Check the ids and sightings of a home; return the median error (m) of points of a frame seen in the next."""
    scene, count = home.scene, len(home.times)
    assert home.frames.shape == (count, SIZE[1], SIZE[0], 3)
    ids = {o.id for o in scene.objects}
    assert set(np.unique(home.instances)) - {0} <= ids
    for thing in scene.objects:  # what the record calls a sighting is what the ids show
        seen = [t for t in range(count) if (home.instances[t] == thing.id).mean() >= produce.LEAST_SHARE]
        assert [s.frame for s in thing.sightings] == seen
    k, errors = scene.trajectory.intrinsics, []
    for one in range(count - 1):
        other_from_world = np.linalg.inv(home.world_from_camera[one + 1])
        points = home.points[one].reshape(-1, 3) @ home.world_from_camera[one][:3, :3].T
        points = (points + home.world_from_camera[one][:3, 3]) @ other_from_world[:3, :3].T + other_from_world[:3, 3]
        z = np.maximum(points[:, 2], 1e-6)
        u, v = (np.floor(f * points[:, i] / z + c).astype(int) for i, f, c in ((0, k.fx, k.cx), (1, k.fy, k.cy)))
        inside = (points[:, 2] > 0.1) & (u >= 0) & (u < k.width) & (v >= 0) & (v < k.height)
        same = home.instances[one].ravel()[inside] == home.instances[one + 1][v[inside], u[inside]]
        opening = np.abs(points[inside, 2] - home.points[one + 1][v[inside], u[inside], 2])
        # Where a thing hides another, or the grazed surface changes within a pixel, depths differ by far more.
        errors.append(opening[same & (opening < 0.3)])
    errors = np.concatenate(errors)
    assert len(errors) > 1000
    return float(np.median(errors))


def test_the_command_makes_homes_and_questions(box_homes, tmp_path):
    arguments = ["make", "--out", str(tmp_path), "--count", "2", "--seed", "7", "--size", "64x48", "--workers", "1"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    scenes = sorted(p.stem for p in (tmp_path / "scenes").iterdir())
    assert scenes == ["train_7_0000", "train_7_0001"]
    lines = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == list(range(len(lines)))
    assert {line["scene_name"] for line in lines} <= set(scenes)
    assert Scene.load(tmp_path / "scenes" / "train_7_0001.json").seed == home_seed(7, 1)


def test_the_command_refuses_a_size_it_cannot_read(tmp_path):
    result = CliRunner().invoke(app, ["make", "--out", str(tmp_path), "--size", "large"])
    assert isinstance(result.exception, ValueError) and "--size large" in str(result.exception)


def test_the_command_writes_the_families_asked_for(box_homes, tmp_path):
    arguments = ["make", "--out", str(tmp_path), "--size", "64x48", "--workers", "1", "--families", "vsti"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    types = {line["question_type"] for line in lines}
    assert "camera_obj_abs_dist" in types and "object_counting" not in types
    assert all(line["times"] for line in lines)


def test_the_command_writes_the_same_questions_in_words_that_no_training_used(box_homes, tmp_path):
    arguments = ["make", "--out", str(tmp_path), "--size", "64x48", "--workers", "1", "--own-words"]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    asked, reworded = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("questions.jsonl", "own_words.jsonl")
    )
    assert len(asked) == len(reworded) > 0
    for one, other in zip(asked, reworded, strict=True):
        assert one["question"] != other["question"] and one["options"] == other["options"]
        assert (one["id"], one["scene_name"], one["question_type"]) == (
            other["id"],
            other["scene_name"],
            other["question_type"],
        )


def test_the_command_refuses_a_family_it_does_not_know(tmp_path):
    result = CliRunner().invoke(app, ["make", "--out", str(tmp_path), "--families", "vsi,vsty"])
    assert isinstance(result.exception, ValueError)
    assert "vsty" in str(result.exception) and not list(tmp_path.iterdir())
