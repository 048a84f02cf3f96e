"""Pictures on a canvas: their place, their colours, what is transparent."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.model import Canvas, Media, Planes
from tests.video_clips import HEIGHT, WIDTH, pictures, write_odd

CANVAS = Canvas(WIDTH, HEIGHT)


def one(media: Media | Path, canvas: Canvas, time: Fraction = Fraction(0)) -> Planes:
    media = Media(str(media)) if isinstance(media, Path) else media
    (planes,) = video.planes_at(media, [time], canvas)
    return planes


# --- the place on the canvas


def bounds(planes: Planes) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is opaque; all else is black."""
    if planes.alpha is None:
        return (0, 0, planes.luma.shape[1], planes.luma.shape[0])
    rows, columns = np.nonzero(planes.alpha.any(1))[0], np.nonzero(planes.alpha.any(0))[0]
    unit = 4 if planes.luma.dtype == np.uint16 else 1
    assert (planes.luma[planes.alpha == 0] == 16 * unit).all()
    left, top = int(columns[0]), int(rows[0])
    return (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le"])
@pytest.mark.parametrize(
    "aspect, rotation, size, place",
    [
        (1, 0, (256, 128), (0, 0, 256, 128)),
        (1, 0, (640, 360), (0, 20, 640, 320)),
        (1, 0, (200, 200), (0, 50, 200, 100)),
        (1, 0, (320, 128), (32, 0, 256, 128)),
        (2, 0, (256, 128), (0, 32, 256, 64)),
        (Fraction(1, 2), 0, (256, 128), (64, 0, 128, 128)),
        (Fraction(8, 9), 0, (640, 360), (0, 0, 640, 360)),
        (1, 90, (256, 256), (64, 0, 128, 256)),
        (1, -90, (256, 128), (96, 0, 64, 128)),
        (2, 90, (64, 256), (0, 0, 64, 256)),
        (1, 180, (300, 128), (22, 0, 256, 128)),
    ],
)
def test_pictures_fit_inside_at_their_display_aspect(
    tmp_path: Path,
    pixel_format: str,
    aspect: Fraction,
    rotation: int,
    size: tuple[int, int],
    place: tuple[int, int, int, int],
) -> None:
    path = tmp_path / "p.mp4"
    write_odd(path, range(2), Fraction(1, 24), aspect=Fraction(aspect), rotation=rotation or None)
    canvas = Canvas(*size, pixel_format)
    planes = one(path, canvas)
    across, down = canvas.subsampling
    assert planes.luma.shape == (size[1], size[0])
    assert planes.blue.shape == planes.red.shape == (size[1] // down, size[0] // across)
    assert planes.luma.dtype == planes.blue.dtype == (np.uint8 if canvas.bits == 8 else np.uint16)
    assert planes.luma.flags.c_contiguous and planes.red.flags.c_contiguous
    assert bounds(planes) == place
    assert planes.box == (None if place == (0, 0, *size) else place)
    assert (planes.alpha is None) == (planes.box is None)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le"])
@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_turned_pictures_are_the_upright_ones_turned_back(
    tmp_path: Path, degrees: int, pixel_format: str
) -> None:
    write_odd(tmp_path / "flat.mp4", range(2), Fraction(1, 24))
    write_odd(tmp_path / "turned.mp4", range(2), Fraction(1, 24), rotation=degrees)
    flat = one(tmp_path / "flat.mp4", Canvas(WIDTH, HEIGHT, pixel_format))
    size = (WIDTH, HEIGHT) if degrees == 180 else (HEIGHT, WIDTH)
    turned = one(tmp_path / "turned.mp4", Canvas(*size, pixel_format))
    unit = 4 if "10" in pixel_format else 1
    for name in ("luma", "blue", "red"):
        back = np.rot90(getattr(turned, name), -degrees // 90).astype(int)
        straight = getattr(flat, name).astype(int)
        if back.shape != straight.shape:  # 4:2:2 is halved along other sides now
            back, straight = back[:, ::2], straight[::2]
        assert np.abs(back - straight).mean() < 1.5 * unit


def test_pictures_of_another_size_are_fitted_for_themselves(tmp_path: Path) -> None:
    rate = Fraction(24)
    video.encode(tmp_path / "s.%d.png", pictures(2), rate)
    video.encode(tmp_path / "t.%d.png", [picture[:, :64] for picture in pictures(1)], rate)
    (tmp_path / "t.1.png").replace(tmp_path / "s.3.png")
    media = Media(str(tmp_path / "s.%d.png"), "sequence", rate, (1, 2, 3))
    places = [bounds(p) for p in video.planes_at(media, [i / rate for i in range(3)], CANVAS)]
    assert places == [(0, 0, 256, 128), (0, 0, 256, 128), (96, 0, 64, 128)]


# --- colours

PATCHES = np.array(
    [[r, g, b] for r in (16, 128, 235) for g in (30, 140, 220) for b in (20, 120, 240)][:24], np.float64
).reshape(4, 6, 3)
PATCH = 16


def coded(rgb: np.ndarray, red: float, blue: float, full: bool, bits: int = 8) -> list[np.ndarray]:
    """Y, Cb and Cr of RGB 0–255, as ITU-R BT.601 and BT.709 have them."""
    r, g, b = (rgb[..., i] / 255 for i in range(3))
    luma = red * r + (1 - red - blue) * g + blue * b
    chroma = [(b - luma) / (2 * (1 - blue)), (r - luma) / (2 * (1 - red))]
    unit = 1 << (bits - 8)
    if full:
        top = (1 << bits) - 1
        return [luma * top, *(part * top + 128 * unit for part in chroma)]
    return [(16 + 219 * luma) * unit, *((128 + 224 * part) * unit for part in chroma)]


def write_patches(
    path: Path, pixel_format: str, tagged: tuple[int, int], values: list[np.ndarray], patch: int = PATCH
) -> None:
    """Write a lossless movie of one picture; `tagged` are AVColorSpace and AVColorRange."""
    height, width = values[0].shape[0] * patch, values[0].shape[1] * patch
    picture = av.VideoFrame(width, height, pixel_format)
    for plane, value in zip(picture.planes, values, strict=True):
        big = np.kron(
            np.rint(value), np.ones((plane.height // value.shape[0], plane.width // value.shape[1]))
        )
        dtype = np.uint8 if picture.format.components[0].bits == 8 else np.uint16
        np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width] = big
    picture.colorspace, picture.color_range = tagged
    picture.pts, picture.time_base = 0, Fraction(1, 24)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        context = stream.codec_context
        context.colorspace, context.color_range = tagged
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def middles(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The middle of each patch."""
    rows, columns = (size // count for size, count in zip(plane.shape, shape, strict=True))
    return plane[rows // 2 :: rows, columns // 2 :: columns].astype(float)


SD, HD = (0.299, 0.114), (0.2126, 0.0722)


@pytest.mark.parametrize("canvas_format", ["yuv420p", "yuv422p10le"])
@pytest.mark.parametrize(
    "pixel_format, tagged, weights, full, patch",
    [
        ("yuv420p", (1, 1), HD, False, PATCH),
        ("yuv420p", (6, 1), SD, False, PATCH),
        ("yuv420p", (5, 1), SD, False, PATCH),
        ("yuv420p", (2, 0), SD, False, PATCH),
        ("yuv420p", (2, 0), HD, False, 180),
        ("yuv420p", (8, 1), SD, False, PATCH),  # YCgCo: nobody converts that, but something is shown
        ("yuv420p", (9, 1), (0.2627, 0.0593), False, PATCH),
        ("yuv420p", (10, 1), (0.2627, 0.0593), False, PATCH),
        ("yuv420p", (1, 2), HD, True, PATCH),
        ("yuv420p", (6, 2), SD, True, PATCH),
        ("yuv444p", (6, 1), SD, False, PATCH),
        ("yuv422p10le", (1, 1), HD, False, PATCH),
        ("yuv420p10le", (6, 2), SD, True, PATCH),
        ("yuv444p16le", (1, 1), HD, False, PATCH),
    ],
)
def test_colours_become_those_of_the_canvas(
    tmp_path: Path,
    canvas_format: str,
    pixel_format: str,
    tagged: tuple[int, int],
    weights: tuple[float, float],
    full: bool,
    patch: int,
) -> None:
    path = tmp_path / "c.mkv"
    bits = int(pixel_format.partition("p")[2].removesuffix("le") or 8)
    write_patches(path, pixel_format, tagged, coded(PATCHES, *weights, full, bits), patch)
    for size in ((6 * patch, 4 * patch), (6 * 40, 4 * 40)):
        canvas = Canvas(*size, canvas_format)
        planes = one(path, canvas)
        assert planes.alpha is None
        for plane, right in zip(
            (planes.luma, planes.blue, planes.red), coded(PATCHES, *HD, False, canvas.bits), strict=True
        ):
            wrong = np.abs(middles(plane, PATCHES.shape[:2]) - right) / (1 << (canvas.bits - 8))
            assert wrong.max() <= 1.6


@pytest.mark.parametrize("name, pixel_format", [("r.%d.png", "rgb24"), ("r.%d.jpg", ""), ("r.%d.exr", "")])
@pytest.mark.parametrize("canvas_format", ["yuv420p", "yuv422p10le"])
def test_rgb_and_floating_point_become_those_of_the_canvas(
    tmp_path: Path, name: str, pixel_format: str, canvas_format: str
) -> None:
    picture = np.kron(PATCHES, np.ones((PATCH, PATCH, 1))).astype(np.uint8)
    options = {"pixel_format": pixel_format} if pixel_format else {}
    video.encode(tmp_path / name, [picture], Fraction(24), **options)
    canvas = Canvas(6 * PATCH, 4 * PATCH, canvas_format)
    planes = one(Media(str(tmp_path / name) % 1, "still"), canvas)
    assert planes.alpha is None
    for plane, right in zip(
        (planes.luma, planes.blue, planes.red), coded(PATCHES, *HD, False, canvas.bits), strict=True
    ):
        wrong = np.abs(middles(plane, PATCHES.shape[:2]) - right) / (1 << (canvas.bits - 8))
        assert wrong.max() <= (3 if name.endswith("jpg") else 2)


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_is_shown_as_in_stills(tmp_path: Path, transfer: str) -> None:
    path = tmp_path / "h.mkv"
    options = {"color_trc": transfer, "color_primaries": "bt2020", "colorspace": "bt2020nc"}
    write_odd(path, range(2), Fraction(1, 24), codec="ffv1", pixel_format="yuv420p10le", options=options)
    assert video.probe(Media(str(path))).transfer in ("pq", "hlg")
    (still,) = video.rgb_frames(Media(str(path)), [0.0])
    planes = one(path, CANVAS)
    for plane, right in zip((planes.luma, planes.blue, planes.red), coded(still, *HD, False), strict=True):
        step = HEIGHT // plane.shape[0]
        right = right.reshape(plane.shape[0], step, plane.shape[1], step).mean((1, 3))
        assert np.abs(plane - right).mean() < 1


# --- transparency


def see_through(height: int = 32, width: int = 64) -> np.ndarray:
    """RGBA: red, opaque on the left, half transparent in the middle, nothing on the right."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[...] = (200, 40, 60, 255)
    pixels[:, width // 4 : width // 2, 3] = 128
    pixels[:, width // 2 :, 3] = 0
    return pixels


def write_picture(path: Path, pixels: np.ndarray, codec: str, pixel_format: str) -> Path:
    layout = "rgba" if pixels.shape[-1] == 4 else "rgb24"
    picture = av.VideoFrame.from_ndarray(pixels, layout)
    if pixel_format != layout:
        tags = {"src_color_range": "JPEG"}
        if pixel_format.startswith("yuv"):
            tags |= {"dst_color_range": "MPEG", "dst_colorspace": "ITU709"}
        picture = picture.reformat(format=pixel_format, **tags)
    picture.pts, picture.time_base = 0, Fraction(1, 24)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = pixels.shape[1], pixels.shape[0], pixel_format
        if pixel_format.startswith("yuv"):
            stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("canvas_format", ["yuv420p", "yuv422p10le"])
@pytest.mark.parametrize(
    "name, codec, pixel_format, error",
    [
        ("a.mov", "png", "rgba", 2),
        ("a.mov", "qtrle", "argb", 2),
        ("a.mkv", "ffv1", "yuva420p", 2),
        ("a.mkv", "ffv1", "yuva444p10le", 2),
        ("a.mov", "prores_ks", "yuva444p10le", 4),
    ],
)
def test_transparency_goes_with_the_picture(
    tmp_path: Path, canvas_format: str, name: str, codec: str, pixel_format: str, error: int
) -> None:
    path = write_picture(tmp_path / name, see_through(), codec, pixel_format)
    canvas = Canvas(128, 96, canvas_format)  # twice the size, 16 rows above and below
    planes = one(path, canvas)
    assert planes.alpha is not None and planes.alpha.dtype == np.uint8 and planes.box is None
    assert (planes.alpha[:16] == 0).all() and (planes.alpha[80:] == 0).all()
    inside = planes.alpha[18:78].astype(int)
    assert np.abs(inside[:, 2:28] - 255).max() <= error
    assert np.abs(inside[:, 36:60] - 128).max() <= error
    assert np.abs(inside[:, 68:126]).max() <= error
    unit = 1 << (canvas.bits - 8)
    for plane, right in zip(
        (planes.luma, planes.blue, planes.red),
        coded(np.array([[[200.0, 40, 60]]]), *HD, False, canvas.bits),
        strict=True,
    ):
        seen = plane[plane.shape[0] // 2, 2 : plane.shape[1] // 4 - 2]  # straight, not premultiplied
        assert np.abs(seen - right[0, 0]).max() <= error * unit


def test_a_format_that_could_be_transparent_but_is_not_has_no_alpha(tmp_path: Path) -> None:
    pixels = see_through()
    pixels[..., 3] = 255
    path = write_picture(tmp_path / "o.mov", pixels, "qtrle", "argb")
    assert one(path, Canvas(64, 32)).alpha is None
    beside = one(path, Canvas(80, 32))
    assert beside.box == (8, 0, 64, 32) == bounds(beside)


def test_premultiplied_light_is_taken_apart(tmp_path: Path) -> None:
    light = np.zeros((32, 32, 4), np.float32)
    light[...] = (0.25, 0.1, 0.05, 0.5)  # half transparent: its own colour is twice that
    light[:, 16:] = 0
    context: Any = av.CodecContext.create("exr", "w")
    context.width, context.height, context.pix_fmt = 32, 32, "gbrapf32le"
    context.time_base = Fraction(1, 24)
    picture = av.VideoFrame.from_ndarray(light, "gbrapf32le")
    picture.pts, picture.time_base = 0, Fraction(1, 24)
    path = tmp_path / "p.exr"
    path.write_bytes(b"".join(bytes(packet) for packet in context.encode(picture)))
    planes = one(Media(str(path), "still"), Canvas(32, 32))
    assert planes.alpha is not None
    assert np.abs(planes.alpha[:, :14].astype(int) - 128).max() <= 1 and planes.alpha[:, 18:].max() == 0
    linear = np.array([[[0.5, 0.2, 0.1]]])
    shown = (1.055 * linear ** (1 / 2.4) - 0.055) * 255
    for plane, right in zip((planes.luma, planes.blue, planes.red), coded(shown, *HD, False), strict=True):
        assert np.abs(plane[:, : plane.shape[1] // 2 - 3] - right[0, 0]).max() <= 2
