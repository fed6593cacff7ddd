"""Trainings of toy size: a checkpoint, videos and questions, cached homes; and the same in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from toys import GRID, VISION_DIM, ToyVision, toy_geometry, toy_model, toy_processor
from transformers import TrainerCallback

from vlm2.encoders.geometry.pi3 import Pi3, Pi3Config
from vlm2.models import parts
from vlm2.scenes import Box, Room, Scene, SceneObject, Sighting
from vlm2.scenes.vocabulary import category_index
from vlm2.training import loop
from vlm2.training.home_cache import HOME_FORMAT
from vlm2.training.recipes.geometry import save_encoder

LORA = {"r": 2, "alpha": 4, "dropout": 0.1, "targets": ["q_proj", "v_proj"]}  # dropout: chance plays a part
CATEGORIES = ("sofa", "tv", "plant", "lamp", "sink", "bed", "chair", "chair", "chair")


def use_toy_vision() -> None:
    """Let models find the toy vision encoder by its name, in this process for good."""
    parts.load_vision_encoder = lambda name, dtype: ToyVision()


def write_checkpoint(folder: Path) -> str:
    """Write a toy model that needs no other parts, with its processor."""
    toy_model(stores="all", lora=LORA).save_pretrained(folder)
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    processor.save_pretrained(folder)
    return str(folder)


def write_videos(write_video: Callable[..., Path], videos: int = 5) -> Path:
    """Write `video_K.mp4`, of 6 to 6 + K frames half a second apart, and `questions.jsonl`; return their folder."""
    rng, lines = np.random.default_rng(0), []
    for video in range(videos):
        frames = rng.integers(0, 256, (6 + video, 32, 48, 3), dtype=np.uint8)
        path = write_video(list(frames), f"video_{video}.mp4", times=[500 * k for k in range(len(frames))])
        for number in range(3 + video % 2):
            options = ["A. left", "B. right"] if number == 1 else None
            truth = "AB"[video % 2] if options else str(video + number)
            question = {"scene_name": f"video_{video}", "question": f"What of {number}?", "ground_truth": truth}
            lines.append(json.dumps({**question, "options": options}))
    path.with_name("questions.jsonl").write_text("\n".join(lines) + "\n")
    return path.parent


def scene(name: str) -> Scene:
    """Things in a row, coming into view one after another."""
    rng = np.random.default_rng(len(name))
    things = []
    for id, category in enumerate(CATEGORIES, start=1):
        place = (0.9 * id, float(rng.uniform(0, 5)), 0.5)
        seen = tuple(Sighting(frame, 0.05) for frame in range(2 * id, 2 * id + 4))
        things.append(SceneObject(id, category, Box(place, (0.4 + 0.1 * id, 0.4, 0.4)), room="room", sightings=seen))
    room = Room("room", "living room", ((0.0, 0.0), (9.0, 0.0), (9.0, 6.0), (0.0, 6.0)), 2.5)
    return Scene(name, "homes", 54.0, tuple(things), {"chair": 3}, rooms=(room,), duration=20.0, split="train", seed=1)


def write_homes(folder: Path, frames: tuple[int, ...] = (9, 12, 16)) -> str:
    """Write cached homes of so many frames, random but for their scenes."""
    folder.mkdir(parents=True)
    patches = GRID[0] * GRID[1]
    for number, count in enumerate(frames):
        made = torch.Generator().manual_seed(number)
        poses = torch.eye(4).repeat(count, 1, 1)
        poses[:, 0, 3] = torch.arange(count) * 0.1
        points = torch.rand(count, GRID[0] * 2, GRID[1] * 2, 3, generator=made) + torch.tensor([0.0, 0.0, 1.0])
        tensors = {
            "visual_tokens": torch.randn(count, patches, VISION_DIM, generator=made).bfloat16(),
            "local_points": points.half(),
            "patch_categories": torch.full((count, patches), category_index("chair"), dtype=torch.int16),
            "world_from_camera": poses,
            "times": torch.arange(count) / 2,
        }
        name = f"home_{number}"
        header = {"format": HOME_FORMAT, "grid": json.dumps(GRID), "scene": scene(name).to_json(), "encoder": "toy"}
        save_file(tensors, folder / f"{name}.safetensors", metadata=header)
    return str(folder)


def write_geometry(folder: Path) -> str:
    """Write a toy geometry encoder as stage 1 does."""
    torch.manual_seed(0)
    save_encoder(Pi3(Pi3Config.from_dict(toy_geometry()["settings"])), folder)
    return str(folder)


def losses(run: str | Path, name: str = "loss") -> dict[int, float]:
    """Read what a run logged under this name, by step; of a step logged twice the last."""
    rows = map(json.loads, (Path(run) / "log.jsonl").read_text().splitlines())
    return {row["step"]: row[name] for row in rows if name in row}


def alone(work: Callable, *arguments: object, fatal_step: int = 0) -> int:
    """Do `work(*arguments)` in a process of its own, which dies by SIGKILL when that step is done (0: never). Return
    its exit code."""
    return together([{"fatal_step": fatal_step}], work, *arguments)[0]


def pair(work: Callable, *arguments: object) -> list[int]:
    """Do it in two processes that know of each other, as torchrun starts them. Return their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    ranks = [{"environment": {**shared, "RANK": rank, "LOCAL_RANK": rank}} for rank in ("0", "1")]
    return together(ranks, work, *arguments)


def together(settings: list[dict], work: Callable, *arguments: object) -> list[int]:
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # for the server, which imports the toys once for all
    context = get_context("forkserver")
    context.set_forkserver_preload(["toyserver"])
    processes = [context.Process(target=_begin, args=(each, work, arguments)) for each in settings]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def _begin(settings: dict, work: Callable, arguments: tuple) -> None:
    os.environ.update(settings.get("environment", {}))
    torch.set_num_threads(1)
    use_toy_vision()
    fatal, build = settings.get("fatal_step", 0), loop._Loop.__init__

    class Death(TrainerCallback):
        def on_step_end(self, args, state, control, **_) -> None:
            if state.global_step == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    loop._Loop.__init__ = lambda self, **options: build(self, callbacks=[Death()], **options)
    work(*arguments)


def short(config, out: Path, **changes: object):
    """Return a recipe's configuration for a run of a few steps, every one of which is logged."""
    return replace(config, out=str(out), log_every=1, **changes)
