"""Decoding by hardware: whether a device here gives the same pictures, and files opened with it.

A device is used only where its pictures must be those of the processor, bit for bit: what was measured by one
machine is kept for all.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import av
import av.error
import av.logging
import numpy as np
from av.codec.hwaccel import HWAccel, hwdevices_available

from otio_ai_audit.errors import MediaError

log = logging.getLogger("otio_ai_audit.video")

EXACT = frozenset(["h264", "hevc", "vp8", "vp9"])
"""Codecs that leave decoders no choice of rounding; others are always decoded on the processor."""
AS_SOFTWARE = {
    "nv12": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    **{f"p{s}{d}le": f"yuv{n}p{d}le" for s, n in (("0", 420), ("2", 422), ("4", 444)) for d in (10, 12, 16)},
}
"""What devices give, and what the processor gives of the same file: the same samples, Cb and Cr apart."""
FULL_RANGE_NAMES = ("h264", "hevc")
"""Codecs of which full-range 8-bit pictures have a format name of their own (``yuvj420p``)."""
PROBE_SIDE, PROBE_FRAMES = 256, 4

_held: list[Any] = []


class HardwareDoubtError(MediaError):
    """A device met damage: what it makes of it is its own affair, so the file is decoded again without it."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What can decode beside the processor."""

    device: str = ""
    """FFmpeg's name of the device: ``cuda``, ``videotoolbox``; empty: there is none that works."""
    reason: str = ""
    """Why there is none."""


@cache
def hardware() -> Hardware:
    """Find a device that decodes; tried once in each process, and said once in its log."""
    found = find_device()
    if found.device:
        _hold(found.device)
        log.info("Decoding by hardware: %s.", found.device)
    else:
        log.info("Decoding by hardware is not available here (%s); the processor decodes.", found.reason)
    return found


def _hold(device: str) -> None:
    """Keep one context of a device open, for all files to share: making one takes as long as a short clip."""
    _held.append(av.CodecContext.create("h264", "r", hwaccel=_accelerator(device, fallback=True)))


def find_device() -> Hardware:
    """Let each device decode a small clip and compare its pictures with those of the processor."""
    devices = device_names()
    if not devices:
        return Hardware(reason="this FFmpeg knows no device")
    reasons = []
    with av.logging.Capture():
        try:
            clip = _clip()
            expected = decoded(clip)
        except (av.error.FFmpegError, ValueError) as error:
            return Hardware(reason=f"no clip to try it with: {error}")
        for device in devices:
            try:
                found = decoded(clip, device)
            except (av.error.FFmpegError, RuntimeError, ValueError) as error:  # FFmpeg's are OSErrors too
                reasons.append(f"{device}: {getattr(error, 'strerror', None) or error}")
                continue
            if len(found) == len(expected) and all(map(np.array_equal, found, expected)):
                return Hardware(device)
            reasons.append(f"{device}: other pictures than those of the processor")
    return Hardware(reason="; ".join(reasons))


def device_names() -> list[str]:
    """Name the kinds of devices that this FFmpeg can decode H.264 with."""
    known = set(hwdevices_available())
    configs = av.Codec("h264", "r").hardware_configs
    return [c.device_type.name for c in configs if c.is_supported and c.device_type.name in known]


def _clip() -> bytes:
    """Make a few frames of H.264 in which everything moves."""
    file = io.BytesIO()
    y, x = np.mgrid[:PROBE_SIDE, :PROBE_SIDE]
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "0"})
        stream.width = stream.height = PROBE_SIDE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for index in range(PROBE_FRAMES):
            planes = ((x * (index + 1)) ^ y, x + 9 * index, y - 9 * index)
            picture = np.stack(planes, axis=2).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return file.getvalue()


def decoded(clip: bytes, device: str = "") -> list[np.ndarray[Any, Any]]:
    """Decode a clip by a device alone, or on the processor, to planar pictures."""
    extra: dict[str, Any] = {"hwaccel": _accelerator(device, fallback=False)} if device else {}
    with av.open(io.BytesIO(clip), **extra) as container:
        return [frame.reformat(format="yuv420p").to_ndarray() for frame in container.decode(video=0)]


def _accelerator(device: str, *, fallback: bool) -> HWAccel:
    options: dict[str, object] = {"primary_ctx": "1"} if device == "cuda" else {}
    return HWAccel(device, allow_software_fallback=fallback, options=options)


def open_with(path: str, device: str, **options: Any) -> Any:
    """Open a file for decoding by a device; None where this file, or the device now, does not lend itself."""
    try:
        container = av.open(path, hwaccel=_accelerator(device, fallback=True), **options)
    except (av.error.FFmpegError, RuntimeError, ValueError) as error:
        log.info("%s: %s does not open it (%s); the processor decodes.", path, device, error)
        return None
    contexts = [stream.codec_context for stream in container.streams.video]
    if contexts and all(c is not None and c.is_hwaccel and c.name in EXACT for c in contexts):
        return container
    container.close()
    return None


def software_name(name: str, codec: str, full_range: bool) -> str:
    """Name the pixel format that the processor gives of a file of which a device gives format `name`."""
    planar = AS_SOFTWARE.get(name, name)
    if full_range and codec in FULL_RANGE_NAMES and not planar.endswith("le"):
        return planar.replace("yuv4", "yuvj4")
    return planar


def hardware_notice() -> str:
    """Say that decoding by hardware was asked for in vain; empty where it works."""
    reason = hardware().reason
    if not reason:
        return ""
    return f"Hardware decoding was asked for and is not available here ({reason}); decoded on the processor."
