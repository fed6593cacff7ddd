"""VLM²: frames in, a 3D-aware representation, the dual memory, a language model, words out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from peft import LoraConfig, get_peft_model
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from ..core import ContextSlots, DualMemory
from ..core.projector import Projector
from ..core.slot_time import SlotTimeEmbedding
from ..encoders.geometry.encoder import GeometryEncoder
from ..encoders.vision import VisionEncoder
from .checkpoint import (
    check_frozen,
    find_checkpoint,
    find_weights,
    frozen_checksums,
    load_weights,
    save_weights,
    stored_tensors,
)
from .configuration import VLM2Config, read_config
from .frame_features import FrameEncoder, FrameFeatures
from .language import SPREAD, Quantize, check_length
from .parts import load_geometry, load_language, load_vision, settle
from .recall import Counting, ObjectEvidence, Recognition
from .representation import Representation
from .splice import Spliced, splice
from .windows import WindowEncoder


class VLM2ForConditionalGeneration(PreTrainedModel):
    """The whole model. Frozen: `vision`, `geometry`, and the language model under its adapters.

    The way of a video: `encode` (frozen) → FrameFeatures → `represent` → H → `memory` → M → `projector` → tokens that
    stand in the prompt before the question. Frozen parts that are not given are loaded as the configuration names
    them, so `VLM2ForConditionalGeneration(preset("mini"))` is ready to be trained.
    """

    config_class = VLM2Config
    config: VLM2Config
    language_model: PreTrainedModel  # or a PeftModel around one, which has the same face
    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(
        self,
        config: VLM2Config,
        vision: VisionEncoder | None = None,
        language_model: PreTrainedModel | None = None,
        geometry: GeometryEncoder | None = None,
    ) -> None:
        super().__init__(config)
        self.vision = load_vision(config) if vision is None else vision
        self.geometry = load_geometry(config) if geometry is None else geometry.requires_grad_(False)
        self.representation = Representation(config, self.geometry.geometry_dim, self.geometry.view_dim)
        self.memory = DualMemory(config.memory_config())
        language_model = load_language(config) if language_model is None else language_model
        text_dim = language_model.config.hidden_size
        self.projector = Projector(config.dim, text_dim, config.pooling, config.projector_config())
        self.clock = SlotTimeEmbedding(text_dim) if config.slot_times else None
        self.recognition = Recognition(text_dim) if config.recall else None
        self.counting = Counting() if config.recall else None
        self.language_model = _adapted(language_model, config)
        head: Any = self.language_model.get_output_embeddings()
        head.register_forward_pre_hook(_compact)
        self.post_init()

    def init_weights(self) -> None:
        """Leave the weights alone: every part has initialised its own."""

    def train(self, mode: bool = True) -> VLM2ForConditionalGeneration:
        """Train the trained parts; the geometry encoder and counting are frozen and stay in eval mode."""
        super().train(mode)
        self.geometry.eval()
        if self.counting is not None:
            self.counting.eval()
        return self

    @property
    def language_backbone(self) -> PreTrainedModel:
        """The language model without its head, adapters included."""
        model: Any = self.language_model
        return (model if self.config.lora is None else model.get_base_model()).get_decoder()

    @property
    def frame_encoder(self) -> FrameEncoder:
        """The frozen encoders, with camera tracking and loop closure as configured."""
        return FrameEncoder(self.vision, WindowEncoder.of(self.geometry, self.config.geometry))

    @property
    def context_length(self) -> int | None:
        """How many positions the language model reads, video included; None where its configuration has no limit."""
        return getattr(self.language_backbone.config, "max_position_embeddings", None)

    @torch.no_grad()
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"],
        times: Float[Tensor, " frames"],
        geometry_images: Float[Tensor, "frames 3 geometry_height geometry_width"] | None = None,
    ) -> FrameFeatures:
        """Run the frozen encoders over a video: whole frames in [0, 1] of a size that `vision.frame_size` gives, and
        their times in seconds. `geometry_images`: the same frames at the size of a geometry encoder that sees images.
        Raises ValueError for frames of another size."""
        return self.frame_encoder.encode(images, times, geometry_images)

    def represent(self, features: FrameFeatures) -> Float[Tensor, "frames patches dim"]:
        """Return H, the 3D-aware representation, of every frame on its own."""
        return self.representation(features)

    def frame_tokens(
        self, features: FrameFeatures
    ) -> tuple[Float[Tensor, "slots tokens text_dim"], Int[Tensor, " slots"]]:
        """Write a whole video to an empty memory, and return what the language model sees of it: tokens a slot in time
        order, and the slots' frame indices. Differentiable."""
        tokens_3d = self.represent(features)[None]
        memory_tokens, state, _ = self.memory(tokens_3d, features.times[None], features.patch_coordinates[None])
        if self.config.context == "memory":
            slots = state.context_slots()
            return self.slot_tokens(slots, features.grid), slots.frames
        frames = torch.arange(len(features), device=memory_tokens.device)
        return self.say(memory_tokens[0], features.times, features.grid), frames

    def slot_tokens(self, slots: ContextSlots, grid: tuple[int, int]) -> Float[Tensor, "slots tokens text_dim"]:
        """Return what the language model sees of the slots of one video."""
        return self.say(slots.tokens, slots.times, grid)

    def say(
        self, memory_tokens: Float[Tensor, "slots patches dim"], times: Float[Tensor, " slots"], grid: tuple[int, int]
    ) -> Float[Tensor, "slots tokens text_dim"]:
        """Put the M of slots, seen at `times` (seconds), into the language model's tokens."""
        tokens = self.projector(memory_tokens, grid)
        return tokens if self.clock is None else tokens + self.clock(times)[:, None]

    def recollect(
        self,
        tokens: Float[Tensor, "slots tokens text_dim"],
        coordinates: Float[Tensor, "slots patches 3"],
        times: Float[Tensor, " slots"],
        grid: tuple[int, int],
    ) -> ObjectEvidence | None:
        """Tell the recall what slots' tokens show, and where. `coordinates` are the slots' C. None without recall."""
        if self.recognition is None:
            return None
        with torch.no_grad():
            places = self.token_places(coordinates, grid)
            return ObjectEvidence(self.recognition(tokens).sigmoid().cpu(), places.cpu(), times.cpu())

    def token_places(
        self, coordinates: Float[Tensor, "slots patches 3"], grid: tuple[int, int]
    ) -> Float[Tensor, "slots tokens 3"]:
        """Average slots' C as their tokens for the language model are pooled."""
        image = coordinates.unflatten(1, grid).permute(0, 3, 1, 2)
        return functional.avg_pool2d(image, self.config.pooling, ceil_mode=True).flatten(2).transpose(1, 2)

    def video_tokens(self, features: FrameFeatures) -> Float[Tensor, "tokens text_dim"]:
        """Return the video as one sequence for the language model, slots in time order. Differentiable."""
        return self.frame_tokens(features)[0].flatten(0, 1)

    def forward(
        self,
        input_ids: Int[Tensor, "batch text"],
        attention_mask: Int[Tensor, "batch text"] | None = None,
        features: FrameFeatures | Sequence[FrameFeatures] | None = None,
        pixel_values_videos: Float[Tensor, "videos frames 3 height width"] | None = None,
        video_times: Float[Tensor, "videos frames"] | None = None,
        pixel_values_geometry: Float[Tensor, "videos frames 3 geometry_height geometry_width"] | None = None,
        labels: Int[Tensor, "batch text"] | None = None,
        **options: Any,
    ):
        """Predict the next tokens of prompts that hold one video placeholder each, as a causal language model does.

        The videos come as features, or as frames in [0, 1] with their times in seconds, and once more at the geometry
        encoder's size where it sees images; one serves all rows. Logits and labels run over text and video tokens; the
        video's have no loss.
        """
        videos = self._videos(features, pixel_values_videos, video_times, pixel_values_geometry)
        spliced = self._splice(input_ids, attention_mask, labels, videos)
        return self.language_model(
            inputs_embeds=spliced.inputs_embeds,
            attention_mask=spliced.attention_mask,
            labels=spliced.labels,
            **options,
        )

    @torch.no_grad()
    def generate(
        self,
        input_ids: Int[Tensor, "batch text"],
        attention_mask: Int[Tensor, "batch text"] | None = None,
        features: FrameFeatures | Sequence[FrameFeatures] | None = None,
        pixel_values_videos: Float[Tensor, "videos frames 3 height width"] | None = None,
        video_times: Float[Tensor, "videos frames"] | None = None,
        pixel_values_geometry: Float[Tensor, "videos frames 3 geometry_height geometry_width"] | None = None,
        **options: Any,
    ):
        """Continue prompts; takes the inputs of `forward` and the options of transformers' `generate`. Returns only the
        new tokens' ids. Raises ValueError for a prompt that is too long for the language model."""
        videos = self._videos(features, pixel_values_videos, video_times, pixel_values_geometry)
        spliced = self._splice(input_ids, attention_mask, None, videos, pad_left=True)
        shown = max(map(len, videos), default=0)
        longest = int(spliced.attention_mask.sum(1).max())
        check_length(self.context_length, longest - shown, shown, _most_tokens(options))
        model: Any = self.language_model
        return model.generate(inputs_embeds=spliced.inputs_embeds, attention_mask=spliced.attention_mask, **options)

    def _videos(
        self,
        features: FrameFeatures | Sequence[FrameFeatures] | None,
        images: Tensor | None,
        times: Tensor | None,
        geometry_images: Tensor | None,
    ) -> list[Tensor]:
        if features is not None and images is not None:
            raise ValueError("Give the videos once: as features or as pixel_values_videos, not both.")
        if images is not None:
            counted = torch.arange(images.shape[1], dtype=torch.float32).expand(len(images), -1)
            seen = [None] * len(images) if geometry_images is None else geometry_images
            videos = zip(images, counted if times is None else times, seen, strict=True)
            features = [self.encode(*video) for video in videos]
        if features is None:
            return []
        features = [features] if isinstance(features, FrameFeatures) else features
        return [self.video_tokens(video) for video in features]

    def _splice(self, input_ids, attention_mask, labels, videos: list[Tensor], pad_left: bool = False) -> Spliced:
        embedding = self.language_model.get_input_embeddings()
        return splice(embedding, input_ids, attention_mask, labels, videos, self.config.video_token_id, pad_left)

    def save_pretrained(
        self,
        save_directory: str | Path,
        dtype: torch.dtype | None = None,
        is_main_process: bool = True,
        **_: Any,
    ) -> None:
        """Write config.json and the stored tensors (see `VLM2Config.stores`), in `dtype` where it is given. Of several
        processes all call this, since they may each hold a part of the weights, and the main one writes. What
        transformers' Trainer passes besides is not needed here."""
        tensors = stored_tensors(self, self.config, dtype)
        if not is_main_process:
            return
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        settle(self.config, folder)
        self.config.frozen_sha256 = frozen_checksums(self.config)
        self.config.save_pretrained(folder)
        save_weights(tensors, folder)

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        config: VLM2Config | None = None,
        vision: VisionEncoder | None = None,
        language_model: PreTrainedModel | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        quantize: Quantize | None = None,
        **_: Any,
    ) -> VLM2ForConditionalGeneration:
        """Load a checkpoint of this package by its name, or one from a folder or the hub, in eval mode; `vision` and
        `language_model` stand in for frozen parts. `dtype` is the language model's with its adapters; what comes before
        it stays as the configuration says. `device` "auto" spreads the language model over all devices, `quantize`
        keeps it in 8 or 4 bits.

        Raises ValueError for a checkpoint that does not fit its configuration or was trained on other frozen parts.
        """
        folder = find_checkpoint(pretrained_model_name_or_path)
        find_weights(folder)  # before anything large is loaded
        config = read_config(folder) if config is None else config
        config._name_or_path = str(folder)
        check_frozen(config)
        placed = language_model is None and (quantize is not None or device == SPREAD)
        if language_model is None:
            language_model = load_language(config, device, quantize)
        model = cls(config, vision, language_model)
        load_weights(model, config, folder)
        if dtype is not None:
            model._cast_language(dtype, quantized=quantize is not None)
        for name, part in model.named_children():
            if device is not None and not (placed and name == "language_model"):
                torch.nn.Module.to(part, _first_device() if device == SPREAD else device)
        return model.eval()

    def _cast_language(self, dtype: torch.dtype, quantized: bool) -> None:
        """Bring the language model to a dtype; of a quantised one only the adapters."""
        if not quantized:
            torch.nn.Module.to(self.language_model, dtype)
            return
        for name, parameter in self.language_model.named_parameters():
            if ".lora_" in name:
                parameter.data = parameter.data.to(dtype)


def _first_device() -> torch.device:
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def _most_tokens(options: dict[str, Any]) -> int:
    """Return how many tokens `generate` was asked for, at least one."""
    settings = options.get("generation_config")
    return options.get("max_new_tokens") or getattr(settings, "max_new_tokens", None) or 1


def _compact(head: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Copy the last tokens, where they are cut out of many, before the language model's head reads them: else torch
    takes the product for a batched one and copies the head's matrix, which is larger than all else that is read."""
    hidden, *rest = inputs
    return (hidden.clone(memory_format=torch.contiguous_format), *rest)


def _adapted(language_model: PreTrainedModel, config: VLM2Config) -> Any:
    """Put LoRA around every linear layer that the configuration names; without LoRA the model is trained whole."""
    if config.lora is None:
        return language_model
    lora = LoraConfig(
        r=config.lora["r"],
        lora_alpha=config.lora["alpha"],
        lora_dropout=config.lora["dropout"],
        target_modules=list(config.lora["targets"]),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # peft still reads a property that transformers renamed.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return get_peft_model(language_model, lora)
