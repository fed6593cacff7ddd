"""Fine-tuning of toy size: each question once, exact after a kill, the same on two processes, memory and all."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from toys import ToyVision, toy_features, toy_model, toy_processor
from toytraining import alone, losses, pair, short, use_toy_vision, write_checkpoint, write_homes, write_videos

from vlm2.models import VLM2ForConditionalGeneration, parts
from vlm2.training.annotations import read_annotations
from vlm2.training.examples import VideoExamples
from vlm2.training.recipes import finetune
from vlm2.training.recipes.finetune import FinetuneConfig, recipe, split_videos
from vlm2.training.stage import Optimiser
from vlm2.training.video_cache import CachedVideo


@pytest.fixture(autouse=True)
def toy_vision(monkeypatch):
    monkeypatch.setattr(parts, "load_vision_encoder", lambda name, dtype: ToyVision())


@pytest.fixture
def config(tmp_path, write_video) -> FinetuneConfig:
    """The recipe for the toy checkpoint and five videos, one held out: seven steps of two examples."""
    videos = write_videos(write_video)
    return short(
        recipe(),
        tmp_path / "run",
        steps=7,
        optimiser=Optimiser(3e-3, accumulate=2),
        save_every=2,
        evaluate_every=3,
        videos=str(videos),
        questions=(str(videos / "questions.jsonl"),),
        model=write_checkpoint(tmp_path / "model"),
        cache=str(tmp_path / "cache"),
        questions_per_video=2,
        row=64,
        held_out=0.2,
    )


def log(config: FinetuneConfig) -> Path:
    return Path(config.out) / "finetune"


def to(config: FinetuneConfig, out: Path) -> FinetuneConfig:
    return replace(config, out=str(out))


def test_seven_steps_leave_a_model_with_its_memory_and_its_adapters(config, tmp_path):
    finetune.run(config)
    assert list(losses(log(config))) == [1, 2, 3, 4, 5, 6, 7]
    assert list(losses(log(config), "eval_loss")) == [3, 6, 7]
    assert list(Path(config.out).glob("**/events.out.tfevents*"))
    kept = load_file(tmp_path / "run/finetune/checkpoint-7/model.safetensors")
    begun = VLM2ForConditionalGeneration.from_pretrained(config.model)
    restored = VLM2ForConditionalGeneration.from_pretrained(tmp_path / "run/checkpoint")
    for part in ("memory.episodic_attention.value.weight", "representation.fusion.out.weight", "lora_B.vlm2.weight"):
        names = [name for name in restored.state_dict() if part in name]
        assert names
        for name in names:
            now, before = restored.state_dict()[name], begun.state_dict()[name]
            assert not torch.equal(now, before), name
            torch.testing.assert_close(now, kept[f"model.{name}"], atol=0, rtol=0.01)  # kept in 16 bits
    assert not any("grounding" in name for name in kept)


def test_a_killed_run_goes_on_as_if_it_had_not_been(config, tmp_path):
    assert alone(finetune.run, to(config, tmp_path / "whole")) == 0
    assert alone(finetune.run, to(config, tmp_path / "broken"), fatal_step=5) == -9
    assert max(losses(tmp_path / "broken/finetune")) == 4
    assert alone(finetune.run, to(config, tmp_path / "broken")) == 0
    for name in ("loss", "eval_loss", "grad_norm"):
        assert losses(tmp_path / "broken/finetune", name) == losses(tmp_path / "whole/finetune", name)
    files = [tmp_path / run / "checkpoint/model.safetensors" for run in ("whole", "broken")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_two_processes_have_the_loss_of_one(config, tmp_path):
    config = replace(config, steps=4)
    use = toy_model(stores="all", lora={"r": 2, "alpha": 4, "dropout": 0.0, "targets": ["q_proj"]})
    use.save_pretrained(config.model)  # without dropout: each process draws its own
    assert alone(finetune.run, to(config, tmp_path / "one")) == 0
    assert pair(finetune.run, to(config, tmp_path / "two")) == [0, 0]
    for name in ("loss", "answer", "eval_loss"):
        assert losses(tmp_path / "two/finetune", name) == pytest.approx(
            losses(tmp_path / "one/finetune", name), rel=1e-4
        )
    odd = to(replace(config, optimiser=Optimiser(3e-3, accumulate=3)), tmp_path / "odd")
    assert pair(finetune.run, odd) == [1, 1]


def test_every_passage_asks_each_question_once(config):
    questions = read_annotations(config.questions[0], config.videos)
    paths = {video: CachedVideo(video, {}) for video in questions}
    for cached in paths.values():
        object.__setattr__(cached, "features", lambda: toy_features(1))
    examples = VideoExamples(paths, questions, 2, seed=0)
    asked = sum(map(len, questions.values()))
    passages = [[examples[len(examples) * epoch + i] for i in range(len(examples))] for epoch in (0, 1)]
    for passage in passages:
        assert sum(len(shown.questions) for shown in passage) == asked
    assert [s.questions for s in passages[0]] != [s.questions for s in passages[1]]
    assert examples[3].questions == examples[3].questions


def test_epochs_determine_the_steps(config, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(finetune, "train_stage", lambda *given: ran.append(given))
    finetune.run(replace(config, steps=None, epochs=3.0))
    ((_, _, stage, _, examples, _),) = ran
    counts = [2, 2, 2, 2, 2]
    assert stage.steps == -(-3 * (sum(counts) - 2) // 2) and len(examples) == 2 * stage.steps


def test_questions_of_homes_may_be_mixed_in(config, tmp_path):
    homes = write_homes(tmp_path / "homes")
    finetune.run(replace(config, homes=homes, homes_share=0.5, steps=3))
    assert list(losses(log(config))) == [1, 2, 3]
    assert list((tmp_path / "homes").glob("*.geometry.safetensors"))


def test_held_out_videos_are_a_share_and_never_all():
    videos = [Path(f"{i}.mp4") for i in range(10)]
    assert len(split_videos(videos, 0.3, seed=0)) == 3
    assert split_videos(videos, 0.3, seed=0) == split_videos(videos[::-1], 0.3, seed=0)
    assert len(split_videos(videos, 0.01, seed=0)) == 1
    assert split_videos(videos[:1], 0.1, seed=0) == frozenset()
    with pytest.raises(ValueError, match="leaves none of 2 videos"):
        split_videos(videos[:2], 0.9, seed=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": (1.0, 2.0)}, "each of the 1 files of questions one weight"),
        ({"model": "nothing"}, "no model 'nothing'"),
        ({"weights": (-1.0,)}, "none below 0"),
        ({"weights": (0.0,)}, "one above"),
        ({"held_out": 1.0}, "is no share"),
        ({"homes": "nowhere"}, "No cached homes in nowhere"),
        ({"homes": "nowhere", "homes_share": 1.0}, "homes_share=1.0"),
        ({"videos": "nowhere"}, "no folder of videos"),
    ],
)
def test_mistakes_are_explained(config, changes, words):
    with pytest.raises(ValueError, match=words):
        finetune.run(replace(config, **changes))


def test_a_file_that_is_no_video_is_named(config):
    (Path(config.videos) / "video_0.mp4").write_text("no video")
    with pytest.raises(ValueError, match="video_0.mp4"):
        finetune.run(config)


def test_toy_vision_is_found_by_its_name(config):
    use_toy_vision()
    model, processor = finetune.load_model(config)
    assert isinstance(model.vision, ToyVision) and processor.prefix_ids() == toy_processor().prefix_ids()
    assert json.loads((Path(config.model) / "config.json").read_text())["vision_config"]["name"] == "toy"
    assert Counter(p.dtype for p in model.parameters())[torch.float32]
