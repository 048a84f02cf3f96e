"""Frames that show a fault: the right ones, fetched once for each medium, remembered, and never too many."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import evidence as room
from otio_ai_audit import video
from otio_ai_audit.evidence import AROUND_SIZE, STILL_SIZE, Evidence, evidence, fetch
from otio_ai_audit.gather import MAPS, Quiet
from otio_ai_audit.measure import measure
from otio_ai_audit.model import (
    ClipUse,
    Finding,
    Media,
    MediaFailure,
    MediaJob,
    MediaSignals,
    Placed,
    Span,
    Thumbnail,
    compare_key,
)
from otio_ai_audit.store import Store
from otio_ai_audit.walk import Options, audit

from .detector_clips import use_of
from .edits import RATE
from .takes import Takes

FRAMES = 60
ONE = "abc123"
STEP = 4
"""Code values from frame to frame."""


def numbered() -> Iterator[np.ndarray]:
    """Even pictures whose brightness is their number; detail on their right keeps them from being blank."""
    for t in range(FRAMES):
        picture = np.full((90, 160, 3), 4 + STEP * t, dtype=np.uint8)
        picture[:, 140:] = np.arange(90, dtype=np.uint8)[:, None, None] * 2
        yield picture


def number_in(picture: bytes) -> int:
    with Image.open(io.BytesIO(picture)) as image:
        middle = np.asarray(image.convert("L"))[:, : image.width // 2].mean()
    return round((float(middle) - 4) / STEP)


def numbers(shown: Sequence[Thumbnail]) -> list[int]:
    """Frames that are shown; their times say the same."""
    found = [number_in(one.data) for one in shown]
    assert found == [int(one.time * 24 + 1e-3) for one in shown]
    return found


def encoded(folder: Path, name: str = "fox_v001.mp4") -> ClipUse:
    path = folder / name
    video.encode(path, numbered(), RATE, options={"crf": "10"})
    signals = measure(MediaJob(Media(str(path)), key=f"{name:0<32}"))
    assert isinstance(signals, MediaSignals)
    return use_of(signals, media=Media(str(path)))


@pytest.fixture(scope="module")
def use(tmp_path_factory: pytest.TempPathFactory) -> ClipUse:
    return encoded(tmp_path_factory.mktemp("media"))


def at(frame: float) -> float:
    return frame / 24


def placed(detector: str, first: int, stop: int, worst: int | None = None, **changes: Any) -> Placed:
    state, name, use = changes.pop("state", "new"), changes.pop("id", ONE), changes.pop("use", "V1/0001")
    finding = Finding(
        detector,
        use,
        at(first),
        at(stop - first),
        changes.pop("score", 0.9),
        "",
        worst=None if worst is None else at(worst),
        **changes,
    )
    return Placed(name, finding, state, "", first, stop - first, "01:00:00:00")


def shown(uses: Sequence[ClipUse], *findings: Placed) -> Evidence:
    """Every test has a store of its own."""
    with Store() as store:
        return evidence(uses, findings, store, "threads:1", Quiet())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What workers are asked for."""
    asked: list[Any] = []

    def told(request: Any) -> Any:
        asked.append(request)
        return fetch(request)

    monkeypatch.setattr(room, "fetch", told)
    return asked


# --- which frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("detector", ["flicker", "pop", "flash", "cut"])
def test_frames_around_the_worst_one_follow_each_other(use: ClipUse, detector: str) -> None:
    found = shown([use], placed(detector, 20, 50, 31))
    assert numbers(found.around[ONE]) == list(range(25, 38))
    assert number_in(found.stills[ONE]) == 31
    with Image.open(io.BytesIO(found.around[ONE][0].data)) as small:
        assert small.format == "WEBP" and max(small.size) == 160  # never enlarged


def test_a_short_fault_lies_in_the_middle_of_the_frames_around_it(use: ClipUse) -> None:
    found = shown([use], placed("pop", 30, 38, 30))
    around = numbers(found.around[ONE])
    assert around == list(range(around[0], around[0] + 13))
    assert around[0] <= 28 and around[-1] >= 39


@pytest.mark.parametrize(("first", "expected"), [(0, range(13)), (59, range(47, 60))])
def test_at_an_end_of_the_file_the_frames_lie_on_the_other_side(
    use: ClipUse, first: int, expected: range
) -> None:
    assert numbers(shown([use], placed("pop", first, first + 1)).around[ONE]) == list(expected)


def test_only_frames_that_the_edit_shows_are_fetched(use: ClipUse) -> None:
    seen = (Span(Fraction(10, 24), Fraction(16, 24)), Span(Fraction(30, 24), Fraction(40, 24)))
    found = shown([replace(use, visible=seen)], placed("flicker", 10, 16, 12))
    assert numbers(found.around[ONE]) == list(range(10, 16))
    assert set(numbers(found.pairs[ONE])) <= set(range(10, 16))


def test_a_drift_is_walked_through_from_its_reference(use: ClipUse) -> None:
    found = shown([use], placed("drift", 30, 56, 55, compare=(("V1/0001", at(0)),)))
    around = numbers(found.around[ONE])
    assert len(around) == 12 and around[0] == 0 and around[-1] == 55
    assert max(np.diff(around)) - min(np.diff(around)) <= 1
    assert numbers(found.pairs[ONE]) == [0, 55]
    assert number_in(found.stills[compare_key(ONE, 0)]) == 0


def test_a_standstill_is_shown_with_what_moves_before_and_behind_it(use: ClipUse) -> None:
    found = shown([use], placed("freeze", 20, 41))
    around = numbers(found.around[ONE])
    assert around[:4] == [17, 18, 19, 20] and around[-4:] == [40, 41, 42, 43] and len(around) == 12
    assert numbers(found.pairs[ONE]) == [20, 40]


@pytest.mark.parametrize(
    ("detector", "first", "stop", "worst", "expected"),
    [
        ("cut", 30, 31, 30, [29, 30]),
        ("pop", 30, 33, 30, [29, 30]),
        ("pop", 0, 2, 0, [2, 0]),  # nothing comes before it
        ("flicker", 20, 40, 30, [27, 30]),  # in what gets brighter and brighter, the farthest is least alike
        ("dead", 50, 60, 55, [50, 59]),
    ],
)
def test_pairs_are_frames_whose_difference_is_the_fault(
    use: ClipUse, detector: str, first: int, stop: int, worst: int, expected: list[int]
) -> None:
    found = shown([use], placed(detector, first, stop, worst))
    assert numbers(found.pairs[ONE]) == expected


def test_texture_that_boils_is_compared_from_frame_to_frame(use: ClipUse) -> None:
    found = shown([use], placed("flicker", 20, 40, 30, evidence={"kind": "boil"}))
    assert numbers(found.pairs[ONE]) == [29, 30]


def test_shots_that_do_not_match_are_compared_and_not_played(use: ClipUse) -> None:
    other = replace(use, id="V1/0002")
    found = shown([use, other], placed("mismatch", 0, 60, 20, compare=(("V1/0002", at(40)), ("gone", 1.0))))
    assert not found.around and not found.pairs
    assert {name: number_in(data) for name, data in found.stills.items()} == {
        ONE: 20,
        compare_key(ONE, 0): 40,
    }


def test_what_is_weak_gets_nothing_and_what_does_not_stand_a_still(use: ClipUse) -> None:
    weak, gone = placed("pop", 5, 6, id="weak", score=0.4), placed("pop", 5, 6, id="gone", state="dismissed")
    found = shown([use], weak, gone)
    assert set(found.stills) == {"gone"} and not found.around and not found.pairs


def test_a_clip_of_one_frame_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    Image.fromarray(next(numbered())).save(path)
    signals = measure(MediaJob(Media(str(path), "still"), key="p" * 32))
    assert isinstance(signals, MediaSignals)
    found = shown([use_of(signals, media=Media(str(path), "still"))], placed("dead", 0, 1))
    assert len(found.around[ONE]) == 1 and ONE in found.stills


# --- how many, and how often ---------------------------------------------------------------------------


def test_a_medium_is_opened_once_for_all_its_findings(
    use: ClipUse, tmp_path: Path, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = video.rgb_frames

    def told(media: Media, times: Sequence[float], **how: Any) -> Any:
        opened.append(media.path)
        return read(media, times, **how)

    monkeypatch.setattr(video, "rgb_frames", told)
    other = replace(encoded(tmp_path, "wolf_v001.mp4"), id="V1/0002")
    findings = [placed("pop", n, n + 1, id=f"f{n}") for n in (8, 20, 50)]
    found = shown([use, other], *findings, placed("cut", 9, 10, id="o", use="V1/0002"))
    assert sorted(opened) == sorted([use.media.path, other.media.path]) and len(calls) == 2
    assert len(found.around) == 4


def test_the_store_is_asked_first(use: ClipUse, calls: list[Any]) -> None:
    findings = placed("flicker", 20, 40, 30), placed("cut", 50, 51, 50, id="cut")
    first = shown([use], *findings)
    assert calls
    calls.clear()
    assert shown([use], *findings) == first
    assert not calls
    shown([use], *findings, placed("pop", 10, 11, id="more"))
    ((_, asked),) = calls
    assert {round(moment * 24) for moment, _ in asked} == set(range(4, 17))  # no frame that was there


def test_long_media_are_shared_among_tasks(
    use: ClipUse, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PIECE", 10)
    found = shown([use], *(placed("pop", n, n + 1, id=f"f{n}") for n in (10, 40)))
    assert len(calls) == 3 and all(len(asked) <= 10 for _, asked in calls)
    assert [numbers(some) for some in found.around.values()] == [list(range(4, 17)), list(range(34, 47))]


def test_the_worst_findings_get_frames_where_there_are_too_many(
    use: ClipUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [placed("pop", n, n + 1, id=f"f{n}", score=0.5 + n / 100) for n in range(10, 20)]
    monkeypatch.setattr(room, "MOST_FINDINGS", 3)
    found = shown([use], *findings)
    assert set(found.around) == set(found.pairs) == {"f19", "f18", "f17"} and len(found.stills) == 10
    monkeypatch.setattr(room, "MOST_FRAMES", 30)
    assert set(shown([use], *findings).around) == {"f19", "f18"}


def test_media_that_are_gone_cost_their_own_pictures_only(use: ClipUse, tmp_path: Path) -> None:
    other = replace(encoded(tmp_path, "wolf_v001.mp4"), id="V1/0002")
    Path(other.media.path).unlink()
    found = shown([use, other], placed("cut", 9, 10, id="gone", use="V1/0002"), placed("cut", 9, 10))
    assert set(found.stills) == set(found.around) == set(found.pairs) == {ONE}


# --- in a worker ---------------------------------------------------------------------------------------


def test_pictures_have_the_size_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    video.encode(path, (np.full((360, 720, 3), 10 * n, np.uint8) for n in range(12)), RATE)
    asked = ((6 / 24, STILL_SIZE), (6 / 24, AROUND_SIZE), (2 / 24, AROUND_SIZE))
    found = fetch((Media(str(path)), asked))
    assert isinstance(found, tuple)
    images = [Image.open(io.BytesIO(data)) for data in found]
    assert [image.size for image in images] == [(640, 320), (256, 128), (256, 128)]
    for image, level in zip(images, (60, 60, 20), strict=True):
        assert abs(float(np.asarray(image.convert("L")).mean()) - level) < 4


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = fetch((Media(str(tmp_path / "gone.mp4")), ((0.0, 64),)))
    assert isinstance(gone, MediaFailure) and "gone.mp4" in gone.reason

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("oh\nno")

    monkeypatch.setattr(video, "rgb_frames", fail)
    found = fetch((Media("/takes/a.mp4"), ((0.0, 64),)))
    assert isinstance(found, MediaFailure) and found.reason == "/takes/a.mp4 gives no picture: oh."


def test_workers_find_media_under_their_own_paths(use: ClipUse, monkeypatch: pytest.MonkeyPatch) -> None:
    name = Path(use.media.path).name
    monkeypatch.setenv(MAPS, f"/at/home={Path(use.media.path).parent}")
    assert isinstance(fetch((Media(f"/at/home/{name}"), ((0.0, 64),))), tuple)


# --- in an audit ---------------------------------------------------------------------------------------


def test_an_audit_comes_with_frames_and_heat_where_stills_are_asked_for(takes: Takes, warm: Path) -> None:
    done = audit([takes.bad], Options(engine="threads:1", store=warm, stills=True)).result
    (flicker,) = [p for p in done.findings if p.finding.detector == "flicker" and p.finding.score >= 0.5]
    assert flicker.id in done.stills and len(done.pairs[flicker.id]) == 2
    times = [one.time for one in done.around[flicker.id]]
    assert len(times) == 13 and times == sorted(times)
    assert len(done.heat[flicker.id].times) == round(flicker.finding.duration * 24)
    bare = audit([takes.bad], Options(engine="threads:1", store=warm)).result
    assert not bare.stills and not bare.around and not bare.heat and not bare.pairs
