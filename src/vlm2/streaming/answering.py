"""Answer questions about a video with a prefix cache.

The video's keys and values are computed once and serve every question until the memory changes. Those of the slots
before the first changed slot are used even then.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from ..core import ContextSlots, DualState
from ..models.halves import ModelHalves
from ..models.language import check_length
from ..questions.question import WORD_REQUEST

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel

    from ..models import VLM2ForConditionalGeneration, VLM2Processor

REFERENCE_QUESTION = f"Describe the video.\n{WORD_REQUEST}"  # no frame shows its answer more than another
PROMPT_TOKENS = 512  # at most, of the chat template around a question
BYTE_TOKENS = 3  # at most, of a byte: a token covers one or more, and a normalization (NFC) at most triples them
MOST_WEIGHTS = 2**29  # attention weights that are held at once: 2 GB in single precision

_locks: WeakKeyDictionary[PreTrainedModel, threading.RLock] = WeakKeyDictionary()
_locks_lock = threading.Lock()


def model_lock(model: PreTrainedModel) -> threading.RLock:
    """Return the one lock of a model, which is held while its language model is used: reading attention weights
    switches the implementation of the shared layers for a moment."""
    with _locks_lock:
        return _locks.setdefault(model, threading.RLock())


def check_prompt(halves: ModelHalves, prompt: str, most_tokens: int) -> None:
    """Raise ValueError for a question that is empty, or too long for the language model even where nothing was seen.
    Only a long one needs the tokenizer."""
    context = halves.video_model.context_length
    most = PROMPT_TOKENS + BYTE_TOKENS * len(prompt.encode(errors="surrogatepass")) + most_tokens
    if prompt.strip() and (context is None or most <= context):
        return
    processor = halves.processor
    before = sum(map(len, processor.prefix_ids()))
    check_length(context, len(processor.question_ids(prompt)), before, most_tokens, prompt)


@dataclass(frozen=True)
class Prefix:
    """The part of the prompt that all questions about one state of the memory share, with the video, already read.

    The video's `slots` start at position `start`, with `tokens` a slot. `cache` holds `length` positions between
    questions, and more while one is answered. `reference` is the attention that each slot gets from
    `REFERENCE_QUESTION`. `read` counts the tokens that had to be read for this prefix.
    """

    cache: DynamicCache
    slots: ContextSlots
    start: int
    tokens: int
    length: int
    read: int
    reference: Float[Tensor, " slots"]


@dataclass(frozen=True)
class DecodedAnswer:
    """The words, each slot's share of the evidence, and how many tokens of the question were read."""

    text: str
    attention: Float[Tensor, " slots"]
    read: int


class Answerer:
    """Greedy decoding with a model's language model, as `model.generate` does, without reading the video again.

    Safe to use from several threads, each with prefixes of its own.
    """

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> None:
        self.model, self.processor = model, processor
        self.stop = _stop_ids(model, processor)
        self.lock = model_lock(model)

    @torch.inference_mode()
    def read(self, slots: ContextSlots, grid: tuple[int, int], earlier: Prefix | None = None) -> Prefix:
        """Read the prompt up to the question, video included.

        An `earlier` prefix is used up: everything in it before the first slot that changed is kept. A slot is unchanged
        when its M and its time are the same, bit for bit.
        """
        from transformers import DynamicCache

        embed = self.model.language_backbone.get_input_embeddings()
        with self.lock:
            if earlier is None:
                cache, start, same = DynamicCache(), 0, 0
            else:
                cache, start = earlier.cache, earlier.start
                pairs = ((earlier.slots.tokens, slots.tokens), (earlier.slots.times, slots.times))
                same = min(_same_slots(*pair) for pair in pairs)
                if same == len(earlier.slots.times) == len(slots.times):
                    return replace(earlier, read=0)
                _crop(cache, start + same * earlier.tokens)
            before, after = (embed(self._ids(ids)) for ids in self.processor.prefix_ids())
            video = self.model.slot_tokens(slots.tokens[same:], slots.times[same:], grid).to(before)
            new = torch.cat([before[:, start:], video.flatten(0, 1)[None], after], dim=1)
            self.model.language_backbone(inputs_embeds=new, past_key_values=cache, use_cache=True)
            start, tokens = before.shape[1], video.shape[1]
            length = start + len(slots.times) * tokens + after.shape[1]
            ids = self.processor.question_ids(REFERENCE_QUESTION)
            unknown = slots.tokens.new_zeros(len(slots.times))
            prefix = Prefix(cache, slots, start, tokens, length, new.shape[1] + len(ids), unknown)
            reference, _ = self._read_question(prefix, ids)
            _crop(cache, length)
        return replace(prefix, reference=reference)

    def read_blind(self) -> Prefix:
        """Read the prompt with nothing where the video would be, so that a blind model decodes as a seeing one."""
        nothing = torch.empty(1, 1, self.model.config.dim, device=self.model.language_backbone.device)
        return self.read(DualState.empty(nothing).context_slots(), (1, 1))

    @torch.inference_mode()
    def reply(self, prefix: Prefix, prompt: str, most_tokens: int) -> DecodedAnswer:
        """Answer one question. Raises ValueError for an empty question, and QuestionTooLong for one that does not fit
        behind the prefix; then the prefix is not used up."""
        ids = self.processor.question_ids(prompt)
        check_length(self.model.context_length, len(ids), prefix.length, most_tokens, prompt)
        with self.lock:
            attention, logits = self._read_question(prefix, ids)
            text = self._decode(prefix, logits, most_tokens)
            _crop(prefix.cache, prefix.length)
        return DecodedAnswer(text, _attention_rise(attention, prefix.reference), len(ids))

    def _decode(self, prefix: Prefix, logits: Tensor, most_tokens: int) -> str:
        """Decode words greedily."""
        words: list[int] = []
        while (token := int(logits[0, -1].argmax())) not in self.stop:
            words.append(token)
            if len(words) == most_tokens:
                break
            logits = self._step(prefix, [token]).logits
        return self.processor.decode(words)

    def _read_question(self, prefix: Prefix, ids: Sequence[int]) -> tuple[Float[Tensor, " slots"], Tensor]:
        """Read a question: how its tokens share their attention among the slots, and the logits of the next word. A
        long question is read in parts, so that the attention weights held at once stay few."""
        backbone = self.model.language_backbone
        usual, sizes = backbone.config._attn_implementation or "sdpa", backbone.config
        weights = (prefix.length + len(ids)) * sizes.num_hidden_layers * sizes.num_attention_heads  # of one token
        part, attention = max(MOST_WEIGHTS // weights, 16), torch.zeros_like(prefix.reference)
        backbone.set_attn_implementation("eager")  # the only one that returns the weights
        try:
            for start in range(0, len(ids), part):
                now = ids[start : start + part]
                step = self._step(prefix, now, output_attentions=True)
                attention = attention + _slot_attention(step.attentions, prefix) * (len(now) / len(ids))
        finally:
            backbone.set_attn_implementation(usual)
        return attention / attention.sum().clamp(min=1e-12), step.logits

    def _step(self, prefix: Prefix, ids: Sequence[int], output_attentions: bool = False):
        return self.model.language_model(
            input_ids=self._ids(ids),
            past_key_values=prefix.cache,
            use_cache=True,
            logits_to_keep=1,
            output_attentions=output_attentions,
        )

    def _ids(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([list(ids)], device=self.model.language_backbone.device)


def _crop(cache: DynamicCache, length: int) -> None:
    """Drop all but the first `length` positions of a cache."""
    if (surplus := cache.get_seq_length() - length) > 0:
        cache.crop(-surplus)


def _same_slots(earlier: Float[Tensor, "_ ..."], now: Float[Tensor, "slots ..."]) -> int:
    """Count the leading slots that have not changed."""
    both = min(len(earlier), len(now))
    same = (earlier[:both] == now[:both])[..., None].flatten(1).all(dim=1)
    return int(same.long().cumprod(0).sum())


def _slot_attention(layers: Sequence[Tensor], prefix: Prefix) -> Float[Tensor, " slots"]:
    """Average the new tokens' attention over layers, heads and tokens, and add it up by slot."""
    mean = torch.stack([layer[0].float().mean((0, 1)).to(prefix.reference) for layer in layers]).mean(0)
    count = len(prefix.reference)
    return mean[prefix.start : prefix.start + count * prefix.tokens].unflatten(0, (count, prefix.tokens)).sum(1)


def _attention_rise(attention: Float[Tensor, " slots"], reference: Float[Tensor, " slots"]) -> Float[Tensor, " slots"]:
    """Return the slots' shares in the relative rise of the attention over that of the reference question. Attention
    alone mostly follows a slot's place in the prompt, whatever the question. If nothing rises, the attention itself is
    returned."""
    rise = (attention / reference.clamp(min=1e-12) - 1).clamp(min=0)
    return torch.where(rise.sum() > 1e-4, rise / rise.sum().clamp(min=1e-12), attention)


def _stop_ids(model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> frozenset[int]:
    """Return every id that ends an answer, as the tokenizer and the language model name them."""
    named = model.language_backbone.config.eos_token_id
    ids: list[Any] = [*(named if isinstance(named, list) else [named]), processor.tokenizer.eos_token_id]
    return frozenset(int(i) for i in ids if i is not None)
