"""Detectors of transformers with an open vocabulary: they find the things that are named to them in words.

OWLv2 and OWL-ViT compare each box with the embedding of each word. Grounding DINO reads all words as one text and
compares each box with each token of that text. The transformers library joins the tokens that match into phrases
("chair table"), which need not be requested words. Here each box gets a probability for each word, from the tokens of
that word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from transformers import GroundingDinoProcessor, Owlv2Processor, OwlViTProcessor, PreTrainedModel
from transformers.utils.generic import ModelOutput

from . import Detections

PROMPT = "a photo of a {}"  # how OWL-ViT and OWLv2 were trained to be asked
WORDS_SCORE = 0.1  # least score of a detection by embeddings; transformers' own
TEXT_SCORE = 0.25  # least score of a detection by Grounding DINO; transformers' own
SEPARATOR = ". "  # between the words of Grounding DINO's text

Comparison = tuple[ModelOutput, Float[Tensor, "queries labels"], Float[Tensor, "queries dim"] | None]


class OpenVocabulary(ABC):
    """A detector of transformers that finds the things that `labels` name."""

    least_score: float

    def __init__(self, model: PreTrainedModel, processor: Any, words: Sequence[str]) -> None:
        self.model: Any = model
        self.processor = processor
        self.labels = tuple(dict.fromkeys(word for given in words if (word := " ".join(given.lower().split()))))
        if not self.labels:
            raise ValueError("An open vocabulary needs at least one word, such as chair.")

    def with_words(self, words: Sequence[str]) -> OpenVocabulary:
        """Return the same detector for other words."""
        return type(self)(self.model, self.processor, words)

    @torch.inference_mode()
    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Find the things that the words name in RGB frames."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: UInt8[np.ndarray, "height width 3"]) -> Detections:
        inputs = self.processor.image_processor(images=[Image.fromarray(frame)], return_tensors="pt")
        output, probabilities, embeddings = self._compare(inputs.to(self.model.device))
        (found,) = self.processor.image_processor.post_process_object_detection(
            output, threshold=-1.0, target_sizes=[frame.shape[:2]]
        )
        kept = found["scores"] > self.least_score
        best = probabilities == probabilities.amax(1, keepdim=True)
        probabilities = torch.where(best | (probabilities > self.least_score), probabilities, 0)
        values = (found["boxes"], found["scores"], probabilities)
        boxes, scores, chosen = (value[kept].double().cpu().numpy() for value in values)
        vectors = None if embeddings is None else embeddings[kept].float().cpu().numpy()
        return Detections.of_probabilities(boxes, scores, chosen, self.labels, vectors)

    @abstractmethod
    def _compare(self, inputs: Any) -> Comparison:
        """Return the model's output for one frame, and each box's probability for each label and its embedding, where
        it has one."""


class EmbeddingDetector(OpenVocabulary):
    """OWLv2 or OWL-ViT. The words are embedded once.

    The `embeddings` of its detections times `embed(word)` are logits: the same as if the word had been among the
    labels. So a thing that was kept can be named later.
    """

    least_score = WORDS_SCORE

    @cached_property
    def text_embeddings(self) -> Float[Tensor, "labels dim"]:
        """The embeddings of the words, of unit length."""
        return self._embed(self.labels)

    @torch.inference_mode()
    def embed(self, word: str) -> Float[np.ndarray, " dim"]:
        """Return the vector of a word by which the embeddings of detections are multiplied."""
        return np.append(self._embed([word])[0].float().cpu().numpy(), np.float32(1.0))

    def _embed(self, words: Sequence[str]) -> Float[Tensor, "words dim"]:
        prompts = [PROMPT.format(word) for word in words]
        tokens = self.processor.tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt")
        vectors = self.model.base_model.get_text_features(**tokens.to(self.model.device)).pooler_output
        return vectors / (vectors.norm(dim=-1, keepdim=True) + 1e-6)

    def _compare(self, inputs: Any) -> Comparison:
        feature_map = self.model.image_embedder(pixel_values=inputs["pixel_values"])[0]
        features = feature_map.flatten(1, 2)
        logits, classes = self.model.class_predictor(features, self.text_embeddings[None])
        boxes = self.model.box_predictor(features, feature_map)
        head = self.model.class_head
        scale = head.elu(head.logit_scale(features)) + 1
        embeddings = torch.cat((classes * scale, head.logit_shift(features) * scale), -1)
        return ModelOutput(logits=logits, pred_boxes=boxes), logits[0].sigmoid(), embeddings[0]


class PhraseDetector(OpenVocabulary):
    """Grounding DINO. A box's probability for a word is the mean over the word's tokens; its score is transformers'."""

    least_score = TEXT_SCORE

    def __init__(self, model: PreTrainedModel, processor: Any, words: Sequence[str]) -> None:
        super().__init__(model, processor, words)
        if wrong := [word for word in self.labels if "." in word]:
            raise ValueError(f"Grounding DINO separates words by dots; write {wrong[0]!r} without one.")
        text = SEPARATOR.join(self.labels) + SEPARATOR.strip()
        tokens = processor.tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
        places = tokens.pop("offset_mapping")[0].tolist()
        if len(places) > (most := self.model.config.max_text_len):
            raise ValueError(
                f"These words have {len(places)} tokens, and Grounding DINO reads {most}; name fewer things."
            )
        self._tokens = tokens.to(self.model.device)
        starts = np.cumsum([0, *(len(word) + len(SEPARATOR) for word in self.labels)])
        spans = np.zeros((len(self.labels), self.model.config.max_text_len), np.float32)
        for token, (first, last) in enumerate(places):
            word = int(np.searchsorted(starts, first, side="right")) - 1
            if first < last <= starts[word] + len(self.labels[word]):  # neither a special token nor a dot
                spans[word, token] = 1.0
        self._spans = torch.from_numpy(spans / spans.sum(1, keepdims=True)).to(self.model.device)

    def _compare(self, inputs: Any) -> Comparison:
        output = self.model(**inputs, **self._tokens)
        return output, output.logits[0].sigmoid() @ self._spans.mT, None


KINDS: dict[type, Callable[..., OpenVocabulary]] = {
    Owlv2Processor: EmbeddingDetector,
    OwlViTProcessor: EmbeddingDetector,
    GroundingDinoProcessor: PhraseDetector,
}


def open_kind(processor: Any) -> Callable[..., OpenVocabulary]:
    """Return the kind of detector for a processor. Raises ValueError for one that is not supported."""
    if type(processor) not in KINDS:
        names = ", ".join(kind.__name__.removesuffix("Processor") for kind in KINDS)
        raise ValueError(f"Detectors with a {type(processor).__name__} are not supported; take one of {names}.")
    return KINDS[type(processor)]
