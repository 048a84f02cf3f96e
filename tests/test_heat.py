"""Heat is hottest where a fault was put in, in the frames of its finding, and lies as a player shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from otio_ai_audit.heat import MOST_MAPS, heat, heats
from otio_ai_audit.model import ClipUse, Finding, Heat, MediaSignals, Placed

from .detector_clips import detect, faulty, signals_of, use_of
from .edits import pan
from .signals import made_up

Region = tuple[float, float, float, float]


def surest(name: str, use: ClipUse) -> Finding:
    return max(detect(name, use).findings, key=lambda finding: finding.score)


def found(use: ClipUse, finding: Finding) -> Heat:
    one = heat(use, finding)
    assert one is not None
    return one


def inside(one: Heat, region: Region) -> np.ndarray:
    """Cells whose middle lies in a region of the picture, shape (R, C)."""
    rows, columns = one.cells.shape[1:]
    x, y, w, h = region
    across = (np.arange(columns) + 0.5) / (columns * one.share[0])
    down = (np.arange(rows) + 0.5) / (rows * one.share[1])
    return np.outer((down >= y) & (down < y + h), (across >= x) & (across < x + w))


def grown(region: Region, by: float = 0.08) -> Region:
    """A region with a border: cells at its edge are covered in part."""
    x, y, w, h = region
    return x - by, y - by, w + 2 * by, h + 2 * by


@pytest.mark.parametrize(
    ("scene", "kind", "detector"),
    [
        ("pan", "local_15", "flicker"),
        ("zoom", "local_8hz", "flicker"),
        ("pan", "local_6hz", "flicker"),
        ("pan", "fur_long", "flicker"),
        ("pan", "local_pop", "pop"),
    ],
)
def test_local_faults_are_hot_where_they_were_put_in(scene: str, kind: str, detector: str) -> None:
    signals, fault = faulty(scene, kind)
    use = use_of(signals)
    finding = surest(detector, use)
    one = found(use, finding)
    mean = one.cells.mean(axis=0)
    assert fault.region is not None and finding.region is not None
    truth = inside(one, fault.region)
    row, column = np.unravel_index(mean.argmax(), mean.shape)
    assert truth[row, column]
    assert mean[truth].mean() > 5 * mean[~inside(one, grown(fault.region))].mean()
    spoken = inside(one, finding.region)
    assert mean[spoken].mean() > 3 * mean[~spoken].mean()
    assert one.cells.max() == 255 and one.cells.dtype == np.uint8


def test_there_is_a_map_for_every_frame_of_the_finding() -> None:
    signals, _ = faulty("pan", "alternate_12")
    use = use_of(signals)
    finding = surest("flicker", use)
    one = found(use, finding)
    end = finding.start + finding.duration
    assert one.times == tuple(t for t in signals.times if finding.start - 1e-6 <= t < end - 1e-6)
    assert len(one.times) == len(one.cells)


def test_a_fault_of_the_whole_picture_is_hot_everywhere() -> None:
    signals, _ = faulty("pan", "alternate_12")
    use = use_of(signals)
    finding = surest("flicker", use)
    assert finding.region is None
    mean = found(use, finding).cells.mean(axis=0)
    assert (mean > 0.2 * mean.max()).mean() > 0.9


@pytest.mark.parametrize(("kind", "label"), [("seam", "jump"), ("tail_dark", "tail"), ("pop", "pop")])
def test_jumps_and_tails_have_heat(kind: str, label: str) -> None:
    signals, _ = faulty("zoom" if kind == "seam" else "pan", kind)
    use = use_of(signals)
    finding = surest("pop", use)
    assert finding.label == label
    one = found(use, finding)
    assert (one.cells.mean(axis=(1, 2)) > 0).any()
    if label == "tail":  # it runs away, and is hottest at its end
        assert one.cells[-1].mean() > 2 * one.cells[0].mean()


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_heat_lies_as_a_player_turns_the_picture(rotation: int) -> None:
    signals, fault = faulty("pan", "local_15")
    turned = replace(signals, info=replace(signals.info, rotation=rotation))
    upright, as_stored = use_of(turned), use_of(signals)
    finding = surest("flicker", upright)
    one, stored = found(upright, finding), found(as_stored, surest("flicker", as_stored))
    rows, columns = stored.cells.shape[1:]
    assert one.cells.shape[1:] == ((columns, rows) if rotation != 180 else (rows, columns))
    assert one.share == (1.0, 1.0)
    mean = one.cells.mean(axis=0)
    back = np.rot90(mean, rotation // 90)  # counter-clockwise
    assert fault.region is not None
    row, column = np.unravel_index(back.argmax(), back.shape)
    assert inside(replace(stored, share=(1.0, 1.0)), fault.region)[row, column]
    assert finding.region is not None
    spoken = inside(one, finding.region)
    assert mean[spoken].mean() > 3 * mean[~spoken].mean()


def changing(first: int, count: int) -> Iterator[np.ndarray]:
    """A still scene in which a square in the upper right slowly turns from grey to red."""
    picture = next(iter(pan(5, 1, (320, 180))))
    for t in range(count):
        way = min(1.0, max(0.0, (t - first) / (count - first)))
        out = picture.astype(np.float32)
        square = np.array((130 + 90 * way, 130 - 80 * way, 130 - 80 * way))
        out[30:80, 220:280] = 0.3 * out[30:80, 220:280] + 0.7 * square
        yield out.astype(np.uint8)


@cache
def changed() -> MediaSignals:
    return signals_of(list(changing(8, 48)))


@pytest.mark.parametrize("evidence", [{"cue": "colour"}, {"cue": "colour", "grown_cv": 9.0}])
def test_what_becomes_something_else_is_hot(evidence: dict[str, float | str]) -> None:
    use = use_of(changed())
    box = (220 / 320, 30 / 180, 60 / 320, 50 / 180)
    finding = Finding("drift", use.id, 1.0, 1.0, 0.9, "", evidence=evidence, worst=47 / 24)
    one = found(use, replace(finding, compare=((use.id, 0.0),)))
    row, column = np.unravel_index(one.cells[-1].argmax(), one.cells[-1].shape)
    assert inside(one, box)[row, column]
    last = one.cells[-1].astype(float)
    assert last[inside(one, box)].mean() > 4 * last[~inside(one, grown(box))].mean()


def test_a_face_that_changes_has_its_box_and_no_heat() -> None:
    use = use_of(changed())
    assert heat(use, Finding("drift", use.id, 1.0, 1.0, 0.9, "", evidence={"cue": "face"})) is None


def flashing(count: int) -> Iterator[np.ndarray]:
    """A dark scene whose left half flashes white six times a second."""
    for t in range(count):
        picture = np.full((180, 320, 3), 40, dtype=np.uint8)
        picture[:, :, 1] += np.arange(320, dtype=np.uint8) // 16
        if t % 4 < 2:
            picture[:, :160] = 235
        yield picture


def test_what_flashes_is_hot_and_stays_so() -> None:
    use = use_of(signals_of(list(flashing(48))))
    finding = surest("flash", use)
    assert finding.score >= 0.8
    one = found(use, finding)
    left = one.cells[:, :, : one.cells.shape[2] // 2 - 1]
    right = one.cells[:, :, one.cells.shape[2] // 2 + 1 :]
    assert (left.mean(axis=(1, 2)) > 200).all()
    assert right.max() < 30


@pytest.mark.parametrize("detector", ["cut", "freeze", "dead", "mismatch"])
def test_faults_of_whole_frames_and_across_clips_have_no_heat(detector: str) -> None:
    use = use_of(changed())
    assert heat(use, Finding(detector, use.id, 0.5, 0.5, 0.9, "")) is None


def test_a_clip_without_signals_and_frames_that_are_not_shown_have_no_heat() -> None:
    use = use_of(changed())
    finding = Finding("flash", use.id, 0.5, 0.5, 0.9, "")
    assert heat(replace(use, signals=None), finding) is None
    assert heat(use, replace(finding, start=100.0)) is None


def test_a_picture_in_which_nothing_happens_has_no_heat() -> None:
    signals = made_up(frames=30)
    flat = np.full_like(signals.grid.luma, 90.0)
    still = replace(signals.grid, luma=flat, blue=flat, red=flat)
    use = use_of(replace(signals, grid=still))
    assert heat(use, Finding("flash", use.id, 0.2, 0.5, 0.9, "")) is None


def test_long_findings_are_thinned_out_and_keep_their_worst_frame() -> None:
    signals = made_up(frames=400)
    use = use_of(signals)
    worst = float(signals.times[251])
    finding = Finding("flash", use.id, 0.0, float(signals.times[-1]) + 0.04, 0.9, "", worst=worst)
    one = found(use, finding)
    assert len(one.times) == MOST_MAPS and worst in one.times
    assert list(one.times) == sorted(set(one.times))
    assert one.times[0] == 0.0 and one.times[-1] == signals.times[-1]


def test_only_findings_that_stand_get_heat() -> None:
    signals, _ = faulty("pan", "local_15")
    use = use_of(signals)
    finding = surest("flicker", use)

    def placed(name: str, state: str, **changes: float) -> Placed:
        return Placed(name, replace(finding, **changes), state, "", 0, 1, "")  # type: ignore[arg-type]

    some = [
        placed("new", "new"),
        placed("open", "open"),
        placed("gone", "dismissed"),
        placed("low", "new", score=0.4),
    ]
    assert set(heats([use], some)) == {"new", "open"}
