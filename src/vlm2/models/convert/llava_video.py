"""Import LLaVA-Video-7B-Qwen2, or LLaVA-NeXT-Video-7B-Qwen2, into a folder that is a VLM² before any training.

The folder holds `language`, `vision` and `geometry`, each a part with its record. The model itself lies beside them:
the projector from the source, and our own tensors, newly initialised so that the model sees what LLaVA-Video sees.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, SiglipVisionConfig, SiglipVisionModel
from transformers.models.qwen2 import Qwen2Config

from ...core import DualMemory
from ...core.projector import ProjectorConfig
from ...encoders.geometry import build_encoder
from ...encoders.vision.siglip import SIGLIP_SO400M, SigLIP
from ..checkpoint import frozen_checksums, stored_names
from ..configuration import VLM2Config
from ..llava_video import SYSTEM
from ..modeling import VLM2ForConditionalGeneration
from ..parts import PartRecord
from ..presets import QWEN2_7B, seven_b
from ..processing import VLM2Processor
from ..representation import Representation
from . import pi3
from .checkpoint_source import SourceTensor, find_source, open_tensors, read_settings
from .key_report import KeyReport, Shapes
from .writer import WEIGHTS, new_folder, write_report, write_tensors

HUB_NAMES = ("lmms-lab/LLaVA-Video-7B-Qwen2", "lmms-lab/LLaVA-NeXT-Video-7B-Qwen2")
LICENCE = "Apache-2.0"
VISION = "model.vision_tower.vision_tower.vision_model."
PROJECTOR = {
    f"model.mm_projector.{i}.{kind}": f"projector.mlp.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")
}
NEWLINE = {"model.image_newline": "projector.newline"}
# Known tensors that are not used: SigLIP's last norm, head and last layer; the newline where mm_newline_position has
# none; tables that are computed.
UNUSED = (
    rf"{re.escape(VISION)}(post_layernorm|head|encoder\.layers\.{{last}})\.|^model\.image_newline$"
    r"|rotary_emb\.inv_freq$|position_ids$"
)
TEXT_FIELDS = [name for name in QWEN2_7B if name != "model_type"]
TEXT_FIELDS += ["hidden_act", "rope_theta", "rope_scaling", "sliding_window", "use_sliding_window"]
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "added_tokens.json")
TOKENIZER_BESIDE = ("special_tokens_map.json", "chat_template.jinja")
TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\n" + SYSTEM + "<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class ImportPlan:
    """The model that a checkpoint becomes, on the meta device, and where each of the source's tensors goes."""

    config: VLM2Config
    model: VLM2ForConditionalGeneration
    text: Qwen2Config
    vision: SiglipVisionConfig
    targets: Mapping[str, tuple[str, str]]  # name in the source: part, name there
    expected: Shapes

    @property
    def new(self) -> Shapes:
        """Return our own tensors, which the source does not hold."""
        state = self.model.state_dict()
        names = stored_names(self.model, self.config)
        given = {name for part, name in self.targets.values() if part == "model"}
        return {name: tuple(state[name].shape) for name in names if name not in given}


def import_llava_video(source: str, out: Path, geometry: str = pi3.HUB_NAME, seed: int = 0) -> KeyReport:
    """Import a checkpoint from a folder or the hub, and with it the geometry encoder from `geometry` (as `import_pi3`
    takes it), into the folder `out`, tensor by tensor. `seed` is of the newly initialised tensors.

    Raises ValueError that names every tensor which is not explained; then nothing is written.
    """
    place = find_source(source)
    settings = read_settings(place)
    sizes = pi3.read_pi3_config(find_source(geometry)).to_dict()
    try:
        plan = make_plan(settings, sizes)
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError, StrictDataclassError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{place / 'config.json'} is not the configuration of a LLaVA-Video: {reason}") from None
    found = open_tensors(place, plan.expected)
    last = plan.vision.num_hidden_layers
    unused = re.compile(UNUSED.format(last=last) + (r"|^lm_head\." if plan.text.tie_word_embeddings else ""))
    shapes = {name: tensor.shape for name, tensor in found.items()}
    report = KeyReport.compare(f"{source} ({base_name(source, settings)})", shapes, plan.expected, unused)
    report.check()
    report = KeyReport(report.source, report.loaded, report.left_out, new=plan.new)
    with new_folder(out) as folder:
        plan.text.save_pretrained(folder / "language")
        plan.vision.save_pretrained(folder / "vision")
        _write_tokenizer(plan.config, place, folder)
        pi3.import_pi3(geometry, folder / "geometry")
        _write_parts(plan, report.source, found, folder)
        _write_model(plan, found, folder, seed)
        write_report(report, folder)
    return report


def base_name(source: str, settings: Mapping[str, Any]) -> str:
    """Tell which of the two published models this is, from what it was called where; they are easily mixed up."""
    for told in (source, str(settings.get("_name_or_path", ""))):
        for name in HUB_NAMES:
            if name.partition("/")[2].lower() in told.lower():
                return name.partition("/")[2]
    return "which of LLaVA-Video and LLaVA-NeXT-Video is not told"


def make_plan(settings: Mapping[str, Any], geometry: Mapping[str, Any]) -> ImportPlan:
    """Build the model of a source's config.json without weights. Raises ValueError for what LLaVA-Video does not do."""
    text = text_config(settings)
    vision = SiglipVisionConfig(**SIGLIP_SO400M | dict(settings.get("vision_config", {})))
    config = _configuration(settings, text, vision, geometry)
    with torch.device("meta"):
        tower = SiglipVisionModel(vision)
        language = AutoModelForCausalLM.from_config(text)
        expected = _language_names(language, text) | _vision_names(tower)
        geometry_encoder = build_encoder("pi3", dict(geometry))
        model = VLM2ForConditionalGeneration(config, SigLIP(tower), language, geometry_encoder)
    state = model.state_dict()
    renamed = PROJECTOR | (NEWLINE if config.projector.newline else {})
    expected |= {name: (("model", ours), tuple(state[ours].shape)) for name, ours in renamed.items()}
    return ImportPlan(
        config=config,
        model=model,
        text=text,
        vision=vision,
        targets={name: target for name, (target, _) in expected.items()},
        expected={name: shape for name, (_, shape) in expected.items()},
    )


def text_config(settings: Mapping[str, Any]) -> Qwen2Config:
    """Return the language model's configuration out of LLaVA-Video's, which is the same record with more in it."""
    given: dict[str, Any] = {name: settings[name] for name in TEXT_FIELDS if settings.get(name) is not None}
    usual: dict[str, Any] = {name: value for name, value in QWEN2_7B.items() if name in TEXT_FIELDS}
    if "rope_theta" in given:  # the older form of the same
        del usual["rope_parameters"]
    return Qwen2Config(**usual | given)


Targets = dict[str, tuple[tuple[str, str], tuple[int, ...]]]


def _language_names(language: PreTrainedModel, text: Qwen2Config) -> Targets:
    tied = {"lm_head.weight"} if text.tie_word_embeddings else set()
    state = language.state_dict()
    return {name: (("language", name), tuple(state[name].shape)) for name in state if name not in tied}


def _vision_names(tower: SiglipVisionModel) -> Targets:
    used = {name: t for name, t in tower.state_dict().items() if not name.startswith("post_layernorm.")}
    return {VISION + name: (("vision", name), tuple(tensor.shape)) for name, tensor in used.items()}


def _configuration(
    settings: Mapping[str, Any], text: Qwen2Config, vision: SiglipVisionConfig, geometry: Mapping[str, Any]
) -> VLM2Config:
    newline = settings.get("mm_newline_position", "grid")
    projector_type = settings.get("mm_projector_type", "mlp2x_gelu")
    if newline not in ("grid", "no_token") or projector_type != "mlp2x_gelu":
        raise ValueError(
            f"mm_newline_position={newline!r} with mm_projector_type={projector_type!r} is not known here; LLaVA-Video "
            "has grid (or no_token) and mlp2x_gelu."
        )
    pooling = settings.get("mm_spatial_pool_mode", "average")
    preset = seven_b()
    width, patch, side = (int(str(n)) for n in (vision.hidden_size, vision.patch_size, vision.image_size))
    return VLM2Config(
        vision_config={"name": preset.vision_config.name, "dim": width, "stride": patch, "side": side},
        geometry_config=preset.geometry_config.to_dict() | {"settings": dict(geometry)},
        text_config=text,
        text_source=preset.text_source,
        lora=preset.lora,
        dim=width,
        heads=int(str(vision.num_attention_heads)),
        vision_projection=False,
        pass_through=True,
        projector_config=asdict(replace(ProjectorConfig.llava_video(pooling), newline=newline == "grid")),
        pooling=int(settings.get("mm_spatial_pool_stride") or preset.pooling),
        encoder_dtype=preset.encoder_dtype,
        video_token_id=preset.video_token_id,
    )


def _write_parts(plan: ImportPlan, source: str, found: Mapping[str, SourceTensor], folder: Path) -> None:
    """Write language model and vision encoder, each with its record, into folders that have their config.json."""
    for part, name in (("language", "LLaVA-Video's language model"), ("vision", "LLaVA-Video's SigLIP")):
        place = folder / part
        tensors = {ours: found[name] for name, (target, ours) in plan.targets.items() if target == part}
        sha256 = write_tensors(place / WEIGHTS, tensors)
        parameters = sum(math.prod(tensor.shape) for tensor in tensors.values())
        PartRecord(name, source, sha256, parameters, LICENCE).write(place)
    file = folder / "vision" / "config.json"
    settings = json.loads(file.read_text()) | {"feature_layers": plan.vision.num_hidden_layers}
    file.write_text(json.dumps(settings, indent=1) + "\n")


def _write_tokenizer(config: VLM2Config, place: Path, folder: Path) -> None:
    """Write the processor with the source's tokenizer and LLaVA-Video's chat template."""
    for name in (*TOKENIZER, *TOKENIZER_BESIDE):
        if (place / name).is_file():
            shutil.copy(place / name, folder / "language" / name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder / "language")
    except (OSError, ValueError) as error:
        raise ValueError(f"{place} holds no tokenizer that can be read: {error}") from None
    tokenizer.chat_template = TEMPLATE
    processor = VLM2Processor.from_config(config, tokenizer)
    config.video_token_id = processor.video_token_id
    processor.save_pretrained(folder)


def _write_model(plan: ImportPlan, found: Mapping[str, SourceTensor], folder: Path, seed: int) -> None:
    """Write config.json, and the stored tensors of the model: the source's projector, and our own."""
    torch.manual_seed(seed)
    config, model = plan.config, plan.model
    ours: dict[str, torch.Tensor] = {}
    geometry = model.geometry
    for name, part in (
        ("representation", Representation(config, geometry.geometry_dim, geometry.view_dim)),
        ("memory", DualMemory(config.memory)),
    ):
        ours |= {f"{name}.{key}": tensor for key, tensor in part.state_dict().items()}
    tensors = {target: found[name] for name, (part, target) in plan.targets.items() if part == "model"}
    for name, shape in plan.new.items():
        value = ours[name] if name in ours else _adapter(name, shape)
        tensors[name] = SourceTensor(tuple(value.shape), value.dtype, lambda value=value: value)
    write_tensors(folder / WEIGHTS, tensors)
    config._name_or_path = str(folder)
    config.frozen_sha256 = frozen_checksums(config)
    config.architectures = [type(model).__name__]
    config._name_or_path = ""
    config.save_pretrained(folder)


def _adapter(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Return a LoRA matrix at its start (Hu et al. 2021): A uniform, B zero, so that the adapter does nothing."""
    if ".lora_B." in name:
        return torch.zeros(shape)
    if ".lora_A." not in name:
        raise AssertionError(f"{name} is neither the source's nor known how to begin")
    return nn.init.kaiming_uniform_(torch.empty(shape), a=math.sqrt(5))
