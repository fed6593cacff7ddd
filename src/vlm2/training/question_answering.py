"""Question answering as a training objective: behind a video's tokens, and from the words alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from ..models import VLM2ForConditionalGeneration, VLM2Processor
from ..questions.question import Question
from . import packing
from .attention_supervision import attention_targets, named_tokens
from .examples import Example
from .stage import Objective
from .token_grounding import GroundingLoss, token_truth, word_embeddings


class AnswerLoss:
    """Next-token loss of the answers, with questions packed into rows of `row` tokens behind the video's tokens."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor, row: int) -> None:
        self.model, self.processor, self.row = model, processor, row
        self.before, self.after = processor.prefix_ids()

    def __call__(
        self,
        video: Float[Tensor, "tokens text_dim"],
        questions: Sequence[Question],
        shown: Bool[Tensor, "tokens categories"] | None = None,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of the answers' tokens, every question with the same weight, and that of the attention.

        `video` may be empty. `shown` marks the categories that each token shows; without it the attention has no loss.
        """
        language: Any = self.model.language_model
        embed = language.get_input_embeddings()
        texts = [question.prompt() for question in questions]
        prompts = [self.processor.question_ids(text) for text in texts]
        answers = [self.processor.answer_ids(q.ground_truth) for q in questions]
        prefix = len(self.before) + len(video) + len(self.after)
        packed = packing.pack(prefix, prompts, answers, self.row)
        if shown is not None:
            names = [named_tokens(text, self.processor.offsets(text)) for text in texts]
            packed = replace(packed, attention=attention_targets(names, packed.starts, shown, len(self.before), prefix))
        before, after = (embed(torch.tensor([ids], device=video.device)) for ids in (self.before, self.after))
        rows = embed(packed.token_ids.to(video.device).reshape(1, -1))
        hidden = self.model.language_backbone(
            inputs_embeds=torch.cat([before, video[None].to(before.dtype), after, rows], 1),
            position_ids=packed.position_ids.to(video.device),
            use_cache=False,
            packing=packed,
        ).last_hidden_state
        logits = language.get_output_embeddings()(hidden[0, packed.sources.to(video.device)])
        losses = functional.cross_entropy(logits.float(), packed.targets.to(video.device), reduction="none")
        owner = packed.owner.to(video.device)
        lengths = torch.bincount(owner).float()
        attention = losses.new_zeros(()) if packed.attention is None else packed.attention.loss().to(losses)
        return (losses / lengths[owner]).sum() / len(questions), attention


@dataclass(frozen=True)
class SupervisionWeights:
    """Weights of the losses beside that of the answers, which the truth about the frames allows."""

    category: float = 0.3  # of what each token shows
    position: float = 0.1  # of where it is
    attention: float = 0.5  # of the attention from a name to the tokens that show the object


class VideoQuestionAnswering(Objective):
    """The loss of the answers to one video's questions, behind the slots of the memory at the video's end.

    With `weights`, the truth about the frames supervises the tokens of the slots as well. Without them no truth is
    needed.
    """

    def __init__(
        self,
        model: VLM2ForConditionalGeneration,
        processor: VLM2Processor,
        row: int,
        weights: SupervisionWeights | None = None,
    ) -> None:
        super().__init__()
        self.model, self.weights = model, weights
        self.answer_loss = AnswerLoss(model, processor, row)
        if weights is not None:
            embedding: Any = model.language_model.get_input_embeddings()
            self.grounding = GroundingLoss(word_embeddings(embedding, processor.tokenizer))
        packing.use_in(model.language_backbone)

    def forward(self, example: Example) -> dict[str, Tensor]:
        """Return the loss of the answers and, with weights, those of categories, positions and attention."""
        features = example.features.to(self.device)
        tokens, frames = self.model.frame_tokens(features)
        video, questions, weights = tokens.flatten(0, 1), example.questions, self.weights
        if weights is None:
            answer, _ = self.answer_loss(video, questions)
            return {"loss": answer, "answer": answer}
        assert example.truth is not None
        categories, positions = token_truth(example.truth.to(self.device)[frames], features.grid)
        shown = categories.flatten(0, 1) > 0 if weights.attention else None
        answer, attention = self.answer_loss(video, questions, shown)
        category, position = self.grounding(tokens, categories, positions)
        loss = answer + weights.category * category + weights.position * position + weights.attention * attention
        return {"loss": loss, "answer": answer, "category": category, "position": position, "attention": attention}


class TextQuestionAnswering(Objective):
    """The loss of the answers to questions without a video; it trains the adapters alone."""

    def __init__(self, answering: VideoQuestionAnswering) -> None:
        super().__init__()
        self.language_model, self.answer_loss = answering.model.language_model, answering.answer_loss

    def forward(self, example: Sequence[Question]) -> dict[str, Tensor]:
        """Return the loss of the answers."""
        no_video = torch.empty(0, self.language_model.config.hidden_size, device=self.device)
        return {"loss": self.answer_loss(no_video, example)[0]}
