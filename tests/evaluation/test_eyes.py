"""Eyes of a run: their names, what identifies them, and what is refused."""

import hashlib
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
from toyeyes import toy_eyes
from toyruns import TOY, load, toy_respondent, write_videos

from vlm2.encoders.detectors import homes
from vlm2.evaluation import respondents
from vlm2.evaluation.eyes import RunEyes, read_eyes
from vlm2.evaluation.predictions import read_predictions
from vlm2.evaluation.respondents import RunSettings, SessionRespondent, respondent, title
from vlm2.evaluation.runner import finish, run


def configuration(vision="efficientnet-lite0", metric=True):
    return SimpleNamespace(
        vision_config=SimpleNamespace(name=vision), geometry_config=SimpleNamespace(settings={"metric": metric})
    )


@pytest.fixture
def folder(tmp_path):
    """A copy of the packaged detector, as `vlm2 train eyes` writes one."""
    return shutil.copytree(homes.FOLDER, tmp_path / "mine")


def test_names_of_eyes(folder):
    found = {name: read_eyes(name, configuration) for name in ("auto", "homes", "truth", "truth-labels", str(folder))}
    assert found == {
        "auto": RunEyes("homes"),
        "homes": RunEyes("homes"),
        "truth": RunEyes(None, "truth"),
        "truth-labels": RunEyes("homes", "truth-labels"),
        str(folder): RunEyes(f"homes:{folder}"),
    }
    assert read_eyes(f"truth-labels:{folder}", configuration) == RunEyes(f"homes:{folder}", "truth-labels")
    titles = [eyes.title for eyes in found.values() if eyes is not None]
    assert titles == ["homes", "homes", "truth", "truth-labels", "homes:mine"]
    assert read_eyes(None, configuration) is read_eyes("none", configuration) is None


def test_auto_is_none_where_the_model_lacks_what_eyes_need():
    assert read_eyes("auto", lambda: configuration(vision="siglip")) is None
    assert read_eyes("auto", lambda: configuration(metric=False)) is None
    with pytest.raises(ValueError, match="measures in metres"):
        read_eyes("homes", lambda: configuration(metric=False))


def test_unknown_eyes_are_refused(tmp_path):
    for name in ("eagle", str(tmp_path), "truth-labels:eagle"):
        with pytest.raises(ValueError, match="There are no eyes .*auto, none, a detector .homes"):
            read_eyes(name, configuration)


def test_words_are_for_eyes_that_read_them(folder):
    found = read_eyes(f"homes:{folder}", configuration, ("chair",))
    assert found == RunEyes(f"homes:{folder}", words=("chair",)) and found.identity()["words"] == ["chair"]
    for name in (None, "none", "truth"):
        with pytest.raises(ValueError, match="open vocabulary"):
            read_eyes(name, configuration, ("chair",))
    with pytest.raises(ValueError, match="have fixed labels; leave out the words"):
        found.open(load().items[0], None)


def test_a_depth_model_is_part_of_a_run(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    settings = RunSettings("mini", eyes="none", geometry=f"hub:{tmp_path}")
    assert title(settings) == f"mini, tokens, depth of {tmp_path.name}"
    assert list(SessionRespondent(settings, 6).identity()["geometry"]["files"]) == ["config.json"]
    with pytest.raises(ValueError, match="There is no geometry 'pi3'"):
        SessionRespondent(RunSettings("mini", eyes="none", geometry="pi3"), 6).identity()
    with pytest.raises(ValueError, match="chance has no object memory; leave out --words and --geometry"):
        respondent(RunSettings("chance", geometry="hub:depth"), TOY, load().items)
    with pytest.raises(ValueError, match="leave out --only-new"):
        respondent(RunSettings("chance", only_new=True), TOY, load().items)


def test_the_files_of_the_eyes_identify_them(folder):
    packaged, copied = RunEyes("homes").identity(), RunEyes(f"homes:{folder}").identity()
    assert packaged == copied
    weights = (homes.FOLDER / "model.safetensors").read_bytes()
    assert packaged["files"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()
    (folder / "config.json").write_text("{}")
    assert RunEyes(f"homes:{folder}").identity() != packaged
    assert RunEyes(None, "truth").identity() == {"oracle": "truth"}
    assert RunEyes("homes", "truth-labels").identity() == packaged | {"oracle": "truth-labels"}


def test_runs_with_eyes_are_called_objects_and_name_them(folder):
    eyes = ("auto", "truth", str(folder), "none", None)
    assert [title(RunSettings("mini", eyes=name)) for name in eyes[:3]] == [
        "mini, objects",
        "mini, objects (truth)",
        "mini, objects (homes:mine)",
    ]
    assert {"objects" in title(RunSettings("mini", eyes=name)) for name in eyes[3:]} == {False}
    assert title(RunSettings("mini", eyes="auto", tools=False)) == "mini, tokens"
    assert title(RunSettings("mini", fps=10.0, only_new=True)) == "mini, objects, new of 10 frames a second"
    assert title(RunSettings("true-objects")) == "true objects"
    identity = SessionRespondent(RunSettings("mini", eyes="auto"), 6).identity()
    assert identity["eyes"] == RunEyes("homes").identity()
    assert "eyes" not in SessionRespondent(RunSettings("mini", eyes="auto", tools=False), 6).identity()


def test_a_benchmark_without_the_truth_has_no_oracle():
    for settings in (RunSettings("mini", eyes="truth"), RunSettings("mini", eyes="truth-labels")):
        with pytest.raises(ValueError, match="toy does not hold what its videos truly show.*--eyes truth"):
            respondent(settings, TOY, ())
    with pytest.raises(ValueError, match="toy does not hold .*true objects. Use the benchmark homes"):
        respondent(RunSettings("true-objects"), TOY, ())
    with pytest.raises(ValueError, match="chance has no object memory; leave out --eyes homes"):
        respondent(RunSettings("chance", eyes="homes"), TOY, load().items)


def test_answers_of_a_run_with_eyes_are_stored_and_split(tmp_path, write_video, monkeypatch):
    write_videos(write_video)
    detector = toy_eyes().detector
    eyes = SimpleNamespace(title="toy", open=lambda item, truth, runtime: detector)
    monkeypatch.setattr(respondents, "run_eyes", lambda settings: eyes)
    loaded = load(videos=tmp_path)
    items = [*loaded.items[:2]]
    items[0] = replace(items[0], prompt="How many chairs are there?")
    loaded = replace(loaded, items=tuple(items))
    assert run(TOY, loaded, toy_respondent(), tmp_path / "run", "toy")
    scores = finish(TOY, loaded, tmp_path / "run")
    counted, other = read_predictions(tmp_path / "run").values()
    assert counted.answer is not None and other.answer is not None
    assert (counted.answer.source, counted.answer.query) == ("objects", "count(chair)")
    assert counted.text == str(counted.answer.value)
    assert (other.answer.source, other.answer.status) == ("tokens", "guess") and other.answer.sentence
    assert scores["objects"]["coverage"] == 0.5
