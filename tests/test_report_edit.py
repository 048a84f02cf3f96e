"""The parts of the page of an edit: its pictures, its words, its head and its timeline."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit.model import ClipResult, Curve, Heat, Placed, Thumbnail
from otio_ai_audit.report import edit_pictures, html_file, page_parts
from otio_ai_audit.report.edit_timeline import TimelineView, timeline_view
from otio_ai_audit.report.edit_words import plain_words

from . import report_samples as samples
from .test_report_page import luminance, page, themes


def test_pictures_go_to_the_worst_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = tuple(samples.clip(i) for i in range(1, 9))
    scores = (0.6, 0.9, 0.7, 0.55, 0.95, 0.65, 0.75, 0.85)
    found = tuple(samples.placed(i, score=score, id=f"id{i}") for i, score in enumerate(scores, start=1))
    still = samples.webp(64)
    frames = {p.id: tuple(Thumbnail(1.25 + k / 24, still) for k in range(5)) for p in found}
    result = samples.result(*clips, findings=found, stills={p.id: still for p in found}, around=frames)
    monkeypatch.setattr(edit_pictures, "ROOM", len(still) * (8 + 3 * 5 + 2))
    made = page(result)
    items = [attributes for tag, attributes in made.elements if tag == "li" and "data-finding" in attributes]
    shown = {item["data-finding"] for item in items}
    assert shown == {p.id for p in found}
    plays = [
        attributes.get("data-frames") is not None
        for tag, attributes in made.elements
        if tag == "figure" and attributes.get("class") == "view"
    ]
    assert plays == [True] * 3 + [False] * 5, "every finding keeps its frame, the worst three can be played"


def test_500_clips_with_1500_findings_and_long_curves_stay_below_40_megabytes() -> None:
    result = samples.big(500)
    still = next(iter(result.stills.values()))
    curve = Curve(0.0, 1 / 24, tuple(np.random.default_rng(1).random(2000).tolist()))
    clips = tuple(
        replace(clip, curves=dict.fromkeys(clip.curves, curve), visible=()) for clip in result.clips
    )
    found = tuple(
        samples.placed(i, name, 1.0 + n, 0.6 + 0.1 * n)
        for i in range(1, 501)
        for n, name in enumerate(samples.DETECTORS[:3])
    )
    small = still[:8] + b"WEBP" + still[12:4000]
    around = {p.id: tuple(Thumbnail(p.finding.start + k / 24, small) for k in range(13)) for p in found}
    made = replace(result, clips=clips, findings=found, stills={p.id: still for p in found}, around=around)
    text = html_file.to_html(made)
    assert 25e6 < len(text.encode()) < 40e6
    assert text.count("data-frames") > 50 and text.count("no picture") == 0


def test_evidence_is_said_in_words_with_units() -> None:
    said = dict(
        plain_words(
            {
                "amplitude_cv": float(np.float32(6.25)),
                "frames": 1.0,
                "clips": 12.0,
                "delta_e": 26.44,
                "cue": "shape",
                "area_percent": float("nan"),
                "unheard_of_px": 3.0,
            }
        )
    )
    assert said == {
        "Strength": "6.25 of 255 levels",
        "Length": "1 frame",
        "Compared": "12 clips",
        "Difference of colour": "26.4 ΔE (CIEDE2000)",
        "Told by": "shape",
        "Area": "unknown",
        "unheard of": "3 px",
    }


def test_the_head_says_by_whom_findings_were_dismissed_and_can_be_signed() -> None:
    made = page(samples.sample())
    words = " ".join(made.texts)
    assert "1 finding, and by whom" in words
    assert "flicker in bell.mp4 : green marker – the client likes it" in words
    assert "Checked by Date Signature" in words
    assert "otio-ai-audit 0.1.0, settings 5f2c9a1e, calibrated 2025-11-20" in words
    assert "the originals, all of them" in " ".join(page(samples.result(samples.clip())).texts)


def test_frames_around_a_finding_and_its_heat_go_along() -> None:
    frames = tuple(Thumbnail(1.25 + i / 24, samples.webp()) for i in range(5))
    cells = np.zeros((2, 9, 16), np.uint8)
    cells[1, 2:4, 3:6] = 255
    result = replace(
        samples.sample(),
        around={"a7f3c1": frames},
        heat={"a7f3c1": Heat((1.25, 1.25 + 4 / 24), cells, (1.0, 0.95))},
    )
    made = page(result)
    view = next(figure for figure in made.all("figure", "view") if "data-frames" in figure)
    assert len(view["data-frames"].split()) == len(view["data-times"].split()) == 5
    assert base64.b64decode(view["data-frames"].split()[0]) == frames[0].data
    assert view["data-kind"] == "webp" and view["data-place"] == "4" and view["data-maps"] == "6"
    png = base64.b64decode(view["data-heat"].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(png)) as drawing_of_it:
        pixels = np.asarray(drawing_of_it.convert("RGBA")).reshape(6, 9, 16, 4)
    assert not pixels[0, ..., 3].any(), "nothing is laid over a frame without heat"
    assert pixels[4, 2:4, 3:6, 3].all() and np.count_nonzero(pixels[4, ..., 3]) == 6


@pytest.mark.parametrize("columns", [1, 7, 8])
def test_heat_is_drawn_at_any_width(columns: int) -> None:
    cells = np.arange(3 * columns, dtype=np.uint8).reshape(3, columns) * 11
    with Image.open(io.BytesIO(edit_pictures.heat_png(cells))) as drawing_of_it:
        assert drawing_of_it.size == (columns, 3)
        strong = np.asarray(drawing_of_it.convert("RGBA"))[..., 3].astype(int)
    assert (np.diff(strong.ravel()) >= 0).all()


def test_broken_frames_and_heat_are_left_out() -> None:
    odd = {
        "around": {"a7f3c1": (Thumbnail(float("nan"), samples.webp()), Thumbnail(1.0, b"<svg>"))},
        "heat": {"a7f3c1": Heat((), np.zeros((0, 0, 0), np.uint8))},
    }
    figures = list(page(replace(samples.sample(), **odd)).all("figure"))  # type: ignore[arg-type]
    assert figures and not any("data-frames" in one or "data-heat" in one for one in figures)


# --- the timeline ------------------------------------------------------------------------------------


def drawn(*clips: ClipResult, findings: tuple[Placed, ...] = (), frames: int = 0) -> TimelineView | None:
    result = samples.result(*clips, findings=findings, info=replace(samples.INFO, frames=frames))
    kinds = {clip.id: "error" if findings else "clean" for clip in clips}
    grouped = {clip.id: [p for p in findings if p.finding.use == clip.id] for clip in clips}
    anchors = {clip.id: clip.id for clip in clips}
    return timeline_view(result, clips, grouped, kinds, anchors, {id(p): p.id for p in findings})


def share(text: str) -> float:
    return float(text.removesuffix("%"))


def test_the_timeline_has_a_lane_a_track_and_survives_an_empty_edit() -> None:
    clips = [samples.clip(1, id="V1/0001"), samples.clip(2, id="V10/0001"), samples.clip(3, id="V2/0001")]
    made = drawn(*clips)
    assert made is not None and [lane.name for lane in made.lanes] == ["V10", "V2", "V1"]
    bars = [bar for lane in made.lanes for bar in lane.bars]
    assert all(share(bar.x) + share(bar.width) <= 100.01 for bar in bars)
    assert drawn() is None


def test_the_timeline_is_to_scale_and_findings_lie_on_their_clips() -> None:
    found = samples.placed(2, start=1.0, duration=2.0)
    made = drawn(samples.clip(1), samples.clip(2), findings=(found,), frames=384)
    assert made is not None
    first, second = made.lanes[0].bars
    assert (first.x, first.width, second.x, second.width) == ("0%", "25%", "25%", "25%")
    assert [(r.x, r.width, r.kind, r.anchor) for r in second.ranges] == [("25%", "50%", "error", found.id)]
    assert second.height > drawn(samples.clip(1)).lanes[0].bars[0].height  # type: ignore[union-attr]
    assert made.ticks[0] == ("0%", "01:00:00:00")


def test_the_ruler_has_round_timecodes_where_an_edit_does_not_start_at_one() -> None:
    info = replace(samples.INFO, start_frame=86400 + 30, frames=24 * 60)
    clip = samples.clip(1)
    made = timeline_view(
        samples.result(clip, info=info), [clip], {}, {clip.id: "clean"}, {clip.id: "clip-1"}, {}
    )
    assert made is not None
    assert [words for _, words in made.ticks[:2]] == ["01:00:10:00", "01:00:20:00"]


# --- colours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "light", "print"])
def test_edges_of_fields_and_bars_can_be_told_from_their_ground(theme: str) -> None:
    """WCAG 2.2 AA: 3 for what is needed to see a control or a drawing."""
    style = page_parts.asset("edit.css")
    blocks = {
        "dark": style[style.index(".edit-page { --bar-error") :],
        "light": style[style.index(':root[data-theme="light"] .edit-page') :],
        "print": style[style.index("@media print") :],
    }
    own = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", blocks[theme].partition("}")[0]))
    own.setdefault("edge", re.findall(r"--edge: (#[0-9a-f]{6})", style)[0])
    colors = themes()[theme]
    for ground in ("bg", "panel", "raised"):
        assert contrast(own["edge"], colors[ground]) >= 3, ground
    # A finding on its bar, whatever the hatch does, and the name above both.
    for kind in ("error", "warning"):
        assert contrast(colors[kind], own[f"bar-{kind}"]) >= 3, kind
        assert contrast(colors["text"], own[f"bar-{kind}"]) >= 4.5, kind


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
