"""Makes `.drt` and `.drp` files as Resolve lays them out, binary fields included, from a few words.

Written from the description in the readers' docstrings, not with their code: maps, packages and
protobuf are put together here by hand, so that a reader's mistake does not meet its twin.
"""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from backports import zstd

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!--DbAppVer="20.3.2.0009" DbPrjVer="15"-->\n'
_NAMES = (
    "Blue",
    "Cyan",
    "Green",
    "Yellow",
    "Red",
    "Pink",
    "Purple",
    "",
    "Fuchsia",
    "Rose",
    "Lavender",
    "Sky",
)
COLORS = {name: 2 << power for power, name in enumerate((*_NAMES, "Mint", "Lemon", "Sand", "Cocoa", "Cream"))}
"""Colour → bit; 256 is free."""
_ids = itertools.count(1)


def new_id() -> str:
    return f"00000000-0000-4000-8000-{next(_ids):012x}"


# --- binary fields ---------------------------------------------------------------------------------------


def double(value: float) -> str:
    """Little-endian double in hex, as after the bar of a frame count."""
    return struct.pack("<d", value).hex()


def doubles(one: float, two: float = 0.0) -> str:
    return double(one) + double(two)


def qt_map(values: Mapping[str, Any]) -> bytes:
    """QVariantMap as QDataStream writes it, names in falling order as Resolve has them."""
    out = struct.pack(">II", 1, len(values))
    for name in sorted(values, reverse=True):
        value, raw = values[name], name.encode("utf-16-be")
        out += struct.pack(">I", len(raw)) + raw
        if isinstance(value, bool):
            out += struct.pack(">Ib?", 1, 0, value)
        elif isinstance(value, int):
            out += struct.pack(">Ibi", 2, 0, value)
        elif isinstance(value, float):
            out += struct.pack(">Ibd", 6, 0, value)
        elif isinstance(value, str):
            raw = value.encode("utf-16-be")
            out += struct.pack(">IbI", 10, 0, len(raw)) + raw
        else:
            out += struct.pack(">IbI", 12, 0, len(value)) + value
    return out


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(*fields: tuple[int, int | float | str | bytes]) -> bytes:
    """Protobuf: numbers, doubles, text or bytes under field numbers."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            raw = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(raw)) + raw
    return out


def packed(content: bytes, squeeze: bool = True) -> bytes:
    return b"\x81" + zstd.compress(content) if squeeze else b"\x80" + content


def package(content: bytes, tag: int = 2, squeeze: bool = True) -> bytes:
    inside = packed(content, squeeze)
    return struct.pack(">II", tag, len(inside)) + inside


@dataclass(frozen=True)
class Mark:
    """A marker: frame, colour (a name or a code), name, note, length, custom data."""

    frame: float
    color: str | int = "Blue"
    name: str = "Marker 1"
    note: str = ""
    frames: int | str = 1
    custom: str = ""


def marker_blob(marks: Sequence[Mark], halves: bool = False, squeeze: bool = True) -> str:
    """Lockable blob with markers; `halves` is the form of 21.1, which counts half frames."""
    entries = []
    for mark in reversed(sorted(marks, key=lambda mark: mark.frame)):
        code = COLORS[mark.color] if isinstance(mark.color, str) else mark.color
        fields: list[tuple[int, int | float | str | bytes]] = [
            (1, code),
            (3, mark.note),
            (3, str(mark.frames)),
        ]
        fields += [(3, mark.name)] + ([(6, mark.custom)] if mark.custom else [])
        body = message((1, message(*fields)))
        body = struct.pack(">II", 2, len(body)) + body
        if halves:
            place = message((1, int(mark.frame * 2))) if mark.frame else b""
            entries.append((2, message((1, place), (2, body))))
        else:
            entries.append(
                (1, message((1, int(mark.frame)), (2, body)) if mark.frame else message((2, body)))
            )
    content = message((2, message(*entries)))
    return qt_map({"BlobData": package(content, 10001, squeeze)}).hex()


def no_retime(frames: int, rate: float) -> str:
    return "02" + struct.pack(">d", (frames - 1) / rate).hex()


def speed_map(*keys: tuple[float, ...], last: float | None = None) -> str:
    """Time map up to 20: keys of playing and media seconds, and perhaps in x, in y, out x, out y."""
    names = ("X", "Y", "XIn", "YIn", "XOut", "YOut")
    inner = {}
    for index, key in enumerate(keys):
        full = dict(zip(names, (*map(float, key), *[0.0] * (6 - len(key))), strict=True))
        inner[str(index)] = qt_map({**full, "interp": int(len(key) > 2)})
    values = {
        "XMax": float(keys[-1][0]),
        "UniqueId": new_id(),
        "DbType": "Sm2TimeMap",
        "KeyframesBA": qt_map(inner),
    }
    if last is not None:
        values |= {"LastValidYOffset": float(last), "YMax": float(last)}
    return qt_map(values).hex()


def speed_message(*keys: tuple[float, float], last: float | None = None) -> str:
    """Time map from 21 on: keys as protobuf, which leaves zeros out."""
    rows = [message(*((n, float(v)) for n, v in zip((1, 2), key, strict=True) if v)) for key in keys]
    values: dict[str, Any] = {
        "XMax": float(keys[-1][0]),
        "YMax": -1.0,
        "YMin": -1.0,
        "UniqueId": new_id(),
        "DbType": "Sm2TimeMap",
        "KeyframesBA": packed(message(*((1, row) for row in rows)), squeeze=False),
    }
    if last is not None:
        values["LastValidYOffset"] = float(last)
    return qt_map(values).hex()


# --- what a timeline holds ---------------------------------------------------------------------------------


@dataclass
class Item:
    """Something on a track; `start` counts from midnight, as in the file."""

    name: str
    start: int | str
    length: int | str
    path: str = ""
    left: int | str = ""
    rate: float = 24.0
    frames: int = 240
    begin: float = 0.0
    """Seconds of the medium's timecode."""
    timecode: str = ""
    flags: int = 0
    speed: str | None = None
    tag: str = "Sm2TiVideoClip"
    pretty: str = ""
    plays: str = ""
    """Name of the sequence that it plays."""
    marks: Sequence[Mark] = ()
    halves: bool = False
    effects: str = ""
    extra: str = ""
    pooled: str | None = None
    """Path in the media pool, where it is another one; "" for no pool entry."""
    first: int = 0
    id: str = field(default_factory=new_id)


@dataclass
class Made:
    """A timeline, or what is nested like one."""

    name: str = "Cut 7"
    video: Sequence[Sequence[Item]] = ((),)
    audio: Sequence[Sequence[Item]] = ((),)
    rate: float = 24.0
    start: float | None = 3600.0
    kind: str = "Timeline"
    marks: Sequence[Mark] = ()
    size: tuple[int, int] = (1920, 1080)
    track_flags: int = 0
    subtitles: int = 0
    tracks: bool = True
    """Whether the file has its tracks."""
    id: str = field(default_factory=new_id)
    pool_id: str = field(default_factory=new_id)
    timeline_id: str = field(default_factory=new_id)


def tag(name: str, value: object = "", raw: bool = False) -> str:
    text = str(value) if raw else escape(str(value))
    return f"<{name}>{text}</{name}>" if text else f"<{name}/>"


def _item(item: Item, media: Mapping[int, str], pool: Mapping[str, str]) -> str:
    reference = pool[item.plays] if item.plays else media.get(id(item), "")
    speed = no_retime(item.frames, item.rate) if item.speed is None else item.speed
    inside = [
        "<FieldsBlob/>",
        tag("PrettyType", item.pretty),
        tag("Name", item.name),
        tag("Start", item.start),
        tag("Duration", item.length),
        "" if "<WasDisbanded>" in item.extra else tag("WasDisbanded", "false"),
        tag("Flags", item.flags),
        tag("EffectFiltersBA", item.effects),
        item.extra,
        tag("In", item.left),
    ]
    if item.tag in ("Sm2TiVideoClip", "Sm2TiAudioClip"):
        inside += [
            tag("MediaRef", reference),
            tag("MediaStartTime", f"{item.begin:g}" if item.begin < 1e5 else item.begin),
            tag("MediaFilePath", item.path),
            tag("MediaFrameRate", doubles(item.rate)),
            tag("MediaTimemapBA", speed),
            "<pLmVerTable><ListMgt::LmVersionTable><Body>80</Body></ListMgt::LmVersionTable></pLmVerTable>",
        ]
    return f'<Element><{item.tag} DbId="{item.id}">{"".join(inside)}</{item.tag}></Element>'


def _container(made: Made, media: Mapping[int, str], pool: Mapping[str, str]) -> str:
    vectors = []
    for kind, tracks in (("Video", made.video), ("Audio", made.audio), ("Subtitle", [()] * made.subtitles)):
        rows = []
        for track in tracks:
            items = "".join(_item(item, media, pool) for item in track)
            rows.append(
                f'<Element><Sm2TiTrack DbId="{new_id()}"><FieldsBlob/><Type>{int(kind != "Video")}</Type>'
                f"<Flags>{made.track_flags}</Flags><Sequence>{made.id}</Sequence>"
                f"{tag('Items', items, raw=True)}<UserDefinedName/><LayersVec/></Sm2TiTrack></Element>"
            )
        vectors.append(tag(f"{kind}TrackVec", "".join(rows), raw=True))
    return f'{HEAD}<Sm2SequenceContainer DbId="{new_id()}">{"".join(vectors)}</Sm2SequenceContainer>'


def _medium(item: Item, id_: str) -> str:
    path = item.path if item.pooled is None else item.pooled
    cut = max(path.rfind("/"), path.rfind("\\"))
    folder = path[: max(cut, 0)] or path[: cut + 1]
    clip = package(message((1, folder), (2, path[cut + 1 :]), (5, "avc1"))).hex()
    times: dict[str, Any] = {
        "FrameRate": struct.pack("<dd", item.rate, 0.0),
        "NumFrames": item.frames,
        "StartFrame": item.first,
        "DbType": "BtVideoTime",
    }
    if item.timecode:
        times["Timecode"] = item.timecode
    kind = "Video" if item.tag == "Sm2TiVideoClip" else "Audio"
    fields = tag("Clip", clip) + tag("Time", qt_map(times).hex())
    info = f'<Bt{kind}Info DbId="{new_id()}">{fields}</Bt{kind}Info>'
    return (
        f'<Element><Sm2Mp{kind}Clip DbId="{id_}"><FieldsBlob/>{tag("Name", path[cut + 1 :])}'
        f"<{kind}>{info}</{kind}></Sm2Mp{kind}Clip></Element>"
    )


def _pooled_sequence(made: Made) -> str:
    width, height = made.size
    sequence = (
        f'<Sequence><Sm2Sequence DbId="{made.id}"><FieldsBlob/>{tag("FrameRate", doubles(made.rate))}'
        f"{tag('Resolution', struct.pack('>qq', width, height).hex())}"
        f"{tag('MediaExtents', doubles(made.start, 60.0) if made.start is not None else '')}"
        "</Sm2Sequence></Sequence>"
    )
    if made.kind == "Timeline":
        sequence = (
            f'<TimelineSharedHandle><Sm2Timeline DbId="{made.timeline_id}">{tag("Name", made.name)}{sequence}'
            "</Sm2Timeline></TimelineSharedHandle>"
        )
    name = f"Sm2Mp{made.kind}Clip"
    return f'<Element><{name} DbId="{made.pool_id}">{tag("Name", made.name)}{sequence}</{name}></Element>'


def documents(*made: Made, current: int = 0) -> dict[str, str]:
    """Files of an archive: the first timeline is the one that is open in the project, or `current`."""
    pool = {one.name: one.pool_id for one in made}
    media: dict[int, str] = {}
    rows, blobs = [], []
    for one in made:
        rows.append(_pooled_sequence(one))
        if one.marks:
            blobs.append(_blob("Sm2SequenceLockableBlob", one.id, marker_blob(one.marks)))
        for item in (item for track in (*one.video, *one.audio) for item in track):
            if item.path and item.pooled != "":
                media[id(item)] = new_id()
                rows.append(_medium(item, media[id(item)]))
            if item.marks:
                blob = marker_blob(item.marks, item.halves)
                blobs.append(_blob("Sm2TiItemLockableBlob", item.id, blob))
    handles = "".join(f"<Element>{one.timeline_id}</Element>" for one in made if one.kind == "Timeline")
    found = {
        "project.xml": f'{HEAD}<SM_Project DbId="{new_id()}"><TimelineHandleVec>{handles}</TimelineHandleVec>'
        f"<CurrentTimelineIndex>{current}</CurrentTimelineIndex><LockableBlobMap><Sm2LockableBlobMap>"
        f"<LocableBlobSet>{''.join(blobs)}</LocableBlobSet></Sm2LockableBlobMap></LockableBlobMap></SM_Project>",
        "MediaPool/Master/MpFolder.xml": f'{HEAD}<Sm2MpFolder DbId="{new_id()}"><Name>Master</Name>'
        f"<MediaVec>{''.join(rows)}</MediaVec></Sm2MpFolder>",
    }
    for one in made:
        if one.tracks:
            found[f"SeqContainer/{new_id()}.xml"] = _container(one, media, pool)
    return found


def _blob(name: str, owner: str, text: str) -> str:
    return (
        f'<Element><{name} DbId="{new_id()}"><FieldsBlob>{text}</FieldsBlob><BlobOwner>{owner}</BlobOwner>'
        f"</{name}></Element>"
    )


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def write_drt(path: Path, *made: Made, current: int = 0) -> Path:
    path.write_bytes(zipped(documents(*made, current=current)))
    return path
