"""`hub`: transformers' object detectors, as `hub:OWNER/NAME`, `hub:OWNER/NAME@REVISION` or `hub:FOLDER`.

Those with fixed labels (D-FINE, RT-DETR, RF-DETR, DETR and its family) and those with an open vocabulary
(`open_vocabulary`: OWLv2, OWL-ViT, Grounding DINO). Each uses its checkpoint's own processor and post-processing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from transformers import (
    MODEL_FOR_OBJECT_DETECTION_MAPPING,
    MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING,
    AutoImageProcessor,
    AutoModelForObjectDetection,
    AutoModelForZeroShotObjectDetection,
    AutoProcessor,
    PreTrainedModel,
)

from ..hub_checkpoint import find_folder, load_pretrained, load_processor, read_pretrained_config
from . import Detections, Detector, homes
from .open_vocabulary import open_kind

LEAST_SCORE = 0.5  # of a detection; transformers' own for object detection
UNUSED = "N/A"  # the name of a category number that COCO leaves out


class HubDetector:
    """A detector of transformers with fixed labels. `labels` are the checkpoint's own names."""

    def __init__(self, model: PreTrainedModel, processor: Any) -> None:
        self.model, self.processor = model, processor
        self._names: dict[int, str] = model.config.id2label  # pyright: ignore[reportAttributeAccessIssue]
        self.labels = tuple(dict.fromkeys(name for name in self._names.values() if name != UNUSED))

    @torch.inference_mode()
    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Find things in RGB frames. A box that has several labels becomes one detection with evidence for each."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: UInt8[np.ndarray, "height width 3"]) -> Detections:
        inputs = self.processor(images=[Image.fromarray(frame)], return_tensors="pt").to(self.model.device)
        (found,) = self.processor.post_process_object_detection(
            self.model(**inputs), threshold=LEAST_SCORE, target_sizes=[frame.shape[:2]]
        )
        boxes, scores, numbers = (found[name].cpu().numpy() for name in ("boxes", "scores", "labels"))
        names = [self._names[int(number)] for number in numbers]
        used = np.array([name != UNUSED for name in names], bool)
        columns = [self.labels.index(name) for name in names if name != UNUSED]
        places, rows = np.unique(boxes[used].reshape(-1, 4), axis=0, return_inverse=True)
        probabilities = np.zeros((len(places), len(self.labels)))
        for row, column, score in zip(rows.reshape(-1), columns, scores[used], strict=True):
            probabilities[row, column] = max(probabilities[row, column], score)
        return Detections.of_probabilities(places, probabilities.max(1, initial=0.0), probabilities, self.labels)


def files(option: str) -> list[Path]:
    """Return the files on which the detections depend. Raises ValueError for a checkpoint that cannot be had."""
    folder = find_folder(option)
    return [*sorted(folder.glob("*.json")), *sorted(folder.glob("*.safetensors"))]


def load(option: str = "") -> Detector:
    """Load a detector by its name on the hub or its folder. An open vocabulary starts with the words of `homes`.

    Raises ValueError for a checkpoint that cannot be had or loaded, and for one that is no detector.
    """
    if not option:
        raise ValueError(
            "Which detector? Give its name on the hub or its folder, such as hub:ustc-community/dfine-small-coco."
        )
    folder, config = read_pretrained_config(option)
    if type(config) in MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING:
        processor = load_processor(AutoProcessor, folder)
        kind = open_kind(processor)
        return kind(load_pretrained(AutoModelForZeroShotObjectDetection, folder), processor, homes.shipped_labels())
    if type(config) not in MODEL_FOR_OBJECT_DETECTION_MAPPING:
        raise ValueError(f"{option} is a {config.model_type}, and transformers has no object detector of that kind.")
    processor = load_processor(AutoImageProcessor, folder)
    return HubDetector(load_pretrained(AutoModelForObjectDetection, folder), processor)
