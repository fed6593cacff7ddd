"""The sizes of a π³: the published one and our compact one are two values of one record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal


@dataclass(frozen=True)
class DecoderSize:
    """One of the three decoders behind the trunk: `depth` frame-wise blocks of `width`, a linear layer to `out`."""

    width: int = 1024
    depth: int = 5
    heads: int = 16
    mlp_ratio: float = 4.0
    out: int = 1024


@dataclass(frozen=True)
class Pi3Config:
    """A π³ (arXiv 2507.13347). The defaults are the published model; `Pi3Config.compact()` is ours.

    `input` "images" holds a DINOv2 inside (`backbone_*`); "visual_tokens" reads the features of a frozen vision
    encoder, of `visual_dim` channels, through LayerNorm and a linear layer, with `position_frequencies` octaves of the
    patch's place in the image added: DINOv2's features know where they are, a convolutional encoder's hardly do.
    Every patch gives `points_per_side`² points. `metric` says whether the weights were trained in metres. `layer_scale`
    is where the trunk's residual factors start: a short training wants them larger than the published one had them.
    """

    input: Literal["images", "visual_tokens"] = "images"
    width: int = 1024
    depth: int = 36
    heads: int = 16
    mlp_ratio: float = 4.0
    registers: int = 5
    layer_scale: float = 0.01
    rope_base: float = 100.0
    points_per_side: int = 14
    points: DecoderSize = field(default_factory=DecoderSize)
    confidence: DecoderSize = field(default_factory=DecoderSize)
    camera: DecoderSize = field(default_factory=lambda: DecoderSize(out=512))
    metric: bool = False
    window: int = 32
    visual_dim: int = 768
    position_frequencies: int = 0
    backbone_depth: int = 24
    backbone_registers: int = 4
    backbone_positions: int = 37

    def __post_init__(self) -> None:
        if self.input not in ("images", "visual_tokens"):
            raise ValueError(f"input={self.input!r}: a π³ reads 'images' or 'visual_tokens'.")
        for part in (self, self.points, self.confidence, self.camera):
            if part.heads < 1 or part.width % (4 * part.heads):
                raise ValueError(f"Width {part.width} must be a multiple of 4 × {part.heads} heads, for 2D positions.")

    @classmethod
    def compact(cls) -> Pi3Config:
        """Give the compact metric π³ of `mini`, which reuses the vision encoder's features."""
        return cls(
            input="visual_tokens",
            width=240,
            depth=6,
            heads=6,
            mlp_ratio=3.0,
            registers=4,
            layer_scale=0.2,
            points_per_side=8,
            points=DecoderSize(width=240, depth=2, heads=6, mlp_ratio=2.0, out=240),
            confidence=DecoderSize(width=96, depth=1, heads=3, mlp_ratio=2.0, out=96),
            camera=DecoderSize(width=160, depth=2, heads=5, mlp_ratio=2.0, out=120),
            metric=True,
            window=8,
            position_frequencies=4,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the configuration as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Pi3Config:
        """Read what `to_dict` gave; unknown names and values of another type raise ValueError."""
        return _changed(cls(), values)


def _changed(record: Any, values: dict[str, Any]) -> Any:
    """Return a record with other values. A dictionary stands for a record of its own."""
    kind, changes = type(record), dict(values)
    known = {entry.name: getattr(record, entry.name) for entry in fields(record)}
    if unknown := sorted(set(values) - set(known)):
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    for name, value in values.items():
        wanted = type(known[name])
        if wanted is DecoderSize and isinstance(value, dict):
            changes[name] = _changed(DecoderSize(), value)
        elif type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ValueError(f"{kind.__name__} has {name} as {wanted.__name__}, not {value!r}.")
    return replace(record, **changes)
