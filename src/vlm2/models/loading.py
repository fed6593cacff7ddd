"""Load a checkpoint: onto which devices, in which dtype, quantised or not."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import nn

from ..encoders.geometry.hub import load_depth
from ..encoders.precision import multiplies_bfloat16
from ..encoders.vision import VisionEncoder
from .checkpoint import check_frozen, find_checkpoint, find_weights, in_language_half, is_own, load_weights
from .configuration import VLM2Config, read_config
from .parts import load_language
from .video_model import VideoModel

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, PreTrainedModel

Quantize = Literal["8bit", "4bit"]
DeviceMap = str | int | torch.device | Mapping[str, Any]
HUB = ("revision", "token", "cache_dir", "local_files_only", "force_download")  # options of a name on the hub
AUTO = ("_from_auto", "trust_remote_code", "adapter_kwargs")  # what transformers' Auto classes add
SPREAD = ("auto", "balanced", "balanced_low_0", "sequential")  # accelerate's ways to use all devices
INSTALL = "pip install 'vlm2[large]'"
DTYPES = {
    "float32": torch.float32,
    "fp32": torch.float32,
    "bfloat16": torch.bfloat16,
    "bf16": torch.bfloat16,
    "float16": torch.float16,
    "fp16": torch.float16,
}


def refuse_unknown(kind: Any, given: dict[str, Any], known: Iterable[str]) -> None:
    """Take out what transformers' Auto classes add to the options of `from_pretrained`. Raises ValueError for options
    that are not known."""
    for name in AUTO:
        given.pop(name, None)
    if unknown := sorted(set(given).difference(known)):
        raise ValueError(
            f"{kind.__name__}.from_pretrained has no {', '.join(unknown)}; it has {', '.join(sorted(known))}."
        )


def load_model(
    kind: Callable[..., Any],
    name: str | Path,
    *,
    config: VLM2Config | None = None,
    vision: VisionEncoder | None = None,
    language_model: PreTrainedModel | None = None,
    video_model: VideoModel | None = None,
    dtype: str | torch.dtype | None = None,
    device_map: DeviceMap | None = None,
    attn_implementation: str | None = None,
    quantization_config: Any = None,
    **hub: Any,
) -> Any:
    """Load a model of the class `kind` in eval mode: a packaged checkpoint by its name, a folder, or a name on the hub
    with the options `HUB`. `vision` and `language_model` stand in for frozen parts. `video_model` is the other half of
    the same checkpoint, loaded on the same device, with which the model shares its modules. `dtype`,
    `attn_implementation` and `quantization_config` apply to the language model; the components before it stay as the
    configuration has them. `device_map` is one device, or "auto" to spread the language model over all.

    Raises ValueError for other options, for `video_model` together with `config` or `vision`, and for a checkpoint that
    does not fit its configuration or was trained on other frozen parts.
    """
    refuse_unknown(kind, hub, (*HUB, *(set(load_model.__annotations__) - {"kind", "name", "hub", "return"})))
    if video_model is not None and not (config is None and vision is None):
        raise ValueError("A video_model has its configuration and its vision encoder; leave out config and vision.")
    folder = find_checkpoint(name, **hub)
    config = _checked_config(folder, config if video_model is None else video_model.config.whole())
    attn_implementation = attn_implementation or config._attn_implementation
    device, placed = _placed(device_map), quantization_config is not None or device_map in SPREAD
    if language_model is None:
        _check_installed(device_map, quantization_config)
        options = {"attn_implementation": attn_implementation, "quantization_config": quantization_config}
        options |= {"device_map": device_map if device_map in SPREAD else {"": device or "cpu"}} if placed else {}
        language_model = load_language(config, **{key: value for key, value in options.items() if value is not None})
    else:
        placed = False
        if attn_implementation is not None:
            language_model.set_attn_implementation(attn_implementation)
    if video_model is None:
        model = kind(config, vision, language_model)
        load_weights(model, config, folder)
        _replace_depth(model)
    else:
        model = kind(config, language_model=language_model, video_model=video_model)
        load_weights(model, config, folder, in_language_half)
    from .adapters import load_added

    load_added(model, folder)
    if (wanted := None if dtype == "auto" else find_dtype(dtype)) is not None:
        _cast_language(model.language_model, wanted, quantised=placed and quantization_config is not None)
    for part_name, part in model.named_children():
        if device is not None and not (placed and part_name == "language_model"):
            nn.Module.to(part, device)
    return model.eval()


def load_video_model(folder: Path, config: VLM2Config, device: torch.device) -> VideoModel:
    """Load the half of a checkpoint that watches onto a device, in eval mode. Raises ValueError as `load_model` does,
    but does not compare the tensors of the language half with the configuration."""
    model = VideoModel(_checked_config(folder, config))
    model.unloaded = load_weights(model, config, folder, lambda name: not in_language_half(name))
    _replace_depth(model)
    return model.to(device).eval()


def _checked_config(folder: Path, config: VLM2Config | None) -> VLM2Config:
    """Return the configuration of a checkpoint, or the given one, after all checks that need nothing large."""
    find_weights(folder)
    config = read_config(folder) if config is None else config
    config._name_or_path = str(folder)
    check_frozen(config)
    return config


def _replace_depth(model: VideoModel) -> None:
    """Let the depth model that the configuration names replace the geometry encoder's depth."""
    if (depth := model.config.geometry_config.depth) is not None:
        model.geometry = load_depth(model.geometry, depth)


def _placed(device_map: DeviceMap | None) -> torch.device | None:
    """Return the device of what is on one device. Raises ValueError for other maps than those that are known."""
    if device_map is None:
        return None
    if isinstance(device_map, Mapping) and set(device_map) == {""}:
        device_map = device_map[""]
    if device_map in SPREAD:
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    if isinstance(device_map, Mapping):
        raise ValueError(
            f"device_map={dict(device_map)} places parts one by one; give one device, or {', '.join(SPREAD)} to spread "
            "the language model over all of them."
        )
    return torch.device("cuda", device_map) if isinstance(device_map, int) else find_device(str(device_map))


def _check_installed(device_map: DeviceMap | None, quantization_config: Any) -> None:
    if device_map in SPREAD or quantization_config is not None:
        _need("accelerate", "device_map='auto' and quantization_config")
    if quantization_config is not None:
        from transformers import BitsAndBytesConfig

        if isinstance(quantization_config, BitsAndBytesConfig):
            _need("bitsandbytes", "a quantization in 8 or 4 bits")


def quantization(quantize: Quantize | None) -> BitsAndBytesConfig | None:
    """Return the quantization_config for 8 or 4 bits. Raises ValueError for others, and without the extra `large`."""
    if quantize is None:
        return None
    if quantize not in get_args(Quantize):
        raise ValueError(f"quantize={quantize!r} is not known; choose {' or '.join(get_args(Quantize))}.")
    for package in ("bitsandbytes", "accelerate"):
        _need(package, f"quantize={quantize!r}")
    from transformers import BitsAndBytesConfig

    if quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)


def _need(package: str, what: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"{what} needs the package {package}, which is not installed. Get it with:  {INSTALL}")


def _cast_language(language_model: nn.Module, dtype: torch.dtype, quantised: bool) -> None:
    """Bring the language model to a dtype; of a quantised one only the adapters."""
    if not quantised:
        nn.Module.to(language_model, dtype)
        return
    for name, parameter in language_model.named_parameters():
        if is_own(f"language_model.{name}"):
            parameter.data = parameter.data.to(dtype)


def find_device(name: str | None) -> torch.device:
    """Return the device of this name, or the best one here. Raises ValueError for one that this machine lacks."""
    usable = ["cpu"]
    usable += [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    usable += ["mps"] if torch.backends.mps.is_available() else []
    if name is None:
        return torch.device("cuda" if "cuda:0" in usable else usable[-1])
    if name not in usable and not (name == "cuda" and "cuda:0" in usable):
        raise ValueError(f"There is no device {name!r} here; choose one of {', '.join(usable)}.")
    return torch.device(name)


def usual_dtype(device: torch.device) -> torch.dtype | None:
    """Return the dtype that a language model is best read in there: single precision where the device is slow in
    bfloat16, otherwise that of its weights (None)."""
    return None if multiplies_bfloat16(device) else torch.float32


def find_dtype(name: str | torch.dtype | None) -> torch.dtype | None:
    """Return the dtype of this name. Raises ValueError for another than the usual ones."""
    if name is None or isinstance(name, torch.dtype):
        return name
    if name not in DTYPES:
        raise ValueError(f"There is no dtype {name!r}; choose one of {', '.join(DTYPES)}.")
    return DTYPES[name]
