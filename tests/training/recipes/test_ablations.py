"""The ablation of toy size: what each row has and sees, seven steps of each, and the grid laid side by side."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
import toyruns
from safetensors.torch import load_file
from toys import ToyVision, toy_config, toy_features, toy_model, toy_processor
from toytraining import LORA, losses, short, write_geometry, write_homes
from vlm2.training.ablations import AblationsConfig
from vlm2.training.mini import MiniConfig

from vlm2.evaluation import respondents
from vlm2.evaluation.scores import read_run
from vlm2.models import VLM2ForConditionalGeneration, VLM2Processor, parts
from vlm2.streaming.load import LoadedModel
from vlm2.training import ablations, mini
from vlm2.training.ablation_rows import ROWS, EveryFrame, KeptFrames, RowExamples, Spread, changes, slots
from vlm2.training.examples import Handful, HomeExamples, cache_geometry
from vlm2.training.home_cache import open_cache
from vlm2.training.recipes.ablations import recipe

MOST = 5  # slots of the toy memory


def toy_preset(name: str = "mini", base: str = "mini"):
    return toy_config(stores="all", lora=LORA)


@pytest.fixture
def toys(monkeypatch):
    """Build toy models where a recipe asks for mini, and load them from their checkpoints."""

    def build_model(config):
        processor = toy_processor()
        processor.max_pixels = ToyVision.max_pixels
        return built(config.model), processor

    def load_once(name, device, dtype, threads):
        model = VLM2ForConditionalGeneration.from_pretrained(name)
        return LoadedModel(name, Path(name), model, VLM2Processor.from_pretrained(name))

    load_once.cache_clear = lambda: None
    monkeypatch.setattr(parts, "load_vision_encoder", lambda name, dtype: ToyVision())
    monkeypatch.setattr(mini, "build_model", build_model)
    monkeypatch.setattr(ablations, "preset", toy_preset)
    monkeypatch.setattr(ablations, "load_once", load_once)
    monkeypatch.setattr(respondents, "load_once", load_once)


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    return write_homes(tmp_path_factory.mktemp("cache") / "homes")


@pytest.fixture
def config(homes, tmp_path) -> AblationsConfig:
    base = recipe()
    small = replace(
        base.mini,
        cache=homes,
        validation=homes,
        geometry=write_geometry(tmp_path / "geometry"),
        loop=short(base.mini.loop, tmp_path, steps=7, evaluate_every=4),
        handful=Handful(3),
        reading=Handful(3),
        grounding_steps=2,
        reading_steps=2,
        letter_steps=1,
        saying_steps=2,
        grounding_frames=4,
    )
    return replace(base, out=str(tmp_path / "grid"), mini=small, seeds=(0,), benchmark="")


def test_seven_steps_of_every_row(config, toys):
    ablations.run(config)
    first = {}
    for row in ROWS:
        out = Path(config.out) / "seed_0" / row
        assert list(losses(out)) == [1, 2, 3, 4, 5, 6, 7]
        assert list(losses(out, "eval_loss")) == [4, 7]
        assert list(losses(out / "reading")) and list(losses(out / "saying"))
        assert (out / "grounding").is_dir() == (row in "ab")  # the others take over what b has named
        saved = VLM2ForConditionalGeneration.from_pretrained(out / "checkpoint")
        assert saved.config.memory["capacity"] == 3 and (saved.representation.spatial is (row != "a"))
        settings = [made["configuration"] for made in read_records(out / "checkpoint")]
        assert [made["loop.out"] for made in settings] == [str(out)]
        first[row] = losses(out)[1]
    assert len({round(loss, 6) for row, loss in first.items() if row != "f"}) == 5  # each sees something else


def test_adapters_of_a_checkpoint_stand_in_for_reading(config, toys, tmp_path):
    model = toy_model(stores="all", lora=LORA)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(parameter, 0.25)
    model.save_pretrained(tmp_path / "start")
    still = replace(config.mini.loop, learning_rate=0.0, steps=1, evaluate_every=0)
    few = replace(
        config.mini,
        saying_steps=0,
        adapters=str(tmp_path / "start"),
        loop=still,
        lora_learning_rate=0.0,
        grounding_steps=0,
    )
    ablations.run(replace(config, mini=few, rows=("b",)))
    out = tmp_path / "grid/seed_0/b"
    assert not (out / "reading").exists()
    adapters = [rows for name, rows in load_file(out / "checkpoint/model.safetensors").items() if "lora_B" in name]
    assert adapters and all((rows == 0.25).all() for rows in adapters)


def test_a_naming_is_taken_over_by_another_row(config, toys, tmp_path):
    done = replace(config.mini, loop=replace(config.mini.loop, steps=0), reading_steps=0, saying_steps=0)
    mini.train_mini(replace(done, loop=replace(done.loop, out=str(tmp_path / "one"))))
    given = {**toy_preset().memory, "episodic": False}
    taken = replace(
        done,
        changes={"memory": given},
        named=str(tmp_path / "one/grounding"),
        loop=replace(done.loop, out=str(tmp_path / "other"), seed=1),
    )
    mini.train_mini(taken)
    one, other = (load_file(tmp_path / name / "checkpoint/model.safetensors") for name in ("one", "other"))
    fresh = toy_model(stores="all", lora=LORA, **taken.changes).state_dict()
    learnt = [name for name in other if name.startswith(("representation.", "projector."))]
    assert learnt and all(torch.equal(one[name], other[name]) for name in learnt)
    assert not all(torch.equal(fresh[name].to(torch.bfloat16), other[name]) for name in learnt)
    assert not (tmp_path / "other/grounding").exists()
    with pytest.raises(ValueError, match="no naming in"):
        mini.train_mini(replace(taken, named=str(tmp_path / "nowhere")))
    with pytest.raises(ValueError, match="naming of another model"):
        mini.train_mini(replace(config.mini, named=taken.named, changes={"dim": 48}))


def test_rows_differ_in_what_the_issue_names_and_in_nothing_else():
    config = toy_config()
    assert slots(config) == MOST
    assert slots(ablations.preset("mini")) == 40
    made = {row: changes(ROWS[row], config) for row in ROWS}
    built = {}
    for row, switches in made.items():
        model = toy_model(**switches)
        memory = model.memory
        built[row] = (model.representation.spatial, memory.working_attention, memory.episodic_attention)
    present = {row: tuple(bool(part) for part in found) for row, found in built.items()}
    assert present == {
        "a": (False, False, False),
        "b": (True, False, False),
        "c": (True, True, False),
        "d": (True, True, True),
        "e": (True, True, True),
        "f": (True, False, False),
    }
    assert made["e"] == {"representation": "3d", "memory": config.memory, "context": "memory", "recall": False}
    with_recall = replace(config, recall=True)
    assert not any(changes(ROWS[row], with_recall)["recall"] for row in ROWS)  # it would add a gain of its own


@pytest.mark.parametrize("row", ROWS)
def test_no_row_shows_more_tokens_than_another(row, homes):
    model = toy_model(**changes(ROWS[row], toy_config()))
    frames = 12 if ROWS[row].frames == "stream" else MOST
    tokens, shown = model.frame_tokens(toy_features(frames))
    assert len(shown) <= MOST and tokens.shape[1] == 6
    if ROWS[row].frames != "stream":
        assert shown.tolist() == list(range(MOST))


def test_rows_see_their_frames_with_the_same_questions(homes, tmp_path, monkeypatch):
    model = toy_model(stores="all").eval()
    cached = open_cache(homes)
    cache_geometry(cached, model.frame_encoder.windows)
    model.save_pretrained(tmp_path)
    monkeypatch.setattr(parts, "load_vision_encoder", lambda name, dtype: ToyVision())
    kept = KeptFrames(tmp_path)
    found = {
        name: RowExamples(choose, cached, 9, Handful(3), 56, seed=3)
        for name, choose in {"spread": Spread(MOST), "stream": EveryFrame(8), "kept": kept}.items()
    }
    usual = HomeExamples(cached, 9, Handful(3), 56, seed=3)
    for index in range(9):
        examples = {name: row[index] for name, row in found.items()}
        assert {example.questions for example in examples.values()} == {usual[index].questions}
        frames = round(
            usual.example(cached[int(usual.orders[index // 3][index % 3])], 1, ()).features.times[-1].item() * 2
        )
        times = {name: (2 * example.features.times).int().tolist() for name, example in examples.items()}
        assert times["spread"] == [k * frames // 4 for k in range(MOST)]
        assert times["stream"] == list(range(0, frames + 1, 1 if frames < 8 else 2))
        whole = usual.example(cached[int(usual.orders[index // 3][index % 3])], 1, ()).features
        assert times["kept"] == model.frame_tokens(whole)[1].tolist()
        assert len(examples["kept"].coordinates) == len(examples["kept"].categories) == len(times["kept"])


class ToyBenchmark:
    """The toy benchmark, whose videos are in a folder."""

    def __init__(self, videos: Path) -> None:
        self.benchmark = replace(toyruns.TOY, load=partial(self._load, videos))

    @staticmethod
    def _load(videos, source=None, _=None, limit=None):
        return toyruns.load(videos=videos, limit=limit)


def test_the_grid_is_tested_and_laid_side_by_side_and_goes_on(config, toys, tmp_path, write_video, monkeypatch):
    toyruns.write_videos(write_video)
    benchmark = ToyBenchmark(tmp_path).benchmark
    monkeypatch.setattr(ablations, "find", lambda name: benchmark)
    monkeypatch.setattr("vlm2.evaluation.scores.find", lambda name: benchmark)
    loop = replace(config.mini.loop, steps=1, evaluate_every=0)
    few = replace(config.mini, loop=loop, grounding_steps=0, reading_steps=0)
    grid = replace(config, mini=few, seeds=(0, 1), rows=("f", "b", "e"), benchmark="toy", limit=3, per_type=9, draws=20)
    ablations.run(replace(grid, seeds=(0,)))
    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("grid/seed_0/*/checkpoint/model.safetensors")}
    assert len(trained) == 3
    ablations.run(grid)
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    text = (tmp_path / "grid/report.md").read_text()
    assert "18 questions" in text and text.index("(b) + 3D") < text.index("(e) all, as a stream")
    assert "(b) + 3D-aware representation − (e) all, as a stream" in text
    assert {path.name for path in (tmp_path / "grid").glob("report*.html")} == {
        "report.html",
        "report_short.html",
        "report_mid.html",
        "report_long.html",
    }
    assert all(len(read_run(tmp_path / f"grid/seed_0/{row}/toy").receipt["processes"]) == 1 for row in "bef")
    receipts = {row: read_run(tmp_path / f"grid/seed_0/{row}/toy").receipt["run"]["frames"] for row in "bef"}
    assert receipts["b"] == {"rule": "spread", "count": MOST} and receipts["e"]["rule"] == "memory"
    assert receipts["f"]["rule"] == "kept" and isinstance(receipts["f"]["by"], Mapping)
    with pytest.raises(ValueError, match="another handful.questions"):
        ablations.run(replace(grid, mini=replace(few, handful=Handful(4))))
    assert json.loads((tmp_path / "grid/seed_0/e/settings.json").read_text())["loop.steps"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": ("g",)}, "name rows of a, b"),
        ({"rows": ("f",)}, "name e too"),
        ({"seeds": ()}, "seeds"),
        ({"mini": MiniConfig(changes={"numbers": "greedy"})}, "are set for each row"),
        ({"mini": MiniConfig(named="grounding")}, "are set for each row"),
    ],
)
def test_mistakes_are_explained(change, words):
    with pytest.raises(ValueError, match=words):
        ablations.run(replace(recipe(), **change))


def test_the_recipe_is_the_whole_grid():
    assert recipe().rows == tuple("abcdef") and len(recipe().seeds) == 2
