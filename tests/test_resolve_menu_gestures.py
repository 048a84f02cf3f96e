"""Whatever a person does between two audits, nothing of theirs is lost: gestures drawn at random."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from .resolve_host_model import Item, Marker
from .resolve_menu_world import Studio, Suite, is_ours, short_edit
from .resolve_menu_world import studio as the_studio

EXAMPLES = int(os.environ.get("OTIO_TEST_EXAMPLES", "3"))
FAULTY = ("flicker_1", "freeze_1", "hero_v012")

on_markers = st.tuples(
    st.sampled_from(["green", "ok", "purple", "words", "more words", "delete", "move"]),
    st.sampled_from(FAULTY),
)
on_shots = st.tuples(
    st.sampled_from(["trim", "slip", "swap", "move up", "delete shot", "ripple", "disable"]),
    st.integers(0, 5),
)
others = st.tuples(st.sampled_from(["add own", "audit", "clear", "duplicate"]), st.integers(0, 150))
gestures = st.lists(st.one_of(on_markers, on_shots, others), min_size=1, max_size=7)


@pytest.fixture(scope="module")
def first() -> Suite:
    studio: Studio = the_studio()
    suite = studio.suite(Path(tempfile.mkdtemp(dir=studio.folder)) / "home", short_edit)
    suite.audit()
    return suite


class Memory:
    """What a person has said of which medium's fault, as far as it must still hold."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.words: dict[str, list[str]] = {name: [] for name in FAULTY}
        self.verdict: dict[str, str] = {}
        self.number = itertools.count(1)

    def marker(self, of: str) -> tuple[int, Marker] | None:
        """The marker that speaks for a medium's fault, wherever it stands."""
        result = self.suite.result()
        clips = {clip["id"] for clip in result["clips"] if Path(clip["name"]).stem == of}
        ids = {f["id"] for f in result["findings"] if f["clip"] in clips and f["state"] != "fixed"}
        rows = [(at, one) for at, one in self.suite.ours().items() if ids & set(one.custom.split()[3:])]
        assert len(rows) <= 1, rows
        return rows[0] if rows else None

    def shot(self, of: str) -> Item | None:
        items = self.suite.timeline.items()
        return next((i for i in items if i.enabled and i.medium and Path(i.medium.path).stem == of), None)

    def say(self, gesture: str, of: str) -> None:
        person, found = self.suite.host.person, self.marker(of)
        if found is None:
            return
        at, marker = found
        if gesture == "green":
            person.recolor(at, "Green")
            self.verdict[of] = "dismissed"
        elif gesture == "ok":
            person.edit_note(at, f"ok {marker.note}")
            self.verdict[of] = "dismissed"
        elif gesture == "purple":
            person.recolor(at, "Purple")
            self.verdict.pop(of, None)
        elif gesture in ("words", "more words"):
            word = f"Véra{next(self.number)}x"
            before, tag, after = marker.note.rpartition("[audit")
            new = f"{before}{word} {tag}{after}" if gesture == "words" else f"{marker.note} {word}"
            person.edit_note(at, new)
            self.words[of].append(word)
        elif gesture == "delete":
            person.delete_marker(at)
            self.words[of].clear()
            self.verdict[of] = "dismissed"
        elif at + 2 not in self.suite.timeline.markers:
            person.move_marker(at, at + 2)

    def edit(self, gesture: str, number: int) -> None:
        person, clips = self.suite.host.person, self.suite.timeline.clips()
        if number >= len(clips):
            return
        item = clips[number]
        if gesture == "trim" and item.duration == 36:
            person.trim(item, head=2, tail=3)
        elif gesture == "slip" and item.left == 2:
            person.slip(item, 2)
        elif gesture == "swap" and number + 1 < len(clips) and item.end == clips[number + 1].start:
            person.swap(item, clips[number + 1])
        elif gesture == "move up" and len(clips) > 3 and item.start > self.suite.timeline.first + 40:
            person.move_up(item)
        elif gesture in ("delete shot", "ripple") and len(clips) > 4:
            person.ripple_delete(item, markers=gesture == "ripple")
        elif gesture == "disable":
            person.disable(item)

    def do(self, gesture: str, what: str | int) -> None:
        suite = self.suite
        if isinstance(what, str):
            self.say(gesture, what)
        elif gesture == "audit":
            suite.audit()
        elif gesture == "clear":
            suite.run("Clear Audit Markers")
        elif gesture == "duplicate":
            name = f"Advert {next(self.number)}"
            suite.audit()  # a copy has the words that are on it; what Clear remembers is the original's
            suite.host.person.duplicate(name)
            suite.audit()
        elif gesture == "add own":
            frames = suite.timeline.end - suite.timeline.first
            if what not in suite.timeline.markers and what < frames:
                suite.host.person.add_marker(what, "Lemon", "FLICKER", f"mine {what}")
        else:
            self.edit(gesture, what)

    def check(self) -> None:
        suite = self.suite
        markers = suite.timeline.markers
        # One that a person made theirs by its colour or by "ok" stays where it is, also past the end.
        ours = {at for at, one in markers.items() if is_ours(one) and f" {one.color} " in one.custom}
        frames = range(suite.timeline.end - suite.timeline.first)
        assert all(at in frames or markers[at].note.startswith("ok") for at in ours)
        text = "\n".join(marker.note for marker in markers.values())
        for of in FAULTY:
            if self.shot(of) is None:
                continue
            found = self.marker(of)
            if self.verdict.get(of) == "dismissed":
                good = (
                    found is None or found[1].color in ("Green", "Purple") or found[1].note.startswith("ok")
                )
                assert good, (of, found)
            else:
                assert found is not None, (of, suite.ours())
                for word in self.words[of]:
                    assert text.count(word) == 1, (word, text)


@given(gestures, st.one_of(st.none(), on_markers, on_shots))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 10,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_gestures_lose_nothing(
    first: Suite, done: list[tuple[str, str | int]], late: tuple[str, str | int] | None
) -> None:
    """`late` is done while the audit runs; the next one has heard of it."""
    suite = first.clone(Path(tempfile.mkdtemp(dir=first.home.parents[1])) / "home")
    memory = Memory(suite)
    for gesture, what in done:
        memory.do(gesture, what)
    note("\n".join(f"{at} {one.shown()}" for at, one in sorted(suite.timeline.markers.items())))
    if late is not None:
        suite.meanwhile(lambda: memory.do(*late))
        note(suite.audit().out)
    note(suite.audit().out)
    memory.check()
    before = suite.ours()
    suite.audit()
    assert suite.ours() == before
    memory.check()
