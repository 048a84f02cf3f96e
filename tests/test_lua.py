"""The Lua menu scripts, in a Lua without anything that the free edition takes away."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit.markings import own_id, split_custom, split_note
from otio_ai_audit.model import AuditResult, ClipResult, KnownFinding, SeenMarker, TimelineInfo
from otio_ai_audit.model import Marker as AuditMarker
from otio_ai_audit.report.lua_file import text
from otio_ai_audit.resolve.lua import canary, quoted

from .lua_resolve import run
from .resolve_host import EDITIONS, Host, Item, Marker, Medium, Timeline, host_with

LUAS = ("lua51", "luajit21", "lua54")


def shots(*names: str, frames: int = 48) -> Timeline:
    """A timeline of one track with these shots after each other."""
    tl = Timeline("Advert")
    for number, name in enumerate(names):
        medium = Medium(f"/takes/{name}", frames=200)
        tl.video[0].items.append(Item(name, tl.first + number * frames, frames, medium, left=10))
    return tl


def host_of(*names: str, version: str = "21.1", studio: bool = False) -> Host:
    return host_with(shots(*names), version=version, studio=studio)


# --- the canary ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "studio"), EDITIONS)
def test_the_canary_names_the_lane_of_every_edition(version: str, studio: bool) -> None:
    host = host_of("a.mp4", version=version, studio=studio)
    printed = run(canary(), host)
    (frame, marker), *more = host.timeline.markers.items()
    assert not more
    assert frame == 0
    assert (marker.color, marker.name, marker.frames) == ("Cream", "AUDIT CHECK", 1)
    files_only = not studio and version == "21.1"
    assert ("lists no Python" in marker.note) == files_only
    assert ("Works here: Workspace > Scripts > Audit Timeline" in marker.note) == (not files_only)
    assert version in marker.note
    assert marker.note.startswith(printed[0])
    body, ids, _ = split_note(marker.note)
    assert ids == (own_id(body),)


@pytest.mark.parametrize("lua", LUAS)
def test_the_canary_replaces_its_own_marker_and_no_other(lua: str) -> None:
    host = host_of("a.mp4")
    host.timeline.markers[0] = Marker("Blue", "mine")
    run(canary(), host, lua)
    assert [host.timeline.markers[1].name, *run(canary(), host, lua)][0] == "AUDIT CHECK"
    assert sorted(host.timeline.markers) == [0, 1]
    host.timeline.markers[1].note = "look here " + host.timeline.markers[1].note
    run(canary(), host, lua)
    assert sorted(host.timeline.markers) == [0, 1, 2], "what somebody wrote into stays"


def test_the_canary_works_without_print_and_without_custom_data() -> None:
    host = host_of("a.mp4")
    host.custom_data = False
    assert run(canary(), host, mute=True) == []
    assert host.timeline.markers[0].name == "AUDIT CHECK"


def test_the_canary_says_what_is_in_its_way() -> None:
    assert "Open a timeline" in run(canary(), None)[-1]
    empty = host_with(Timeline("empty"))
    assert "No marker could be set" in run(canary(), empty)[-1]
    assert not empty.timeline.markers
    busy = host_of("a.mp4")
    busy.modal(100)
    assert "Open a timeline" in run(canary(), busy)[-1]


def test_the_committed_canary_is_the_one_of_the_package() -> None:
    from pathlib import Path

    copy = Path(__file__).resolve().parents[1] / "resolve_scripts" / "Audit Check.lua"
    assert copy.read_text(encoding="utf-8") == canary()


def test_ids_of_notes_are_the_same_in_lua_and_in_python() -> None:
    text = canary().replace("\nmain()\n", "\nfor _, text in ipairs({...}) do print(own_id(text)) end\n")
    assert hashlib.sha256(b"audit note\n").hexdigest()[:6] == own_id("")
    import lupa.lua51

    lua = lupa.lua51.LuaRuntime(encoding="utf-8")
    printed: list[str] = []
    lua.globals().print = printed.append
    texts = ["a" * count for count in (0, 1, 44, 45, 46, 52, 53, 54, 100, 117, 118, 300)]
    texts += ["Größe  der\tBilder", "“fox” … 雪"]
    lua.execute(text, *texts)
    assert printed == [own_id(text) for text in texts]


# --- the markers -----------------------------------------------------------------------------------------


def clip(number: int, name: str, start: int, frames: int = 48, **more: Any) -> ClipResult:
    return ClipResult(
        more.pop("id", f"V1/{number:04d}"),
        name,
        more.pop("status", "audited"),
        None,
        start,
        frames,
        media=f"/takes/{name}",
        visible=more.pop("visible", ((10 / 24, (10 + frames) / 24),)),
    )


def note(body: str, *ids: str) -> str:
    return f"{body} [audit {' '.join(ids)}]"


def marker(number: int, frame: int, id_: str, body: str = "Pulses.", **more: Any) -> AuditMarker:
    color, name = more.pop("color", "Lemon"), more.pop("name", "FLICKER")
    known = KnownFinding(id_, "flicker", "key", 0.0, 1.0, "", text=more.pop("text", ""), message=body)
    text = note(body, id_)
    return AuditMarker(frame, more.pop("frames", 12), color, name, text, (id_,), (known,), f"V1/{number:04d}")


def summary_of(body: str = "Look at 2 of 4 shots.") -> AuditMarker:
    return AuditMarker(0, 1, "Cream", "AUDIT 14:32", note(body, own_id(body)), (own_id(body),))


def result_of(host: Host, *markers: AuditMarker, seen: Sequence[SeenMarker] = (), **more: Any) -> AuditResult:
    """What an audit says of the timeline as it is now."""
    tl = host.timeline
    clips = [
        clip(number, item.name, item.start - tl.first, item.duration)
        for number, item in enumerate((i for i in tl.video[0].items if i.kind == "clip"), start=1)
    ]
    info = TimelineInfo(
        more.pop("name", tl.name),
        more.pop("rate", Fraction(24)),
        tl.first,
        False,
        999,
        "a.otio",
        "01:00:00:00",
    )
    listed = (summary_of(), *markers)
    return AuditResult("1", info, "", "", (), tuple(clips), (), markers=listed, seen=tuple(seen))


def on(host: Host) -> dict[int, tuple[str, str]]:
    """The markers without the summary."""
    rows = host.timeline.markers.items()
    return {at: (one.color, one.name) for at, one in sorted(rows) if not one.name.startswith("AUDIT")}


def told(host: Host) -> str:
    """What the one summary says."""
    (one,) = [one for one in host.timeline.markers.values() if one.name.startswith("AUDIT")]
    assert one.color == "Cream"
    _, ids, after = split_note(one.note)
    assert ids
    assert not after
    return one.note


NAMES = ("a.mp4", "b.mp4", "c.mp4", "d.mp4")


@pytest.mark.parametrize("lua", LUAS)
def test_markers_are_written_with_their_custom_data(lua: str) -> None:
    host = host_of(*NAMES)
    printed = run(
        text(result_of(host, marker(2, 60, "a7f3c1"), marker(4, 150, "b20e4d", color="Sky"))), host, lua
    )
    assert on(host) == {60: ("Lemon", "FLICKER"), 150: ("Sky", "FLICKER")}
    one = host.timeline.markers[60]
    assert one.note == "Pulses. [audit a7f3c1]"
    assert one.frames == 12
    assert split_custom(one.custom) == ("Lemon", ("a7f3c1", own_id("Pulses.")))
    assert printed == ["Markers written: 2."]
    assert told(host).startswith("Look at 2 of 4 shots. Markers written: 2. [audit ")
    assert host.timeline.markers[0].name == "AUDIT 14:32"
    body, ids, _ = split_note(told(host))
    assert ids == (own_id(body),)


def test_running_it_again_changes_nothing_but_the_summary() -> None:
    host = host_of(*NAMES)
    script = text(result_of(host, marker(2, 60, "a7f3c1"), marker(4, 150, "b20e4d")))
    run(script, host)
    before = {at: one.shown() for at, one in host.timeline.markers.items()}
    host.undo.clear()
    run(script, host)
    assert {at: one.shown() for at, one in host.timeline.markers.items()} == before
    assert len(host.undo) == 2, "the summary goes and comes"


def test_earlier_markers_of_ours_go_and_nobody_elses() -> None:
    host = host_of(*NAMES)
    run(text(result_of(host, marker(1, 20, "111111"), marker(2, 60, "a7f3c1"))), host)
    host.timeline.markers[30] = Marker("Lemon", "FLICKER", "mine, not yours")
    run(text(result_of(host, marker(2, 70, "a7f3c1", body="Pulses more."))), host)
    assert on(host) == {30: ("Lemon", "FLICKER"), 70: ("Lemon", "FLICKER")}


def test_a_persons_word_stands() -> None:
    host = host_of(*NAMES)
    first = [marker(1, 10 * n, f"{n}{n}{n}{n}{n}{n}", body=f"Place {n}.") for n in range(1, 5)]
    other = [marker(2, 48 + 10 * n, f"a{n}{n}{n}{n}{n}", body=f"Place {n}.") for n in range(1, 4)]
    run(text(result_of(host, *first, *other)), host)
    rows = host.timeline.markers
    rows[10].color = "Green"
    rows[20].note = "OK " + rows[20].note
    rows[30].color = "Pink"
    rows[40].note = "Anna: please regenerate. " + rows[40].note
    rows[58].note = "Not ok " + rows[58].note
    rows[68].note = rows[68].note + " see mail"
    before = {at: rows[at].shown() for at in (10, 20, 30, 40, 58, 68)}
    run(text(result_of(host, *first, *other)), host)
    assert {at: rows[at].shown() for at in before} == before
    assert sorted(on(host)) == [10, 20, 30, 40, 58, 68, 78]
    assert "Left as they are: 6." in told(host)


def test_words_that_the_audit_has_heard_move_to_the_new_marker() -> None:
    host = host_of(*NAMES)
    spoken = note("Anna: again. - Pulses.", "a7f3c1")
    host.timeline.markers[60] = Marker("Lemon", "FLICKER", spoken, 12, "otio_ai_audit 1 Lemon a7f3c1")
    seen = SeenMarker(60, 12, "YELLOW", "FLICKER", spoken, ("a7f3c1",), stands=False)
    new = marker(2, 64, "a7f3c1", body="Anna: again. - Pulses twice.", text="Anna: again.")
    script = text(result_of(host, new, seen=[seen]))
    run(script, host)
    assert sorted(on(host)) == [64]
    assert split_custom(host.timeline.markers[64].custom) == ("Lemon", ("a7f3c1",)), (
        "no hash over a person's words"
    )
    run(script, host)
    assert sorted(on(host)) == [64]


def test_what_the_audit_lets_stand_stays() -> None:
    host = host_of(*NAMES)
    stands = note("Could not be looked at this time.", "a7f3c1")
    host.timeline.markers[60] = Marker("Lemon", "FLICKER", stands, 12)
    seen = SeenMarker(60, 12, "YELLOW", "FLICKER", stands, ("a7f3c1",), stands=True)
    run(text(result_of(host, marker(2, 61, "b20e4d"), seen=[seen])), host)
    assert sorted(on(host)) == [60, 61]


def test_markers_follow_their_shots() -> None:
    host = host_of(*NAMES)
    script = text(
        result_of(host, marker(2, 60, "a7f3c1"), marker(3, 100, "b20e4d"), marker(4, 150, "c30e4d"))
    )
    items = host.timeline.video[0].items
    del items[1]  # ripple-deleted
    for item in items[1:]:
        item.start -= 48
    run(script, host)
    assert sorted(on(host)) == [52, 102]
    assert (
        "Markers written: 2. Could not be placed: FLICKER on b.mp4 (not on the timeline any more)."
        in told(host)
    )


def test_the_same_clip_used_often_follows_its_neighbours() -> None:
    host = host_of("a.mp4", "b.mp4", "a.mp4", "a.mp4", "c.mp4", "a.mp4")
    found = [marker(n, (n - 1) * 48 + 5, f"{n}{n}{n}{n}{n}{n}") for n in (1, 3, 4, 6)]
    script = text(result_of(host, *found))
    items = host.timeline.video[0].items
    del items[1]
    for item in items[1:]:
        item.start -= 48
    run(script, host)
    # The second a.mp4 now stands where b.mp4 was, the third where the second was.
    assert sorted(on(host)) == [5, 53, 101, 197]


def test_a_shot_that_was_cut_in_two_or_trimmed_keeps_its_frames() -> None:
    host = host_of(*NAMES)
    script = text(
        result_of(host, marker(2, 60, "a7f3c1"), marker(3, 120, "b20e4d"), marker(4, 150, "c30e4d"))
    )
    items = host.timeline.video[0].items
    b, c, d = items[1:]
    items.append(Item(b.name, b.start + 30, 18, b.medium, left=b.left + 30))
    b.duration = 30
    # The head of c goes and everything after it comes forward.
    c.left, c.duration = c.left + 8, c.duration - 8
    d.start -= 8
    # The place in d is cut away.
    d.left, d.start, d.duration = d.left + 20, d.start + 20, d.duration - 20
    run(script, host)
    assert sorted(on(host)) == [60, 112]
    assert "FLICKER on d.mp4 (the place was cut away)" in told(host)


def test_a_clip_under_another_name_is_known_by_its_file() -> None:
    host = host_of(*NAMES)
    script = text(result_of(host, marker(2, 60, "a7f3c1")))
    host.timeline.video[0].items[1].name = "The fox"
    run(script, host)
    assert sorted(on(host)) == [60]


def test_a_new_version_in_its_place_gets_no_old_marker() -> None:
    host = host_of(*NAMES)
    script = text(result_of(host, marker(2, 60, "a7f3c1")))
    item = host.timeline.video[0].items[1]
    item.name, item.medium = "b_v2.mp4", Medium("/takes/b_v2.mp4", frames=200)
    run(script, host)
    assert on(host) == {}
    assert "FLICKER on b.mp4 (not on the timeline any more)" in told(host)


def test_transitions_and_titles_are_no_shots() -> None:
    host = host_of(*NAMES)
    script = text(result_of(host, marker(2, 60, "a7f3c1")))
    first = host.timeline.first
    host.timeline.video[0].items.append(Item("b.mp4", first + 42, 12, kind="transition"))
    host.timeline.video[0].items.append(Item("Text+", first + 300, 48, kind="title"))
    run(script, host)
    assert sorted(on(host)) == [60]


def test_an_occupied_frame_gives_the_next_one_and_ranges_end_at_the_cut() -> None:
    host = host_of(*NAMES)
    for frame in (90, 91):
        host.timeline.markers[frame] = Marker("Blue", "mine")
    host.timeline.markers[0] = Marker("Blue", "mine")
    run(text(result_of(host, marker(2, 90, "a7f3c1", frames=30))), host)
    assert host.timeline.markers[92].name == "FLICKER"
    assert host.timeline.markers[92].frames == 4
    assert host.timeline.markers[1].name == "AUDIT 14:32"
    full = host_of(*NAMES)
    full.timeline.markers.update({frame: Marker("Blue", "mine") for frame in range(48, 96)})
    run(text(result_of(full, marker(2, 90, "b20e4d"))), full)
    assert "FLICKER on b.mp4 (no free frame)" in told(full)


def test_another_timeline_is_refused_with_a_marker() -> None:
    script = text(result_of(host_of(*NAMES), marker(2, 60, "a7f3c1")))
    host = host_of("x.mp4", "y.mp4", "z.mp4")
    host.timeline.markers[0] = Marker("Cream", "AUDIT 10:00", note("Other.", own_id("Other.")))
    for _ in range(2):
        run(script, host)
        assert [one.name for _, one in sorted(host.timeline.markers.items())] == [
            "AUDIT 10:00",
            "AUDIT STOPPED",
        ]
        assert "Only 0 of 4 audited shots" in host.timeline.markers[1].note
    fast = host_of(*NAMES)
    fast.timeline.rate = "25"
    run(script, fast)
    assert "25 frames per second, the audited one at 24" in told(fast)


@pytest.mark.parametrize("form", ["string", "short", "float"])
def test_rates_are_known_in_every_form(form: str) -> None:
    host = host_of(*NAMES)
    host.timeline.rate, host.rate_form = "29.97 DF", form
    run(text(result_of(host, marker(2, 60, "a7f3c1"), rate=Fraction(30000, 1001))), host)
    assert sorted(on(host)) == [60]


def test_a_renamed_copy_is_taken_when_the_shots_are_there() -> None:
    host = host_of(*NAMES)
    script = text(result_of(host, marker(2, 60, "a7f3c1"), name="advert export"))
    run(script, host)
    assert sorted(on(host)) == [60]


def test_all_or_nothing_when_resolve_refuses() -> None:
    host = host_of(*NAMES)
    run(text(result_of(host, marker(1, 20, "111111"), marker(2, 60, "a7f3c1"))), host)
    before = {at: one.shown() for at, one in host.timeline.markers.items()}
    script = text(result_of(host, *(marker(3, 100 + n, f"{n:06x}", body=f"{n}") for n in range(20))))
    refused = 0

    def refuse() -> None:
        nonlocal refused
        refused += 1
        host.modal(4)

    host.at(12, refuse, of="Timeline.AddMarker")
    run(script, host)
    assert refused
    after = {at: one.shown() for at, one in host.timeline.markers.items() if one.name != "AUDIT STOPPED"}
    assert after == before
    run(script, host)
    assert len(on(host)) == 20
    assert "Markers written: 20." in told(host)


@pytest.mark.parametrize("call", range(1, 120, 7))
def test_killed_anywhere_the_next_run_completes(call: int) -> None:
    host = host_of(*NAMES)
    host.timeline.markers[3] = Marker("Blue", "mine")
    run(text(result_of(host, marker(1, 20, "111111"), marker(2, 60, "a7f3c1"))), host)
    script = text(result_of(host, *(marker(3, 100 + n, f"{n:06x}", body=f"{n}") for n in range(20))))
    host.at(call, host.kill)
    run(script, host)
    host.dead = False
    host.forget_plans()
    run(script, host)
    assert sorted(on(host)) == [3, *range(100, 120)]
    assert "Markers written: 20." in told(host)


def test_a_dialog_that_stays_open_is_named() -> None:
    host = host_of(*NAMES)
    host.at(3, lambda: host.modal(1000), of="Timeline.AddMarker")
    printed = run(
        text(result_of(host, *(marker(3, 100 + n, f"{n:06x}", body=f"{n}") for n in range(9)))), host
    )
    assert "some markers may be missing: use Edit > Undo" in printed[0]
    assert printed[-1] == "No marker could be set to say so."


def test_a_build_without_custom_data_gets_markers_too() -> None:
    host = host_of(*NAMES)
    host.custom_data = False
    script = text(result_of(host, marker(2, 60, "a7f3c1")))
    run(script, host)
    run(script, host)
    assert sorted(on(host)) == [60]


HOSTILE = '"]]--[==[ \\ \n\r\0\x1b\x7f %s %d é 雪 \u2028 \\" end os.execute("x") \\065'


def test_hostile_text_stays_text() -> None:
    host = host_of("a.mp4", HOSTILE, "c.mp4")
    body = HOSTILE
    script = text(result_of(host, marker(2, 60, "a7f3c1", body=body, name=HOSTILE), name=HOSTILE))
    assert script.isascii()
    run(script, host)
    assert host.timeline.markers[60].name == HOSTILE
    assert host.timeline.markers[60].note == note(HOSTILE, "a7f3c1")
    run(script, host)
    assert sorted(on(host)) == [60]


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_comes_back_from_lua(words: str) -> None:
    import lupa.lua51

    lua = lupa.lua51.LuaRuntime(encoding=None)
    assert lua.execute(f"return {quoted(words)}".encode()) == words.encode("utf-8", "replace")


@pytest.mark.parametrize("lua", ["lua51", "luajit21"])
def test_many_markers_on_many_shots(lua: str) -> None:
    names = [f"shot_{number:05d}.mp4" for number in range(1500)]
    host = host_of(*names)
    found = [marker(n, (n - 1) * 48 + 3, f"{n:06x}", body=f"Pulses {n} times.") for n in range(1, 1001)]
    script = text(result_of(host, *found))
    for item in host.timeline.video[0].items:
        item.start += 100
    began = time.perf_counter()
    run(script, host, lua)
    assert time.perf_counter() - began < 20
    assert len(on(host)) == 1000
    assert min(on(host)) == 103


def edited(random: Random, tl: Timeline) -> None:
    """What people do to a cut: delete, move, trim, split, insert, replace, with and without ripple."""
    items = tl.video[0].items
    for _ in range(random.randint(1, 5)):
        if not items:
            return
        items.sort(key=lambda item: item.start)
        at = random.randrange(len(items))
        item = items[at]
        cut = random.randint(1, max(1, item.duration - 2))
        ripple, what = (
            0,
            random.choice(["delete", "close", "head", "head close", "tail close", "split", "insert", "new"]),
        )
        if what in ("delete", "close"):
            items.remove(item)
            ripple = -item.duration if what == "close" else 0
        elif what.startswith("head") and item.duration > 2:
            item.left, item.duration = item.left + cut, item.duration - cut
            item.start += 0 if what == "head close" else cut
            ripple = -cut if what == "head close" else 0
        elif what == "tail close" and item.duration > 2:
            item.duration, ripple = item.duration - cut, -cut
        elif what == "split" and item.duration > 2:
            rest = Item(item.name, item.start + cut, item.duration - cut, item.medium, left=item.left + cut)
            item.duration = cut
            items.append(rest)
        elif what == "insert":
            ripple, medium = 30, Medium("/takes/new.mp4", frames=200)
            items.append(Item("new.mp4", item.end, 30, medium, left=3))
        elif what == "new":
            item.name, item.medium = "new_v2.mp4", Medium("/takes/new_v2.mp4", frames=200)
        for other in items:
            if other is not item and other.start >= item.start + (item.duration if what != "close" else 0):
                other.start += (
                    ripple
                    if not (what == "insert" and other.start == item.end and other.duration == 30)
                    else 0
                )


@pytest.mark.parametrize("seed", range(40))
def test_whatever_people_do_a_marker_stands_on_its_own_picture_or_nowhere(seed: int) -> None:
    random = Random(seed)
    names = [random.choice("abcdefgh") + ".mp4" for _ in range(12)]
    host = host_of(*names)
    tl = host.timeline
    found = []
    for number, item in enumerate(tl.video[0].items, start=1):
        offset = random.randrange(item.duration)
        body = f"{item.name} at {item.left + offset}."
        found.append(marker(number, item.start - tl.first + offset, f"{number:06x}", body=body))
    script = text(result_of(host, *found))
    edited(random, tl)
    if not tl.video[0].items:
        return
    theirs = {random.randrange(60): Marker("Blue", "mine") for _ in range(4)}
    tl.markers.update(theirs)
    run(script, host)
    assert {at: tl.markers[at].name for at in theirs} == dict.fromkeys(theirs, "mine")
    written = {at: one for at, one in tl.markers.items() if one.name == "FLICKER"}
    for at, one in written.items():
        (item,) = [item for item in tl.video[0].items if 0 <= at + tl.first - item.start < item.duration]
        name, _, frame = split_note(one.note)[0].strip(" .").partition(" at ")
        assert item.name == name
        shown = item.left + at + tl.first - item.start
        assert shown == int(frame) or at - 1 in tl.markers or at + 1 in tl.markers, (one.note, item, at)
    body = next(one.note for one in tl.markers.values() if one.name.startswith("AUDIT"))
    if "STOPPED" not in "".join(one.name for one in tl.markers.values()):
        lost = int(re.search(r"and (\d+) more", body)[1]) + 5 if "more." in body else body.count("FLICKER on")
        assert len(written) + lost == len(found)
