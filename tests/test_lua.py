"""The Lua menu scripts, in a Lua without anything that the free edition takes away."""

from __future__ import annotations

import hashlib

import pytest

from otio_ai_audit.markings import own_id, split_note
from otio_ai_audit.resolve.lua import canary

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
