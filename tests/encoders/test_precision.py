"""Which devices are fast in bfloat16."""

from __future__ import annotations

import platform

import pytest
import torch

from vlm2.encoders.precision import multiplies_bfloat16


@pytest.mark.parametrize(("avx512", "amx", "fast"), [(False, False, False), (True, False, True), (False, True, True)])
def test_an_x86_cpu_needs_instructions_for_it(monkeypatch, avx512, amx, fast):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert multiplies_bfloat16(torch.device("cpu")) is fast


def test_other_devices_are_taken_to_be():
    assert multiplies_bfloat16(torch.device("cuda"))


def test_an_arm_cpu_is_asked(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert multiplies_bfloat16(torch.device("cpu")) == torch.ops.mkldnn._is_mkldnn_bf16_supported()
