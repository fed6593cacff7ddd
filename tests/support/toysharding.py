"""The 7B's objective with its layers shared among processes, as accelerate shards them (FSDP 2), on the toy model."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from toys import toy_config, toy_features, toy_model, toy_processor

from vlm2.questions.question import Question
from vlm2.training.examples import Example
from vlm2.training.question_answering import VideoQuestionAnswering
from vlm2.training.recipes.seven_b import sharding

QUESTIONS = (
    Question("object_counting", "How many chairs?", None, "4"),
    Question("object_rel_distance", "Which is closest?", ("A. chair", "B. tv"), "B"),
)


def objective() -> VideoQuestionAnswering:
    """The objective on a toy model: the language model frozen in 16 bits, what is trained in 32."""
    model = toy_model()
    for name, parameter in model.language_model.named_parameters():
        if "lora_" not in name:
            parameter.data = parameter.data.bfloat16()
        elif "lora_B" in name:
            torch.nn.init.constant_(parameter, 0.01)
    torch.nn.init.constant_(model.memory.residual_gate, 0.1)
    return VideoQuestionAnswering(model, toy_processor(), row=64).train()


def step(module: VideoQuestionAnswering) -> torch.Tensor:
    """One forward and backward pass; return the loss."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = module(Example(toy_features(), QUESTIONS))["loss"]
    loss.backward()
    return loss.detach()


def shard_and_step(out: Path) -> None:
    """Share the layers with the other process, do a step, and let the first process write what came of it."""
    dist.init_process_group("gloo")
    module = objective()
    layer = sharding(toy_config(), 2)["fsdp_config"]["fsdp_transformer_layer_cls_to_wrap"]
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    wrapped = [part for part in module.modules() if type(part).__name__ == layer]
    for part in [*wrapped, module]:
        fully_shard(part, mesh=mesh, mp_policy=policy)
    loss = step(module)
    gradients = {n: p.grad.full_tensor() for n, p in module.named_parameters() if p.grad is not None}
    module.model.save_pretrained(out / "model", is_main_process=dist.get_rank() == 0)
    if dist.get_rank() == 0:
        torch.save({"loss": loss, "gradients": gradients, "wrapped": len(wrapped)}, out / "step.pt")
    dist.destroy_process_group()
