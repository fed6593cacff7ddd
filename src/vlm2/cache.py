"""The folder for files that vlm2 can make again: frozen parts, furniture, the homes of the benchmark."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache folder: VLM2_CACHE, or ~/.cache/vlm2."""
    return Path(os.environ.get("VLM2_CACHE") or Path.home() / ".cache" / "vlm2").expanduser()
