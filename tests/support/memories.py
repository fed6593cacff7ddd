"""Small memories and random frames for the memory's tests."""

from __future__ import annotations

import torch

from vlm2.core import DualMemory, DualState, FramePlacement, MemoryConfig

FRAMES, PATCHES, DIM, HEADS = 100, 6, 16, 4
PAPER = MemoryConfig.paper(dim=DIM, heads=HEADS)
OURS = MemoryConfig(dim=DIM, heads=HEADS, window=3, capacity=5)
EIGHT = MemoryConfig(dim=DIM, heads=HEADS)  # the paper's 8 and 32 entries


def make(config: MemoryConfig, seed: int = 0) -> DualMemory:
    """A memory with weights large enough that every part of it matters."""
    torch.manual_seed(seed)
    memory = DualMemory(config)
    for parameter in memory.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return memory


def placed(frames: torch.Tensor, patches: int = PATCHES) -> tuple[torch.Tensor, torch.Tensor]:
    """Coordinates and poses that tell which frame they belong to."""
    number = frames.float()[:, None, None]
    return number + torch.arange(3 * patches).view(patches, 3) / 100, number + torch.arange(16).view(4, 4) / 100


def run(memory: DualMemory, tokens: torch.Tensor, times: list[float] | None = None, first_frame: int = 0, **options):
    """Step through the frames of one video: M of each frame, the state, the events."""
    seconds = None if times is None else torch.tensor([times], dtype=torch.float32)
    coordinates, poses = placed(torch.arange(first_frame, first_frame + len(tokens)), tokens.shape[1])
    output, state, events = memory(
        tokens[None], seconds, coordinates[None], poses[None], first_frame=first_frame, **options
    )
    return output[0], state, events


def step(memory: DualMemory, tokens_3d: torch.Tensor, state: DualState, frame: int, time: float):
    """Step through one frame of one video."""
    placement = FramePlacement.of(tokens_3d[None], frame, time, *placed(torch.tensor([frame]), len(tokens_3d)))
    output, state, event = memory.step(tokens_3d[None], state, placement)
    return output[0], state, event


def video(frames: int = FRAMES, seed: int = 1) -> torch.Tensor:
    """Random H."""
    return torch.randn(frames, PATCHES, DIM, generator=torch.Generator().manual_seed(seed))
