"""The configuration of a whole model. A checkpoint's config.json is this record and describes the checkpoint fully."""

from __future__ import annotations

import json
from dataclasses import field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PreTrainedConfig

from ..core import MemoryConfig
from ..core.position import PositionFeatures
from ..core.projector import ProjectorConfig

Context = Literal["frames", "memory"]
Tokens = Literal["3d", "visual"]
EncoderDtype = Literal["float32", "bfloat16"]
NEEDED = {"vision": ("name", "dim", "stride"), "geometry": ("name", "config"), "text": ("source", "config")}
NEEDED_LORA = ("r", "alpha", "dropout", "targets")
Record = TypeVar("Record", MemoryConfig, ProjectorConfig)


@strict
class VLM2Config(PreTrainedConfig):
    """How a VLM² is built. `vlm2.models.presets.preset` gives the sizes that we train.

    vision: the frozen encoder's "name" (see `vlm2.encoders.vision`), its "dim" and "stride"; "side", of
        the squares that it sees if it sees squares.
    geometry: the encoder's "name" (see `vlm2.encoders.geometry`) and its "config"; "frozen_part", the folder of its
        weights if they are not ours; "images", the "stride" and "max_pixels" of frames for one that sees images;
        "tracked", whether matched features refine its poses (`vlm2.slam.tracking`; false by default); "loops", whether
        places that are seen again correct tracked poses (`vlm2.slam.loop_closure`; true by default) [choice].
    text: "source" (a frozen part, folder or hub name; None: nothing is loaded, the model starts random) and "config", a
        transformers configuration as a dictionary.
    memory: the switches of `MemoryConfig`, without its dim and heads.
    lora: "r", "alpha", "dropout", "targets" of the adapters in the language model; None trains it whole.
    dim: width of H and M. heads: attention heads of fusion and memory.
    vision_projection: a trained linear map from the encoder's width to dim [choice]; off, they must be equal.
    representation: "3d", H as the paper has it; "visual", H is the projected visual tokens alone: no positions, no
        alignment, no fusion (to measure what those are worth).
    position_features: what φ reads of C: "fourier" features or "raw" metres [choice].
    position_confidence: α also sees the geometry encoder's confidence [choice].
    fusion_residual: H = LayerNorm(F_pa + attention) [choice]; off, H is the attention's output alone.
    pass_through: H begins as F: the fusion normalises its queries and not H, φ and the fusion's output begin at 0. With
        `memory_residual` the untrained model then says what the one it was imported from says [choice].
    projector: the switches of `ProjectorConfig`.
    pooling: patches along a side that become one token of the language model.
    encoder_dtype: of both frozen encoders, "float32" or "bfloat16".
    context: "frames", the M of every frame [paper]; "memory", the bank's entries and the last L_w M [choice].
    slot_times: a slot's tokens carry when it was seen [choice].
    recall: what the memory holds of the things that a question names is said at their names (`vlm2.models.recall`)
        [choice].
    numbers: how a session says a number: "greedy", digit by digit as `generate` does, or "expected", the one that is
        expected to come nearest (`vlm2.models.number_decoding`) [choice].
    video_token_id: stands for the whole video among `input_ids`; any id that a prompt never holds.
    stores: "trained" tensors only, or "all" (a checkpoint that needs nothing else; for tests and small models).
    frozen_sha256: of every frozen part the checkpoint was trained on, by name.

    A folder in `vision`, `geometry` or `text` that begins with "./" lies in the checkpoint's own.
    """

    model_type = "vlm2"
    # transformers gives configurations an __init__ that takes any keyword, and `strict` checks the fields; a checker of
    # dataclasses would refuse both.
    __no_type_check__ = True

    vision: dict[str, Any] = field(default_factory=dict)
    geometry: dict[str, Any] = field(default_factory=dict)
    text: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    lora: dict[str, Any] | None = None
    dim: int = 384
    heads: int = 6
    vision_projection: bool = True
    representation: str = "3d"
    position_features: str = "fourier"
    position_confidence: bool = True
    fusion_residual: bool = True
    pass_through: bool = False
    projector: dict[str, Any] = field(default_factory=dict)
    pooling: int = 2
    context: str = "memory"
    encoder_dtype: str = "float32"
    slot_times: bool = False
    recall: bool = False
    numbers: str = "greedy"
    video_token_id: int = 16
    stores: str = "trained"
    frozen_sha256: dict[str, str] = field(default_factory=dict)

    def __post_init__(self, **kwargs: Any) -> None:
        for name, choices in (
            ("position_features", get_args(PositionFeatures)),
            ("context", get_args(Context)),
            ("representation", get_args(Tokens)),
            ("encoder_dtype", get_args(EncoderDtype)),
            ("numbers", ("greedy", "expected")),
            ("stores", ("trained", "all")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} is not known; choose {' or '.join(choices)}.")
        if self.vision and not self.vision_projection and self.vision["dim"] != self.dim:
            raise ValueError(
                f"Without vision_projection dim must be the vision encoder's {self.vision['dim']}, not {self.dim}."
            )
        if self.pass_through and (self.vision_projection or not self.fusion_residual):
            raise ValueError("pass_through needs fusion_residual, and no vision_projection: else H cannot begin as F.")
        if self.recall and self.projector_config().newline:
            raise ValueError("recall needs a place in the world for every token, which the projector's newlines lack.")
        self.projector_config()
        self.memory_config()  # refuses switches that it does not know
        super().__post_init__(**kwargs)

    def memory_config(self) -> MemoryConfig:
        """Return the memory's part, with the model's width and heads."""
        return _switched(MemoryConfig, self.memory, dim=self.dim, heads=self.heads)

    def projector_config(self) -> ProjectorConfig:
        """Return the projector's switches."""
        return _switched(ProjectorConfig, self.projector)

    def text_config(self) -> PreTrainedConfig:
        """Return the language model's own configuration."""
        values = dict(self.text["config"])
        return AutoConfig.for_model(values.pop("model_type"), **values)


def read_config(folder: str | Path) -> VLM2Config:
    """Read a checkpoint's config.json. Raises ValueError, in one line with the file's name, for one that is missing or
    damaged, that lacks something, or that is another model's."""
    file = Path(folder) / "config.json"
    advice = "Use the config.json that was saved with the weights."
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as JSON ({error}). {advice}") from None
    if complaint := _complaint(values):
        raise ValueError(f"{file} {complaint}. {advice}")
    try:
        return VLM2Config.from_pretrained(folder)
    except (TypeError, ValueError, KeyError, AttributeError, StrictDataclassError) as error:
        raise ValueError(f"{file} describes no model ({' '.join(str(error).split())}). {advice}") from None


def _complaint(values: Any) -> str | None:
    """Say what a config.json holds that no VLM² can be built from; None for nothing."""
    if not isinstance(values, dict):
        return f"holds a {type(values).__name__}, no JSON object"
    if (kind := values.get("model_type")) != VLM2Config.model_type:
        return f"has the model_type {kind!r}, and a checkpoint of this package has {VLM2Config.model_type!r}"
    usual = VLM2Config()
    for name in set(values) & set(VLM2Config.__annotations__):
        value, wanted = values[name], dict if name == "lora" else type(getattr(usual, name))
        if type(value) is not wanted and not (name == "lora" and value is None):
            return f"has {name} as {value!r}, not as {wanted.__name__}"
    needed = NEEDED | ({"lora": NEEDED_LORA} if values.get("lora") is not None else {})
    for part, names in needed.items():
        if missing := [name for name in names if name not in values.get(part, {})]:
            return f"lacks {', '.join(f'{part}.{name}' for name in missing)}"
    return None


def _switched(record: type[Record], switches: dict[str, Any], **given: Any) -> Record:
    """Make a record of switches. Raises ValueError for one that it does not have."""
    known = sorted({entry.name for entry in fields(record)} - given.keys())
    if unknown := sorted(set(switches).difference(known)):
        raise ValueError(f"{record.__name__} has no {', '.join(unknown)}; it has {', '.join(known)}.")
    return record(**switches, **given)
