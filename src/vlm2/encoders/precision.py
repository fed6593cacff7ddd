"""Which number format a device is fast in."""

from __future__ import annotations

import platform
from typing import Any

import torch


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies matrices in bfloat16 faster than in single precision.

    CPUs do so if they have instructions for it (AVX-512 BF16, AMX, Arm's BF16). Without these instructions torch takes
    some 90 times as long as in single precision. All other devices are assumed to do so.
    """
    if device.type != "cpu":
        return True
    if platform.machine().lower() in ("arm64", "aarch64"):
        mkldnn: Any = torch.ops.mkldnn
        return bool(mkldnn._is_mkldnn_bf16_supported())
    cpu: Any = torch.cpu
    return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())
