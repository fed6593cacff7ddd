"""What we train between the frozen parts: representation, dual memory, projector."""

from __future__ import annotations

from dataclasses import dataclass

from ...core import MemoryConfig
from ...core.attention import ASKING
from ...core.position import WAVES as POSITION_WAVES
from ...core.slot_time import WAVES as CLOCK_WAVES
from ..configuration import VLM2Config
from .counting import Grid, attention, layer, products
from .geometry import GeometrySize


@dataclass(frozen=True)
class RepresentationSize:
    """Position injection, viewpoint alignment and fusion (`model.representation`): frame by frame."""

    dim: int
    vision_dim: int | None  # None: no projection
    position_inputs: int
    confidence: bool
    norm: bool
    geometry_dim: int
    view_dim: int

    @classmethod
    def of(cls, config: VLM2Config, geometry: GeometrySize) -> RepresentationSize:
        """Return that of a configuration."""
        return cls(
            dim=config.dim,
            vision_dim=config.vision["dim"] if config.vision_projection else None,
            position_inputs=3 if config.position_features == "raw" else 3 + 6 * POSITION_WAVES,
            confidence=config.position_confidence,
            norm=config.fusion_residual,
            geometry_dim=geometry.config.points.out,
            view_dim=geometry.config.camera.out,
        )

    def _layers(self, patches: int, geometry_patches: int) -> list[tuple[int, int, int]]:
        """List (rows, inputs, outputs) of all linear layers: projection, φ, α; ψ_v, ψ_g, MLP; fusion's four."""
        dim, view, aligned = self.dim, self.view_dim, geometry_patches + 1
        projection = [] if self.vision_dim is None else [(patches, self.vision_dim, dim)]
        position = [(patches, self.position_inputs, dim), (patches, dim, dim)]
        gate = [(patches, 2 * dim + self.confidence, dim // 4), (patches, dim // 4, 1)]
        views = [(geometry_patches, view, view), (1, view, dim), (1, dim, dim)]
        mlp = [(geometry_patches, self.geometry_dim + view, dim), (geometry_patches, dim, dim)]
        fusion = [(patches, dim, dim), (aligned, dim, dim), (aligned, dim, dim), (patches, dim, dim)]
        return projection + position + gate + views + mlp + fusion

    @property
    def parameters(self) -> int:
        """Linear layers and norms: after the projection, of G and of Z, of the fusion."""
        norms = 2 * (self.geometry_dim + self.view_dim) + 2 * self.dim * ((self.vision_dim is not None) + self.norm)
        return sum(layer(inputs, outputs) for _, inputs, outputs in self._layers(1, 1)) + norms

    def operations(self, frames: int, patches: int, geometry_patches: int) -> int:
        """Return the operations; a frame's patches attend to its aligned geometry tokens and its view token."""
        linear = sum(products(*shape) for shape in self._layers(patches, geometry_patches))
        return frames * (linear + attention(patches, geometry_patches + 1, self.dim))

    def working(self, frames: int, patches: int, geometry_patches: int) -> int:
        """Return the working numbers: of the alignment, G and Z again as norms (1), side by side (1), ψ_v's output and
        two hidden layers, or of the fusion its queries, keys, values and what is read (twice); F_pa beside both."""
        dim, read = self.dim, self.geometry_dim + self.view_dim
        aligning = geometry_patches * (2 * read + self.view_dim + 2 * dim)
        fusing = (geometry_patches + 1) * 3 * dim + patches * 4 * dim
        return frames * (2 * patches * dim + max(aligning, fusing))


@dataclass(frozen=True)
class Memory:
    """The dual memory over frames of so many patches (`memory.dual`)."""

    config: MemoryConfig

    @property
    def parameters(self) -> int:
        """Four matrices a memory, γ's two layers, the residual's gate."""
        config, dim = self.config, self.config.dim
        both = config.working and config.episodic
        gate = layer(2 * dim, dim) + layer(dim, dim) if both else 0
        residual = dim if config.memory_residual and (config.working or config.episodic) else 0
        return (config.working + config.episodic) * 4 * layer(dim, dim) + gate + residual

    def operations(self, patches: int, seen: int) -> int:
        """Return the operations of the step at a frame before which `seen` frames were: queries, what is read through
        the last matrix, keys and values of what is written; attention to all entries; γ. And what a session asks about
        the read: a few queries against all keys. Constant once both memories are full."""
        config, dim = self.config, self.config.dim
        asking = -(-patches // max(1, patches // ASKING))
        total, read = 0, 0
        for on, most in ((config.working, config.window), (config.episodic, config.capacity)):
            slots = min(seen, most)
            total += on * products(patches, dim, 2 * dim)
            if on and slots:
                read += 1
                total += products(patches, dim, 2 * dim) + attention(patches, slots * patches, dim)
                total += products(asking, dim, dim) + products(asking, dim, slots * patches)
        return total + (products(patches, 3 * dim, dim) if read == 2 else 0)

    def state_bytes(self, patches: int, seen: int, number: int = 4) -> int:
        """Return the bytes of a `DualState` after `seen` frames: W holds H, keys and values of its frames, E holds M,
        keys and values, and the last M stand beside; 8 bytes of index and 4 of time a slot, and in E 8 of weight and
        length and a table of similarities. Constant once both are full. `number`: bytes of one number."""
        config = self.config
        entry = patches * config.dim * number
        recent, held = min(seen, config.window), min(seen, config.capacity) * config.episodic
        window = recent * config.working
        return (3 * window + 3 * held + recent) * entry + 12 * (window + held + recent) + 8 * held + 4 * held**2

    def working(self, patches: int) -> int:
        """Return the working numbers of a step: the buffers that it writes, a copy of the full state with room for one
        entry more, and two reads of queries, what they find (twice) and γ (its two inputs side by side)."""
        config = self.config
        buffers = 3 * config.window * config.working + 3 * (config.capacity + 1) * config.episodic + config.window
        return (buffers + 12) * patches * config.dim


@dataclass(frozen=True)
class ProjectorSize:
    """Two layers a patch, then pooling; before them a norm, behind a row of tokens a newline, and with a clock a slot's
    time that is embedded and added. `down`: an odd last row or column of the grid is left out."""

    dim: int
    text_dim: int
    pooling: int
    norm: bool = True
    newline: bool = False
    down: bool = False
    clock: bool = False

    @classmethod
    def of(cls, config: VLM2Config, text_dim: int) -> ProjectorSize:
        """Return that of a configuration."""
        switches = config.projector_config()
        return cls(
            dim=config.dim,
            text_dim=text_dim,
            pooling=config.pooling,
            norm=switches.norm,
            newline=switches.newline,
            down=switches.pooling in ("average", "max"),
            clock=config.slot_times,
        )

    @property
    def parameters(self) -> int:
        """Two layers, and what there is of norm, newline and clock."""
        layers = layer(self.dim, self.text_dim) + layer(self.text_dim, self.text_dim)
        clock = layer(1 + 2 * CLOCK_WAVES, self.text_dim) if self.clock else 0
        return layers + 2 * self.dim * self.norm + self.text_dim * self.newline + clock

    def tokens(self, grid: Grid) -> int:
        """Return the tokens of a slot: one a square of the grid, and one a row where there are newlines."""
        rows, columns = (size // self.pooling if self.down else -(-size // self.pooling) for size in grid)
        return rows * (columns + self.newline)

    def operations(self, slots: int, grid: Grid) -> int:
        """Return the operations: both layers see every patch, before pooling."""
        patches = slots * grid[0] * grid[1]
        clock = products(slots, 1 + 2 * CLOCK_WAVES, self.text_dim) if self.clock else 0
        return products(patches, self.dim, self.text_dim) + products(patches, self.text_dim, self.text_dim) + clock

    def working(self, slots: int, grid: Grid) -> int:
        """Return the working numbers: input and norm, and the two layers' outputs with the activation between, of which
        two are alive at a time."""
        return slots * grid[0] * grid[1] * ((1 + self.norm) * self.dim + 2 * self.text_dim)
