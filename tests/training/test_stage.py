"""Settings of stages are checked when they are made, and parameters are grouped in one place."""

import pytest
import torch

from vlm2.training.stage import Objective, Optimiser, RunConfig, StageConfig


class Adapted(Objective):
    def __init__(self) -> None:
        super().__init__()
        self.base = torch.nn.Linear(2, 2).requires_grad_(False)
        self.lora_A = torch.nn.Linear(2, 1, bias=False)
        self.head = torch.nn.Linear(2, 1, bias=False)


def test_settings_of_a_stage_refuse_negative_steps():
    assert StageConfig(0, Optimiser(0.1)).steps == 0
    with pytest.raises(ValueError, match="StageConfig has steps=-2"):
        StageConfig(-2, Optimiser(0.1))
    assert RunConfig().seed == 0


def test_lora_weights_have_their_own_rate_and_decay():
    module = Adapted()
    other, lora = Optimiser(1e-3, lora_learning_rate=1e-4, lora_weight_decay=0.5).parameter_groups(module)
    assert other == {"params": [module.head.weight], "lr": 1e-3, "weight_decay": 0.01}
    assert lora == {"params": [module.lora_A.weight], "lr": 1e-4, "weight_decay": 0.5}
    module.head.requires_grad_(False)
    (lora,) = Optimiser(1e-3).parameter_groups(module)
    assert lora["lr"] == 1e-3 and lora["weight_decay"] == 0.0


def test_a_vision_encoder_has_its_own_rate_and_no_decay():
    module = Adapted()
    module.encoder = torch.nn.Linear(2, 1, bias=False)
    *_, encoder = Optimiser(1e-3, encoder_learning_rate=1e-4, weight_decay=0.5).parameter_groups(module)
    assert encoder == {"params": [module.encoder.weight], "lr": 1e-4, "weight_decay": 0.0}


def test_the_state_of_an_objective_is_what_it_trains():
    module = Adapted()
    assert set(module.state_dict()) == {"lora_A.weight", "head.weight"}
    with pytest.raises(ValueError, match=r"does not fit.*head"):
        module.load_state_dict({"lora_A.weight": torch.zeros(1, 2)})
