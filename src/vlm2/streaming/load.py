"""Load a model that is ready to watch: `vlm2.load("mini")`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..encoders import detectors
from ..encoders.detectors import load_detector
from ..encoders.geometry.hub import IMAGES, check_name
from ..encoders.hub_checkpoint import without_bars
from ..encoders.runtime import check_runtime
from ..encoders.vlm import VisionLanguageModel, load_vlm
from ..encoders.weights import PARTS, find_part
from ..models import VideoModel, VLM2Config
from ..models.checkpoint import find_checkpoint
from ..models.configuration import VideoConfig, read_config
from ..models.frame_resizer import FrameResizer
from ..models.halves import ModelHalves
from ..models.loading import Quantize, find_device, find_dtype, load_video_model, quantization, usual_dtype
from ..models.parts import load_language
from .intent_planner import IntentPlanner
from .object_frames import ObjectEyes
from .session import Session

if TYPE_CHECKING:
    from ..models import VLM2ForConditionalGeneration, VLM2Processor

AUTO_READS = "efficientnet-lite0"


@dataclass(frozen=True)
class LoadedModel:
    """A model with its processor, on its device.

    `name` is the requested name, and `folder` the place where the model was found. `halves` hold the model and its
    processor. `eyes` feed the object memory of its sessions. `vlm` answers questions that the object memory cannot
    answer. `planner` reads the questions of its sessions.
    """

    name: str
    folder: Path
    halves: ModelHalves
    eyes: ObjectEyes | None = None
    vlm: VisionLanguageModel | None = None
    planner: IntentPlanner = field(default_factory=IntentPlanner)

    @property
    def model(self) -> VLM2ForConditionalGeneration:
        """The whole model. Its language half may be loaded now, which takes seconds."""
        return self.halves.model

    @property
    def processor(self) -> VLM2Processor:
        """The whole processor. Its tokenizer may be loaded now."""
        return self.halves.processor

    def session(self, thumbnails: bool = True) -> Session:
        """Return a new session, which has seen nothing; `thumbnails` as `Session` has them."""
        return Session(self.halves, thumbnails, self.eyes, self.vlm, self.planner)


def load(
    name_or_path: str | Path,
    device: str | None = None,
    dtype: str | torch.dtype | None = None,
    quantize: Quantize | None = None,
    eyes: str | None = "auto",
    vlm: str | None = None,
    words: Sequence[str] = (),
    geometry: str | None = None,
    runtime: str = "torch",
) -> LoadedModel:
    """Load a packaged checkpoint by its name ("mini"), a checkpoint's folder, or one from the hub ("owner/model").

    `device` is "cpu", "cuda", "cuda:1", "mps", ...; by default a GPU where there is one. `dtype` is the language
    model's: "float32", "bfloat16" or "float16"; by default what its weights are kept in, but "float32" on a CPU without
    instructions for bfloat16. `device` "auto" spreads the language model over all GPUs, and `quantize` keeps it in
    "8bit" or "4bit"; both need the extra `large`. `eyes` names the detector that feeds the object memory; "auto"
    takes the best that this machine has where the model has the encoders that it needs, None or "none" does without.
    `vlm` names a vision-language model for open questions: `hub:NAME`, or the address of an OpenAI-compatible server,
    to which keyframes of the video are then sent. `words` are what eyes with an open vocabulary look for. `geometry`,
    as hub:OWNER/NAME or hub:FOLDER, is a depth model that replaces the depth of the model's own encoder. `runtime`
    computes the vision encoder and our detector: "torch", or on a CPU "openvino", which needs the extra `openvino`.
    Raises ValueError for a name, device, dtype, detector, depth model, vision-language model or runtime that cannot be
    had, and for a checkpoint that does not fit its configuration.

    A language model that is a frozen part of this package, as mini's is, is loaded when it is first needed, since most
    questions do without it. Here, only its presence is checked. An error in its weights, its configuration or the
    tokenizer is then raised by `LoadedModel.model` or `processor`, or by the first question that needs them. Without
    eyes, spread or quantised, it is loaded at once, as any other model is.
    """
    place, kind, packed = device if device == "auto" else find_device(device), find_dtype(dtype), quantization(quantize)
    check_runtime(runtime, place)
    if kind is None and quantize is None:
        kind = usual_dtype(find_device(None) if isinstance(place, str) else place)
    folder = find_checkpoint(name_or_path)
    with without_bars():
        config = read_config(folder, VideoConfig)
        if geometry is not None:
            config = _with_depth(config, geometry)
        if config.text_source in PARTS and packed is None and isinstance(place, torch.device):
            halves = _load_halves(folder, config, place, kind)
        else:
            halves = _load_whole(folder, config, device_map=place, dtype=kind, quantization_config=packed)
        if geometry is not None:
            halves.resizer.geometry_images = config.geometry_config.images
        reader = None if vlm is None else load_vlm(vlm, place, kind)
    if runtime == "openvino":
        halves.video_model.use_openvino()
    opened = open_eyes(eyes, halves.video_model, words)
    if opened is None:
        _ = halves.model  # answers every question
    return LoadedModel(str(name_or_path), folder, halves, opened, reader)


def _load_halves(folder: Path, config: VLM2Config, device: torch.device, dtype: torch.dtype | None) -> ModelHalves:
    """Load the half of a model that watches; its language model is a frozen part, which must be on this machine."""
    find_part(str(config.text_source))
    video_model, resizer = load_video_model(folder, config, device), FrameResizer.read(folder)

    # Outside inference_mode, in which a question may need them: tensors that are made in it cannot be trained.
    @torch.inference_mode(False)
    def make_model() -> VLM2ForConditionalGeneration:
        from ..models import VLM2ForConditionalGeneration

        # In single precision first: for another dtype, transformers changes torch's default, which other threads use.
        language_model = load_language(config.whole(), dtype=torch.float32)
        if dtype is None:
            for weight in language_model.parameters():
                weight.data = weight.data.to(torch.bfloat16)  # in which our parts are kept
        model = VLM2ForConditionalGeneration.from_pretrained(
            folder, video_model=video_model, language_model=language_model, dtype=dtype, device_map=device
        )
        video_model.config = model.config
        return model

    @torch.inference_mode(False)
    def make_processor() -> VLM2Processor:
        from ..models.processing import VLM2Processor

        processor = VLM2Processor.from_pretrained(folder)
        processor.video_processor.geometry_images = resizer.geometry_images
        return processor

    return ModelHalves(video_model, resizer, make_model, make_processor)


def _load_whole(folder: Path, config: VLM2Config, **options: Any) -> ModelHalves:
    from ..models import VLM2ForConditionalGeneration, VLM2Processor

    model = VLM2ForConditionalGeneration.from_pretrained(folder, config=config.whole(), **options)
    return ModelHalves.of(model, VLM2Processor.from_pretrained(folder))


def _with_depth(config: VLM2Config, name: str) -> VLM2Config:
    """Return the configuration with a depth model, whose camera is tracked. Raises ValueError for what is no name."""
    check_name(name)
    geometry = config.geometry_config
    geometry.depth, geometry.tracked, geometry.images = name, True, geometry.images or IMAGES
    return config


def open_eyes(name: str | None, model: VideoModel, words: Sequence[str] = ()) -> ObjectEyes | None:
    """Return a model's eyes by a detector's name, as `choose_eyes` does, in the model's runtime; `words` as
    `load_detector` has them. Raises ValueError for an unknown detector, and for words without eyes."""
    chosen = choose_eyes(name, model.geometry.metric, model.vision.name)
    if chosen is None and words:
        raise ValueError("Words are for eyes with an open vocabulary: name such eyes, or leave out the words.")
    return None if chosen is None else ObjectEyes(chosen, load_detector(chosen, words, model.runtime), model.runtime)


def choose_eyes(name: str | None, metric: bool, vision: str) -> str | None:
    """Return the detector's name for a model with this geometry and vision encoder; None for no eyes.

    "auto" is the best detector on this machine where the model has metric geometry and the vision encoder that our
    detector reads, else none. Raises ValueError for any other name where the geometry is not metric, since objects need
    metres.
    """
    if name in (None, "none") or (name == "auto" and not (metric and vision == AUTO_READS)):
        return None
    if not metric:
        raise ValueError(f"Eyes ({name}) need a geometry encoder that measures in metres; this model's does not.")
    return detectors.best_detector() if name == "auto" else name
