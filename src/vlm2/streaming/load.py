"""Load a model that is ready to watch: `vlm2.load("mini")`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..encoders import detectors
from ..encoders.detectors import load_detector
from ..encoders.geometry.hub import IMAGES, check_name
from ..encoders.hub_checkpoint import without_bars
from ..encoders.vlm import VisionLanguageModel, load_vlm
from ..models import VLM2Config, VLM2ForConditionalGeneration, VLM2Processor
from ..models.checkpoint import find_checkpoint
from ..models.configuration import read_config
from ..models.loading import Quantize, find_device, find_dtype, quantization, usual_dtype
from .intent_planner import IntentPlanner
from .object_frames import ObjectEyes
from .session import Session

AUTO_READS = "efficientnet-lite0"


@dataclass(frozen=True)
class LoadedModel:
    """A model with its processor, on its device.

    `name` is the requested name, and `folder` the place where the model was found. `eyes` feed the object memory of its
    sessions. `vlm` answers questions that the object memory cannot answer. `planner` reads the questions of its
    sessions.
    """

    name: str
    folder: Path
    model: VLM2ForConditionalGeneration
    processor: VLM2Processor
    eyes: ObjectEyes | None = None
    vlm: VisionLanguageModel | None = None
    planner: IntentPlanner = field(default_factory=IntentPlanner)

    def session(self, thumbnails: bool = True) -> Session:
        """Return a new session, which has seen nothing; `thumbnails` as `Session` has them."""
        return Session(self.model, self.processor, thumbnails, self.eyes, self.vlm, self.planner)


def load(
    name_or_path: str | Path,
    device: str | None = None,
    dtype: str | torch.dtype | None = None,
    quantize: Quantize | None = None,
    eyes: str | None = "auto",
    vlm: str | None = None,
    words: Sequence[str] = (),
    geometry: str | None = None,
) -> LoadedModel:
    """Load a packaged checkpoint by its name ("mini"), a checkpoint's folder, or one from the hub ("owner/model").

    `device` is "cpu", "cuda", "cuda:1", "mps", ...; by default a GPU where there is one. `dtype` is the language
    model's: "float32", "bfloat16" or "float16"; by default what its weights are kept in, but "float32" on a CPU without
    instructions for bfloat16. `device` "auto" spreads the language model over all GPUs, and `quantize` keeps it in
    "8bit" or "4bit"; both need the extra `large`. `eyes` names the detector that feeds the object memory; "auto"
    takes the best that this machine has where the model has the encoders that it needs, None or "none" does without.
    `vlm` names a vision-language model for open questions: `hub:NAME`, or the address of an OpenAI-compatible server,
    to which keyframes of the video are then sent. `words` are what eyes with an open vocabulary look for. `geometry`,
    as hub:OWNER/NAME or hub:FOLDER, is a depth model that replaces the depth of the model's own encoder. Raises
    ValueError for a name, device, dtype, detector, depth model or vision-language model that cannot be had, and for a
    checkpoint that does not fit its configuration.
    """
    place, kind, packed = device if device == "auto" else find_device(device), find_dtype(dtype), quantization(quantize)
    if kind is None and quantize is None:
        kind = usual_dtype(find_device(None) if isinstance(place, str) else place)
    folder, options = find_checkpoint(name_or_path), {"device_map": place, "quantization_config": packed}
    with without_bars():
        if geometry is not None:
            options["config"] = _with_depth(read_config(folder), geometry)
        model = VLM2ForConditionalGeneration.from_pretrained(folder, dtype=kind, **options)
        processor = VLM2Processor.from_pretrained(folder)
        if geometry is not None:
            processor.video_processor.geometry_images = model.config.geometry_config.images
        reader = None if vlm is None else load_vlm(vlm, place, kind)
    return LoadedModel(str(name_or_path), folder, model, processor, open_eyes(eyes, model, words), reader)


def _with_depth(config: VLM2Config, name: str) -> VLM2Config:
    """Return the configuration with a depth model, whose camera is tracked. Raises ValueError for what is no name."""
    check_name(name)
    geometry = config.geometry_config
    geometry.depth, geometry.tracked, geometry.images = name, True, geometry.images or IMAGES
    return config


def open_eyes(name: str | None, model: VLM2ForConditionalGeneration, words: Sequence[str] = ()) -> ObjectEyes | None:
    """Return a model's eyes by a detector's name, as `choose_eyes` does; `words` as `load_detector` has them. Raises
    ValueError for an unknown detector, and for words without eyes."""
    chosen = choose_eyes(name, model.geometry.metric, model.vision.name)
    if chosen is None and words:
        raise ValueError("Words are for eyes with an open vocabulary: name such eyes, or leave out the words.")
    return None if chosen is None else ObjectEyes(chosen, load_detector(chosen, words))


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
