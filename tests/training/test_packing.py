"""Packed questions are read as if each had been asked alone."""

import torch
from transformers import LlamaConfig, LlamaModel

from vlm2.training import packing


def test_packed_hidden_states_equal_single_ones():
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
    prefix = torch.randn(1, 7, 32)
    questions, answers = [[3, 4, 5], [6, 7, 8, 9, 10], [11, 12]], [[13, 1], [14, 15, 1], [16, 1]]
    packed = packing.pack(7, questions, answers, row=9)
    assert packed.token_ids.shape == (2, 9)

    packing.use_in(model)
    embeds = torch.cat([prefix, model.embed_tokens(packed.token_ids.reshape(1, -1))], 1)
    with torch.no_grad():
        hidden = model(inputs_embeds=embeds, position_ids=packed.position_ids, packing=packed, use_cache=False)[0][0]
    model.config._attn_implementation = "sdpa"
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        alone = torch.cat([prefix, model.embed_tokens(torch.tensor([question + answer[:-1]]))], 1)
        with torch.no_grad():
            expected = model(inputs_embeds=alone, use_cache=False)[0][0, 7 + len(question) - 1 :]
        mine = packed.owner == number
        assert packed.targets[mine].tolist() == answer
        torch.testing.assert_close(hidden[packed.sources[mine]], expected, atol=1e-5, rtol=1e-5)
