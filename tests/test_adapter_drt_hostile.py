"""Files that say they are Resolve's and are damaged, or made to harm."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otio_ai_audit.adapters import _drt_archive, _drt_blobs
from otio_ai_audit.adapters._drt_blobs import BlobError, read_fields, read_map, unpack
from otio_ai_audit.adapters._drt_markers import read_markers
from otio_ai_audit.adapters._drt_speed import read_time_map
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timeline import plan

from .drt_files import (
    HEAD,
    Item,
    Made,
    Mark,
    documents,
    marker_blob,
    qt_map,
    speed_map,
    write_drt,
    zipped,
)
from .drt_reading import HOUR, notes, plain, put, read, refusal

# --- damaged ----------------------------------------------------------------------------------------------


def altered(tmp_path: Path, old: str, new: str, **words: Any) -> Path:
    files = documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]], **words))
    assert any(old in text for text in files.values())
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped({name: text.replace(old, new) for name, text in files.items()}))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"<Start>{HOUR}</Start>", "<Start>soon</Start>", "is at no frame"),
        (f"<Start>{HOUR}</Start>", "<Start/>", "is not on the timeline"),
        (f"<Start>{HOUR}</Start>", "<Start>12</Start>", "is not on the timeline"),
        (f"<Start>{HOUR}</Start>", f"<Start>{10**20}</Start>", "is at no frame"),
        ("<Duration>20</Duration>", "<Duration>-20</Duration>", "is not on the timeline"),
        ("<FrameRate>0000000000003840", "<FrameRate>zz", "is damaged"),
        ("<FrameRate>0000000000003840", "<FrameRate>000000000000f07f", "is damaged"),
        ("<FrameRate>00000000000038400000000000000000</FrameRate>", "<FrameRate/>", "frame rate"),
        ("<FrameRate>0000000000003840", "<FrameRate>0000000000000000", "frame rate"),
        ("Sm2MpTimelineClip", "Sm2MpOtherClip", "holds no timeline"),
        ("<Sequence>", "<Other>", "damaged"),
    ],
)
def test_damaged_fields_are_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in refusal(altered(tmp_path, old, new))


def test_a_damaged_in_point_is_said(tmp_path: Path) -> None:
    tl = read(altered(tmp_path, "<In/>", "<In>x|y</In>"))
    assert "starts in its medium is damaged" in notes(tl.tracks[0][0])[0]


def test_pool_fields_that_are_damaged_fall_back(tmp_path: Path) -> None:
    files = documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]]))
    pool = files["MediaPool/Master/MpFolder.xml"]
    cut = pool.index("<Clip>")
    files["MediaPool/Master/MpFolder.xml"] = (
        pool[:cut] + "<Clip>00</Clip><Time>00</Time>" + pool[pool.index("</BtVideo") :]
    )
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped(files))
    clip = read(path).tracks[0][0]
    assert clip.media_reference.target_url == "/a.mov"
    assert clip.media_reference.available_range.duration.value == 240


# --- hostile ----------------------------------------------------------------------------------------------


def test_what_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "evil.drt"
    for content in (b"", b"<xml/>", b"SQLite format 3\0", b"\x00" * 4096):
        path.write_bytes(content)
        assert "no file of DaVinci Resolve" in refusal(path)
    with pytest.raises(TimelineError, match="cannot be read"):
        read(tmp_path / "nothing.drt")
    with pytest.raises(TimelineError, match="cannot be read"):
        read(tmp_path)


def test_cut_short_anywhere(tmp_path: Path) -> None:
    whole = zipped(plain())
    path = tmp_path / "evil.drt"
    for length in range(2, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "cut short" in refusal(path)


def test_another_zip(tmp_path: Path) -> None:
    assert "nothing that DaVinci Resolve exports" in refusal(put(tmp_path, {"content.otio": "{}"}))


@pytest.mark.parametrize(
    "name",
    [
        "../project.xml",
        "/etc/passwd",
        "MediaPool/../../x.xml",
        "C:\\x.xml",
        "..\\x.xml",
        "\\x.xml",
        "a/..\\..\\b",
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    assert "leads outside" in refusal(put(tmp_path, {**plain(), name: "x"}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.drt"]


def test_a_name_with_a_null(tmp_path: Path) -> None:
    whole = zipped({**plain(), "MediaPool/ab.xml": "x"}).replace(b"MediaPool/ab.xml", b"MediaPool/a\0.xml")
    path = tmp_path / "evil.drt"
    path.write_bytes(whole)
    assert "leads outside" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_twice(tmp_path: Path) -> None:
    stream = io.BytesIO(zipped(plain()))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("project.xml", "<x/>")
    path = tmp_path / "evil.drt"
    path.write_bytes(stream.getvalue())
    assert "twice" in refusal(path)


def test_encrypted(tmp_path: Path) -> None:
    whole = bytearray(zipped(plain()))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = whole.find(mark)
        while position >= 0:
            whole[position + offset] |= 1
            position = whole.find(mark, position + 1)
    path = tmp_path / "evil.drt"
    path.write_bytes(bytes(whole))
    assert "encrypted" in refusal(path)


def test_other_packings(tmp_path: Path) -> None:
    path = tmp_path / "evil.drt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in plain().items():
            archive.writestr(name, content)
    assert "packed in a way" in refusal(path)


def test_a_bomb_is_stopped_while_it_inflates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ratio of 1000, and a central directory that claims ten bytes."""
    blank = HEAD.encode() + b"<SM_Project>" + b" " * (48 << 20) + b"</SM_Project>"
    path = put(tmp_path, {**plain(), "project.xml": blank})
    assert "inflates to more than 16 MB" in refusal(path)
    whole = bytearray(path.read_bytes())
    entry = whole.rfind(b"PK\x01\x02", 0, whole.rfind(b"project.xml"))
    whole[entry + 24 : entry + 28] = struct.pack("<I", 10)
    path.write_bytes(bytes(whole))
    assert "damaged" in refusal(path) or "inflates" in refusal(path)
    monkeypatch.setattr(_drt_archive, "FREE_BYTES", 1 << 10)
    monkeypatch.setattr(_drt_archive, "MOST_RATIO", 1)
    assert "inflates" in refusal(put(tmp_path, plain()))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_drt_archive, "MOST_ENTRIES", 50)
    assert "too many" in refusal(put(tmp_path, {**plain(), **{f"x/{n}": "" for n in range(60)}}))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
@pytest.mark.parametrize("entry", ["project.xml", "MediaPool/Master/MpFolder.xml", "SeqContainer"])
def test_entities_and_dtds(tmp_path: Path, head: str, entry: str) -> None:
    files = plain()
    name = next(name for name in files if name.startswith(entry))
    files[name] = str(files[name]).replace(HEAD, HEAD + head)
    assert "DTD or entities" in refusal(put(tmp_path, files))


@pytest.mark.parametrize(
    "content", ["", "<x>", "<x></y>", "no xml", "<x>&a;</x>", "<x a=1/>", "\x00", "<x/><y/>"]
)
def test_xml_that_is_none(tmp_path: Path, content: str) -> None:
    for entry in ("project.xml", "MediaPool/Master/MpFolder.xml"):
        assert refusal(put(tmp_path, {**plain(), entry: content})).startswith(entry)


def test_deep_xml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tag in ("a", "BtThumnail"):
        deep = f"<{tag}>" * 5000 + f"</{tag}>" * 5000
        assert "too deeply" in refusal(put(tmp_path, {**plain(), "project.xml": deep}))
    monkeypatch.setattr(_drt_archive, "MOST_ELEMENTS", 100)
    assert "too large" in refusal(put(tmp_path, {**plain(), "project.xml": f"<a>{'<b/>' * 200}</a>"}))


def test_a_zstd_bomb_is_a_note(tmp_path: Path) -> None:
    """64 MB of zeros in a few bytes: not inflated, and the clip is read without its markers."""
    bomb = zstd.compress(b"\0" * (64 << 20))
    with pytest.raises(BlobError, match="more than fits"):
        unpack(b"\x81" + bomb)
    wide = zstd.compress(
        bytes(1 << 20),
        options={
            zstd.CompressionParameter.window_log: 27,
            zstd.CompressionParameter.content_size_flag: 0,
        },
    )
    frame = bytearray(wide)
    assert frame[4] & 0x20 == 0, "a frame with a window of its own"
    with pytest.raises(BlobError, match="zstd"):
        unpack(b"\x81" + bytes(frame[:5]) + bytes([0xF8]) + bytes(frame[6:]))
    made_ = Made(video=[[Item("a", HOUR, 20, "/a.mov", marks=[Mark(3)])]])
    files = documents(made_)
    blob = qt_map({"BlobData": struct.pack(">II", 10001, len(bomb) + 1) + b"\x81" + bomb}).hex()
    files["project.xml"] = files["project.xml"].replace(marker_blob([Mark(3)]), blob)
    assert blob in files["project.xml"]
    clip = read(put(tmp_path, dict(files))).tracks[0][0]
    assert not clip.markers and "damaged" in notes(clip)[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x00\x01",
        b"\x0b",
        b"\x09\x00",
        b"\xff" * 11,
        b"\x08" + b"\x80" * 12,
    ],
)
def test_broken_protobuf(data: bytes) -> None:
    with pytest.raises(BlobError):
        read_fields(data)


def test_broken_maps() -> None:
    whole = qt_map({"a": 1, "text": "x", "raw": b"123", "d": 2.0})
    assert read_map(whole) == {"a": 1, "text": "x", "raw": b"123", "d": 2.0}
    for length in range(len(whole)):
        with pytest.raises(BlobError):
            read_map(whole[:length])
    with pytest.raises(BlobError):
        read_map(struct.pack(">II", 1, 0xFFFFFFFF) + whole[8:])


def test_writing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="only read here"):
        otio.adapters.write_to_file(otio.schema.Timeline(), str(tmp_path / "x.drt"), "resolve_drt")
    assert not list(tmp_path.iterdir())


def test_the_suffixes_find_the_adapter(tmp_path: Path) -> None:
    for suffix in ("drt", "drp"):
        path = write_drt(tmp_path / f"a.{suffix}", Made("Cut 7"))
        assert otio.adapters.read_from_file(str(path)).name == "Cut 7"


# --- properties -------------------------------------------------------------------------------------------

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(st.data())
def test_damage_is_a_timeline_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    item = Item(
        "a", HOUR, 20, "/a.mov", speed=speed_map((0, 0), (4, 2), (8, 8)), marks=[Mark(3), Mark(9, "Red")]
    )
    files = documents(Made(video=[[item]], marks=[Mark(1, "Mint", "n", "m", 3, "c")]))
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name]
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 60)))
    new = data.draw(st.text("0123456789abcdef<>/&\"'|- ZS", max_size=20))
    path = put(tmp_path, {**files, name: text[:start] + new + text[end:]}, "fuzz.drt")
    try:
        found = read(path)
    except TimelineError as error:
        assert "\n" not in str(error) and "fuzz.drt" in str(error)
    else:
        assert isinstance(found, otio.schema.Timeline)
        plan(found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (read_fields, read_map, unpack, _drt_blobs.read_package):
        with contextlib.suppress(BlobError):
            reader(data)
    for hexed in (read_markers, read_time_map):
        with contextlib.suppress(BlobError):
            hexed(data.hex())
