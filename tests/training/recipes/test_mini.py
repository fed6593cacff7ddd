"""Stage 2 on a toy model: the packed loss is the plain one, training learns, a killed run goes on where it was."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch.utils.data import Dataset
from toys import GRID, toy_features, toy_model, toy_processor

from vlm2.models.splice import IGNORED
from vlm2.questions.question import Question
from vlm2.scenes.vocabulary import VOCABULARY, category_index
from vlm2.training import question_answering
from vlm2.training.attention_supervision import attention_targets
from vlm2.training.examples import Example, FrameTruth
from vlm2.training.loop import train_stage
from vlm2.training.question_answering import SupervisionWeights, VideoQuestionAnswering
from vlm2.training.recipes import mini
from vlm2.training.recipes.mini import MiniConfig
from vlm2.training.stage import Optimiser, RunConfig, StageConfig
from vlm2.training.token_grounding import GroundingLoss, token_truth

QUESTIONS = (
    Question("object_counting", "How many chair(s) are in this room?", None, "4"),
    Question("object_abs_distance", "How far is the sofa from the tv?", None, "2.9"),
    Question("object_rel_distance", "Which is closest to the bed?", ("A. chair", "B. tv"), "B"),
)


def example(seed: int = 0, frames: int = 6) -> Example:
    made = torch.Generator().manual_seed(seed)
    patches = GRID[0] * GRID[1]
    categories = torch.randint(0, len(VOCABULARY), (frames, patches), generator=made)
    truth = FrameTruth(categories, torch.randn(frames, patches, 3, generator=made))
    return Example(toy_features(frames, seed), QUESTIONS, truth)


class Same(Dataset):
    def __getitem__(self, index: int) -> Example:
        return example(index % 2)


def answering() -> VideoQuestionAnswering:
    weights = SupervisionWeights(category=0.0, position=0.0)
    return VideoQuestionAnswering(toy_model(), toy_processor(), 64, weights)


def test_packed_loss_is_the_mean_of_the_questions_own_losses():
    module, one = answering(), example()
    with torch.no_grad():
        packed = module(one)["answer"]
        model, processor = module.model, module.answer_loss.processor
        model.language_backbone.config._attn_implementation = "sdpa"
        losses = []
        for question in one.questions:
            before, after = processor.prefix_ids()
            asked = processor.question_ids(question.prompt())
            prompt = [*before, processor.video_token_id, *after, *asked]
            answer = processor.answer_ids(question.ground_truth)
            ids = torch.tensor([[*prompt, *answer]])
            labels = torch.tensor([[IGNORED] * len(prompt) + answer])
            losses.append(model(ids, features=one.features, labels=labels).loss)
    assert packed.item() == pytest.approx(torch.stack(losses).mean().item(), abs=1e-4)


def test_names_in_questions_have_targets(monkeypatch):
    module, found = answering(), []
    monkeypatch.setattr(
        question_answering,
        "attention_targets",
        lambda names, starts, *rest: found.extend(names) or attention_targets(names, starts, *rest),
    )
    module(example())
    for question, names in zip(QUESTIONS, found, strict=True):
        ids = module.answer_loss.processor.question_ids(question.prompt())
        said = [module.answer_loss.processor.decode(ids[: token + 1]) for token, _ in names]
        assert [VOCABULARY[name] for _, name in names] == [text.split()[-1].split("(")[0] for text in said]
    assert [len(names) for names in found] == [1, 2, 3]


def fit(module: VideoQuestionAnswering, out) -> None:
    stage = StageConfig(8, Optimiser(7e-5, lora_learning_rate=7e-4))
    train_stage(RunConfig(str(out), save_every=4, log_every=4), "answering", stage, module, Same())


def test_training_learns_and_a_killed_run_ends_where_an_unbroken_one_does(tmp_path):
    torch.manual_seed(0)
    unbroken = answering()
    before = unbroken(example())["answer"].item()
    fit(unbroken, tmp_path / "whole")
    assert unbroken(example())["answer"].item() < before

    (tmp_path / "broken/answering").mkdir(parents=True)
    (tmp_path / "whole/answering/checkpoint-4").rename(tmp_path / "broken/answering/checkpoint-4")
    resumed = answering()
    fit(resumed, tmp_path / "broken")
    files = (load_file(tmp_path / f"{name}/answering/checkpoint-8/model.safetensors") for name in ("whole", "broken"))
    first, second = files
    assert set(first) == set(second) and any(".lora_" in name for name in first)
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, msg=name)


def test_a_training_checkpoint_of_another_configuration_is_refused():
    module = answering()
    state = module.state_dict()
    state.pop("model.memory.residual_gate")
    with pytest.raises(ValueError, match="residual_gate"):
        module.load_state_dict(state)


def test_memory_and_adapters_get_gradients():
    module = answering()
    with torch.no_grad():
        module.model.memory.residual_gate.fill_(0.1)
        for name, parameter in module.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    module(replace(example(), questions=QUESTIONS))["loss"].backward()
    silent = [n for n, p in module.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert [n for n in silent if "grounding." not in n] == []


def test_grounding_is_of_categories_and_positions():
    categories = torch.zeros(1, 24, dtype=torch.long)
    categories[0, 0] = category_index("chair")
    shown, places = token_truth(FrameTruth(categories, torch.zeros(1, 24, 3)), GRID)
    assert shown.shape == (1, 6, len(VOCABULARY) - 1)
    assert shown.sum() == 1 and shown[0, 0, category_index("chair") - 1] == 1
    words = torch.eye(len(VOCABULARY) - 1)
    grounding = GroundingLoss(words)
    named = torch.full((1, 6, len(words)), -1e-3)
    named[0, 0] = words[category_index("chair") - 1]
    assert grounding(named, shown, places)[0] < grounding(named.flip(1), shown, places)[0]


def test_mini_is_trained_by_one_process(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="without torchrun"):
        mini.run(MiniConfig())
