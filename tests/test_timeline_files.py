"""Edits on disk: reading, writing what was not changed unchanged, bundles, real samples, errors."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction as F
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import opentimelineio as otio
import pytest

from otio_ai_audit import timeline
from otio_ai_audit.errors import OutputError, TimelineError
from otio_ai_audit.model import ClipUse
from otio_ai_audit.timeline.retime import media_at
from otio_ai_audit.timeline.write import document

from .resolve_edit import clip, edit, offline, schema, time, title
from .shared import shared_dir

SHARED = shared_dir()
SAMPLES = sorted((SHARED / "timelines").glob("otio_*/*.otio*")) if SHARED else []
RESOLVE = [path for path in SAMPLES if path.parent.name in ("otio_resolve", "otio_resolve_clips")]
needs_samples = pytest.mark.skipif(not SAMPLES, reason="the sample timelines are not at hand")


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def raw(path: Path) -> Any:
    if path.suffix == ".otioz":
        with zipfile.ZipFile(path) as bundle:
            return json.loads(bundle.read("content.otio"))
    return json.loads(path.read_text(encoding="utf-8"))


def readable(path: Path) -> bool:
    try:
        otio.adapters.read_from_string(json.dumps(raw(path)), "otio_json")
    except otio.exceptions.OTIOError:
        return False
    return True


def touch_media(tl: otio.schema.Timeline, folder: Path) -> None:
    """Put an empty file wherever the edit's media are looked for by name."""
    for one in tl.find_clips():
        reference = one.media_reference
        if isinstance(reference, otio.schema.ImageSequenceReference):
            for number in range(reference.number_of_images_in_sequence()):
                digits = f"{reference.start_frame + number:0{reference.frame_zero_padding}d}"
                (folder / f"{reference.name_prefix}{digits}{reference.name_suffix}").touch()
            continue
        url = unquote(getattr(reference, "target_url", "") or "")
        url = url or reference.metadata.get("Resolve_OTIO", {}).get("Media Url", "")
        if url:
            (folder / url.replace("\\", "/").rsplit("/", 1)[-1]).touch()


# --- real samples --------------------------------------------------------------------------------------


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_every_sample_is_planned_or_refused_in_a_sentence(path: Path, tmp_path: Path) -> None:
    if not readable(path):
        with pytest.raises(TimelineError, match="export it again"):
            timeline.read(path)
        return
    tl = timeline.read(path)
    touch_media(tl, tmp_path)
    for root in (None, tmp_path):
        options = timeline.PlanOptions(
            base=path.parent, source=path.name, media_root=root, cache=tmp_path / "cache"
        )
        plan = timeline.plan(tl, options)
        assert plan.uses or plan.failures or plan.skipped
        assert plan.info.name
        for use in plan.uses:
            assert use.visible
            assert 0 <= use.job < len(plan.jobs)
            assert plan.jobs[use.job].media == use.media
            for span in use.visible:
                assert 0 <= span.start < span.end
                place = timeline.frames_of(use, span)
                assert place is not None
                assert use.record_start <= place[0] < use.record_start + use.record_frames


@needs_samples
@pytest.mark.parametrize("path", RESOLVE, ids=names(RESOLVE))
def test_source_frames_of_resolve_samples_follow_the_formulas(path: Path, tmp_path: Path) -> None:
    """Record frame k of an unretimed clip shows (source start + k) at the media's rate − media start."""
    tl = timeline.read(path)
    touch_media(tl, tmp_path)
    options = timeline.PlanOptions(source=path.name, media_root=tmp_path, hidden=True)
    plan = timeline.plan(tl, options)
    clips = {
        f"V{number}/{count:04d}": one
        for number, track in enumerate(tl.video_tracks(), start=1)
        for count, one in enumerate(track.find_clips(shallow_search=True), start=1)
    }
    assert not plan.failures
    assert plan.uses
    for use in plan.uses:
        if use.media.kind != "still":
            check_against_formula(use, clips[use.id])


def check_against_formula(use: ClipUse, one: otio.schema.Clip) -> None:
    used, available = one.source_range, one.media_reference.available_range
    assert used is not None
    rate = available.start_time.rate
    first = used.start_time.rescaled_to(rate).value - available.start_time.value
    count = used.duration.value
    assert use.record_frames == round(count)
    warps = [e for e in one.effects if isinstance(e, otio.schema.LinearTimeWarp)]
    curves = [e for e in one.effects if type(e) is otio.schema.TimeEffect]
    if curves:
        for second, source, *_ in curves[0].metadata["Resolve_OTIO"]["Key Frames"]:
            assert float(media_at(use.knots, F(second))) == pytest.approx(source, abs=1e-6)
        return
    speed = warps[0].time_scalar if warps else 1.0
    for frame in (0, 1, round(count) // 2, round(count) - 1):
        ends = [media_at(use.knots, F(frame + k) / use.rate) * F(rate) for k in (0, 1)]
        steps = frame if speed > 0 else count - 1 - frame
        expected = first + steps * abs(speed) * rate / used.start_time.rate
        assert float(min(ends)) == pytest.approx(expected, abs=2e-3)
    if not use.blended:
        assert float(use.visible[0].start * F(rate)) == pytest.approx(first, abs=0.5)


@needs_samples
def test_the_big_sample_says_what_it_leaves_out() -> None:
    (path,) = [path for path in RESOLVE if "picchu" in path.name]
    plan = timeline.plan(timeline.read(path), timeline.PlanOptions(source=path.name))
    reasons = [one.reason for one in plan.skipped]
    assert reasons.count("Disabled in the edit.") == 2
    assert sum(reason.startswith("Hidden by") for reason in reasons) == len(reasons) - 2
    assert len(plan.failures) == 4
    assert all(one.reason.startswith("File not found: /") for one in plan.failures)


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_what_is_not_changed_is_written_as_it_was(path: Path, tmp_path: Path) -> None:
    if not readable(path):
        pytest.skip("OTIO cannot read it")
    tl = timeline.read(path)
    before = raw(path)
    written = document(tl, path)
    fragment = not before["OTIO_SCHEMA"].startswith("Timeline")
    inside = written["tracks"]["children"][0]["children"][0] if fragment else written
    assert inside == before
    assert json.dumps(inside) == json.dumps(before)
    out = tmp_path / f"out{path.suffix if path.suffix == '.otioz' else '.otio'}"
    timeline.write(tl, out, path)
    assert raw(out) == written


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=names(SAMPLES))
def test_only_what_is_added_differs(path: Path) -> None:
    if not readable(path):
        pytest.skip("OTIO cannot read it")
    tl = timeline.read(path)
    marker = schema.Marker(name="ours", marked_range=otio.opentime.TimeRange(time(3), time(2)))
    before = document(tl, path)
    clips = list(tl.find_clips())
    clips[0].markers.append(marker.clone())
    tl.tracks.markers.append(marker)
    written = document(tl, path)
    assert written != before
    removed = 0

    def take_out(node: Any) -> Any:
        nonlocal removed
        if isinstance(node, dict):
            if "markers" in node:
                kept = [one for one in node["markers"] if one.get("name") != "ours"]
                removed += len(node["markers"]) - len(kept)
                node = {**node, "markers": kept}
            return {key: take_out(value) for key, value in node.items()}
        return [take_out(one) for one in node] if isinstance(node, list) else node

    left = take_out(written)
    assert removed == 2
    assert without_empty_markers(left) == without_empty_markers(before)


def without_empty_markers(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: without_empty_markers(value)
            for key, value in node.items()
            if not (key == "markers" and value in ([], None))
        }
    return [without_empty_markers(one) for one in node] if isinstance(node, list) else node


# --- made here -------------------------------------------------------------------------------------------


def save(tl: otio.schema.Timeline, path: Path) -> Path:
    path.write_text(tl.to_json_string(), encoding="utf-8")
    return path


def test_a_bundle_gives_its_media_and_keeps_them(tmp_path: Path) -> None:
    tl = edit([clip("media/a.mp4")])
    bundle = tmp_path / "edit.otioz"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("version.txt", "1.0.0")
        archive.writestr("content.otio", tl.to_json_string())
        archive.writestr("media/a.mp4", b"pictures")
    options = timeline.PlanOptions(base=tmp_path, source="edit.otioz", cache=tmp_path / "cache")
    for _ in range(2):
        (use,) = timeline.plan(timeline.read(bundle), options).uses
        assert Path(use.media.path).read_bytes() == b"pictures"
        assert Path(use.media.path).is_relative_to(tmp_path / "cache")
    out = tmp_path / "marked.otioz"
    timeline.write(timeline.read(bundle), out, bundle)
    with zipfile.ZipFile(out) as archive:
        assert archive.read("media/a.mp4") == b"pictures"
        assert archive.read("version.txt") == b"1.0.0"
    read_again = otio.adapters.read_from_file(str(out))
    assert read_again.tracks[0][0].media_reference.target_url == "media/a.mp4"


def test_a_bundle_cannot_write_outside_its_cache(tmp_path: Path) -> None:
    bundle = tmp_path / "edit.otioz"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("content.otio", edit([clip("../evil.mp4")]).to_json_string())
        archive.writestr("../evil.mp4", b"x")
    options = timeline.PlanOptions(base=tmp_path / "x", source=str(bundle), cache=tmp_path / "cache")
    assert timeline.plan(timeline.read(bundle), options).failures
    assert not list(tmp_path.rglob("evil.mp4"))


def test_an_otiod_folder(tmp_path: Path) -> None:
    folder = tmp_path / "edit.otiod"
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "a.mp4").touch()
    save(edit([clip("media/a.mp4")]), folder / "content.otio")
    plan = timeline.plan(timeline.read(folder), timeline.PlanOptions(base=tmp_path, source="edit.otiod"))
    assert plan.uses[0].media.path == str(folder / "media" / "a.mp4")


def test_relative_paths_start_at_the_edit(tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "a.mp4").touch()
    plan = timeline.plan(edit([clip("./shots/a.mp4")]), timeline.PlanOptions(base=tmp_path))
    assert plan.uses[0].media.path == str(tmp_path / "shots" / "a.mp4")


def test_a_lone_clip_becomes_a_timeline(tmp_path: Path) -> None:
    path = tmp_path / "fragment.otio"
    path.write_text(clip(r"C:\a.mp4").to_json_string(), encoding="utf-8")
    plan = timeline.plan(timeline.read(path), timeline.PlanOptions(source=path.name))
    assert plan.failures[0].id == "V1/0001"
    assert plan.info.name == "fragment"


def test_a_reference_that_is_offline_gives_way_to_another(tmp_path: Path) -> None:
    (tmp_path / "small.mp4").touch()
    one = clip(r"D:\big.mxf")
    references = dict(one.media_references())
    references["proxy"] = schema.ExternalReference(
        str(tmp_path / "small.mp4"), one.media_reference.available_range
    )
    one.set_media_references(references, "DEFAULT_MEDIA")
    (use,) = timeline.plan(edit([one])).uses
    assert use.media.path == str(tmp_path / "small.mp4")
    assert "“proxy”" in use.notes[0]


def test_without_its_original_only_added_nulls_are_left_out(tmp_path: Path) -> None:
    out = tmp_path / "o.otio"
    timeline.write(edit([clip("ü#1 🎄.mp4"), title(4), offline("D:\\x", 4)]), out)
    text = out.read_text(encoding="utf-8")
    assert '"color"' not in text
    assert "ü#1 🎄.mp4" in text
    assert timeline.read(out).tracks[0][0].name == "ü#1 🎄.mp4"


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("gone.otio", None, "There is no file"),
        ("text.otio", "this is no timeline", "not an OTIO file"),
        ("json.otio", '{"a": 1}', "not an OTIO timeline"),
        ("number.otio", "3", "not an OTIO timeline|holds no timeline"),
        ("new.otio", '{"OTIO_SCHEMA": "Timeline.999", "name": "x"}', "newer or a damaged OTIO"),
        ("marker.otio", schema.Marker().to_json_string(), "holds no timeline but Marker"),
        ("empty.otio", schema.Timeline("x").to_json_string(), "has no clips"),
        ("bad.otioz", "no zip", "not an OTIO bundle"),
        ("edit.edl", "TITLE: x", r"has no events of a CMX 3600 EDL.*OpenTimelineIO \(\.otio\)"),
        ("edit.fcpxml", "<x/>", "holds no timeline"),
        ("edit.aaf", "x", "cannot be read as an AAF"),
        ("edit.ale", "x", "an Avid log, not OpenTimelineIO"),
        ("edit.doc", "x", r"\.otio, \.otioz, \.otiod, \.fcpxml"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: str | None, match: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(TimelineError, match=match):
        timeline.read(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "film.otio"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(TimelineError, match="not text"):
        timeline.read(path)


def test_a_collection_of_one_timeline_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bin.otio"
    path.write_text(
        schema.SerializableCollection("bin", [edit([clip("a.mp4")])]).to_json_string(), encoding="utf-8"
    )
    assert timeline.read(path).tracks[0][0].name == "a.mp4"
    path.write_text(schema.SerializableCollection("bin", []).to_json_string(), encoding="utf-8")
    with pytest.raises(TimelineError, match="holds no timeline"):
        timeline.read(path)


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    tl = edit([clip("a.mp4")])
    with pytest.raises(OutputError, match=r"\.otio or \.otioz"):
        timeline.write(tl, tmp_path / "x.aaf")
    with pytest.raises(OutputError, match="cannot be written"):
        timeline.write(tl, tmp_path / "no" / "folder" / "x.otio")
