"""The loop on a line to be fitted: held-out losses, shares of a step, incomplete checkpoints."""

import json

import pytest
import torch
from torch.utils.data import Dataset

from vlm2.training import loop
from vlm2.training.loop import examples_per_process, last_checkpoint, process_rank, train_stage
from vlm2.training.stage import Objective, Optimiser, RunConfig, StageConfig


class Points(Dataset):
    def __init__(self, length, slope=2.0):
        self.length, self.slope = length, slope

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return index % 5 - 2.0, self.slope * (index % 5 - 2.0)


class Line(Objective):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(()))

    def forward(self, example):
        x, y = example
        error = (self.slope * x - y) ** 2
        return {"loss": error + 1.0, "answer": error}


def fit(objective, data, out, steps, held_out=None, **settings):
    train_stage(RunConfig(str(out), **settings), "fit", StageConfig(steps, Optimiser(0.1)), objective, data, held_out)


def rows(out):
    return [json.loads(line) for line in (out / "fit/log.jsonl").read_text().splitlines()]


def test_held_out_losses_are_of_answers_and_apart_from_the_training_ones(tmp_path):
    line = Line()
    fit(line, Points(6), tmp_path, 6, Points(5, slope=0.0), log_every=4, evaluate_every=3, save_every=9)
    measured = {row["step"]: row for row in rows(tmp_path) if "eval_loss" in row}
    assert list(measured) == [3, 6] and set(measured[6]) == {"step", "eval_loss", "epoch"}
    assert measured[6]["eval_loss"] == pytest.approx(2 * line.slope.item() ** 2, rel=1e-4)  # mean of x² is 2
    assert measured[6]["eval_loss"] > measured[3]["eval_loss"] > 0
    (trained,) = [row for row in rows(tmp_path) if "loss" in row]
    assert trained["loss"] == pytest.approx(trained["answer"] + 1, rel=1e-4)


def test_nothing_is_measured_unless_asked_for(tmp_path):
    fit(Line(), Points(2), tmp_path, 2, Points(5), log_every=1)
    assert not any("eval_loss" in row for row in rows(tmp_path))


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_is_for_devices_that_are_fast_in_it(tmp_path, monkeypatch, fast):
    monkeypatch.setattr(loop, "multiplies_bfloat16", lambda device: fast)
    kinds = []

    class Layer(Objective):
        def __init__(self):
            super().__init__()
            self.frozen = torch.nn.Linear(2, 2, dtype=torch.bfloat16).requires_grad_(False)
            self.trained = torch.nn.Linear(2, 1)

        def forward(self, example):
            found = self.trained(self.frozen(torch.ones(1, 2)))
            kinds.append((self.frozen.weight.dtype, found.dtype))
            return {"loss": found.float().square().sum()}

    fit(Layer(), Points(1), tmp_path, 1)
    kind = torch.bfloat16 if fast else torch.float32
    assert kinds == [(kind, kind)]


def test_a_checkpoint_whose_saving_was_cut_off_is_passed_over(tmp_path):
    fit(Line(), Points(6), tmp_path, 6, save_every=2, log_every=1)
    before = [row for row in rows(tmp_path) if "loss" in row]
    assert last_checkpoint(tmp_path / "fit") == tmp_path / "fit/checkpoint-6"
    assert last_checkpoint(tmp_path / "none") is None
    (tmp_path / "fit/checkpoint-6/trainer_state.json").unlink()
    (tmp_path / "fit/checkpoint-6/model.safetensors").write_bytes(b"half")
    fit(Line(), Points(6), tmp_path, 6, save_every=2, log_every=1)
    after = [row for row in rows(tmp_path) if "loss" in row]
    assert [row["step"] for row in before] == [1, 2, 3, 4, 5, 6]
    assert after == [*before, *before[4:]]
    assert last_checkpoint(tmp_path / "fit") == tmp_path / "fit/checkpoint-6"


def test_a_stage_without_steps_is_left_out(tmp_path):
    fit(Line(), Points(3), tmp_path, 0)
    assert not list(tmp_path.iterdir())


def test_a_stage_takes_as_many_examples_as_it_has_steps(tmp_path):
    taken = []

    class Endless(Points):
        def __getitem__(self, index):
            taken.append(index)
            return super().__getitem__(index)

    fit(Line(), Endless(1), tmp_path, 4)
    assert taken == [0, 1, 2, 3]


def test_processes_share_a_step(monkeypatch):
    assert process_rank() == (0, 1) and examples_per_process(5) == 5
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert process_rank() == (3, 4) and examples_per_process(8) == 2
    with pytest.raises(ValueError, match="4 processes cannot share the 6 examples of a step; .*multiple of 4"):
        examples_per_process(6)
