"""The configuration of a whole model. A checkpoint's config.json is this record and describes the checkpoint fully."""

# No postponed annotations here: `strict` checks values against annotations, and reads only types.

import json
from dataclasses import field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, get_args

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from ..core import MemoryConfig
from ..core.position import PositionFeatures
from ..core.projector import ProjectorConfig

Context = Literal["frames", "memory"]
Tokens = Literal["3d", "visual"]
EncoderDtype = Literal["float32", "bfloat16"]
NEEDED = {
    "vision_config": ("name", "dim", "stride"),
    "geometry_config": ("name", "settings"),
    "text_config": ("model_type",),
}
NEEDED_LORA = ("r", "alpha", "dropout", "targets")
OF_ANY = {"model_type", "name_or_path", "torch_dtype", "output_attentions", "attn_implementation"} | set(
    vars(PreTrainedConfig())
)  # keys of all configurations
ADVICE = "Use the config.json that was saved with the weights."
REFUSALS = (TypeError, ValueError, KeyError, AttributeError, StrictDataclassError)  # of values for a configuration
Record = TypeVar("Record", MemoryConfig, ProjectorConfig)


class SubConfig(PreTrainedConfig):
    """A part of `VLM2Config`. Raises ValueError for a key that it does not have."""

    __no_type_check__ = True

    def __post_init__(self, **kwargs: Any) -> None:
        _refuse_unknown(self, self.base_config_key, kwargs)
        super().__post_init__(**kwargs)

    def record(self, kind: type[Record], **given: Any) -> Record:
        """Return the values as a record of `core`, with those that are given besides."""
        return kind(
            **{entry.name: getattr(self, entry.name) for entry in fields(kind) if entry.name not in given}, **given
        )


def _refuse_unknown(config: PreTrainedConfig, name: str, given: dict[str, Any]) -> None:
    """Raise ValueError for given values that a configuration has no field for, and that are not keys of all of them."""
    known = {entry.name for entry in fields(config)}
    if unknown := sorted(set(given) - OF_ANY - known):
        own = sorted(known - {entry.name for entry in fields(PreTrainedConfig)})
        raise ValueError(f"{name} has no {', '.join(unknown)}; it has {', '.join(own)}.")


@strict
class VLM2VisionConfig(SubConfig):
    """The frozen vision encoder: its name (see `vlm2.encoders.vision`), dim and stride; `side` of the squares that it
    sees, if it sees squares."""

    model_type = "vlm2_vision"
    base_config_key = "vision_config"
    name: str = ""
    dim: int = 0
    stride: int = 0
    side: int | None = None


@strict
class VLM2GeometryConfig(SubConfig):
    """The geometry encoder: its name (see `vlm2.encoders.geometry`) and its settings.

    - `frozen_part`: the folder of its weights, if they are not ours.
    - `images`: "stride" and "max_pixels" of frames, for an encoder that sees images.
    - `tracked`: matched features refine its poses (`vlm2.slam.tracking`).
    - `loops`: places that are seen again correct tracked poses (`vlm2.slam.loop_closure`) [choice].
    - `depth`: hub:OWNER/NAME or hub:FOLDER of a model whose depth replaces the encoder's
      (`vlm2.encoders.geometry.hub`) [choice].
    """

    model_type = "vlm2_geometry"
    base_config_key = "geometry_config"
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    frozen_part: str | None = None
    images: dict[str, int] | None = None
    tracked: bool = False
    loops: bool = True
    depth: str | None = None


@strict
class VLM2MemoryConfig(SubConfig):
    """The switches of `vlm2.core.MemoryConfig`, without its dim and heads."""

    model_type = "vlm2_memory"
    base_config_key = "memory_config"
    window: int = MemoryConfig.window
    capacity: int = MemoryConfig.capacity
    working: bool = MemoryConfig.working
    episodic: bool = MemoryConfig.episodic
    episodic_write: str = MemoryConfig.episodic_write
    memory_residual: bool = MemoryConfig.memory_residual
    recent: int | None = MemoryConfig.recent


@strict
class VLM2ProjectorConfig(SubConfig):
    """The switches of `vlm2.core.projector.ProjectorConfig`."""

    model_type = "vlm2_projector"
    base_config_key = "projector_config"
    pooling: str = ProjectorConfig.pooling
    norm: bool = ProjectorConfig.norm
    newline: bool = ProjectorConfig.newline


@strict
class VLM2Config(PreTrainedConfig):
    """How a VLM² is built. `vlm2.models.presets.preset` gives the sizes that we train.

    - `vision_config`, `geometry_config`, `memory_config`, `projector_config`: the parts, as dictionaries or as their
      classes.
    - `text_config`: the language model's own configuration.
    - `text_source`: the language model's weights: a frozen part, a folder or a hub name. With None nothing is loaded,
      and the model starts random.
    - `lora`: "r", "alpha", "dropout", "targets" of the adapters in the language model; None trains it whole.
    - `dim`: width of H and M.
    - `heads`: attention heads of fusion and memory.
    - `vision_projection`: a trained linear map from the encoder's width to dim, and a LayerNorm [choice]; off, the two
      widths must be equal.
    - `representation`: "3d", H as the paper has it; "visual", H is the projected visual tokens alone, with no
      positions, no alignment and no fusion (to measure what those are worth).
    - `position_features`: what φ reads of C, "fourier" features or "raw" metres [choice].
    - `position_confidence`: α also sees the geometry encoder's confidence [choice].
    - `fusion_residual`: H = LayerNorm(F_pa + attention) [choice]; off, H is the attention's output alone.
    - `pass_through`: H begins as F [choice]. The fusion normalises its queries and not H; φ and the fusion's output
      begin at 0. With `memory_residual` the untrained model then answers as the one it was imported from.
    - `pooling`: patches along a side that become one token of the language model.
    - `encoder_dtype`: of both frozen encoders, "float32" or "bfloat16".
    - `context`: "frames", the M of every frame [paper]; "memory", the bank's entries and the last `recent` M
      of `MemoryConfig` [choice].
    - `slot_time`: a slot's tokens carry the time at which it was seen [choice].
    - `video_token_id`: the id of the token `<video>`, which stands for a whole video and is never embedded.
    - `stores`: "trained" tensors only, or "all" (a checkpoint that needs nothing else; for tests and small models).
    - `frozen_sha256`: sha256 of every frozen part the checkpoint was trained on, by name.

    A folder in `vision_config`, `geometry_config` or `text_source` that begins with "./" lies in the checkpoint's own.
    """

    model_type = "vlm2"
    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        "vision_config": VLM2VisionConfig,
        "geometry_config": VLM2GeometryConfig,
        "memory_config": VLM2MemoryConfig,
        "projector_config": VLM2ProjectorConfig,
        "text_config": SubConfigSpec(AutoConfig, model_type="llama"),
    }
    # transformers gives configurations an __init__ that takes any keyword, and `strict` checks the fields; a checker of
    # dataclasses would refuse both.
    __no_type_check__ = True

    vision_config: Any = None
    geometry_config: Any = None
    memory_config: Any = None
    projector_config: Any = None
    text_config: Any = None
    text_source: str | None = None
    lora: dict[str, Any] | None = None
    dim: int = 384
    heads: int = 6
    vision_projection: bool = True
    representation: str = "3d"
    position_features: str = "fourier"
    position_confidence: bool = True
    fusion_residual: bool = True
    pass_through: bool = False
    pooling: int = 2
    context: str = "memory"
    encoder_dtype: str = "float32"
    slot_time: bool = False
    video_token_id: int | None = None
    stores: str = "trained"
    frozen_sha256: dict[str, str] = field(default_factory=dict)

    def __post_init__(self, **kwargs: Any) -> None:
        _refuse_unknown(self, VLM2Config.__name__, kwargs)
        super().__post_init__(**kwargs)
        for name, choices in (
            ("position_features", get_args(PositionFeatures)),
            ("context", get_args(Context)),
            ("representation", get_args(Tokens)),
            ("encoder_dtype", get_args(EncoderDtype)),
            ("stores", ("trained", "all")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} is not known; choose {' or '.join(choices)}.")
        if self.vision_config.name and not self.vision_projection and self.vision_config.dim != self.dim:
            raise ValueError(
                f"Without vision_projection dim must be the vision encoder's {self.vision_config.dim}, not {self.dim}."
            )
        if self.pass_through and (self.vision_projection or not self.fusion_residual):
            raise ValueError("pass_through needs fusion_residual, and no vision_projection: else H cannot begin as F.")
        if missing := [name for name in NEEDED_LORA if self.lora is not None and name not in self.lora]:
            raise ValueError(f"lora lacks {', '.join(missing)}; give {', '.join(NEEDED_LORA)}.")
        _ = self.memory  # refuses impossible switches

    def whole(self) -> "VLM2Config":
        """Return the configuration with that of the language model."""
        return self

    @property
    def memory(self) -> MemoryConfig:
        """The memory's record, with the model's width and heads."""
        return self.memory_config.record(MemoryConfig, dim=self.dim, heads=self.heads)

    @property
    def projector(self) -> ProjectorConfig:
        """The projector's record."""
        return self.projector_config.record(ProjectorConfig)


@strict
class VideoConfig(VLM2Config):
    """The configuration of a `VideoModel` alone. `text_config` stays a dictionary: importing the configuration class of
    a language model takes more than a second."""

    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        name: spec for name, spec in VLM2Config.sub_configs_defaults.items() if name != "text_config"
    }

    def whole(self) -> VLM2Config:
        """Return the configuration with that of the language model. Raises ValueError, in one line with the file's
        name, for one that transformers refuses."""
        try:
            config = VLM2Config.from_dict(self.to_dict())
        except REFUSALS as error:
            raise _no_model(Path(self._name_or_path) / "config.json", error) from None
        config._name_or_path = self._name_or_path
        return config


def read_config(folder: str | Path, kind: type[VLM2Config] = VLM2Config) -> VLM2Config:
    """Read a checkpoint's config.json as a configuration of this kind. Raises ValueError, in one line with the file's
    name, for one that is missing or damaged, that lacks something, or that is another model's."""
    file = Path(folder) / "config.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as JSON ({error}). {ADVICE}") from None
    if complaint := _complaint(values):
        raise ValueError(f"{file} {complaint}. {ADVICE}")
    try:
        return kind.from_pretrained(folder)
    except REFUSALS as error:
        raise _no_model(file, error) from None


def _no_model(file: Path, error: Exception) -> ValueError:
    return ValueError(f"{file} describes no model ({' '.join(str(error).split())}). {ADVICE}")


def _complaint(values: Any) -> str | None:
    """Name what a config.json lacks that a VLM² is built from; None for nothing."""
    if not isinstance(values, dict):
        return f"holds a {type(values).__name__}, no JSON object"
    if (kind := values.get("model_type")) != VLM2Config.model_type:
        return f"has the model_type {kind!r}, and a checkpoint of this package has {VLM2Config.model_type!r}"
    for part, names in NEEDED.items():
        given = values.get(part)
        if missing := [name for name in names if not isinstance(given, dict) or name not in given]:
            return f"lacks {', '.join(f'{part}.{name}' for name in missing)}"
    return None
