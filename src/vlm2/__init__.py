"""VLM²: watch plain video, keep a 3D-aware memory of it, answer spatial questions.

`import vlm2` is light; what needs torch is imported when it is first asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Threads of PyTorch that wait for one another spin for milliseconds by default (GNU OpenMP). Where another program has
# a core, a frame then takes five times as long. Less spinning costs a tenth on quiet cores. It takes effect if torch is
# imported after vlm2.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")

if TYPE_CHECKING:
    from .objects import ObjectMap
    from .streaming import Session, load

    __version__: str

__all__ = ["ObjectMap", "Session", "__version__", "load"]
ROOMS = {"ObjectMap": "objects", "Session": "streaming", "load": "streaming"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("vlm2")
    if name in ROOMS:
        from importlib import import_module

        return getattr(import_module(f"vlm2.{ROOMS[name]}"), name)
    raise AttributeError(f"module 'vlm2' has no attribute {name!r}; it has {', '.join(__all__)}")
