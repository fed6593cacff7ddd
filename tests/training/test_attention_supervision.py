"""Attention from names to the tokens that show the objects."""

from dataclasses import replace

import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from vlm2.scenes.vocabulary import category_index
from vlm2.training import attention_supervision, packing
from vlm2.training.attention_supervision import attention_targets, named_tokens


def test_names_are_found_by_their_last_token():
    prompt = "How many chairs stand by the trash bin, the tv stand or the tvset?"
    words, offsets, at = prompt.split(" "), [], 0
    for word in words:
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    found = {words[token]: category for token, category in named_tokens(prompt, offsets)}
    expected = {"chairs": "chair", "bin,": "trash bin", "stand": "tv stand"}
    assert found == {word: category_index(name) for word, name in expected.items()}


@pytest.fixture
def recorded(monkeypatch):
    """Two packed questions behind 2 + 5 + 1 positions, the attention of their names, and the model's own attention."""
    monkeypatch.setattr(attention_supervision, "LAYERS", (1,))
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=50,
    )
    model = LlamaModel(config).eval()
    prefix, questions = torch.randn(1, 8, 32), [[3, 4, 5], [6, 7, 8, 9]]
    shown = torch.zeros(5, 60, dtype=torch.bool)
    shown[1, 3] = shown[4, 3] = shown[2, 7] = True
    names = [[(1, 4)], [(2, 8), (0, 4), (3, 30)]]  # nothing shows the last
    packed = packing.pack(8, questions, [[1], [1]], row=4)
    packing.use_in(model)
    targets = attention_targets(names, packed.starts, shown, before=2, prefix=8)
    embeds = torch.cat([prefix, model.embed_tokens(packed.token_ids.reshape(1, -1))], 1)
    options = {"position_ids": packed.position_ids, "use_cache": False}
    model(inputs_embeds=embeds, packing=replace(packed, attention=targets), **options)
    model.config._attn_implementation = "eager"
    alone = [torch.cat([prefix, model.embed_tokens(torch.tensor([q]))], 1) for q in questions]
    weights = [model(inputs_embeds=q, output_attentions=True).attentions[1][0, :3].detach() for q in alone]
    return targets, weights


def test_the_shares_are_those_of_the_plain_models_attention(recorded):
    targets, weights = recorded
    video = slice(2, 7)
    expected = [
        weights[0][:, 9, [3, 6]].sum(-1) / weights[0][:, 9, video].sum(-1),
        weights[1][:, 10, 4] / weights[1][:, 10, video].sum(-1),
        weights[1][:, 8, [3, 6]].sum(-1) / weights[1][:, 8, video].sum(-1),
    ]
    (shares,) = targets.shares
    torch.testing.assert_close(shares.detach(), torch.stack(expected, 1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(targets.loss().detach(), -torch.stack(expected, 1).log().mean(), atol=1e-4, rtol=1e-4)


def test_without_names_there_is_no_loss():
    targets = attention_targets([[], [(0, 5)]], [0, 4], torch.zeros(3, 60, dtype=torch.bool), before=1, prefix=5)
    assert float(targets.loss()) == 0 and len(targets.positions) == 0
