"""In what a model is loaded."""

from __future__ import annotations

import importlib

import pytest
import torch

from vlm2.models import VLM2ForConditionalGeneration, VLM2Processor

module = importlib.import_module("vlm2.streaming.load")  # the name in vlm2.streaming is the function's


@pytest.mark.parametrize(
    ("fast", "asked", "kind"),
    [(True, None, None), (False, None, torch.float32), (False, "bfloat16", torch.bfloat16)],
)
def test_the_language_model_is_read_in_what_the_device_is_fast_in(monkeypatch, fast, asked, kind):
    found = []
    monkeypatch.setattr("vlm2.models.loading.multiplies_bfloat16", lambda device: fast)
    monkeypatch.setattr(VLM2ForConditionalGeneration, "from_pretrained", lambda *_, dtype, **__: found.append(dtype))
    monkeypatch.setattr(VLM2Processor, "from_pretrained", lambda *_: None)
    with pytest.raises(Exception, match="open_eyes"):  # nothing was loaded
        module.load("mini", device="cpu", dtype=asked)
    assert found == [kind]
