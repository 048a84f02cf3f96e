"""What is drawn on the frames of a review movie: where, how long, how strong, and nothing beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from otio_ai_audit.model import Planes
from otio_ai_audit.render.burn import Burner, Burning, FrameNote, Mark
from otio_ai_audit.render.heat_map import HeatMap
from otio_ai_audit.render.ink import (
    CALM_INK,
    ERROR_INK,
    FAMILY_INKS,
    SLOT,
    WARNING_INK,
    Brush,
    Rect,
    code_of,
)
from otio_ai_audit.render.panel import Panel, draw_bar, panel_height, shown_score

DETECTORS = ("flicker", "pop", "freeze", "cut", "dead", "drift", "mismatch", "flash")
WIDTH, HEIGHT = 640, 360
KINDS = [(8, (2, 2)), (10, (2, 1))]
GREY = 118
MARK = Mark("flicker", "flicker", "error", 0.91, box=(0.5, 0.25, 0.25, 0.5))
NOTE = FrameNote("01:00:06:06", "fox_v012.mp4", 152, {"flicker": 0.91, "drift": 0.3}, (MARK,))


def burning(**changes: object) -> Burning:
    return replace(Burning(True, True, "boxes", DETECTORS), **changes)  # type: ignore[arg-type]


def frame_of(width: int, height: int, bits: int = 8, subsampling: tuple[int, int] = (2, 2)) -> Planes:
    """A grey frame with a colour cast, so that every change of a pixel shows."""
    kind, scale = (np.uint8, 1) if bits == 8 else (np.uint16, 4)
    small = (height // subsampling[1], width // subsampling[0])
    return Planes(
        np.full((height, width), GREY * scale, kind),
        np.full(small, 101 * scale, kind),
        np.full(small, 151 * scale, kind),
    )


def burnt(
    note: FrameNote,
    style: Burning | None = None,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    bits: int = 8,
    subsampling: tuple[int, int] = (2, 2),
) -> Planes:
    style = style or burning()
    panel = panel_height(height, style.detectors if style.bars else ())
    planes = frame_of(width, height + panel, bits, subsampling)
    Burner(width, height, panel, bits, subsampling, style).draw(planes, note)
    return planes


def same(one: Planes, other: Planes) -> bool:
    pairs = ((one.luma, other.luma), (one.blue, other.blue), (one.red, other.red))
    return all(np.array_equal(first, second) for first, second in pairs)


def touched(planes: Planes, height: int = HEIGHT) -> npt.NDArray[np.bool_]:
    """Pixels of the picture whose luma or chroma changed."""
    luma = planes.luma[:height]
    across = luma.shape[1] // planes.blue.shape[1]
    down = planes.luma.shape[0] // planes.blue.shape[0]
    scale = 1 if luma.dtype == np.uint8 else 4
    small = (planes.blue != 101 * scale) | (planes.red != 151 * scale)
    chroma = np.repeat(np.repeat(small, down, 0), across, 1)[:height, : luma.shape[1]]
    return (luma != GREY * scale) | chroma


def is_color(planes: Planes, x: int, y: int, color: str, bits: int = 8) -> bool:
    down = planes.luma.shape[0] // planes.blue.shape[0]
    place = (y // down, x // 2)
    return (planes.luma[y, x], planes.blue[place], planes.red[place]) == code_of(color, bits)


# --- over the picture -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
def test_a_frame_without_findings_keeps_its_picture(bits: int, subsampling: tuple[int, int]) -> None:
    planes = burnt(replace(NOTE, marks=()), bits=bits, subsampling=subsampling)
    assert not touched(planes).any()
    assert len(np.unique(planes.luma[HEIGHT:])) > 20  # texts with soft edges, bars


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
def test_only_border_box_and_label_are_touched(bits: int, subsampling: tuple[int, int]) -> None:
    planes = burnt(NOTE, bits=bits, subsampling=subsampling)
    changed = touched(planes)
    assert changed[0].all() and changed[-1].all() and changed[:, 0].all() and changed[:, -1].all()
    assert is_color(planes, 0, 200, FAMILY_INKS["Lemon"], bits)
    inside = changed[8:-8, 8:-8].copy()
    x, y, right, bottom = 320 - 8, 90 - 8, 480 - 8, 270 - 8
    assert inside[y, x:right].all() and inside[bottom - 1, x:right].all()
    assert inside[y:bottom, x].all() and inside[y:bottom, right - 1].all()
    assert not inside[y + 8 : bottom - 8, x + 8 : right - 8].any()
    inside[y:bottom, x:right] = False
    rows, columns = np.nonzero(inside)
    assert len(rows) and rows.max() < 40 and columns.max() < 200  # the label, upper left


def test_a_box_is_seen_on_any_ground() -> None:
    planes = burnt(NOTE)
    line = planes.luma[180, 316:330]
    assert line.min() == 16 and line.max() == code_of(FAMILY_INKS["Lemon"], 8)[0]
    assert line[4] == 16  # dark outside, then the colour


def test_a_warning_is_dashed_and_an_error_is_not() -> None:
    warning = replace(MARK, severity="warning", score=0.6)
    solid, dashed = burnt(NOTE), burnt(replace(NOTE, marks=(warning,)))
    for line in (np.s_[0, :], np.s_[:HEIGHT, WIDTH - 1]):
        assert len(np.unique(solid.luma[line])) == 1
        assert len(np.unique(dashed.luma[line])) == 2
    corners = [dashed.luma[y, x] for y in (0, HEIGHT - 1) for x in (0, WIDTH - 1)]
    assert set(corners) == {code_of(FAMILY_INKS["Lemon"], 8)[0]}


def test_the_border_is_that_of_the_worst_finding() -> None:
    marks = (Mark("freeze", "freeze", "warning", 0.6), Mark("drift", "drift", "error", 0.85), MARK)
    assert is_color(burnt(replace(NOTE, marks=marks)), 0, 200, FAMILY_INKS["Lemon"])
    assert is_color(burnt(replace(NOTE, marks=marks[:2])), 0, 200, FAMILY_INKS["Fuchsia"])
    assert is_color(burnt(replace(NOTE, marks=marks[:1])), 0, 0, FAMILY_INKS["Sky"])


def test_four_labels_and_how_many_more() -> None:
    def labels(count: int) -> int:
        marks = tuple(replace(MARK, box=None, score=0.8 + number / 100) for number in range(count))
        rows = touched(burnt(replace(NOTE, marks=marks)))[:, 20].astype(int)[8:-8]
        return int((np.diff(rows, prepend=0) == 1).sum())

    assert [labels(count) for count in (1, 2, 4, 5, 9)] == [1, 2, 4, 5, 5]


def test_order_of_findings_does_not_matter() -> None:
    marks = (Mark("freeze", "freeze", "warning", 0.6), Mark("drift", "drift", "error", 0.85), MARK)
    assert same(burnt(replace(NOTE, marks=marks)), burnt(replace(NOTE, marks=marks[::-1])))


def test_overlay_none_leaves_the_picture_and_draws_the_panel() -> None:
    marked = replace(MARK, heat=np.full((4, 4), 255, np.uint8))
    planes = burnt(replace(NOTE, marks=(marked,)), burning(overlay="none"))
    assert not touched(planes).any()
    assert len(np.unique(planes.luma[HEIGHT:])) > 20


@pytest.mark.parametrize(
    "box",
    [
        (-0.5, -0.5, 2.0, 2.0),
        (0.99, 0.99, 0.5, 0.5),
        (0.5, 0.5, 0.0, 0.0),
        (0.5, 0.5, -0.2, 0.1),
        (2.0, 2.0, 1.0, 1.0),
        (float("nan"), 0.0, 0.1, 0.1),
        (0.0, 0.0, float("inf"), 1.0),
        (1e300, 0.0, 1e300, 1.0),
    ],
)
def test_boxes_beyond_the_picture_stay_in_it(box: tuple[float, float, float, float]) -> None:
    marked = replace(MARK, box=box, heat=np.full((3, 5), 200, np.uint8), where=box)
    planes = burnt(replace(NOTE, marks=(marked,)), burning(overlay="heat"))
    clean = burnt(replace(NOTE, marks=()))
    assert np.array_equal(planes.luma[HEIGHT:], clean.luma[HEIGHT:])


# --- heat -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
def test_heat_lies_where_it_is_strong(bits: int, subsampling: tuple[int, int]) -> None:
    cells = np.zeros((9, 16), np.uint8)
    cells[3:6, 7:10] = 255
    mark = replace(MARK, box=None, heat=cells)
    note = replace(NOTE, marks=(mark,))
    kind = {"bits": bits, "subsampling": subsampling}
    plain = burnt(note, burning(), **kind)  # type: ignore[arg-type]
    heated = burnt(note, burning(overlay="heat"), **kind)  # type: ignore[arg-type]
    apart = np.abs(plain.luma.astype(int) - heated.luma.astype(int))
    rows, columns = np.nonzero(apart)
    assert rows.min() >= 80 and rows.max() < 280 and columns.min() >= 240 and columns.max() < 440
    bright = code_of("#fcffa4", bits)[0]
    before = GREY << (bits - 8)
    expected = before * 0.4 + bright * 0.6
    assert heated.luma[180, 340] == pytest.approx(expected, abs=4 << (bits - 8))
    assert apart[180, 340] > apart[180, 270] > 0
    down = subsampling[1]
    assert plain.red[180 // down, 170] != heated.red[180 // down, 170]


def test_a_tint_is_smooth_and_the_picture_stays() -> None:
    brush, picture = Brush(8, 2, 2), Rect(0, 0, 320, 240)
    planes = frame_of(320, 240)
    planes.luma[:, ::2] = 40  # a pattern
    planes.luma[:, 1::2] = 200
    cells = (np.mgrid[0:6, 0:8].sum(0) * 20).astype(np.uint8)
    HeatMap(brush).draw(planes, cells, picture, picture)
    seen = planes.luma.astype(int)
    assert np.abs(np.diff(seen[:, ::2], axis=0)).max() <= 4
    assert (seen[:, 1::2] - seen[:, ::2]).min() >= 160 * 0.4 - 3


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
def test_zero_strength_changes_nothing_beside_strong_cells(bits: int, subsampling: tuple[int, int]) -> None:
    brush, picture = Brush(bits, *subsampling), Rect(0, 0, 322, 182)
    planes = frame_of(322, 182, bits, subsampling)
    planes.luma[:] = (np.arange(322 * 182).reshape(182, 322) * 7 % (219 << (bits - 8))).astype(
        planes.luma.dtype
    )
    before = planes.luma.copy()
    cells = np.zeros((10, 10), np.uint8)
    cells[0, 0] = cells[9, 9] = 255
    HeatMap(brush).draw(planes, cells, picture, picture)
    assert np.array_equal(planes.luma[60:120, 60:260], before[60:120, 60:260])
    assert (planes.luma[:10, :20] != before[:10, :20]).mean() > 0.9
    assert (planes.luma[-5:, -20:] != before[-5:, -20:]).mean() > 0.9


def test_heat_of_a_part_of_the_picture_stays_in_it() -> None:
    mark = replace(MARK, box=None, heat=np.full((3, 3), 255, np.uint8), where=(0.25, 0.5, 0.5, 0.25))
    plain = burnt(replace(NOTE, marks=(mark,)))
    heated = burnt(replace(NOTE, marks=(mark,)), burning(overlay="heat"))
    rows, columns = np.nonzero(plain.luma != heated.luma)
    assert (rows.min(), rows.max() + 1) == (180, 270)
    assert (columns.min(), columns.max() + 1) == (160, 480)


# --- the panel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
@pytest.mark.parametrize(
    ("score", "color"),
    [(0.07, CALM_INK), (0.45, CALM_INK), (0.62, WARNING_INK), (0.91, ERROR_INK), (1.0, ERROR_INK)],
)
def test_bars_are_as_long_as_scores(
    score: float, color: str, bits: int, subsampling: tuple[int, int]
) -> None:
    brush, track = Brush(bits, *subsampling), Rect(10, 10, 200, 12)
    sheet = brush.sheet(220, 30)
    draw_bar(brush, sheet, track, score, "error" if score >= 0.8 else "warning" if score >= 0.5 else "note")
    middle = sheet.luma[16, 10:210]
    slot = code_of(SLOT, bits)[0]
    filled = middle[: round(200 * score)]
    ticks = [i for i in (99, 100, 101, 159, 160, 161) if i < len(filled)]
    assert (np.delete(filled, ticks) != slot).all()
    assert code_of(color, bits)[0] in filled
    rest = np.delete(middle, [*range(len(filled)), 99, 100, 101, 159, 160, 161])
    assert (rest == slot).all()
    outside = sheet.luma.copy()
    outside[10:22, 10:210] = sheet.luma[0, 0]
    assert len(np.unique(outside)) == 1


def test_severities_differ_by_shape_too() -> None:
    brush, track = Brush(8, 2, 2), Rect(0, 0, 100, 12)

    def luma(score: float, severity: str) -> npt.NDArray[np.uint8]:
        sheet = brush.sheet(100, 12)
        draw_bar(brush, sheet, track, score, severity)  # type: ignore[arg-type]
        return np.asarray(sheet.luma[:, 4:40])

    calm, warning, error = luma(0.45, "note"), luma(0.6, "warning"), luma(0.9, "error")
    assert len(np.unique(error)) == 1
    assert 0.2 < (warning != warning.max()).mean() < 0.6 and (warning == warning.max()).any(axis=1).all()
    assert (calm == calm.max()).any(axis=1).mean() < 0.6


def test_values_never_seem_to_be_of_the_next_severity() -> None:
    assert [shown_score(v) for v in (0.796, 0.8, 0.4999, 0.29, 1.0, 0.0)] == [
        "0.79",
        "0.80",
        "0.49",
        "0.29",
        "1.00",
        "0.00",
    ]
    assert [shown_score(v) for v in (None, float("nan"), float("inf"), 7.0, -1.0)] == [
        "n/a",
        "n/a",
        "n/a",
        "1.00",
        "0.00",
    ]


def test_a_score_changes_only_its_own_bar() -> None:
    scores = dict.fromkeys(DETECTORS, 0.3)
    one = burnt(replace(NOTE, scores=scores))
    other = burnt(replace(NOTE, scores={**scores, "pop": 0.9}))
    rows, columns = np.nonzero(one.luma != other.luma)
    assert len(rows) and rows.min() >= HEIGHT and columns.max() - columns.min() < WIDTH // 4


def test_a_panel_depends_on_its_last_note_alone() -> None:
    noise = np.random.default_rng(3)
    for bits, subsampling in KINDS:
        for width, height in ((640, 360), (1080, 1350), (358, 202), (97, 55)):
            panel = panel_height(height, DETECTORS)
            burner = Burner(width, height, panel, bits, subsampling, burning(overlay="heat"))
            for number in range(6):
                scores = {name: float(noise.choice([0.1, 0.4, 0.6, 0.9])) for name in DETECTORS}
                scores.pop(DETECTORS[number])
                note = FrameNote(f"01:00:00:{number:02d}", "fox" * number, 98 + number, scores, NOTE.marks)
                used = frame_of(width, height + panel, bits, subsampling)
                burner.draw(used, note)
                fresh = burnt(
                    note,
                    burning(overlay="heat"),
                    width=width,
                    height=height,
                    bits=bits,
                    subsampling=subsampling,
                )
                assert same(used, fresh), (bits, width, number)


def test_parts_of_the_panel_can_be_left_out() -> None:
    texts = burnt(NOTE, burning(bars=False))
    bars = burnt(NOTE, burning(burn_in=False))
    assert texts.luma.shape[0] < bars.luma.shape[0]
    other = replace(NOTE, timecode="02:11:11:11", clip="other", frame=9)
    assert same(bars, burnt(other, burning(burn_in=False)))
    assert not same(texts, burnt(other, burning(bars=False)))
    bare = frame_of(WIDTH, HEIGHT)
    Burner(WIDTH, HEIGHT, 0, 8, (2, 2), burning(burn_in=False, bars=False, overlay="none")).draw(bare, NOTE)
    assert not touched(bare).any()


def test_digits_stand_still() -> None:
    one = burnt(replace(NOTE, timecode="01:11:11:11"))
    other = burnt(replace(NOTE, timecode="01:11:11:18"))
    _, columns = np.nonzero(one.luma != other.luma)
    assert columns.max() - columns.min() < 20


@pytest.mark.parametrize("height", [2, 16, 64, 202, 360, 1080, 2160])
def test_panel_heights_are_even_and_modest(height: int) -> None:
    full, line = panel_height(height, DETECTORS), panel_height(height, ())
    assert full % 2 == line % 2 == 0 and 2 <= line <= full
    assert full <= max(2, 0.32 * height) and (height < 720 or 0.09 <= full / height <= 0.12)


# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
def test_a_missing_picture_says_why_in_its_middle(bits: int, subsampling: tuple[int, int]) -> None:
    words = "File not found: /footage/day 3/fox_v012.mp4. Give --media-root the folder where it is now."
    changed = touched(burnt(FrameNote("", "", 0, {}, (), words), bits=bits, subsampling=subsampling))
    rows, columns = np.nonzero(changed)
    assert rows.min() + rows.max() == pytest.approx(HEIGHT - 1, abs=2)
    assert columns.min() + columns.max() == pytest.approx(WIDTH - 1, abs=2)
    assert WIDTH * 0.3 < columns.max() - columns.min() < WIDTH * 0.8


HOSTILE = [
    "",
    " ",
    "\x00\x01\x1b[31m\r\n\t\u2028",
    "x" * 10_000,
    "word " * 3_000,
    "e" + "\u0301" * 3_000,
    "\u202egnp.exe\u202c\u2066\u2067\u200f",
    "\ud800broken\udfff",
    "ثعلب في الثلج_v2.mp4",
    "שועל 狐狸 キツネ 여우 लोमड़ी 🦊\u200d🦊",
    "\ufeff\ufffe\U0010ffff\U000f0000",
    "<img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_never_raise_and_never_spill(name: str) -> None:
    mark = replace(MARK, label=name, box=None)
    hostile = FrameNote(name, name, 7, {}, (mark, replace(mark, severity="warning")))
    for style in (burning(), burning(bars=False), burning(detectors=(name, "flicker"))):
        plain = replace(hostile, timecode="", clip="", marks=())
        one, other = burnt(hostile, style), burnt(plain, style)
        changed = touched(one)
        assert changed[0].all()
        assert not changed[40:-8, WIDTH * 8 // 10 : -8].any()
        # The frame's number, at the right of the texts, is never written over.
        if not style.bars:
            assert np.array_equal(one.luma[HEIGHT:, -60:], other.luma[HEIGHT:, -60:])
    burnt(FrameNote(name, name, 7, {}, (), name or "-"), burning(overlay="none"))


# --- sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "subsampling"), KINDS)
@pytest.mark.parametrize("size", [(2, 2), (16, 16), (17, 9), (64, 36), (33, 777), (777, 33), (361, 203)])
def test_tiny_and_odd_sizes(size: tuple[int, int], bits: int, subsampling: tuple[int, int]) -> None:
    width, height = size
    heat = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    mark = replace(MARK, heat=heat, where=(0.0, 0.0, 1.2, 1.1))
    note = replace(NOTE, marks=(mark, replace(mark, severity="warning")) * 4, plate="File not found")
    for style in (burning(overlay="heat"), burning(bars=False), burning(burn_in=False)):
        planes = burnt(note, style, width=width, height=height, bits=bits, subsampling=subsampling)
        limit = 255 if bits == 8 else 1023
        assert max(plane.max() for plane in (planes.luma, planes.blue, planes.red)) <= limit
        assert planes.luma[0, 0] == code_of(FAMILY_INKS["Lemon"], bits)[0]


def test_marks_grow_with_the_picture() -> None:
    def thickness(width: int, height: int) -> int:
        luma = burnt(NOTE, width=width, height=height).luma
        return int((luma[height // 8 :, :60] == luma[0, 0])[0].argmin())

    assert thickness(640, 360) < thickness(1280, 720) < thickness(1920, 1080)


def test_a_panel_is_drawn_the_same_twice() -> None:
    brush = Brush(8, 2, 2)
    scores = dict.fromkeys(DETECTORS, 0.6)
    panels = [Panel(640, 48, brush, detectors=DETECTORS, burn_in=True) for _ in range(2)]
    one, other = (panel.draw("01:00:00:00", "fox", 3, scores) for panel in panels)
    assert same(one, other)
