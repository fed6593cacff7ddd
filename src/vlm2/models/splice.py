"""Put videos into prompts: embeddings of text with a video's tokens in the place of its placeholder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

IGNORED = -100  # a label that has no loss


@dataclass(frozen=True)
class Spliced:
    """Prompts with their videos, padded to one length."""

    inputs_embeds: Float[Tensor, "batch length text_dim"]
    attention_mask: Int[Tensor, "batch length"]
    labels: Int[Tensor, "batch length"] | None


def splice(
    embedding: nn.Module,
    input_ids: Int[Tensor, "batch text"],
    attention_mask: Int[Tensor, "batch text"] | None,
    labels: Int[Tensor, "batch text"] | None,
    videos: Sequence[Float[Tensor, "_ text_dim"]],
    video_token_id: int | None,
    pad_left: bool = False,
) -> Spliced:
    """Replace the one `<video>` of every row by the row's video; a single video serves all rows; none, none.

    Raises ValueError where tokens and videos do not agree in number.
    """
    found = (input_ids == video_token_id).sum(1).tolist()
    expected = [1 if videos else 0] * len(input_ids)
    if found != expected or len(videos) not in (0, 1, len(input_ids)):
        raise ValueError(
            f"{len(videos)} videos were given for {len(input_ids)} prompts with {found} tokens <video> (id "
            f"{video_token_id}). Give one video a prompt, or one for all; VLM2Processor puts the token in."
        )
    kept = torch.ones_like(input_ids) if attention_mask is None else attention_mask
    marks = torch.full_like(input_ids, IGNORED) if labels is None else labels
    rows = []
    for row in range(len(input_ids)):
        chosen = kept[row].bool()
        ids, targets = input_ids[row][chosen], marks[row][chosen]
        embeds = embedding(ids.masked_fill(ids == video_token_id, 0))  # <video> has no embedding
        if videos:
            video = videos[row if len(videos) > 1 else 0].to(embeds.dtype)
            at = int((ids == video_token_id).nonzero())
            embeds = torch.cat([embeds[:at], video, embeds[at + 1 :]])
            targets = torch.cat([targets[:at], targets.new_full((len(video),), IGNORED), targets[at + 1 :]])
        rows.append((embeds, targets))
    return _pad(rows, pad_left, labels is not None)


def _pad(rows: list[tuple[Tensor, Tensor]], left: bool, labelled: bool) -> Spliced:
    length = max(len(targets) for _, targets in rows)
    embeds, masks, labels = [], [], []
    for row, targets in rows:
        missing = length - len(targets)
        sides = (missing, 0) if left else (0, missing)
        embeds.append(functional.pad(row, (0, 0, *sides)))
        masks.append(functional.pad(torch.ones_like(targets), sides))
        labels.append(functional.pad(targets, sides, value=IGNORED))
    return Spliced(torch.stack(embeds), torch.stack(masks), torch.stack(labels) if labelled else None)
