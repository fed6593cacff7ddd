"""The loss of answers to questions about one video, all read in one pass of the language model (`packing`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from ..models import VLM2ForConditionalGeneration, VLM2Processor
from ..models.recall import Counting, Recollection, infer, told
from ..questions.question import Question
from . import packing
from .attention_supervision import attention_targets, named_tokens


class AnswerLoss:
    """Next-token loss of the answers, with questions packed into rows of `row` tokens behind the video's tokens."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor, row: int) -> None:
        self.model, self.processor, self.row = model, processor, row
        self.before, self.after = processor.prefix_ids()

    def __call__(
        self,
        video: Float[Tensor, "tokens text_dim"],
        questions: Sequence[Question],
        recalled: Recollection | None = None,
        counting: Counting | None = None,
        shown: Bool[Tensor, "tokens categories"] | None = None,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the loss of the answers' tokens, every question with the same weight, and that of the attention.

        `video` may be empty. The prompts hold what the recall infers from `recalled`, numbers of objects only with
        `counting`. `shown` marks the categories that each token shows; without it the attention has no loss.
        """
        language = self.model.language_model
        embed = language.get_input_embeddings()
        texts = [question.prompt() for question in questions]
        if recalled is not None:
            texts = [told(text, infer(recalled, text, counting)) for text in texts]
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
