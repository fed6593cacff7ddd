"""Small memories and random frames for the memory's tests."""

from __future__ import annotations

import torch

from vlm2.core import DualMemory, MemoryConfig

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


def video(frames: int = FRAMES, seed: int = 1) -> torch.Tensor:
    """Random H."""
    return torch.randn(frames, PATCHES, DIM, generator=torch.Generator().manual_seed(seed))
