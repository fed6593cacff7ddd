"""The runtimes of the vision encoder and our detector: PyTorch, or on a CPU OpenVINO. This module imports no torch."""

from __future__ import annotations

import importlib.util
from typing import Literal, get_args

Runtime = Literal["torch", "openvino"]
"""The program that computes the vision encoder and our detector."""
INSTALL = "pip install 'vlm2[openvino]'"


def check_runtime(runtime: str, device: object) -> None:
    """Raise ValueError for an unknown runtime, and for OpenVINO where it is not installed or the model is not on a
    CPU."""
    if runtime not in get_args(Runtime):
        raise ValueError(f"There is no runtime {runtime!r}; choose one of {', '.join(get_args(Runtime))}.")
    if runtime == "torch":
        return
    if str(device) != "cpu":
        raise ValueError(f"OpenVINO runs on a CPU here, not on {device}; add --device cpu, or leave out the runtime.")
    if importlib.util.find_spec("openvino") is None:
        raise ValueError(f"The runtime openvino needs a package that is not installed. Get it with:  {INSTALL}")
