"""The ablation of toy size: what each row has and sees, seven steps of each, and the grid laid side by side."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import toyruns
from safetensors.torch import load_file
from toys import ToyVision, toy_config, toy_features, toy_model, toy_processor
from toytraining import LORA, losses, write_geometry, write_homes

from vlm2.evaluation import respondents
from vlm2.evaluation.scores import read_run
from vlm2.models import VLM2ForConditionalGeneration, VLM2Processor, parts
from vlm2.models.halves import ModelHalves
from vlm2.streaming.load import LoadedModel
from vlm2.training.ablation_rows import ROWS, KeptFrames, slots, spread_frames, stream_frames
from vlm2.training.examples import HomeExamples, read_home
from vlm2.training.home_cache import cache_geometry, open_cache
from vlm2.training.model_card import read_records
from vlm2.training.model_switches import MemorySwitches, ModelSwitches
from vlm2.training.question_sampler import QuestionSampler
from vlm2.training.recipes import ablations, mini
from vlm2.training.recipes.ablations import AblationsConfig, recipe
from vlm2.training.recipes.mini import MiniConfig, TextWarmUpConfig, TokenGroundingConfig
from vlm2.training.stage import Optimiser

MOST = 5  # slots of the toy memory
SWITCHED = ("representation", "memory_config", "context", "dim")


def toy_preset(name: str = "mini", base: str = "mini"):
    return toy_config(stores="all", lora=LORA)


def switched(switches: ModelSwitches, **others):
    """A toy model with switches."""
    config = switches.apply(toy_config(**others))
    return toy_model(**{name: value for name, value in config.to_dict().items() if name in SWITCHED}, **others)


@pytest.fixture
def toys(monkeypatch):
    """Build toy models where a recipe asks for mini, and load them from their checkpoints."""

    def build_model(config):
        processor = toy_processor()
        processor.video_processor.max_pixels = ToyVision.max_pixels
        return switched(config.model, stores="all", lora=LORA), processor

    def load_once(name, device, dtype, threads, geometry, runtime):
        model = VLM2ForConditionalGeneration.from_pretrained(name)
        return LoadedModel(name, Path(name), ModelHalves.of(model, VLM2Processor.from_pretrained(name)))

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
        log_every=1,
        evaluate_every=4,
        grounding=TokenGroundingConfig(steps=2, frames=4),
        warm_up=TextWarmUpConfig(steps=2, questions=QuestionSampler(3)),
        answering=replace(base.mini.answering, steps=7, questions=QuestionSampler(3)),
    )
    return replace(base, out=str(tmp_path / "grid"), mini=small, seeds=(0,), benchmark="")


def steps(config: MiniConfig, **numbers: int) -> MiniConfig:
    """Other numbers of steps of some stages."""
    return replace(config, **{name: replace(getattr(config, name), steps=steps) for name, steps in numbers.items()})


def test_seven_steps_of_every_row(config, toys):
    ablations.run(config)
    first = {}
    for row in ROWS:
        out = Path(config.out) / "seed_0" / row
        assert list(losses(out / "answering")) == [1, 2, 3, 4, 5, 6, 7]
        assert list(losses(out / "answering", "eval_loss")) == [4, 7]
        assert list(losses(out / "warm_up"))
        assert (out / "grounding").is_dir() == (row in "ab")  # the others take over the grounding of b
        saved = VLM2ForConditionalGeneration.from_pretrained(out / "checkpoint")
        assert saved.config.memory.capacity == 3 and (saved.representation.spatial is (row != "a"))
        settings = [made["configuration"] for made in read_records(out / "checkpoint")]
        assert [made["out"] for made in settings] == [str(out)]
        first[row] = losses(out / "answering")[1]
    assert len({round(loss, 6) for row, loss in first.items() if row != "f"}) == 5  # each sees something else


def test_adapters_of_a_checkpoint_replace_the_warm_up(config, toys, tmp_path):
    model = toy_model(stores="all", lora=LORA)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(parameter, 0.25)
    model.save_pretrained(tmp_path / "start")
    still = replace(config.mini.answering, optimiser=Optimiser(0.0))
    few = replace(config.mini, adapters=str(tmp_path / "start"), answering=still, evaluate_every=0)
    few = steps(few, grounding=0, answering=1)
    ablations.run(replace(config, mini=few, rows=("b",)))
    out = tmp_path / "grid/seed_0/b"
    assert not (out / "warm_up").exists()
    adapters = [rows for name, rows in load_file(out / "checkpoint/model.safetensors").items() if "lora_B" in name]
    assert adapters and all((rows == 0.25).all() for rows in adapters)


def test_a_grounding_is_taken_over_by_another_row(config, toys, tmp_path):
    done = steps(config.mini, answering=0, warm_up=0)
    mini.run(replace(done, out=str(tmp_path / "one")))
    taken = replace(
        done,
        out=str(tmp_path / "other"),
        seed=1,
        model=ModelSwitches(memory=MemorySwitches(episodic=False)),
        grounded_from=str(tmp_path / "one/grounding"),
    )
    mini.run(taken)
    one, other = (load_file(tmp_path / name / "checkpoint/model.safetensors") for name in ("one", "other"))
    fresh = switched(taken.model, stores="all", lora=LORA).state_dict()
    learnt = [name for name in other if name.startswith(("representation.", "projector."))]
    assert learnt and all(torch.equal(one[name], other[name]) for name in learnt)
    assert not all(torch.equal(fresh[name].to(torch.bfloat16), other[name]) for name in learnt)
    assert not (tmp_path / "other/grounding").exists()
    with pytest.raises(ValueError, match="no token grounding in"):
        mini.run(replace(taken, grounded_from=str(tmp_path / "nowhere")))
    with pytest.raises(ValueError, match="token grounding of another model"):
        mini.run(replace(taken, out=str(tmp_path / "wider"), model=ModelSwitches(dim=48)))


def test_rows_differ_in_what_the_issue_names_and_in_nothing_else():
    config = toy_config()
    assert slots(config) == MOST
    assert slots(ablations.preset("mini")) == 40
    made = {row: ROWS[row].switches(config) for row in ROWS}
    built = {}
    for row, switches in made.items():
        model = switched(switches)
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
    assert made["e"] == ModelSwitches(representation="3d", context="memory")


def test_switches_that_conflict_are_refused():
    with pytest.raises(ValueError, match="less than the window"):
        ModelSwitches(memory=MemorySwitches(recent=1)).apply(toy_config())


@pytest.mark.parametrize("row", ROWS)
def test_no_row_shows_more_tokens_than_another(row, homes):
    model = switched(ROWS[row].switches(toy_config()))
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
        name: HomeExamples(cached, QuestionSampler(3), 56, seed=3, choose=choose)
        for name, choose in {
            "spread": partial(spread_frames, count=MOST),
            "stream": partial(stream_frames, most=8),
            "kept": kept,
        }.items()
    }
    usual = HomeExamples(cached, QuestionSampler(3), 56, seed=3)
    for index in range(9):
        examples = {name: row[index] for name, row in found.items()}
        assert {example.questions for example in examples.values()} == {usual[index].questions}
        order = np.random.default_rng([3, index // 3]).permutation(3)  # of the homes in this pass
        whole = read_home(cached[order[index % 3]]).features
        frames = round(whole.times[-1].item() * 2)
        times = {name: (2 * example.features.times).int().tolist() for name, example in examples.items()}
        assert times["spread"] == [k * frames // 4 for k in range(MOST)]
        assert times["stream"] == list(range(0, frames + 1, 1 if frames < 8 else 2))
        assert times["kept"] == model.frame_tokens(whole)[1].tolist()
        assert len(examples["kept"].truth.coordinates) == len(examples["kept"].truth.categories) == len(times["kept"])


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
    few = replace(steps(config.mini, answering=1, grounding=0, warm_up=0), evaluate_every=0)
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
    with pytest.raises(ValueError, match="another answering.questions.count"):
        ablations.run(replace(grid, mini=replace(few, answering=replace(few.answering, questions=QuestionSampler(4)))))
    assert json.loads((tmp_path / "grid/seed_0/e/settings.json").read_text())["answering.steps"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": ("g",)}, "name rows of a, b"),
        ({"rows": ("f",)}, "name e too"),
        ({"seeds": ()}, "seeds"),
        ({"mini": MiniConfig(model=ModelSwitches(slot_time=False))}, "are set for each row"),
        ({"mini": MiniConfig(grounded_from="grounding")}, "are set for each row"),
    ],
)
def test_mistakes_are_explained(change, words):
    with pytest.raises(ValueError, match=words):
        replace(recipe(), **change)


def test_the_recipe_is_the_whole_grid():
    assert recipe().rows == tuple("abcdef") and len(recipe().seeds) == 2
