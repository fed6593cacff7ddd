"""The cost of calling each component of a model, counted on torch's meta device. Bytes are those of float32."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from ...core import DualState
from ...core.projector import Projector
from ...encoders.geometry.encoder import native_size
from ..configuration import VLM2Config
from ..untrained import build_model
from .meter import Cost, measure, tensors

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}  # of a number
NEW, PAST = 32, 512  # tokens of the language model's calls
Grid = tuple[int, int]  # rows and columns of patches


class Components:
    """The components of a model. Each call is counted once; frames, slots and tokens scale its cost."""

    def __init__(self, config: VLM2Config) -> None:
        self.config, self.model = config, build_model(config)
        self.images = config.geometry_config.images  # limits of a geometry encoder that takes images
        self.text: Any = self.model.language_backbone.config
        self.parameters = {n: sum(p.numel() for p in part.parameters()) for n, part in self.model.named_children()}
        self.adapters = sum(p.numel() for name, p in self.model.named_parameters() if ".lora_" in name)
        self._calls: dict[tuple, tuple[Cost, Any]] = {}

    def bytes(self, name: str, dtype: str = "float32") -> float:
        """Return the bytes of a component's weights."""
        return self.parameters[name] * BYTES[dtype]

    def grids(self, height: int, width: int, pixels: int | None = None) -> tuple[Grid, Grid]:
        """Return the patches of a frame for the vision and for the geometry encoder. `pixels` replaces the limit that
        the configuration sets for a geometry encoder that takes images."""
        grid = self.model.vision.grid(*self.model.vision.frame_size(height, width))
        if self.images is None:
            return grid, grid
        rows, columns = native_size(height, width, self.images["stride"], pixels or self.images["max_pixels"])
        return grid, (rows // self.images["stride"], columns // self.images["stride"])

    def vision(self, grid: Grid) -> Cost:
        """Return the cost of the vision encoder on one frame."""
        return self._call(("vision", grid), lambda: self.model.vision(self._frames(1, grid)))[0]

    def geometry(self, frames: int, grid: Grid, geometry_grid: Grid) -> tuple[Cost, int]:
        """Return the cost of the geometry encoder on one window of frames, and the bytes of its result."""
        encoder, dim = self.model.geometry, self.model.vision.dim

        def call() -> object:
            images = self._geometry_frames(frames, geometry_grid) if not encoder.needs_visual_tokens else None
            tokens = torch.empty(frames, grid[0] * grid[1], dim) if encoder.needs_visual_tokens else None
            return encoder.encode(images, tokens, grid)

        cost, geometry = self._call(("geometry", frames, grid, geometry_grid), call)
        return cost, sum(tensor.nbytes for tensor in tensors(vars(geometry)))

    def representation(self, grid: Grid, geometry_grid: Grid) -> Cost:
        """Return the cost of the 3D-aware representation of one frame."""
        images = self._frames(1, grid), torch.empty(1), self._geometry_frames(1, geometry_grid)
        _, features = self._call(("encode", grid, geometry_grid), lambda: self.model.encode(*images))
        cost, _ = self._call(("represent", grid, geometry_grid), lambda: self.model.represent(features))
        return Cost(cost.operations, cost.working + sum(tensor.nbytes for tensor in tensors(vars(features))))

    def memory(self, patches: int, frames: int) -> tuple[float, float, int]:
        """Return the operations of the memory's steps on all frames, the working memory of the last step, and the bytes
        of the state. Working memory and state are constant once the memory is full."""
        memory, shape = self.model.memory, (patches, self.config.dim)
        filling = min(frames, max(memory.config.shown, memory.config.capacity))

        def steps(count: int, state: DualState | None = None) -> Callable[[], Any]:
            return lambda: memory(
                torch.empty(1, count, *shape), state=state, first_frame=0 if state is None else filling
            )

        first, (_, state, _) = self._call(("fill", patches, filling), steps(filling))
        step, _ = self._call(("step", patches, filling), steps(1, state))
        size = sum(tensor.nbytes for tensor in state.to_tensors().values())
        return first.operations + (frames - filling) * step.operations, step.working, size

    def projector(self, pooling: int | None = None) -> Projector:
        """Return the projector, with another pooling where one is given."""
        projector = copy(self.model.projector)
        projector.side = pooling or projector.side
        return projector

    def projection(self, grid: Grid) -> Cost:
        """Return the cost of the projector on one slot."""
        shape = (1, grid[0] * grid[1], self.config.dim)
        return self._call(("projector", grid), lambda: self.model.projector(torch.empty(shape), grid))[0]

    def language(self, new: float, past: float) -> Cost:
        """Return the cost of reading `new` tokens after `past` ones, without the output layer: linear in the tokens and
        in the pairs of tokens that meet in attention."""
        (first, cache), (then, longer) = self._reading()
        pair = (then.operations / NEW - first.operations / PAST) / NEW
        token = first.operations / PAST - PAST * pair
        working = new * (first.working - cache) / PAST + past * (then.working - longer) / PAST
        return Cost(new * (token + pair * (past + new)), working)

    def cache_bytes(self) -> float:
        """Return the bytes of the keys and values of one token."""
        return self._reading()[0][1] / PAST

    def matrices(self) -> list[int]:
        """Count the parameters of the linear layers of the language model, which quantisation makes smaller."""
        modules = self.model.language_backbone.named_modules()
        return [part.weight.numel() for name, part in modules if isinstance(part, nn.Linear) and ".lora_" not in name]

    def _reading(self) -> list[tuple[Cost, int]]:
        """Read PAST tokens, then NEW ones. Return the cost of each, and the bytes of the keys and values after it."""
        cache: Any = DynamicCache()

        def read(tokens: int) -> int:
            given = torch.empty(1, tokens, self.text.hidden_size)
            self.model.language_backbone(inputs_embeds=given, past_key_values=cache, use_cache=True)
            return sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)

        return [self._call(("language", tokens), lambda tokens=tokens: read(tokens)) for tokens in (PAST, NEW)]

    def _frames(self, count: int, grid: Grid) -> torch.Tensor:
        vision = self.model.vision
        size = vision.frame_size(grid[0] * vision.stride, grid[1] * vision.stride)
        return torch.empty(count, 3, *size, device="meta")

    def _geometry_frames(self, count: int, grid: Grid) -> torch.Tensor:
        stride = self.model.vision.stride if self.images is None else self.images["stride"]
        return torch.empty(count, 3, *(side * stride for side in grid), device="meta")

    def _call(self, key: tuple, call: Callable[[], Any]) -> tuple[Cost, Any]:
        if key not in self._calls:
            self._calls[key] = measure(call)
        return self._calls[key]
