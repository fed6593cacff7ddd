"""Several questions packed behind one video, in one forward pass; no question attends to another.

    prefix (text, the video's tokens, text) | row: question, answer, question, answer, … | row: … | …

Questions with their answers fill rows of one length. A token attends to the whole prefix and to the earlier tokens of
its own question. Its position continues the prefix's, so each question is read exactly as if it were alone.
Attention is a dense product with the prefix and one small product per row, instead of one large product that is nearly
all masked. On two cores this makes a training step about 1.5 times faster than a masked SDPA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface

from .attention_supervision import AttentionTargets

ATTENTION = "vlm2_packed"


@dataclass(frozen=True)
class Packing:
    """Questions behind a prefix of `prefix` positions, whose embeddings the model supplies.

    `targets[i]` is the token to predict from `sources[i]`, a position in the whole sequence (prefix included);
    `owner[i]` is the question it belongs to. `visible` marks what a token attends to within its own row. `starts` are
    the questions' positions behind the prefix. `attention`, if any, records the attention weights.
    """

    prefix: int
    token_ids: Int[Tensor, "rows row"]
    position_ids: Int[Tensor, "1 length"]
    visible: Bool[Tensor, "rows row row"]
    sources: Int[Tensor, " answer_tokens"]
    targets: Int[Tensor, " answer_tokens"]
    owner: Int[Tensor, " answer_tokens"]
    starts: tuple[int, ...] = ()
    attention: AttentionTargets | None = None


def pack(prefix: int, questions: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], row: int) -> Packing:
    """Pack tokenised questions and answers (each with its closing token) behind a prefix of `prefix` positions.

    Rows are filled first-fit, longest first; a question longer than `row` makes all rows as long as itself.
    """
    lengths = [len(q) + len(a) - 1 for q, a in zip(questions, answers, strict=True)]
    row = max(row, *lengths)
    places, filled = {}, []
    for number in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        spot = next((r for r, used in enumerate(filled) if used + lengths[number] <= row), None)
        if spot is None:
            filled.append(0)
            spot = len(filled) - 1
        places[number] = (spot, filled[spot])
        filled[spot] += lengths[number]
    ids = torch.zeros(len(filled), row, dtype=torch.long)
    positions = torch.full((len(filled), row), prefix)
    segment = torch.full((len(filled), row), -1)
    sources, targets, owner = [], [], []
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        spot, start = places[number]
        part = slice(start, start + lengths[number])
        ids[spot, part] = torch.tensor([*question, *answer[:-1]])
        positions[spot, part] = torch.arange(prefix, prefix + lengths[number])
        segment[spot, part] = number
        first = prefix + spot * row + start + len(question) - 1  # the position that predicts the answer's first token
        sources += range(first, first + len(answer))
        targets += answer
        owner += [number] * len(answer)
    causal = torch.ones(row, row, dtype=torch.bool).tril()
    return Packing(
        prefix=prefix,
        token_ids=ids,
        position_ids=torch.cat([torch.arange(prefix), positions.flatten()])[None],
        visible=causal & (segment[:, :, None] == segment[:, None, :]),
        sources=torch.tensor(sources),
        targets=torch.tensor(targets),
        owner=torch.tensor(owner),
        starts=tuple(places[n][0] * row + places[n][1] for n in range(len(questions))),
    )


def packed_attention(
    module: Any,
    query: Float[Tensor, "1 heads length width"],
    key: Float[Tensor, "1 groups length width"],
    value: Float[Tensor, "1 groups length width"],
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    *,
    packing: Packing,
    **options: object,
) -> tuple[Float[Tensor, "1 length heads width"], None]:
    """Attend as the module's docstring describes. The interface is transformers' AttentionInterface."""
    repeats, prefix = query.shape[1] // key.shape[1], packing.prefix
    q = query[0] * scaling
    k, v = key[0].repeat_interleave(repeats, 0), value[0].repeat_interleave(repeats, 0)
    heads, _, width = q.shape
    rows, row, _ = packing.visible.shape

    read = read_prefix(q[:, :prefix], k[:, :prefix], v[:, :prefix])

    in_rows = (heads, rows, row, width)
    to_prefix = q[:, prefix:] @ k[:, :prefix].transpose(-1, -2)
    to_own = q[:, prefix:].reshape(in_rows) @ k[:, prefix:].reshape(in_rows).transpose(-1, -2)
    to_own = to_own.masked_fill(~packing.visible.to(q.device), float("-inf"))
    weights = torch.softmax(torch.cat([to_prefix, to_own.reshape(heads, rows * row, row)], -1), -1)
    if packing.attention is not None:
        packing.attention.record(module.layer_idx, weights[..., :prefix])
    own = weights[..., prefix:].reshape(heads, rows, row, row) @ v[:, prefix:].reshape(in_rows)
    answer = weights[..., :prefix] @ v[:, :prefix] + own.reshape(heads, rows * row, width)
    return torch.cat([read, answer], 1).transpose(0, 1)[None], None


def read_prefix(
    q: Float[Tensor, "heads prefix width"],
    k: Float[Tensor, "heads prefix width"],
    v: Float[Tensor, "heads prefix width"],
) -> Float[Tensor, "heads prefix width"]:
    """Let every position of the prefix attend to those up to itself; the queries are scaled already.

    On a CPU a dense product is faster. On a GPU torch's fused attention stores no prefix × prefix scores, which at the
    7B's 6,000 positions would be gigabytes per layer.
    """
    if q.device.type != "cpu":
        return functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, scale=1.0)[0]
    future = torch.full((q.shape[1], q.shape[1]), float("-inf"), dtype=q.dtype, device=q.device).triu(1)
    return torch.softmax(q @ k.transpose(-1, -2) + future, -1) @ v


def use_in(backbone: Any) -> None:
    """Let a language model's layers, a transformers model, attend in this way from now on."""
    AttentionInterface.register(ATTENTION, packed_attention)
    backbone.config._attn_implementation = ATTENTION
