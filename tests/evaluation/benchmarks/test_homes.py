"""The homes of the benchmark: the same everywhere, made where they are wanted, refused where they are others."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pin_homes import questions, write_pins

from vlm2.evaluation import home_suite as suite
from vlm2.evaluation.benchmarks import homes
from vlm2.evaluation.benchmarks.homes import SUITE, load, provide
from vlm2.evaluation.home_suite import LengthBand, build, make_home, read_pins, record_hash
from vlm2.evaluation.predictions import read_predictions
from vlm2.evaluation.respondents import RunSettings, respondent
from vlm2.evaluation.runner import finish, make_videos, run
from vlm2.evaluation.true_eyes import TrueDetector, TrueFrames
from vlm2.scenes.record import Scene
from vlm2.video import VideoFile

SMALL = replace(
    SUITE,
    bands=(LengthBand("short", (20.0, 20.5), (1,)), LengthBand("mid", (21.0, 21.5), (1,))),
    count=1,
    per_type=2,
    size=(64, 48),
)

REVISION = "38d18b76ae0bb6804df26131339e4d22ba7d53e26de1988f5e3203edb36af420"  # what version 1 asks, for good


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The videos and records of a suite of two small homes."""
    folder = tmp_path_factory.mktemp("homes")
    return folder, [build(SMALL, spec, folder) for spec in SMALL.homes()]


@pytest.fixture
def pinned(made, tmp_path, monkeypatch):
    """The small suite in the place of the real one, pinned."""
    monkeypatch.setattr(suite, "FOLDER", tmp_path)
    monkeypatch.setattr(homes, "SUITE", SMALL)
    write_pins(SMALL, made[1])
    return made[0]


def test_forty_homes_of_each_length_with_seeds_of_their_own():
    specs = SUITE.homes()
    assert len(specs) == 120 and len({spec.seed for spec in specs}) == len({spec.name for spec in specs}) == 120
    assert [spec.name for spec in specs[:4]] == ["short_00", "mid_00", "long_00", "short_01"]
    for name, (least, most) in {"short": (20, 60), "mid": (60, 120), "long": (120, 300)}.items():
        assert all(least < spec.seconds < most for spec in specs if spec.name.startswith(name))


def test_the_pinned_file_is_of_this_version():
    if not SUITE.pins.is_file():
        pytest.skip("the homes are not pinned yet: python tests/support/pin_homes.py --out runs/homes")
    pins = read_pins(SUITE)
    assert list(pins.homes) == [spec.name for spec in SUITE.homes()]
    assert {row["question_type"] for pin in pins.homes.values() for row in pin.questions} == set(SUITE.types)
    assert (SUITE.version, pins.revision) == (1, REVISION)


@pytest.mark.full
def test_a_home_is_made_again_as_it_was_pinned(tmp_path):
    pins, spec = read_pins(SUITE), SUITE.homes()[0]
    scene = make_home(SUITE, spec, tmp_path)
    assert list(questions(SUITE, scene, spec.seed)) == list(pins.homes[spec.name].questions)


def test_items_are_the_pinned_questions(pinned):
    loaded = load(videos=pinned)
    assert loaded.revision == f"sha256:{read_pins(SMALL).revision}"
    assert len({item.id for item in loaded.items}) == len(loaded.items) > 10
    assert {item.group for item in load(videos=pinned, limit=1).items} == {"short_00"}
    item = loaded.items[0]
    assert item.video == pinned / "videos/short_00.mp4"
    assert item.length == pytest.approx(VideoFile(item.video).seconds, abs=0.6)
    per_type = [item.question_type for item in loaded.items if item.group == "mid_00"]
    assert max(map(per_type.count, per_type)) == 2
    with pytest.raises(ValueError, match="takes no --data"):
        load("somewhere")


def test_pins_are_the_same_bytes_again(pinned, made):
    before = SMALL.pins.read_bytes()
    write_pins(SMALL, made[1])
    assert SMALL.pins.read_bytes() == before


def test_videos_are_made_where_they_are_missing(pinned, tmp_path):
    loaded = load(videos=tmp_path / "cache", limit=1)
    assert list(make_videos(homes.BENCHMARK, loaded)) == ["short_00"]
    assert loaded.items[0].video.is_file()
    again = Scene.load(tmp_path / "cache/scenes/short_00.json")
    assert record_hash(again) == record_hash(Scene.load(pinned / "scenes/short_00.json"))


def test_another_home_in_the_cache_is_refused(pinned, tmp_path):
    make_home(SMALL, SMALL.homes()[0], pinned)
    scene = Scene.load(pinned / "scenes/short_00.json")
    moved = replace(scene.objects[0], box=replace(scene.objects[0].box, center=(0.0, 0.0, 0.001)))
    for folder in ("scenes", "videos"):
        (tmp_path / folder).mkdir()
    replace(scene, objects=(moved, *scene.objects[1:])).save(tmp_path / "scenes/short_00.json")
    (tmp_path / "videos/short_00.mp4").touch()
    with pytest.raises(ValueError, match="not the home that version 1 asks about.*Delete"):
        provide(load(videos=tmp_path).items[0])


def test_pins_of_another_suite_are_refused(pinned):
    with pytest.raises(ValueError, match="a new version"):
        read_pins(replace(SMALL, seed=3))
    with pytest.raises(ValueError, match="Nothing is pinned for version 9"):
        read_pins(replace(SMALL, version=9))


def test_what_is_seen_and_rounding_do_not_change_the_hash(made):
    scene = made[1][0]
    assert any(thing.colour_share is not None for thing in scene.objects)
    things = tuple(replace(thing, sightings=(), colour_share=None) for thing in scene.objects)
    camera = scene.trajectory.world_from_camera
    shaken = replace(scene.trajectory, world_from_camera=tuple(tuple(v + 1e-12 for v in row) for row in camera))
    assert record_hash(replace(scene, objects=things, trajectory=shaken)) == record_hash(scene)
    moved = replace(scene.trajectory, world_from_camera=tuple(tuple(v + 2e-4 for v in row) for row in camera))
    assert record_hash(replace(scene, trajectory=moved)) != record_hash(scene)


def test_true_objects_answer_nearly_all(pinned, tmp_path):
    loaded = load(videos=pinned)
    answers = respondent(RunSettings("true-objects"), homes.BENCHMARK, loaded.items)
    assert run(homes.BENCHMARK, loaded, answers, tmp_path / "run", "true objects")
    scores = finish(homes.BENCHMARK, loaded, tmp_path / "run")
    assert scores["summary"]["overall"] > 0.95 and scores["objects"]["coverage"] > 0.95
    assert {prediction.frames for prediction in read_predictions(tmp_path / "run").values()} == {0}


def test_true_eyes_see_what_the_record_says(pinned):
    true = homes.truth(load(videos=pinned).items[0])
    frames = TrueFrames.render(true)
    detector = TrueDetector(frames)
    boxes = {}
    for thing in true.scene.objects:
        boxes.setdefault(thing.category, []).append(thing.box)
    seen = 0
    for time in true.scene.trajectory.times:
        (found,) = detector.detect_at(np.zeros((1, 48, 64, 3), np.uint8), [time])
        frame = frames.at(time)
        rotation, position = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
        for label, mask, size in zip(found.labels, found.masks, found.shapes.sizes, strict=True):
            centres = (frame.points + found.shapes.offsets)[mask] @ rotation.T + position
            assert any(
                np.allclose(centres, box.center, atol=1e-3) and np.allclose(sorted(box.size), sorted(size))
                for box in boxes[label]
            )
            seen += 1
    assert seen > 50


def test_scores_are_those_of_the_published_benchmarks(pinned):
    item = next(item for item in load(videos=pinned).items if item.question_type == "object_counting")
    official, words = (homes.BENCHMARK.scorer(name) for name in (None, "number_words"))
    assert official(item, item.answers[0]) == {"score": 1.0}
    assert official(item, f"about {item.answers[0]}") == {"score": 0.0}
    assert words(item, f"about {item.answers[0]}") == {"score": 1.0}
    camera = replace(item, question_type="camera_displacement", answers=("2.0",))
    assert official(camera, "2.0 m") == {"score": 1.0}
    kinds = ["object_counting", "object_rel_direction_easy", "object_rel_direction_hard", "camera_displacement"]
    means = homes.BENCHMARK.summary(zip(kinds, ({"score": value} for value in (1.0, 0.5, 0.0, 0.25)), strict=True))
    assert means["object_rel_direction"] == 0.25 and means["overall"] == 0.5
    assert list(means)[:4] == ["overall", "object_counting", "object_rel_direction", "object_rel_direction_easy"]


def test_pins_hold_no_more_than_they_say(pinned):
    import gzip

    head, *rows = [json.loads(line) for line in gzip.decompress(SMALL.pins.read_bytes()).splitlines()]
    assert list(head) == ["suite"]
    assert [sorted(row) for row in rows] == [["name", "questions", "record", "seconds"]] * 2


def test_reading_the_questions_takes_no_torch():
    program = (
        "import sys; sys.modules['torch'] = None; "
        "from vlm2.evaluation.benchmarks import homes; print(len(homes.load().items))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


@pytest.mark.parametrize("package", ["scipy", "moderngl"])
def test_without_the_packages_that_draw_homes_the_extra_is_named(tmp_path, package):
    program = f"""
import sys
sys.modules[{package!r}] = None
from pathlib import Path
from vlm2.evaluation.benchmarks.homes import SUITE
from vlm2.evaluation.home_suite import build
try:
    build(SUITE, SUITE.homes()[0], Path({str(tmp_path)!r}))
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert f"import of {package} halted" in done.stdout and "pip install 'vlm2[homes]'" in done.stdout, done.stderr
