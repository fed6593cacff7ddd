"""Slots carry when they were seen."""

import pytest
import torch
from toys import toy_features, toy_model

from vlm2.core.slot_time import SlotTimeEmbedding


def test_an_untrained_clock_says_nothing():
    model, plain = toy_model(slot_time=True).eval(), toy_model().eval()
    features = toy_features(9)
    with torch.no_grad():
        torch.testing.assert_close(model.frame_tokens(features)[0], plain.frame_tokens(features)[0])


@pytest.mark.parametrize("context", ["memory", "frames"])
def test_all_tokens_of_a_slot_carry_its_time(context):
    model = toy_model(slot_time=True, context=context).eval()
    features = toy_features(9)
    with torch.no_grad():
        before, frames = model.frame_tokens(features)
        torch.nn.init.normal_(model.slot_time.embed.weight)
        after, _ = model.frame_tokens(features)
        added = model.slot_time(features.times[frames])
    torch.testing.assert_close(after - before, added[:, None].expand_as(before), atol=1e-4, rtol=1e-4)
    assert len({tuple(row.tolist()) for row in added}) == len(frames)


def test_an_hour_is_told_from_a_minute():
    clock = SlotTimeEmbedding(8)
    torch.nn.init.normal_(clock.embed.weight)
    minute, hour, later = clock(torch.tensor([60.0, 3600.0, 3600.5])).detach()
    assert (minute - hour).norm() > 1 and (hour - later).norm() > 1
