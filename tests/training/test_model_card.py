"""A card tells what a checkpoint was trained on and by what, and shows only its own scores."""

import json
import re
from dataclasses import dataclass, field

import pytest
import toyruns
from huggingface_hub import ModelCard
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from toytraining import write_homes

from vlm2.encoders.weights import sha256
from vlm2.evaluation import runner, scores
from vlm2.evaluation.respondents import RunSettings, respondent
from vlm2.models.checkpoint import PACKAGED
from vlm2.training.home_cache import open_cache
from vlm2.training.model_card import data_hash, read_records, training_record, write_card
from vlm2.training.recipes.card import CardConfig
from vlm2.training.recipes.card import run as rewrite_card


@dataclass(frozen=True)
class Loop:
    steps: int = 7


@dataclass(frozen=True)
class Config:
    cache: str = "somewhere"
    sizes: tuple[int, ...] = (1, 2)
    loop: Loop = field(default_factory=Loop)


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    return open_cache(write_homes(tmp_path_factory.mktemp("cache") / "homes"))


@pytest.fixture
def checkpoint(tmp_path):
    save_file({}, tmp_path / "model.safetensors")
    return tmp_path


def test_the_record_is_read_back_from_the_card(homes, checkpoint):
    first, last = (
        training_record("geometry", Config(), homes) | {"scores": {"depth_error": 0.1}},
        training_record("mini", Config(), homes),
    )
    assert first["configuration"] == {"cache": "somewhere", "sizes": [1, 2], "loop.steps": 7}
    assert first["data"]["frames"] == sum(home.frames for home in homes)
    write_card(checkpoint, [first, last])
    assert read_records(checkpoint) == [first, last]
    text = (checkpoint / "README.md").read_text(encoding="utf-8").partition("# mini")[2]
    assert text.count(first["commit"]) == 2 and text.count(first["data"]["sha256"]) == 2
    assert "depth_error: 0.1" in text and "not been scored yet" in text


def test_the_data_hash_is_of_what_the_homes_hold(homes, tmp_path):
    folder = write_homes(tmp_path / "again")
    assert data_hash(open_cache(folder)) == data_hash(homes[::-1])
    changed = open_cache(folder)[0]
    tensors = {name: changed.tensor(name) for name in load_file(changed.path)}
    tensors["times"][0] += 1
    with safe_open(changed.path, framework="pt") as file:
        header = file.metadata()
    save_file(tensors, changed.path, metadata=header)
    assert data_hash(open_cache(folder)) != data_hash(homes)


def test_scores_are_those_of_the_checkpoints_own_run(homes, checkpoint, tmp_path, write_video, monkeypatch):
    toyruns.write_videos(write_video)
    loaded = toyruns.load(videos=tmp_path)
    monkeypatch.setattr(scores, "find", lambda name: toyruns.TOY)
    for name in ("random", "chance"):
        answers = respondent(RunSettings(model=name), toyruns.TOY, loaded.items)
        runner.run(toyruns.TOY, loaded, answers, tmp_path / name, name)
        runner.finish(toyruns.TOY, loaded, tmp_path / name)
    write_card(checkpoint, [training_record("mini", Config(), homes)])
    config = CardConfig(str(checkpoint), (str(tmp_path / "random"), str(tmp_path / "chance")))
    with pytest.raises(ValueError, match="other weights"):
        rewrite_card(config)

    receipt = json.loads((tmp_path / "random/receipt.json").read_text())
    receipt["run"]["model"]["files"] = {"model.safetensors": sha256(checkpoint / "model.safetensors")}
    (tmp_path / "random/receipt.json").write_text(json.dumps(receipt))
    rewrite_card(config)
    card = ModelCard.load(checkpoint / "README.md")
    measured = json.loads((tmp_path / "random/scores.json").read_text())["summary"]["overall"]
    assert [result.metric_value for result in card.data.eval_results] == [round(100 * measured, 1)]
    assert f"| overall |  | {100 * measured:.1f} (" in card.text and "not been scored" not in card.text
    assert len(read_records(checkpoint)) == 1


def test_a_checkpoint_without_a_record_is_refused(checkpoint):
    with pytest.raises(ValueError, match="no README.md with a record"):
        rewrite_card(CardConfig(str(checkpoint)))
    (checkpoint / "README.md").write_text("# Somebody's model\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no README.md with a record"):
        rewrite_card(CardConfig(str(checkpoint)))


def test_the_packaged_checkpoint_says_where_it_comes_from():
    folder = PACKAGED / "mini"
    made = {record["recipe"]: record for record in read_records(folder)}
    assert {"geometry", "mini"} <= set(made)
    for training in made.values():
        assert re.fullmatch("[0-9a-f]{40}", training["commit"])
        assert re.fullmatch("[0-9a-f]{64}", training["data"]["sha256"])
        assert training["configuration"]
    card = ModelCard.load(folder / "README.md")
    assert f"sha256 {sha256(folder / 'model.safetensors')}" in card.text
    (result,) = card.data.eval_results
    assert result.dataset_type == "homes" and result.metric_value > 0
