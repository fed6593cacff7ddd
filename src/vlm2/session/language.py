"""Answers behind a video: its keys and values are computed once and serve every question until the memory changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import DynamicCache

from ..model import VLM2ForConditionalGeneration, VLM2Processor


@dataclass(frozen=True)
class Prefix:
    """What all questions about one state of the memory share: the prompt's beginning and the video, already read.

    `cache` holds `length` positions between questions; while one is answered, more. The video starts at `start`.
    """

    cache: DynamicCache
    length: int
    start: int
    slots: int
    tokens: int  # a slot


@dataclass(frozen=True)
class Reply:
    """The words, and the share of attention that each slot got as the first word was chosen."""

    text: str
    attention: Float[Tensor, " slots"]


class Answerer:
    """Greedy decoding with a model's language model: the words of `model.generate`, without reading the video again."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> None:
        self.model, self.processor = model, processor
        self.stop = _stop_ids(model, processor)

    @torch.inference_mode()
    def read(self, video: Float[Tensor, "slots tokens text_dim"]) -> Prefix:
        """Read the prompt up to the question, video included."""
        embed = self.model.language_backbone.get_input_embeddings()
        before, after = (embed(self._ids(ids)) for ids in self.processor.prefix_ids())
        embeds = torch.cat([before, video.flatten(0, 1)[None].to(before.dtype), after], dim=1)
        cache = DynamicCache()
        self.model.language_backbone(inputs_embeds=embeds, past_key_values=cache, use_cache=True)
        return Prefix(cache, embeds.shape[1], before.shape[1], *video.shape[:2])

    @torch.inference_mode()
    def reply(self, prefix: Prefix, prompt: str, most_tokens: int) -> Reply:
        """Answer one question. Raises ValueError for an empty one."""
        ids = self.processor.question_ids(prompt)
        try:
            if ids[:-1]:
                self.model.language_backbone(
                    input_ids=self._ids(ids[:-1]), past_key_values=prefix.cache, use_cache=True
                )
            with self._attention_shown():
                step = self._step(prefix, ids[-1], output_attentions=True)
            attention = _slot_attention(step.attentions, prefix)
            words: list[int] = []
            while (token := int(step.logits[0, -1].argmax())) not in self.stop:
                words.append(token)
                if len(words) == most_tokens:
                    break
                step = self._step(prefix, token)
        finally:
            prefix.cache.crop(prefix.length - prefix.cache.get_seq_length())  # a negative number of positions to drop
        return Reply(self.processor.decode(words), attention)

    def _step(self, prefix: Prefix, token: int, **options: bool):
        return self.model.language_model(
            input_ids=self._ids([token]), past_key_values=prefix.cache, use_cache=True, **options
        )

    def _ids(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([list(ids)], device=self.model.language_backbone.device)

    @contextmanager
    def _attention_shown(self) -> Iterator[None]:
        """Let the layers give their attention, which only the plain implementation can."""
        backbone = self.model.language_backbone
        usual = backbone.config._attn_implementation
        backbone.set_attn_implementation("eager")
        try:
            yield
        finally:
            backbone.set_attn_implementation(usual or "sdpa")


def _slot_attention(layers: Sequence[Tensor], prefix: Prefix) -> Float[Tensor, " slots"]:
    """Average the last token's attention over layers and heads, and add it up by slot; the slots' shares sum to 1."""
    mean = torch.stack([layer[0, :, -1].float().mean(0) for layer in layers]).mean(0)
    slots = mean[prefix.start : prefix.start + prefix.slots * prefix.tokens].unflatten(0, (prefix.slots, prefix.tokens))
    return slots.sum(1) / slots.sum().clamp(min=1e-12)


def _stop_ids(model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> frozenset[int]:
    """Return every id that ends an answer, as the tokenizer and the language model name them."""
    named = model.language_backbone.config.eos_token_id
    ids = [*(named if isinstance(named, list) else [named]), processor.tokenizer.eos_token_id]
    return frozenset(int(i) for i in ids if i is not None)
