"""Train the 7B as VLM-3R is trained: `vlm2 train seven_b --videos videos`; `--estimate` prints its cost.

The paper gives no recipe; that of VLM-3R is known.

| what | value |
|---|---|
| begins from | `vlm2 import llava-video lmms-lab/LLaVA-Video-7B-Qwen2 --out runs/7b_start` |
| frozen | SigLIP, π³, Qwen2-7B of LLaVA-Video |
| trained | LoRA (r 128, α 256) on all linear layers of the language model; representation, memory and projector whole |
| learning rate | 2e-5 for LoRA; 1e-4 for what begins from nothing [choice]; cosine, warm-up 3 % |
| a step | 128 questions: 16 videos with 8 each |
| frames | 32, evenly spread |
| length | one epoch of about 200,000 questions: 1,563 steps |
| precision | bf16; what is trained, its gradients and Adam's moments in fp32 |
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from ...core.projector import Projector
from ...models.configuration import VLM2Config, read_config
from ...models.presets import seven_b
from ..budget import MemoryBudget, StepLoad
from ..loop import process_rank
from ..stage import Optimiser
from ..video_cache import Sampling
from . import finetune
from .finetune import FinetuneConfig

START = "runs/7b_start"
FRAMES, QUESTIONS, VIDEOS = 32, 8, 16
QUESTION_TOKENS = 90  # of a question in VSI-Bench's words with its answer
ACCELERATE = "accelerate.json"


@dataclass(frozen=True)
class SevenBConfig(FinetuneConfig):
    """Fine-tuning at the paper's size, on several GPUs."""

    processes: int = 8  # number of GPUs for which accelerate.json is written
    estimate: bool = False  # print the memory and disk that it takes, write accelerate.json, and stop; needs no weights


def recipe() -> SevenBConfig:
    """Return VLM-3R's recipe at the paper's size."""
    return SevenBConfig(
        out="runs/7b",
        save_every=100,
        evaluate_every=100,
        model=START,
        cache="runs/cache/videos_7b",
        sampling=Sampling(frames=FRAMES),
        epochs=1.0,
        optimiser=Optimiser(1e-4, lora_learning_rate=2e-5, warmup=0.03, weight_decay=0.0, accumulate=VIDEOS),
        questions_per_video=QUESTIONS,
        row=256,
        held_out=0.02,
        checkpointing=True,
    )


def run(config: SevenBConfig) -> None:
    """Print what the training takes, write accelerate's configuration, and train."""
    model = model_config(config.model)
    if process_rank()[0] == 0:
        budget = MemoryBudget(model, expected_load(model, config))
        print(budget.table(tuple(sorted({1, 2, config.processes}))))
        file = Path(config.out) / ACCELERATE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(sharding(model, config.processes), indent=1) + "\n", encoding="utf-8")
        print(f"GPUs share the layers with: accelerate launch --config_file {file} --no_python vlm2 train seven_b …")
    if not config.estimate:
        finetune.run(config)


def model_config(folder: str) -> VLM2Config:
    """Return the configuration of the model to begin from, or the preset's if it is not imported yet."""
    return read_config(folder) if (Path(folder) / "config.json").is_file() else seven_b()


def expected_load(config: VLM2Config, training: FinetuneConfig) -> StepLoad:
    """Return the size of one training example, for square frames of the vision encoder's size."""
    side = (config.vision_config.side or 384) // config.vision_config.stride
    images = config.geometry_config.images
    with torch.device("meta"):
        projector = Projector(1, 1, config.pooling, config.projector)
    frames = training.sampling.frames or training.sampling.most_frames
    return StepLoad(
        frames=frames,
        patches=side**2,
        geometry_patches=images["max_pixels"] // images["stride"] ** 2 if images else side**2,
        tokens_a_frame=projector.tokens((side, side)),
        question_tokens=training.questions_per_video * QUESTION_TOKENS,
        checkpointing=training.checkpointing,
    )


def sharding(config: VLM2Config, processes: int) -> dict[str, Any]:
    """Return accelerate's configuration for GPUs that share the weights (FSDP 2): each layer of the language model is a
    unit, everything else together is another."""
    with torch.device("meta"):
        layers = AutoModelForCausalLM.from_config(config.text_config).get_decoder().layers
    return {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "FSDP",
        "mixed_precision": "bf16",
        "num_machines": 1,
        "num_processes": processes,
        "machine_rank": 0,
        "main_training_function": "main",
        "use_cpu": False,
        "fsdp_config": {
            "fsdp_version": 2,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_transformer_layer_cls_to_wrap": type(layers[0]).__name__,
            "fsdp_reshard_after_forward": True,
            "fsdp_state_dict_type": "FULL_STATE_DICT",
            "fsdp_cpu_ram_efficient_loading": False,
            "fsdp_offload_params": False,
        },
    }
