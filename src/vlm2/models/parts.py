"""The parts of an imported model: folders of weights that are not ours, each with a record of what it is."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..encoders.frozen_part import LicenceNotice, WrongChecksum
from ..encoders.geometry import build_encoder
from ..encoders.geometry.encoder import GeometryEncoder
from ..encoders.vision import VisionEncoder, load_vision_encoder
from ..encoders.weights import RECORD
from .configuration import VLM2Config
from .language import load_language_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

HERE = "./"  # begins the name of a folder in the checkpoint's own
IMPORT = "vlm2 import llava-video SRC --out DIR"


@dataclass(frozen=True)
class PartRecord:
    """The record in a part's folder: where the part came from, the sha256 of its tensors, and its licence. `notice`: a
    text that must be shown to the user whenever the part is loaded."""

    name: str
    source: str
    sha256: str
    parameters: int
    licence: str
    notice: str = ""

    def write(self, folder: Path) -> None:
        """Write the record into the part's folder."""
        (folder / RECORD).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def read(folder: str | Path) -> PartRecord | None:
        """Return a folder's record; None where it is no imported part."""
        file = Path(folder) / RECORD
        if not file.is_file():
            return None
        values = json.loads(file.read_text(encoding="utf-8"))
        return PartRecord(**values) if set(values) == set(PartRecord.__dataclass_fields__) else None


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file. Raises ValueError for a damaged one."""
    try:
        return load_file(file)
    except SafetensorError as error:
        raise ValueError(
            f"{file} is damaged, or no safetensors file ({error}). Copy or fetch the whole file again."
        ) from None


def place(config: VLM2Config, name: str) -> str:
    """Return where a part lies: what a configuration names, beginning from the checkpoint's own folder for "./".
    Raises ValueError where the configuration lies in no folder."""
    if not name.startswith(HERE):
        return name
    if not config._name_or_path:
        raise ValueError(f"The weights of {name} are to be imported first, and then the folder loaded:  {IMPORT}")
    return str(Path(config._name_or_path) / name)


def settle(config: VLM2Config, folder: Path) -> None:
    """Make a configuration that is saved into another folder name its parts where they are."""
    if not config._name_or_path or Path(config._name_or_path).resolve() == folder.resolve():
        return

    def there(name: str) -> str:
        return str(Path(place(config, name)).resolve()) if name.startswith(HERE) else name

    encoder, colon, option = config.vision_config.name.partition(":")
    config.vision_config.name = encoder + colon + there(option)
    config.text_source = config.text_source and there(config.text_source)
    config.geometry_config.frozen_part = config.geometry_config.frozen_part and there(
        config.geometry_config.frozen_part
    )


def imported_checksums(config: VLM2Config) -> dict[str, str]:
    """Return the sha256 of every imported part by its kind: vision, language, geometry."""
    return {kind: record.sha256 for kind, record in _records(config)}


def check_imported(config: VLM2Config) -> None:
    """Raise WrongChecksum when the checkpoint was trained on imported parts that differ from those it names."""
    for kind, record in _records(config):
        recorded = config.frozen_sha256.get(kind, record.sha256)
        if recorded != record.sha256:
            raise WrongChecksum(
                f"This checkpoint was trained on another {kind}: the sha256 of its tensors was {recorded}, that of "
                f"{record.name} from {record.source} is {record.sha256}. Import the right one, or train it again."
            )


def _records(config: VLM2Config) -> Iterator[tuple[str, PartRecord]]:
    named = {
        "vision": config.vision_config.name.partition(":")[2],
        "language": config.text_source,
        "geometry": config.geometry_config.frozen_part,
    }
    for kind, name in named.items():
        if name and (record := PartRecord.read(place(config, name))) is not None:
            yield kind, record


def load_vision(config: VLM2Config) -> VisionEncoder:
    """Load the frozen vision encoder that a configuration names."""
    encoder, colon, option = config.vision_config.name.partition(":")
    return load_vision_encoder(encoder + colon + place(config, option), _encoder_dtype(config))


def load_geometry(config: VLM2Config) -> GeometryEncoder:
    """Build the geometry encoder, frozen, with its weights where they are not in the checkpoint itself.

    Warns (LicenceNotice) of a licence that forbids some uses; raises ValueError for weights that are missing or do not
    fit."""
    name, settings = config.geometry_config.name, config.geometry_config.settings
    if (part := config.geometry_config.frozen_part) is None:
        encoder = build_encoder(name, settings)
    else:
        encoder = _filled(name, settings, Path(place(config, part)))
    if _encoder_dtype(config) == torch.bfloat16:
        encoder.to_bfloat16()
    return encoder.requires_grad_(False)


def _filled(name: str, settings: dict[str, Any], folder: Path) -> GeometryEncoder:
    """Build an encoder around the weights in a folder, without initialising it first."""
    if not (folder / "model.safetensors").is_file():
        raise ValueError(f"The geometry encoder's weights are not in {folder}. Import them:  {IMPORT}")
    with torch.device("meta"):
        encoder = build_encoder(name, settings)
    tensors = read_tensors(folder / "model.safetensors")
    try:
        encoder.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise ValueError(f"{folder} does not hold the geometry encoder of this configuration: {error}") from None
    if (record := PartRecord.read(folder)) is not None and record.notice:
        warnings.warn(record.notice, LicenceNotice, stacklevel=2)
    return encoder.float()


def load_language(config: VLM2Config, **options: Any) -> PreTrainedModel:
    """Load the language model with options of transformers' `from_pretrained`, or build it where the checkpoint itself
    holds it."""
    if (source := config.text_source) is not None:
        return load_language_model(place(config, source), **options)
    if refused := sorted({"device_map", "quantization_config"} & set(options)):
        raise ValueError(
            f"This checkpoint holds its language model itself, which can be neither spread nor quantised; leave out "
            f"{' and '.join(refused)}."
        )
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(config.text_config, **options)


def _encoder_dtype(config: VLM2Config) -> torch.dtype:
    return torch.bfloat16 if config.encoder_dtype == "bfloat16" else torch.float32
