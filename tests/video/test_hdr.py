"""HDR as phones record it: the colours of a test card come back as a screen of standard range shows them."""

from fractions import Fraction

import av
import numpy as np
import pytest

from vlm2.video import VideoFile
from vlm2.video.hdr import HLG, PQ, WHITE, from_hlg, from_pq

CARD = np.array(
    [[255, 0, 0], [0, 200, 0], [40, 60, 220], [230, 230, 230], [128, 128, 128], [200, 150, 100], [20, 20, 20]]
)
BT2020_FROM_BT709 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
LUMINANCE = np.array([0.2627, 0.6780, 0.0593])
SDR = 1


def light(codes):
    """Linear light in BT.2020 of sRGB codes; 1 is white."""
    share = codes / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ BT2020_FROM_BT709.T


def pq(lit):
    """The code (0–1) in PQ of light relative to white."""
    root = (lit * WHITE / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375


def hlg(lit):
    """The code (0–1) in HLG of light relative to white, which a screen of 1,000 cd/m² shows."""
    display = lit * WHITE / 1000
    scene = display * np.maximum(display @ LUMINANCE, 1e-9)[..., None] ** (1 / 1.2 - 1)
    dark, bright = np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, dark, bright)


CODES = {PQ: pq, HLG: hlg}


@pytest.mark.parametrize(("kind", "convert"), [(PQ, from_pq), (HLG, from_hlg)])
def test_colours_come_back(kind, convert):
    image = (255 * CODES[kind](light(CARD))).round().astype(np.uint8)[None]
    assert np.abs(convert(image)[0].astype(int) - CARD).max() <= 16  # of 8-bit codes and of compressed highlights
    assert np.abs(image[0].astype(int) - CARD).max() > 60


def test_what_is_brighter_than_white_is_still_told_apart():
    codes = (255 * pq(np.array([1.0, 1.5, 2.0])[:, None] * np.ones(3))).round().astype(np.uint8)[None]
    shown = from_pq(codes)[0, :, 0]
    assert 235 < shown[0] < shown[1] <= shown[2] <= 255


@pytest.mark.parametrize("kind", [PQ, HLG, SDR])
def test_a_ten_bit_hevc_clip(tmp_path, kind):
    if "libx265" not in av.codecs_available:
        pytest.skip("this PyAV cannot encode HEVC")
    file = tmp_path / "phone.mp4"
    columns = np.repeat(CODES[kind](light(CARD)) if kind in CODES else CARD / 255, 16, axis=0)
    write_hevc(file, np.broadcast_to(columns, (32, *columns.shape)), kind)
    image = next(VideoFile(file).sample()).image
    assert np.abs(image[16, 8::16].astype(int) - CARD).max() <= 16


def write_hevc(file, rgb, kind):
    """Encode an RGB picture (0–1, coded) three times as 10-bit HEVC in the colours of BT.2020, or of BT.709 for SDR."""
    red, blue, scale = (0.2627, 0.0593, 9) if kind != SDR else (0.2126, 0.0722, 1)
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    blueness, redness = (rgb[..., 2] - luma) / (2 * (1 - blue)), (rgb[..., 0] - luma) / (2 * (1 - red))
    planes = (64 + 876 * luma, 512 + 896 * blueness[::2, ::2], 512 + 896 * redness[::2, ::2])
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx265", rate=10, options={"x265-params": "log-level=none:crf=4"})
        stream.height, stream.width, stream.pix_fmt = *rgb.shape[:2], "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = kind, scale, scale, 1
        for index in range(3):
            frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], "yuv420p10le")
            for plane, values in zip(frame.planes, planes, strict=True):
                padded = np.zeros((plane.height, plane.line_size // 2), "<u2")
                padded[:, : values.shape[1]] = values.round()
                plane.update(padded.tobytes())
            frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range = kind, scale, scale, 1
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
