"""A timeline as Resolve exports it to `.drt`: a ZIP of XML with the parts that a reader needs, by hand.

Modelled on real exports; markers, grades, thumbnails and transitions (no real file shows one) are left out.
"""

from __future__ import annotations

import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

from .resolve_host_model import Item, Medium, Timeline, Track, new_id

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!--DbAppVer="18.1.4.0009" DbPrjVer="12"-->\n'


def _rate(rate: Fraction) -> str:
    return struct.pack("<dd", float(rate), 0.0).hex()


def _extents(tl: Timeline) -> str:
    return struct.pack("<dd", float(tl.first / tl.exact), float((tl.end - tl.first) / tl.exact)).hex()


def _clip(item: Item) -> str:
    medium = item.medium
    media = (
        "<MediaRef/><MediaStartTime>0</MediaStartTime><MediaFilePath/>"
        f'<CompositionTable><Sm2TiCompositionTable DbId="{new_id()}"/></CompositionTable>'
        if medium is None
        else f"<MediaRef>{medium.id}</MediaRef>"
        f"<MediaStartTime>{float(medium.start / medium.rate):g}</MediaStartTime>"
        f"<MediaFilePath>{escape(medium.path)}</MediaFilePath><MediaReelNumber/>"
        f"<MediaFrameRate>{_rate(medium.rate)}</MediaFrameRate>"
    )
    inside = 0 if item.still else item.left
    return (
        f'<Element><Sm2TiVideoClip DbId="{item.id}"><FieldsBlob/><Name>{escape(item.name)}</Name>'
        f"<Start>{item.start}</Start><Duration>{item.duration}</Duration><LinkedItemSync/>"
        f"<WasDisbanded>false</WasDisbanded><MarkersBA/><UiMemento>0</UiMemento><Flags>0</Flags>"
        f"<EffectFiltersBA/><In>{inside}</In>{media}<MediaTimemapBA/></Sm2TiVideoClip></Element>"
    )


def _track(track: Track, kind: int, sequence: str) -> str:
    items = sorted((i for i in track.items if i.kind != "transition"), key=lambda i: i.start)
    inside = "".join(_clip(item) for item in items)
    return (
        f'<Element><Sm2TiTrack DbId="{new_id()}"><FieldsBlob/><Type>{kind}</Type><SubType>0</SubType>'
        f"<Flags>0</Flags><Sequence>{sequence}</Sequence><Items>{inside}</Items><UserDefinedName/>"
        "<LayersVec/></Sm2TiTrack></Element>"
    )


def _medium(medium: Medium) -> str:
    return (
        f'<Element><Sm2MpVideoClip DbId="{medium.id}"><FieldsBlob/><Name>{escape(medium.file_name)}</Name>'
        f"<UniqueMediaPoolItemId>{medium.media_id}</UniqueMediaPoolItemId></Sm2MpVideoClip></Element>"
    )


def write_drt(tl: Timeline, path: Path) -> None:
    """Write a project of one timeline."""
    clip, handle, sequence, container = new_id(), new_id(), new_id(), new_id()
    tracks = "".join(_track(track, 0, sequence) for track in tl.video)
    media = {item.medium.id: item.medium for item in tl.items() if item.medium is not None}
    pool = (
        f'{_HEAD}<Sm2MpFolder DbId="{new_id()}"><FieldsBlob/><Name>Master</Name><MediaVec>'
        f'<Element><Sm2MpTimelineClip DbId="{clip}"><FieldsBlob/><Name>{escape(tl.name)}</Name>'
        f'<TimelineSharedHandle><Sm2Timeline DbId="{handle}"><FieldsBlob/><Name>{escape(tl.name)}</Name>'
        f'<MpTimelineClip>{clip}</MpTimelineClip><Sequence><Sm2Sequence DbId="{sequence}"><FieldsBlob/>'
        f"<MediaExtents>{_extents(tl)}</MediaExtents>"
        f"<FrameRate>{_rate(tl.exact)}</FrameRate><Parent>{handle}</Parent></Sm2Sequence></Sequence>"
        "</Sm2Timeline></TimelineSharedHandle></Sm2MpTimelineClip></Element>"
        f"{''.join(_medium(one) for one in media.values())}</MediaVec></Sm2MpFolder>"
    )
    project = (
        f'{_HEAD}<SM_Project DbId="{new_id()}"><FieldsBlob/><ProjectName>{escape(tl.name)}</ProjectName>'
        f"<TimelineHandleVec><Element>{handle}</Element></TimelineHandleVec></SM_Project>"
    )
    cut = (
        f'{_HEAD}<Sm2SequenceContainer DbId="{container}"><FieldsBlob/>'
        f"<VideoTrackVec>{tracks}</VideoTrackVec>"
        "<AudioTrackVec/><SubtitleTrackVec/><GeometryTrackVec/></Sm2SequenceContainer>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("project.xml", project)
        bundle.writestr("MediaPool/Master/MpFolder.xml", pool)
        bundle.writestr(f"SeqContainer/{container}.xml", cut)
