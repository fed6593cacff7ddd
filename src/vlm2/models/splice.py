"""Put videos into prompts: embeddings of text with a video's tokens in the place of its placeholder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

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
    rows, marked = [], []
    for row in range(len(input_ids)):
        chosen = kept[row].bool()
        ids, targets = input_ids[row][chosen], marks[row][chosen]
        embeds = embedding(ids.masked_fill(ids == video_token_id, 0))  # <video> has no embedding
        if videos:
            video = videos[row if len(videos) > 1 else 0].to(embeds.dtype)
            at = int((ids == video_token_id).nonzero())
            embeds = torch.cat([embeds[:at], video, embeds[at + 1 :]])
            targets = torch.cat([targets[:at], targets.new_full((len(video),), IGNORED), targets[at + 1 :]])
        rows.append(embeds)
        marked.append(targets)
    pad = partial(pad_sequence, batch_first=True, padding_side="left" if pad_left else "right")
    return Spliced(
        pad(rows),
        pad([torch.ones_like(targets) for targets in marked]),
        None if labels is None else pad(marked, padding_value=IGNORED),
    )
