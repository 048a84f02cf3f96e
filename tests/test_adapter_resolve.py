"""OTIO adapter resolve: plain OTIO of what Resolve writes, and back without a loss."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline
from otio_ai_audit.adapters import resolve
from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters.paths import path_of, url_of
from otio_ai_audit.timeline.read import as_timeline

from .resolve_edit import clip, dissolve, edit, gap, keys, offline, schema, span, time, title, warp
from .shared import shared_dir
from .test_timeline_files import touch_media

SHARED = shared_dir()
FOLDERS = ("otio_resolve", "otio_resolve_clips", "otio_resolve_mutated")
SAMPLES = (
    [path for folder in FOLDERS for path in sorted((SHARED / "timelines" / folder).glob("*.otio*"))]
    if SHARED
    else []
)
OTHERS = sorted((SHARED / "timelines" / "otio_other").glob("*.otio")) if SHARED else []
WHOLE = [path for path in SAMPLES if path.parent.name != "otio_resolve_clips"]
needs_samples = pytest.mark.skipif(not SAMPLES, reason="the sample timelines are not at hand")


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def read(node: Any, **arguments: Any) -> Any:
    text = node if isinstance(node, str) else json.dumps(node)
    return otio.adapters.read_from_string(text, "resolve", **arguments)


def write(root: Any) -> Any:
    return json.loads(otio.adapters.write_to_string(root, "resolve"))


def as_resolve_writes(root: Any) -> Any:
    """JSON with the keys that Resolve writes: no `color`, no `enabled` on effects, no `comment`."""

    def bare(node: Any) -> Any:
        if isinstance(node, list):
            return [bare(one) for one in node]
        if not isinstance(node, dict):
            return node
        gone = {"color"} if node.get("color", 0) is None else set()
        gone |= {"enabled"} if "effect_name" in node else set()
        gone |= {"comment"} if "marked_range" in node else set()
        return {key: bare(value) for key, value in node.items() if key not in gone}

    return bare(json.loads(root.to_json_string()))


# --- real exports --------------------------------------------------------------------------------------


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_nothing_of_a_real_export_is_lost(path: Path, tmp_path: Path) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    tl = otio.adapters.read_from_file(str(path), "resolve")
    assert write(tl) == raw
    out = tmp_path / "out.otio"
    otio.adapters.write_to_file(tl, str(out), "resolve")
    assert json.loads(out.read_text(encoding="utf-8")) == raw
    assert write(read(raw)) == raw


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_nothing_is_lost_through_other_programs(path: Path) -> None:
    """Saved as plain OTIO by somebody else and read again, it still goes back to what Resolve wrote."""
    tl = otio.adapters.read_from_file(str(path), "resolve")
    saved = otio.adapters.write_to_string(tl, "otio_json")
    again = otio.adapters.read_from_string(saved, "otio_json")
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert rounded(write(again)) == rounded(raw)


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_an_export_that_otio_saved_keeps_the_keys_it_got(path: Path) -> None:
    saved = otio.adapters.read_from_string(path.read_text(encoding="utf-8"), "otio_json").to_json_string()
    assert '"color": null' in saved
    assert write(read(saved)) == json.loads(saved)


def rounded(node: Any) -> Any:
    """Numbers to 12 digits: OTIO's own reader loses the last ones."""
    if isinstance(node, dict):
        return {key: rounded(value) for key, value in node.items()}
    if isinstance(node, list):
        return [rounded(one) for one in node]
    return float(f"{node:.12g}") if isinstance(node, float) else node


@needs_samples
@pytest.mark.parametrize("path", SAMPLES + OTHERS, ids=names(SAMPLES + OTHERS))
def test_the_audit_sees_the_same_in_both_forms(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    try:
        raw = as_timeline(otio.adapters.read_from_string(text, "otio_json"), path)
    except otio.exceptions.OTIOError:
        pytest.skip("OTIO cannot read it")
    plain = as_timeline(otio.adapters.read_from_file(str(path), "resolve"), path)
    touch_media(raw, tmp_path)
    for root in (None, tmp_path):
        same_to_the_audit(raw, plain, timeline.PlanOptions(source=path.name, media_root=root, hidden=True))
    same_to_the_audit(raw, resolve.normalised(raw), timeline.PlanOptions(source=path.name))


def same_to_the_audit(raw: Any, plain: Any, options: timeline.PlanOptions | None = None) -> None:
    one, two = timeline.plan(raw, options), timeline.plan(plain, options)
    if not raw.name:
        two = replace(two, info=replace(two.info, name=one.info.name))
    assert one == two
    assert timeline.read_markers(raw, one.info) == timeline.read_markers(plain, two.info)


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_media_are_urls_that_mean_the_same_path(path: Path) -> None:
    before = otio.adapters.read_from_string(path.read_text(encoding="utf-8"), "otio_json")
    after = otio.adapters.read_from_file(str(path), "resolve")
    seen = 0
    for old, new in zip(clips_of(before), clips_of(after), strict=True):
        old, new = old.media_reference, new.media_reference
        if isinstance(old, schema.ExternalReference):
            assert stdlib_path(new.target_url) == old.target_url
        elif isinstance(old, schema.ImageSequenceReference):
            assert new.target_url_base.endswith("/")
            assert stdlib_path(new.target_url_base) == old.target_url_base + "\\"
            first = otio.url_utils.filepath_from_url(new.target_url_for_image_number(0))
            number = f"{old.start_frame:0{old.frame_zero_padding}d}"
            folder = old.target_url_base.replace("\\", "/")
            assert first == f"{folder}/{old.name_prefix}{number}{old.name_suffix}"
        elif "Resolve_OTIO" in old.metadata:
            assert isinstance(new, schema.MissingReference)
            known = old.metadata["Resolve_OTIO"]["Media Url"]
            assert stdlib_path(new.metadata["original_target_url"]) == known
        else:
            assert isinstance(new, schema.GeneratorReference)
            assert new.generator_kind == "Text+"
        seen += 1
    assert seen


def clips_of(root: Any) -> list[Any]:
    return [root] if isinstance(root, schema.Clip) else list(root.find_clips())


def stdlib_path(url: str) -> str:
    """Path of a file URL by the standard library, Windows ones with backslashes."""
    parts = urlsplit(url)
    assert parts.scheme == "file" and not parts.query and not parts.fragment
    path = unquote(parts.path)
    if parts.netloc:
        return f"\\\\{parts.netloc}{path}".replace("/", "\\")
    return path[1:].replace("/", "\\") if path[2:3] == ":" else path


@needs_samples
def test_the_name_is_the_files() -> None:
    (path,) = [path for path in SAMPLES if path.name == "amb_torture_ref.otio"]
    assert otio.adapters.read_from_file(str(path), "resolve").name == "amb_torture_ref"
    assert otio.adapters.read_from_file(str(path), "resolve", name="cut 7").name == "cut 7"
    assert otio.adapters.read_from_string(path.read_text(encoding="utf-8"), "resolve").name == ""


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_marker_positions_by_the_formulas(path: Path) -> None:
    """Worked out from the file's JSON alone, by what is known of how Resolve counts."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    expected = sorted(positions(raw))
    tl = as_timeline(otio.adapters.read_from_file(str(path), "resolve"), path)
    info = timeline.plan(tl, timeline.PlanOptions(source=path.name)).info
    assert sorted((marker.frame, marker.name) for marker in timeline.read_markers(tl, info)) == expected


def positions(node: Any) -> list[tuple[int, str]]:
    """Frame on the timeline (or in the lone clip) and name of every marker."""
    if node["OTIO_SCHEMA"].startswith("Clip"):
        rate = node["source_range"]["duration"]["rate"]
        return clip_positions(node, Fraction(0), rate)
    rate = node["global_start_time"]["rate"]
    found = [
        (round(in_frames(one["marked_range"]["start_time"], rate)), one["name"])
        for one in node["tracks"]["markers"]
    ]
    for track in node["tracks"]["children"]:
        at = Fraction(0)
        for child in track["children"]:
            if not child["OTIO_SCHEMA"].startswith("Transition"):
                found += clip_positions(child, at, rate)
                at += in_frames(child["source_range"]["duration"], rate)
    return found


def clip_positions(one: Any, at: Fraction, rate: float) -> list[tuple[int, str]]:
    """Media start plus frame, in retimed frames: offset = marker − media start − left offset."""
    if not one["markers"]:
        return []
    media = one["media_references"]["DEFAULT_MEDIA"]["available_range"]["start_time"]
    zero = in_frames(media, rate)
    left = in_frames(one["source_range"]["start_time"], rate) - zero
    speeds = [effect["time_scalar"] for effect in one["effects"] if "time_scalar" in effect]
    if speeds and speeds[0] > 0:
        left /= Fraction(speeds[0])
    return [
        (round(at + in_frames(held["marked_range"]["start_time"], rate) - zero - left), held["name"])
        for held in one["markers"]
    ]


def in_frames(value: Any, rate: float) -> Fraction:
    return Fraction(value["value"]) * Fraction(rate) / Fraction(value["rate"])


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_otiotool_lists_markers_where_the_audit_sees_them(path: Path, capsys) -> None:
    console = pytest.importorskip("opentimelineio.console.otiotool")
    tl = as_timeline(otio.adapters.read_from_file(str(path), "resolve"), path)
    info = timeline.plan(tl, timeline.PlanOptions(source=path.name)).info
    seen = sorted(marker.frame for marker in timeline.read_markers(tl, info))
    console.summarize_timeline(False, False, False, False, True, False, tl)
    listed = []
    for line in capsys.readouterr().out.splitlines():
        if "MARKER: global:" in line:
            code = line.split("global: ")[1].split(" ")[0]
            listed.append(otio.opentime.from_timecode(code, float(info.rate)).value)
    # otiotool cuts fractions of a frame off, and knows 24 and 25 only apart.
    assert [abs(a - b) <= 1 for a, b in zip(sorted(listed), seen, strict=True)] == [True] * len(seen)


@needs_samples
@pytest.mark.parametrize("adapter", ["fcp_xml", "fcpx_xml"])
@pytest.mark.parametrize("path", WHOLE, ids=names(WHOLE))
def test_other_formats_take_what_was_read(path: Path, adapter: str) -> None:
    if adapter not in otio.adapters.available_adapter_names():
        pytest.skip(f"the adapter {adapter} is not installed")
    generators = adapter != "fcpx_xml"  # it stops at any generator
    tl = otio.adapters.read_from_file(str(path), "resolve", generators=generators)
    text = otio.adapters.write_to_string(tl, adapter)
    assert "file://" in text
    assert not any(line.strip().startswith("<pathurl>E:") for line in text.splitlines())


@needs_samples
def test_otioconvert_gives_back_a_real_export(tmp_path: Path) -> None:
    (path,) = [path for path in SAMPLES if path.name == "aswf_effects_picchu.otio"]
    out = tmp_path / "out.otio"
    run = [sys.executable, "-m", "opentimelineio.console.otioconvert"]
    done = subprocess.run(
        [*run, "-i", str(path), "--input-adapter", "resolve", "-o", str(out), "--output-adapter", "resolve"],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads(path.read_text(encoding="utf-8"))


def test_an_unknown_schema_in_a_collection_stays() -> None:
    strange = {"OTIO_SCHEMA": "Strange.7", "metadata": {"a": 1}}
    collection = json.loads(schema.SerializableCollection("bin", [edit([clip("/a.mov")])]).to_json_string())
    collection["children"].append(strange)
    assert write(read(collection))["children"][1] == strange


# --- paths -----------------------------------------------------------------------------------------------

PATHS = [
    (r"D:\takes\a#1.mov", "file:///D:/takes/a%231.mov"),
    (r"D:\50%\really?\x (1).mp4", "file:///D:/50%25/really%3F/x%20%281%29.mp4"),
    (r"C:\a%20b.mov", "file:///C:/a%2520b.mov"),
    ("d:/takes/a.mov", "file:///d:/takes/a.mov"),
    (r"\\server\share\a b.mov", "file://server/share/a%20b.mov"),
    ("\\\\?\\C:\\long\\a.mov", "file:///C:/long/a.mov"),
    ("\\\\?\\UNC\\server\\share\\a.mov", "file://server/share/a.mov"),
    ("/Users/joshm/x (1).mp4", "file:///Users/joshm/x%20%281%29.mp4"),
    ("/a\\b.mov", "file:///a%5Cb.mov"),
    ("/東京/ü.mov", "file:///%E6%9D%B1%E4%BA%AC/%C3%BC.mov"),
]


@pytest.mark.parametrize(("path", "url"), PATHS)
def test_raw_paths_become_urls(path: str, url: str) -> None:
    assert url_of(path) == url
    tl = read(as_resolve_writes(edit([clip(path)])))
    assert tl.tracks[0][0].media_reference.target_url == url
    assert write(tl) == as_resolve_writes(edit([clip(path)]))


@pytest.mark.parametrize(
    "path", ["", "media/a.mp4", "https://example.org/a.mp4", "a.mp4", "file:///a.mp4", "\\\\x"]
)
def test_what_is_no_absolute_path_stays(path: str) -> None:
    assert url_of(path) is None
    assert read(as_resolve_writes(edit([clip(path)]))).tracks[0][0].media_reference.target_url == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///D:/takes/a%231.mov", r"D:\takes\a#1.mov"),
        ("file://localhost/D:/a.mov", r"D:\a.mov"),
        ("file://D:/a.mov", r"D:\a.mov"),
        ("file:/a.mov", "/a.mov"),
        ("FILE:///a b#1?.mov", "/a b#1?.mov"),
        ("file://server/share/a%20b.mov", r"\\server\share\a b.mov"),
        ("https://example.org/a.mp4", None),
        ("/a.mov", None),
    ],
)
def test_urls_become_raw_paths(url: str, path: str | None) -> None:
    assert path_of(url) == path


part = st.text(
    st.characters(exclude_categories=["C"], exclude_characters='/\\:<>"|*'), min_size=1, max_size=12
)
parts = st.lists(part.filter(lambda text: text.strip(". ") == text), min_size=1, max_size=4)
raw_paths = st.one_of(
    parts.map(lambda found: "/" + "/".join(found)),
    parts.map(lambda found: "D:\\" + "\\".join(found)),
    parts.map(lambda found: "\\\\nas\\share\\" + "\\".join(found)),
)


@settings(deadline=None, max_examples=150)
@given(raw_paths)
def test_any_path_survives_as_a_url(path: str) -> None:
    url = url_of(path)
    assert url is not None
    assert path_of(url) == path == stdlib_path(url)
    if "%" not in path:  # OTIO decodes twice
        assert otio.url_utils.filepath_from_url(url) == path.replace("\\", "/")


# --- edits made here -------------------------------------------------------------------------------------

rates = st.sampled_from([23.976, 23.98, 24.0, 25.0, 29.97, 30000 / 1001, 50.0, 59.94])
noise = st.sampled_from([0.0, 4e-15, -3e-8, 5e-7])


@st.composite
def clips(draw: st.DrawFn, rate: float) -> Any:
    kind = draw(st.sampled_from(["file", "file", "file", "title", "offline", "sequence", "gap"]))
    frames = draw(st.integers(2, 60))
    if kind == "gap":
        return gap(frames, rate)
    if kind == "title":
        return title(frames, draw(st.sampled_from(["Text+", "Solid Color", "", "Lower.third", "fake.mp4"])))
    if kind == "offline":
        return offline(draw(raw_paths), frames)
    media_rate = draw(rates)
    zero = draw(st.sampled_from([0, 86400, 91041]))
    left = draw(st.integers(0, 40))
    start = zero * rate / media_rate + left
    start = start + draw(noise) if abs(start - round(start)) < 1e-9 else start
    effects = draw(
        st.sampled_from([[], [], [2.0], [0.5], [-1.0], [0.0], [2.5], [3.0], [1.0], [2.0, 0.5], "keys"])
    )
    effects = [keys((0, 0, 0), (1, 2, 0), (4, 3, 0))] if effects == "keys" else [warp(one) for one in effects]
    available = span(zero, draw(st.integers(60, 400)), media_rate)
    one = clip(draw(raw_paths), start, frames, available=available, rate=rate, effects=effects)
    if kind == "sequence":
        one.media_reference = schema.ImageSequenceReference(
            draw(raw_paths), "out#.", ".exr", 1000, 1, media_rate, 4, available_range=available
        )
    one.enabled = draw(st.booleans())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, 80)) + zero * rate / media_rate
        one.markers.append(note(at, draw(st.integers(1, 9)), draw(st.sampled_from(["", "n", "ü\nx"])), rate))
    return one


def note(start: float, frames: int, text: str, rate: float = 24.0, color: str = "CYAN") -> otio.schema.Marker:
    made = schema.Marker("m", span(start, frames, rate), color=color)
    made.metadata["Resolve_OTIO"] = {"Keywords": [], "Note": text}
    return made


@st.composite
def edits(draw: st.DrawFn) -> Any:
    rate = draw(rates)
    tl = edit(
        *draw(st.lists(st.lists(clips(rate), min_size=1, max_size=4), min_size=1, max_size=2)),
        rate=rate,
        resolve=draw(st.booleans()),
    )
    if draw(st.booleans()) and len(tl.tracks[0]) > 1:
        tl.tracks[0].insert(1, dissolve(1, 1))
    for frame in draw(st.lists(st.integers(0, 50), max_size=2)):
        tl.tracks.markers.append(note(frame, 1, "t", rate))
    return tl


@settings(deadline=None, max_examples=150)
@given(edits())
def test_plans_and_markers_are_the_same_for_any_edit(raw: Any) -> None:
    plain = resolve.normalised(raw, "name")
    options = timeline.PlanOptions(source="cut.otio", base=Path("/nowhere"), hidden=True)
    same_to_the_audit(raw, plain, options)
    again = otio.adapters.read_from_string(plain.to_json_string(), "otio_json")
    same_to_the_audit(raw, again, options)


@settings(deadline=None, max_examples=100)
@given(edits())
def test_any_edit_comes_back(raw: Any) -> None:
    before = raw.to_json_string()
    plain = resolve.normalised(raw, "name")
    assert raw.to_json_string() == before
    assert resolve.normalised(plain, "other").to_json_string() == plain.to_json_string()
    assert resolve.as_it_was(plain).to_json_string() == before
    if resolve.is_resolve(raw):
        written = as_resolve_writes(raw)
        assert write(plain) == written
        assert write(read(written, name="cut")) == written
        assert resolve.resolve_shaped(raw).to_json_string() == before


@settings(deadline=None, max_examples=40)
@given(edits().filter(lambda raw: clips_of(raw)))
def test_the_audits_own_file_is_the_original_with_markers(tmp_path_factory: Any, raw: Any) -> None:
    path = tmp_path_factory.mktemp("edit") / "cut.otio"
    written = as_resolve_writes(raw)
    path.write_text(json.dumps(written), encoding="utf-8")
    for plain in (
        resolve.normalised(timeline.read(path), "cut"),
        otio.adapters.read_from_file(str(path), "resolve"),
    ):
        plain.tracks.markers.append(schema.Marker("ours", span(3, 1)))
        out = path.with_name("out.otio")
        timeline.write(plain, out, path)
        result = json.loads(out.read_text(encoding="utf-8"))
        assert result["tracks"]["markers"].pop()["name"] == "ours"
        assert result == written


# --- what becomes what -------------------------------------------------------------------------------


def plain_and_written(*children: Any) -> tuple[Any, Any]:
    """An edit of Resolve's with these clips, normalised, and what Resolve wrote."""
    written = as_resolve_writes(edit(list(children)))
    return read(written, name="cut"), written


def test_a_title_is_a_generator_and_one_that_names_a_file_is_not() -> None:
    tl, written = plain_and_written(title(24), title(24, "a.mov"), clip("/a.mov"))
    kinds = [type(one.media_reference).__name__ for one in tl.tracks[0]]
    assert kinds == ["GeneratorReference", "MissingReference", "ExternalReference"]
    reference = tl.tracks[0][0].media_reference
    assert (reference.name, reference.generator_kind) == ("Text+", "Text+")
    assert reference.available_range == tl.tracks[0][0].source_range
    assert write(tl) == written
    assert timeline.plan(tl).skipped[0].reason == "A title or generator."
    kept = read(written, generators=False)
    assert isinstance(kept.tracks[0][0].media_reference, schema.MissingReference)
    assert write(kept) == written


def test_a_silent_clip_on_an_audio_track_is_no_title() -> None:
    raw = edit([clip("/a.mov")])
    raw.tracks.append(schema.Track("Audio 1", [title(24, "hum")], kind="Audio"))
    assert isinstance(resolve.normalised(raw).tracks[1][0].media_reference, schema.MissingReference)


def test_offline_media_keep_what_is_known_of_them() -> None:
    tl, written = plain_and_written(offline(r"D:\takes\a.mp4", 24))
    reference = tl.tracks[0][0].media_reference
    assert isinstance(reference, schema.MissingReference)
    assert reference.metadata["original_target_url"] == "file:///D:/takes/a.mp4"
    assert "offline" in reference.metadata["missing_reference_because"]
    assert write(tl) == written
    (failure,) = timeline.plan(tl).failures
    assert failure.reason == r"File not found: D:\takes\a.mp4"


def test_notes_and_colours_of_markers() -> None:
    raw = edit([clip("/a.mov")])
    raw.tracks.markers.append(note(3, 2, "look", color="Sand"))
    tl = resolve.normalised(raw)
    (marker,) = tl.tracks.markers
    assert (marker.comment, marker.color) == ("look", "ORANGE")
    assert resolve.as_it_was(tl).to_json_string() == raw.to_json_string()


def test_rates_and_noise() -> None:
    raw = edit([clip("/a.mov", 20.000000000000004, rate=23.976)], rate=23.976)
    tl = resolve.normalised(raw)
    held = tl.tracks[0][0].source_range
    assert (held.start_time.value, held.start_time.rate) == (20.0, 24000 / 1001)
    assert tl.global_start_time.rate == 24000 / 1001
    assert resolve.as_it_was(tl).to_json_string() == raw.to_json_string()


def test_every_digit_of_a_number_is_kept() -> None:
    written = as_resolve_writes(edit([clip("/a.mov", effects=[keys((0, 0), (1, 1))])]))
    one = written["tracks"]["children"][0]["children"][0]
    numbers = [49.199999999999996, -1.0000002900227403, 0.037037037037037035, 98.66666666666667]
    one["effects"][0]["metadata"]["Resolve_OTIO"]["Key Frames"][1] = numbers
    one["source_range"]["start_time"]["value"] = 37008.099992000003
    one["effects"].append({"OTIO_SCHEMA": "LinearTimeWarp.1", "metadata": {}, "name": "", "effect_name": ""})
    one["effects"][1]["time_scalar"] = 1.1899998188018799
    assert write(read(written)) == written


def test_a_compound_clip_is_read_through() -> None:
    inner = schema.Stack("compound", source_range=span(0, 24))
    inner.append(schema.Track("Video 1", [clip(r"D:\a#.mov"), title(12)], kind="Video"))
    tl, written = plain_and_written(inner, clip("/b.mov"))
    urls = [getattr(one.media_reference, "target_url", "title") for one in tl.find_clips()]
    assert urls == ["file:///D:/a%23.mov", "title", "file:///b.mov"]
    assert write(tl) == written


@pytest.mark.parametrize("kind", ["Clip", "Track", "Stack", "SerializableCollection"])
def test_a_piece_of_an_edit_stays_one(kind: str) -> None:
    tl = edit([clip(r"D:\a.mov"), title(4)])
    tl.tracks[0][0].metadata["Resolve_OTIO"] = {}
    tl.tracks[0].metadata["Resolve_OTIO"] = {"Locked": False}
    root = {
        "Clip": tl.tracks[0][0],
        "Track": tl.tracks[0],
        "Stack": tl.tracks,
        "SerializableCollection": schema.SerializableCollection("bin", [tl]),
    }[kind]
    written = as_resolve_writes(root)
    plain = read(written)
    assert type(plain).__name__ == kind
    assert clips_of(plain)[0].media_reference.target_url == "file:///D:/a.mov"
    assert write(plain) == written


def test_a_marker_on_a_retimed_clip_counts_record_frames() -> None:
    """The one measured case: media from 0, start 39 at double speed, marker at 24: 4.5 frames in."""
    one = clip(r"D:\a.mov", 39, 11, effects=[warp(2.0)])
    one.markers.append(note(24, 1, "n"))
    tl, written = plain_and_written(gap(7), one)
    (marker,) = tl.tracks[0][1].markers
    assert marker.marked_range.start_time.value == 39 + 4.5
    assert write(tl) == written
    (seen,) = timeline.read_markers(tl, timeline.plan(tl).info)
    assert seen.frame == round(7 + 4.5)


def test_a_half_frame_is_the_same_half_in_both_forms() -> None:
    """At 0.96 frames a frame, floats lie a hair to either side of a half."""
    start = 91041 * 24 / 25
    one = clip(r"D:\a.mov", start + 3, 2, available=span(91041, 60, 25), effects=[warp(2.0)])
    one.markers.append(note(start, 1, ""))
    raw = edit([one])
    same_to_the_audit(raw, resolve.normalised(raw))


# --- what somebody changed in between ----------------------------------------------------------------


def first(node: Any) -> Any:
    return node["tracks"]["children"][0]["children"][0]


def test_changed_media_become_bare_paths() -> None:
    tl, written = plain_and_written(clip(r"D:\a.mov"), offline(r"D:\b.mov", 4), title(4))
    one, two, three = tl.tracks[0]
    one.media_reference.target_url = "file:///E:/new%20takes/a%23.mov"
    two.media_reference = schema.ExternalReference("file:///Volumes/b.mov", span(0, 4))
    three.media_reference = schema.ExternalReference("file://nas/share/c.mov", span(0, 4))
    result = write(tl)
    urls = [
        one["media_references"]["DEFAULT_MEDIA"]["target_url"]
        for one in result["tracks"]["children"][0]["children"]
    ]
    assert urls == [r"E:\new takes\a#.mov", "/Volumes/b.mov", r"\\nas\share\c.mov"]
    assert "otio_ai_audit" not in json.dumps(result)
    first(result)["media_references"]["DEFAULT_MEDIA"]["target_url"] = r"D:\a.mov"
    assert first(result) == first(written)


def test_a_changed_url_of_offline_media_is_where_resolve_looks() -> None:
    tl, _ = plain_and_written(offline(r"D:\b.mov", 4))
    tl.tracks[0][0].media_reference.metadata["original_target_url"] = "file:///E:/b.mov"
    reference = first(write(tl))["media_references"]["DEFAULT_MEDIA"]
    assert reference["metadata"] == {"Resolve_OTIO": {"Media Url": r"E:\b.mov"}}


def test_a_changed_folder_of_pictures() -> None:
    one = clip("x")
    one.media_reference = schema.ImageSequenceReference(r"D:\a", "f.", ".exr", 1, 1, 23.976, 4)
    one.media_reference.available_range = span(0, 48)
    tl, _ = plain_and_written(one)
    reference = tl.tracks[0][0].media_reference
    assert (reference.target_url_base, reference.rate) == ("file:///D:/a/", 24000 / 1001)
    reference.target_url_base = "file:///E:/b%20c/"
    result = first(write(tl))["media_references"]["DEFAULT_MEDIA"]
    assert (result["target_url_base"], result["rate"]) == (r"E:\b c", 23.976)


def test_changed_and_new_markers_are_notes_of_resolves() -> None:
    raw = edit([clip("/a.mov")])
    raw.tracks.markers.extend([note(1, 1, "one"), note(2, 1, "two"), note(3, 1, "three")])
    tl = resolve.normalised(raw)
    tl.tracks.markers[0].comment = "ONE"
    tl.tracks.markers[1].metadata["Resolve_OTIO"]["Note"] = "TWO"
    tl.tracks.markers[2].color = "RED"
    tl.tracks.markers.append(schema.Marker("new", span(9, 1), color="Mint", comment="four"))
    marks = write(tl)["tracks"]["markers"]
    assert [one["metadata"]["Resolve_OTIO"]["Note"] for one in marks] == ["ONE", "TWO", "three", "four"]
    assert [one["color"] for one in marks] == ["CYAN", "CYAN", "RED", "GREEN"]
    assert all("comment" not in one for one in marks[:3])
    assert marks[3]["metadata"]["Resolve_OTIO"]["Keywords"] == []


def test_a_marker_moved_on_a_retimed_clip_is_counted_resolves_way() -> None:
    one = clip(r"D:\a.mov", 39, 11, effects=[warp(2.0)])
    one.markers.extend([note(24, 1, "n"), note(20, 1, "stays")])
    tl, _ = plain_and_written(one)
    markers = tl.tracks[0][0].markers
    markers[0].marked_range = span(39 + 6.5, 1)
    markers.append(schema.Marker("new", span(39 + 0.5, 1)))
    starts = [held["marked_range"]["start_time"]["value"] for held in first(write(tl))["markers"]]
    assert starts == [26, 20, 20]


def test_markers_stay_on_their_frame_when_a_retimed_clip_is_trimmed() -> None:
    one = clip(r"D:\a.mov", 39, 11, effects=[warp(2.0)])
    one.markers.append(note(24, 1, "n"))
    tl, _ = plain_and_written(one)
    tl.tracks[0][0].source_range = span(41, 9)
    (seen,) = timeline.read_markers(tl, timeline.plan(tl).info)
    back = otio.adapters.read_from_string(json.dumps(write(tl)), "otio_json")
    (again,) = timeline.read_markers(back, timeline.plan(back).info)
    assert seen.frame == again.frame == 2
    assert back.tracks[0][0].markers[0].marked_range.start_time.value == 23
    del tl.tracks[0][0].effects[:]
    assert first(write(tl))["markers"][0]["marked_range"]["start_time"]["value"] == 43.5


def test_a_trimmed_clip_keeps_what_was_not_trimmed() -> None:
    tl, _ = plain_and_written(clip("/a.mov", 20.000000000000004, 48, rate=23.976))
    held = tl.tracks[0][0].source_range
    tl.tracks[0][0].source_range = otio.opentime.TimeRange(held.start_time, time(30, 24000 / 1001))
    result = first(write(tl))["source_range"]
    assert (result["start_time"]["value"], result["start_time"]["rate"]) == (20.000000000000004, 23.976)
    assert (result["duration"]["value"], result["duration"]["rate"]) == (30, 23.976)


def test_a_timeline_that_was_renamed_is_written_without_a_name() -> None:
    tl, _ = plain_and_written(clip("/a.mov"))
    tl.name = "another"
    assert write(tl)["name"] == ""
    raw = edit([clip("/a.mov")])
    raw.name = "authored"
    assert write(resolve.normalised(raw, "file"))["name"] == "authored"


# --- edits that Resolve never saw ----------------------------------------------------------------------


def check_resolve_takes_it(node: Any) -> None:
    """What others measured that Resolve asks of a document; written apart from the code under test."""
    assert node["OTIO_SCHEMA"] == "Timeline.1"
    assert node["name"] == "" and "Resolve_OTIO" in node["metadata"]
    assert node["global_start_time"]["rate"] > 1
    kinds = [track["kind"] for track in node["tracks"]["children"]]
    assert kinds == sorted(kinds, reverse=True), "video first"
    for kind in ("Video", "Audio"):
        called = [one["name"] for one in node["tracks"]["children"] if one["kind"] == kind]
        assert called == [f"{kind} {number}" for number in range(1, len(called) + 1)]
    for track in node["tracks"]["children"]:
        assert track["enabled"] is True and "metadata" in track
        for child in track["children"]:
            check_child(child)


def check_child(child: Any) -> None:
    assert "metadata" in child
    if child["OTIO_SCHEMA"].startswith("Transition"):
        return
    assert "enabled" in child and "color" not in child
    if child["OTIO_SCHEMA"].startswith("Gap"):
        return
    assert child["OTIO_SCHEMA"] == "Clip.2" and child["source_range"]
    assert child["active_media_reference_key"] == "DEFAULT_MEDIA"
    reference = child["media_references"]["DEFAULT_MEDIA"]
    for url in (reference.get("target_url", ""), reference.get("target_url_base", "")):
        assert "://" not in url and "%" not in url and not url.endswith("/")
    if reference["OTIO_SCHEMA"].startswith(("External", "Image")):
        assert reference["available_range"] and "metadata" in reference
    assert not reference["OTIO_SCHEMA"].startswith("Generator")
    for marker in child["markers"]:
        assert isinstance(marker["metadata"]["Resolve_OTIO"]["Note"], str)


def foreign() -> Any:
    """An edit as another program may write it."""
    tl = schema.Timeline("cut")
    proxy = schema.ExternalReference("file:///D:/proxies/a%231.mov", span(0, 50, 25))
    big = schema.ExternalReference("file:///D:/takes/a%231.mov")
    one = schema.Clip("one", source_range=span(3, 20, 25))
    one.set_media_references({"proxy": proxy, "original": big}, "original")
    one.markers.append(schema.Marker("m", span(5, 1, 25), color="MAGENTA", comment="hello"))
    two = schema.Clip("two", schema.ImageSequenceReference("file:///seq%20a/", "f.", ".exr", 1, 1, 25, 4))
    two.media_reference.available_range = span(0, 40, 25)
    three = schema.Clip("bars", schema.GeneratorReference("bars", "SMPTEBars"), span(0, 10, 25))
    four = schema.Clip("gone", schema.MissingReference(), span(0, 10, 25))
    four.media_reference.metadata["original_target_url"] = "file:///gone.mov"
    sound = schema.Track("A", [schema.Clip("s", schema.ExternalReference("/s.wav"), span(0, 9, 25))])
    sound.kind = "Audio"
    tl.tracks.extend([sound, schema.Track("picture", [one, gap(3, 25), two, three, four], kind="Video")])
    return tl


def test_an_edit_of_another_program_gets_the_shape_that_resolve_takes() -> None:
    tl = foreign()
    before = tl.to_json_string()
    result = write(tl)
    assert tl.to_json_string() == before
    check_resolve_takes_it(result)
    assert result["global_start_time"] == {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": 90000.0}
    one, _, two, three, four = result["tracks"]["children"][0]["children"]
    assert one["media_references"]["DEFAULT_MEDIA"]["target_url"] == r"D:\takes\a#1.mov"
    assert one["media_references"]["proxy"]["target_url"] == r"D:\proxies\a#1.mov"
    assert one["markers"][0]["metadata"]["Resolve_OTIO"] == {"Note": "hello", "Keywords": []}
    assert two["media_references"]["DEFAULT_MEDIA"]["target_url_base"] == "/seq a"
    assert two["source_range"]["duration"]["value"] == 40
    assert three["media_references"]["DEFAULT_MEDIA"]["OTIO_SCHEMA"] == "MissingReference.1"
    known = four["media_references"]["DEFAULT_MEDIA"]["metadata"]["Resolve_OTIO"]
    assert known == {"Media Url": "/gone.mov"}
    check_resolve_takes_it(write(read(result)))
    assert write(read(result)) == result


@needs_samples
@pytest.mark.parametrize("path", OTHERS, ids=names(OTHERS))
def test_samples_of_other_programs_get_that_shape_too(path: Path) -> None:
    try:
        tl = as_timeline(otio.adapters.read_from_file(str(path), "otio_json"), path)
    except otio.exceptions.OTIOError:
        pytest.skip("OTIO cannot read it")
    result = write(tl)
    check_resolve_takes_it({**result, "tracks": {**result["tracks"], "children": flat(result)}})


def flat(node: Any) -> list[Any]:
    """Tracks without nested ones."""
    return [
        {**track, "children": [one for one in track["children"] if "children" not in one]}
        for track in node["tracks"]["children"]
    ]


def test_a_clip_without_any_length_is_named() -> None:
    tl = schema.Timeline("cut")
    tl.tracks.append(schema.Track("v", [schema.Clip("mystery", schema.ExternalReference("/a.mov"))]))
    with pytest.raises(FormatError, match="The clip “mystery” says nowhere how long it is"):
        write(tl)


def test_a_retimed_clip_of_another_program_counts_its_markers_resolves_way() -> None:
    tl = schema.Timeline("cut", global_start_time=time(86400))
    one = clip("/a.mov", 39, 11, effects=[warp(2.0)])
    one.markers.append(schema.Marker("m", span(43.5, 1)))
    tl.tracks.append(schema.Track("v", [one], kind="Video"))
    assert first(write(tl))["markers"][0]["marked_range"]["start_time"]["value"] == 24


def test_clips_without_a_track_get_one() -> None:
    tl = schema.Timeline("cut", global_start_time=time(0))
    tl.tracks.append(clip("/a.mov"))
    result = write(tl)
    check_resolve_takes_it(result)
    assert first(result)["name"] == "a.mov"


# --- other ways in and out ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cut.drt", "cut.edl", "cut.xml", "cut.fcpxml", "cut.aaf", "cut"])
def test_an_edit_of_another_format_is_written_plain(name: str, tmp_path: Path) -> None:
    """There is no JSON of the original to keep."""
    path = tmp_path / name
    path.write_bytes(b"\x00not json")
    out = tmp_path / "out.otio"
    tl = edit([clip(r"D:\a.mov"), title(3)])
    for one in (tl, resolve.normalised(tl, "cut")):
        timeline.write(one, out, path)
        again = otio.adapters.read_from_file(str(out), "otio_json")
        assert again.is_equivalent_to(tl)
        assert '"color"' not in out.read_text(encoding="utf-8")


def test_the_timeline_that_is_meant_is_written_of_a_collection(tmp_path: Path) -> None:
    one, two = edit([clip("/a.mov")]), edit([clip("/b.mov")])
    one.name, two.name = "one", "two"
    path = tmp_path / "bin.otio"
    path.write_text(schema.SerializableCollection("bin", [one, two]).to_json_string(), encoding="utf-8")
    out = tmp_path / "out.otio"
    timeline.write(resolve.normalised(timeline.read(path, name="two")), out, path)
    assert otio.adapters.read_from_file(str(out), "otio_json").is_equivalent_to(two)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("this is no timeline", "is not an OTIO file"),
        ("[" * 100_000, "is not an OTIO file"),
        ('{"a": 1}', "OTIO"),
        ("3", "OTIO"),
        ('{"OTIO_SCHEMA": "Timeline.999", "name": "x"}', "cannot be read as OTIO"),
        ('{"OTIO_SCHEMA": "RationalTime.1", "rate": 1, "value": 1}', "not an OTIO timeline"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=match):
        otio.adapters.read_from_file(str(path), "resolve")
    with pytest.raises(otio.exceptions.OTIOError):
        read(text)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "film.otio").write_bytes(bytes(range(128, 256)))
    with pytest.raises(FormatError, match=r"film\.otio is not an OTIO file \(it is not text\)"):
        otio.adapters.read_from_file(str(tmp_path / "film.otio"), "resolve")
    with pytest.raises(FormatError, match=r"gone\.otio cannot be read: No such file"):
        otio.adapters.read_from_file(str(tmp_path / "gone.otio"), "resolve")
    with pytest.raises(FormatError, match="cannot be written"):
        otio.adapters.write_to_file(edit([clip("/a.mov")]), str(tmp_path / "no" / "x.otio"), "resolve")


def test_a_byte_order_mark_and_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    written = as_resolve_writes(edit([clip("/ü.mov")]))
    path.write_text("\ufeff" + json.dumps(written), encoding="utf-8")
    tl = otio.adapters.read_from_file(str(path), "resolve")
    assert tl.name == "cut"
    text = otio.adapters.write_to_string(tl, "resolve", indent=-1)
    assert "\n" not in text and "ü" in text
    assert json.loads(text) == written


def test_times_that_cannot_be_stay() -> None:
    raw = edit([clip("/a.mov")])
    raw.tracks.markers.append(schema.Marker("m", span(1, 1, 0.0)))
    tl = resolve.normalised(raw)
    assert tl.tracks.markers[0].marked_range.start_time.rate == 0
    assert resolve.as_it_was(tl).to_json_string() == raw.to_json_string()
