"""Pictures that clients send: bombs, damage and other formats are refused; what is good is upright."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from films import jpeg
from PIL import Image
from toyclient import written

from vlm2.serving.limits import Refusal
from vlm2.serving.pictures import check_picture, decode_picture

MOST = 1_000_000


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def test_pictures_are_decoded_upright(picture) -> None:
    assert np.array_equal(decode_picture(written(picture, "PNG"), MOST), picture)
    assert decode_picture(jpeg(picture, orientation=6), MOST).shape == (60, 40, 3)
    grey = Image.fromarray(picture).convert("L")
    out = io.BytesIO()
    grey.save(out, "PNG")
    assert decode_picture(out.getvalue(), MOST).shape == (40, 60, 3)


@pytest.mark.parametrize("size", [(1001, 1000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_decoded(size) -> None:
    for read in (check_picture, decode_picture):
        with pytest.raises(Refusal, match="too large") as refused:
            read(bomb(*size), MOST)
        assert refused.value.status == 413


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_are_refused(picture, kind) -> None:
    with pytest.raises(Refusal, match="no JPEG or PNG"):
        check_picture(written(picture, kind), MOST)


def test_mutated_pictures_are_read_or_refused(picture) -> None:
    made, kinds = np.random.default_rng(2), (written(picture), written(picture, "PNG"))
    refused = 0
    for number in range(400):
        data = bytearray(kinds[number % 2])
        for place in made.integers(0, len(data), made.integers(1, 8)):
            data[place] = made.integers(0, 256)
        cut = data[: made.integers(0, len(data))] if number % 5 == 0 else data
        try:
            assert decode_picture(bytes(cut), MOST).dtype == np.uint8
        except Refusal:
            refused += 1
    assert 40 < refused < 400


def test_an_empty_body_is_no_picture() -> None:
    with pytest.raises(Refusal, match="no JPEG or PNG"):
        decode_picture(b"", MOST)
