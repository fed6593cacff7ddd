"""Import the published weights of π³ (`yyfz233/Pi3` on the hub)."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch

from ...encoders.geometry.pi3 import Pi3, Pi3Config
from ..parts import PartRecord
from .checkpoint_source import find_source, open_tensors, read_settings
from .key_report import KeyReport
from .writer import WEIGHTS, new_folder, write_report, write_tensors

HUB_NAME = "yyfz233/Pi3"
LICENCE = "CC BY-NC 4.0"
NOTICE = (
    "The geometry encoder's weights are those of π³, under CC BY-NC 4.0: not for commercial use. "
    "Another encoder is another word in the model's config.json (docs/how-to/import-7b.md)."
)
MODEL_TYPE = "pi3"  # in the config.json that we write


def import_pi3(source: str, out: Path) -> KeyReport:
    """Import π³ from a folder, a .safetensors or .pth file, or the hub, into the folder `out`. Writes the weights,
    config.json, the record with the licence, and the key report. Raises ValueError that names every tensor which is
    not explained."""
    place = find_source(source)
    config = read_pi3_config(place)
    with torch.device("meta"):
        expected = {name: tuple(tensor.shape) for name, tensor in Pi3(config).state_dict().items()}
    found = open_tensors(place, expected)
    report = KeyReport.compare(source, {name: tensor.shape for name, tensor in found.items()}, expected)
    report.check()
    with new_folder(out) as folder:
        sha256 = write_tensors(folder / WEIGHTS, {name: found[name] for name in expected})
        settings = {"model_type": MODEL_TYPE, **config.to_dict()}
        (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        parameters = sum(math.prod(shape) for shape in expected.values())
        PartRecord("π³", source, sha256, parameters, LICENCE, NOTICE).write(folder)
        write_report(report, folder)
    return report


def read_pi3_config(place: Path) -> Pi3Config:
    """Return the sizes stored in a folder of ours, or else those of the published model. Raises ValueError for a
    config.json that cannot be read."""
    settings = read_settings(place) if (place / "config.json").is_file() else {}
    if settings.pop("model_type", None) != MODEL_TYPE:
        return Pi3Config()
    try:
        return Pi3Config.from_dict(settings)
    except ValueError as error:
        raise ValueError(f"{place / 'config.json'} is not the configuration of a π³: {error}") from None
