"""Pictures that clients send: JPEG and PNG, of bounded size, decoded upright."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from .limits import Refusal

FORMATS = ("JPEG", "PNG")


def check_picture(data: bytes, most: int) -> None:
    """Raise Refusal for bytes that begin no JPEG or PNG picture, and for a picture of more than `most` pixels. The
    picture is not decoded."""
    with _opened(data, most):
        pass


def decode_picture(data: bytes, most: int) -> UInt8[np.ndarray, "height width 3"]:
    """Return a JPEG or PNG picture as RGB, upright. Raises Refusal as `check_picture` does, and for damage."""
    with _opened(data, most) as picture:
        return np.array(ImageOps.exif_transpose(picture).convert("RGB"))


@contextmanager
def _opened(data: bytes, most: int) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about odd metadata and about sizes that are checked below
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > most:
                    raise Refusal(
                        413,
                        "too_many_pixels",
                        f"A picture of {picture.width}×{picture.height} pixels is too large; at most {most} are taken.",
                    )
                yield picture
    except Refusal:
        raise
    except Image.DecompressionBombError:
        raise Refusal(413, "too_many_pixels", f"A picture is too large; at most {most} pixels are taken.") from None
    except Exception:  # damaged files raise what they will: OSError, SyntaxError, struct.error, zlib.error, …
        raise Refusal(400, "bad_picture", "A picture is no JPEG or PNG that can be read.") from None
