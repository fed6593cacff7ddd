"""VLM²: frames in, a 3D-aware representation, the dual memory, a language model, words out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import AutoModelForImageTextToText, Cache, GenerationMixin, PreTrainedModel

from ..core.projector import Projector
from ..core.slot_time import SlotTimeEmbedding
from ..encoders.geometry.encoder import GeometryEncoder
from ..encoders.vision import VisionEncoder
from .adapters import save_added, with_adapters
from .checkpoint import frozen_checksums, save_weights, stored_tensors, warn_of_unstored
from .configuration import VLM2Config
from .frame_features import FrameFeatures
from .language import check_length
from .loading import load_model
from .parts import load_language, settle
from .splice import Spliced, splice
from .video_model import VideoModel
from .video_processing import VLM2VideoProcessor, unpadded

VIDEO_INPUTS = ("features", *VLM2VideoProcessor.model_input_names)


class VLM2ForConditionalGeneration(VideoModel, PreTrainedModel, GenerationMixin):
    """The whole model. Frozen: `vision`, `geometry`, and the language model under its adapters.

    The way of a video: `encode` (frozen) → FrameFeatures → `represent` → H → `memory` → M → `projector` → tokens that
    stand in the prompt before the question. Frozen parts that are not given are loaded as the configuration names
    them, so `VLM2ForConditionalGeneration(preset("mini"))` is ready to be trained. The modules of a `video_model` that
    is given are shared with it. Raises ValueError for a `video_model` together with `vision` or `geometry`.
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
        video_model: VideoModel | None = None,
    ) -> None:
        if video_model is not None and not (vision is None and geometry is None):
            raise ValueError("A video_model has its encoders; leave out vision and geometry.")
        PreTrainedModel.__init__(self, config)
        video_model = VideoModel(config, vision, geometry) if video_model is None else video_model
        self.unloaded = {}
        for name, part in video_model.named_children():
            self.add_module(name, part)
        language_model = load_language(config) if language_model is None else language_model
        text_dim = language_model.config.hidden_size
        self.projector = Projector(config.dim, text_dim, config.pooling, config.projector)
        self.slot_time = SlotTimeEmbedding(text_dim) if config.slot_time else None
        if language_model.generation_config is not None:
            self.generation_config = language_model.generation_config
        self.language_model = with_adapters(language_model, config)
        self.get_output_embeddings().register_forward_pre_hook(_compact)
        self.post_init()

    def init_weights(self) -> None:
        """Leave the weights alone: every part has initialised its own."""

    def get_input_embeddings(self) -> nn.Module:
        """Return the language model's embedding of tokens."""
        return self.language_model.get_input_embeddings()

    def get_output_embeddings(self) -> nn.Module:
        """Return the language model's head."""
        head: Any = self.language_model.get_output_embeddings()
        return head

    @property
    def language_backbone(self) -> PreTrainedModel:
        """The language model without its head, adapters included."""
        model: Any = self.language_model
        return (model if self.config.lora is None else model.get_base_model()).get_decoder()

    @property
    def context_length(self) -> int | None:
        """How many positions the language model reads, video included; None where its configuration has no limit."""
        return getattr(self.language_backbone.config, "max_position_embeddings", None)

    def frame_tokens(
        self, features: FrameFeatures
    ) -> tuple[Float[Tensor, "slots tokens text_dim"], Int[Tensor, " slots"]]:
        """Write a whole video to an empty memory, and return what the language model sees of it: tokens a slot in time
        order, and the slots' frame indices. Differentiable."""
        tokens_3d = self.represent(features)[None]
        memory_tokens, state, _ = self.memory(tokens_3d, features.times[None], features.patch_coordinates[None])
        if self.config.context == "memory":
            slots = state.context_slots()
            return self.slot_tokens(slots.tokens, slots.times, features.grid), slots.frames
        frames = torch.arange(len(features), device=memory_tokens.device)
        return self.slot_tokens(memory_tokens[0], features.times, features.grid), frames

    def slot_tokens(
        self, memory_tokens: Float[Tensor, "slots patches dim"], times: Float[Tensor, " slots"], grid: tuple[int, int]
    ) -> Float[Tensor, "slots tokens text_dim"]:
        """Return what the language model sees of the M of slots, seen at `times` (seconds)."""
        tokens = self.projector(memory_tokens, grid)
        return tokens if self.slot_time is None else tokens + self.slot_time(times)[:, None]

    def video_tokens(self, features: FrameFeatures) -> Float[Tensor, "tokens text_dim"]:
        """Return the video as one sequence for the language model, slots in time order. Differentiable."""
        return self.frame_tokens(features)[0].flatten(0, 1)

    def forward(
        self,
        input_ids: Int[Tensor, "batch text"] | None = None,
        attention_mask: Int[Tensor, "batch length"] | None = None,
        features: FrameFeatures | Sequence[FrameFeatures] | None = None,
        pixel_values_videos: Float[Tensor, "videos frames 3 height width"] | None = None,
        video_times: Float[Tensor, "videos frames"] | None = None,
        video_sizes: Int[Tensor, "videos 3"] | None = None,
        pixel_values_geometry: Float[Tensor, "videos frames 3 geometry_height geometry_width"] | None = None,
        geometry_sizes: Int[Tensor, "videos 3"] | None = None,
        labels: Int[Tensor, "batch text"] | None = None,
        inputs_embeds: Float[Tensor, "batch length text_dim"] | None = None,
        past_key_values: Cache | None = None,
        logits_to_keep: int | Tensor = 0,
        **options: Any,
    ):
        """Predict the next tokens of prompts that hold one `<video>` each, as a causal language model does.

        The videos come as features, or as `VLM2VideoProcessor` prepares them; one serves all rows. Logits and labels
        run over text and video tokens; the video's have no loss. Prompts may also come as embeddings, and later tokens
        behind keys and values that were read before.
        """
        if inputs_embeds is None and past_key_values is None:
            assert input_ids is not None
            videos = (features, pixel_values_videos, video_times, video_sizes, pixel_values_geometry, geometry_sizes)
            spliced = self._splice(input_ids, attention_mask, labels, self._videos(*videos))
            inputs_embeds, attention_mask, labels = spliced.inputs_embeds, spliced.attention_mask, spliced.labels
        prompt = {"input_ids": input_ids} if inputs_embeds is None else {"inputs_embeds": inputs_embeds}
        options |= {"past_key_values": past_key_values, "logits_to_keep": logits_to_keep}
        return self.language_model(**prompt, attention_mask=attention_mask, labels=labels, **options)

    @torch.no_grad()
    def generate(
        self,
        input_ids: Int[Tensor, "batch text"],
        attention_mask: Int[Tensor, "batch text"] | None = None,
        **options: Any,
    ):
        """Continue prompts. Takes the videos as `forward` does, and the options of transformers' `generate`.

        Returns what that method returns: the ids of each prompt, with its one `<video>`, and the new ids behind them.
        `max_length` and `min_length` count these ids. Raises ValueError for a prompt that is too long for the language
        model, and for a `max_length` that leaves no room for an answer.
        """
        _count_new_tokens(options, options.get("generation_config") or self.generation_config, input_ids.shape[1])
        videos = self._videos(*(options.pop(name, None) for name in VIDEO_INPUTS))
        spliced = self._splice(input_ids, attention_mask, None, videos, pad_left=True)
        shown = max(map(len, videos), default=0)
        longest = int(spliced.attention_mask.sum(1).max())
        check_length(self.context_length, longest - shown, shown, _most_tokens(options))
        loop: Any = super()
        found = loop.generate(inputs_embeds=spliced.inputs_embeds, attention_mask=spliced.attention_mask, **options)
        new = found if isinstance(found, Tensor) else found.sequences
        whole = torch.cat([input_ids.to(new.device).repeat_interleave(len(new) // len(input_ids), 0), new], 1)
        if isinstance(found, Tensor):
            return whole
        found.sequences = whole
        return found

    def _videos(
        self,
        features: FrameFeatures | Sequence[FrameFeatures] | None,
        images: Tensor | None,
        times: Tensor | None,
        sizes: Tensor | None,
        geometry_images: Tensor | None,
        geometry_sizes: Tensor | None,
    ) -> list[Tensor]:
        """Return the tokens of each video, from its features or its frames."""
        if features is not None and images is not None:
            raise ValueError("Give the videos once: as features or as pixel_values_videos, not both.")
        if images is not None:
            shown, counted = unpadded(images, sizes), torch.arange(images.shape[1], dtype=torch.float32)
            seconds = [counted] * len(shown) if times is None else times
            seen = [None] * len(shown) if geometry_images is None else unpadded(geometry_images, geometry_sizes)
            each = zip(shown, seconds, seen, strict=True)
            features = [self.encode(video, own[: len(video)], geometry) for video, own, geometry in each]
        if features is None:
            return []
        features = [features] if isinstance(features, FrameFeatures) else features
        return [self.video_tokens(video) for video in features]

    def _splice(self, input_ids, attention_mask, labels, videos: list[Tensor], pad_left: bool = False) -> Spliced:
        embedding = self.get_input_embeddings()
        return splice(embedding, input_ids, attention_mask, labels, videos, self.config.video_token_id, pad_left)

    def save_pretrained(
        self,
        save_directory: str | Path,
        dtype: torch.dtype | None = None,
        is_main_process: bool = True,
        **_: Any,
    ) -> None:
        """Write config.json and the stored tensors (see `VLM2Config.stores`), in `dtype` where it is given. Warns
        where the configuration does not say where the vision encoder's weights are.

        With several processes, all of them call this method, since each may hold a part of the weights. The main
        process writes. The other arguments that transformers' Trainer passes are not needed here.
        """
        tensors = stored_tensors(self, self.config, dtype)
        if not is_main_process:
            return
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        settle(self.config, folder)
        warn_of_unstored(self.config)
        self.config.frozen_sha256 = frozen_checksums(self.config)
        self.config.save_pretrained(folder)
        save_weights(tensors, folder)
        save_added(self, folder)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> VLM2ForConditionalGeneration:
        """Load a checkpoint in eval mode. Takes the options of `vlm2.models.loading.load_model`: `device_map`, `dtype`,
        `attn_implementation`, `quantization_config`, `revision`, `token` and others. Raises ValueError as that does."""
        return load_model(cls, pretrained_model_name_or_path, **options)


AutoModelForImageTextToText.register(VLM2Config, VLM2ForConditionalGeneration, exist_ok=True)


def _count_new_tokens(options: dict[str, Any], settings: Any, prompt: int) -> None:
    """Replace `max_length` and `min_length`, which count the ids of the prompt, by numbers of new tokens. transformers
    would count the video's tokens. As there, numbers of new tokens that are given take precedence."""

    def value(name: str) -> int | None:
        given = options.get(name)
        return getattr(settings, name, None) if given is None else given

    most, least = value("max_length"), value("min_length")
    if most is not None and value("max_new_tokens") is None:
        if most <= prompt:
            raise ValueError(f"max_length={most} has no room behind the prompt's {prompt} ids; give max_new_tokens.")
        options["max_new_tokens"] = most - prompt
        options.pop("max_length", None)
    if least is not None and value("min_new_tokens") is None:
        options["min_new_tokens"] = max(least - prompt, 0)
        options.pop("min_length", None)


def _most_tokens(options: dict[str, Any]) -> int:
    """Return how many tokens `generate` was asked for, at least one."""
    settings = options.get("generation_config")
    return options.get("max_new_tokens") or getattr(settings, "max_new_tokens", None) or 1


def _compact(head: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Copy the last tokens before the language model's head reads them, where they are cut out of many.

    Otherwise torch takes the product for a batched one and copies the head's matrix. That matrix is larger than
    everything else that is read.
    """
    hidden, *rest = inputs
    return (hidden.clone(memory_format=torch.contiguous_format), *rest)
