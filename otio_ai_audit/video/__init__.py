"""Reading and writing pictures; the only room that imports PyAV."""

from __future__ import annotations

from otio_ai_audit.video.fit import covers
from otio_ai_audit.video.follow import LOOKED_AT, follow
from otio_ai_audit.video.footage import planes_at
from otio_ai_audit.video.hardware import hardware_notice
from otio_ai_audit.video.joining import SAMPLE_RATE, join
from otio_ai_audit.video.movie import PIXEL_FORMATS, PRORES_PROFILES, MovieCodec, MovieWriter
from otio_ai_audit.video.picture import rgb_frames, shown_size
from otio_ai_audit.video.planes import LUMA_FIRST, Frame
from otio_ai_audit.video.probe import probe, start_timecode
from otio_ai_audit.video.read import FrameReader, read_frames
from otio_ai_audit.video.sound import mix
from otio_ai_audit.video.tags import tags
from otio_ai_audit.video.write import encode

__all__ = [
    "LOOKED_AT",
    "LUMA_FIRST",
    "PIXEL_FORMATS",
    "PRORES_PROFILES",
    "SAMPLE_RATE",
    "Frame",
    "FrameReader",
    "MovieCodec",
    "MovieWriter",
    "covers",
    "encode",
    "follow",
    "hardware_notice",
    "join",
    "mix",
    "planes_at",
    "probe",
    "read_frames",
    "rgb_frames",
    "shown_size",
    "start_timecode",
    "tags",
]
