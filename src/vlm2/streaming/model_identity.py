"""Which model a memory belongs to: its configuration, its trained weights, and the frozen parts under them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch

from ..models.checkpoint import frozen_checksums, stored_names
from ..models.configuration import VLM2Config
from ..models.video_model import VideoModel

# Where a checkpoint came from and what wrote it; nothing that a stream depends on.
BESIDE = ("transformers_version", "architectures", "dtype", "_name_or_path", "frozen_sha256")

_digests: WeakKeyDictionary[VideoModel, tuple[tuple, str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Identity:
    """SHA-256 digests: of the configuration, of the trained weights, and of each frozen part by its name."""

    config: str
    trained: str
    frozen: dict[str, str]

    @classmethod
    def of(cls, model: VideoModel) -> Identity:
        """Return a model's identity. It is the same on every device and in single precision as in bfloat16."""
        return cls(config_digest(model.config), trained_digest(model), frozen_checksums(model.config))

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    def differences(self, other: Identity) -> list[str]:
        """Say in words what of two models differs."""
        names = sorted(set(self.frozen) | set(other.frozen))
        found = ["the configuration"] if self.config != other.config else []
        found += ["the trained weights"] if self.trained != other.trained else []
        return found + [f"the frozen {n}" for n in names if self.frozen.get(n) != other.frozen.get(n)]


def config_digest(config: VLM2Config, beside: tuple[str, ...] = BESIDE) -> str:
    """Hash a configuration without the fields named in `beside`."""
    values = {k: v for k, v in config.whole().to_dict().items() if k not in beside}
    if values["geometry_config"].get("depth") is None:
        values["geometry_config"].pop("depth", None)  # so that memories older than this field still open
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def trained_digest(model: VideoModel) -> str:
    """Hash what a checkpoint of this model would hold: names, shapes and values, as bfloat16. Hashed once until a
    weight changes. The language half that a model lacks is hashed as its checkpoint holds it."""
    state = model.state_dict()
    stored = {name: state[name] for name in stored_names(model, model.config)}
    version = tuple((tensor.data_ptr(), tensor._version) for tensor in stored.values())
    known = _digests.get(model)
    if known is None or known[0] != version:
        digest = hashlib.sha256()
        for name, tensor in sorted((model.unloaded | stored).items()):
            tensor = tensor.detach()
            tensor = tensor.to("cpu", torch.bfloat16) if tensor.is_floating_point() else tensor.cpu()
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
        known = _digests[model] = version, digest.hexdigest()
    return known[1]
