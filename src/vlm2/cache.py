"""The folder for files that vlm2 can make again (frozen parts, furniture, the homes of the benchmark), and files that
appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache folder: VLM2_CACHE, or ~/.cache/vlm2."""
    return Path(os.environ.get("VLM2_CACHE") or Path.home() / ".cache" / "vlm2").expanduser()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the path of a new file beside `path`, to be written in the context; at its end the file replaces `path`.

    After an error, `path` is as it was. A killed process leaves `.NAME.*.partial`, which may be deleted.
    """
    partial = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.partial")  # names have at most 255 bytes
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
