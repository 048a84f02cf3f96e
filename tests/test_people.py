"""People's verdicts: the journal, what they say together, and who gets which shot."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import people
from otio_ai_audit.errors import StoreError, UsageError
from otio_ai_audit.model import Finding, KnownFinding, PersonVerdict, Placed, Provenance
from otio_ai_audit.people import journal

KEY = "0" * 32
OTHER = "1" * 32


def said(kind: str, who: str = "ann", second: int = 0, key: str = KEY, **more: object) -> PersonVerdict:
    when = f"2026-03-01T09:{second // 60:02d}:{second % 60:02d}Z"
    return PersonVerdict(kind, who, when, key, **more)  # type: ignore[arg-type]


def alarm(
    who: str = "ann", second: int = 0, kind: str = "wrong-alarm", start: float = 1.0, **more: object
) -> PersonVerdict:
    values = {"finding": "a7f3c1", "detector": "flicker", "duration": 2.0, **more}
    return said(kind, who, second, start=start, **values)


def heard(folder: Path, *verdicts: PersonVerdict) -> people.Verdicts:
    people.append(folder, verdicts)
    return people.read(folder)


# --- the journal ---------------------------------------------------------------------------------------


def test_everything_of_a_verdict_is_kept(tmp_path: Path) -> None:
    whole = PersonVerdict(
        kind="kill",
        who="Ann Müller",
        when="2026-03-01T09:30:00.125Z",
        key=KEY,
        why="Six\nfingers, „schlecht“ \ud800",
        finding="",
        detector="flicker",
        start=1.25,
        duration=0.5,
        label="fox/v012.mp4",
        model="wan2.2",
        workflow="01234567",
        prompt_hash="89abcdef",
        seed=2**63 + 1,
        fault="black",
    )
    found = heard(tmp_path / "people", whole)
    assert list(found) == [whole] and found.notices == ()


def test_nothing_is_made_by_reading(tmp_path: Path) -> None:
    assert list(people.read(tmp_path / "people")) == []
    assert list(tmp_path.iterdir()) == []


def test_one_file_for_each_person_and_one_line_for_each_word(tmp_path: Path) -> None:
    heard(tmp_path, said("keep", "ann"), said("kill", "ben"), said("kill", "ann", 1))
    lines = {path.name: path.read_bytes().splitlines() for path in tmp_path.iterdir()}
    assert {name: len(found) for name, found in lines.items()} == {"ann.jsonl": 2, "ben.jsonl": 1}
    data = json.loads(lines["ben.jsonl"][0])
    assert data == {"v": 1, "kind": "kill", "who": "ben", "when": "2026-03-01T09:00:00Z", "key": KEY}


def test_a_verdict_without_person_or_time_is_said_by_the_user_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTIO_AI_AUDIT_USER", "cem")
    (verdict,) = heard(tmp_path, PersonVerdict("keep", "", "", KEY))
    assert verdict.who == "cem" and journal.moment(verdict.when)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=2, max_size=2, unique=True))
def test_two_people_never_share_a_file_and_any_system_takes_its_name(names: list[str]) -> None:
    one, two = (people.person(name) for name in names)
    files = [people.file_name(one), people.file_name(two)]
    assert (files[0].casefold() == files[1].casefold()) == (one == two)
    for name in files:
        assert name.isascii() and name == name.lower() and len(name) < 60
        assert not set(name) & set('/\\:*?"<>| ') and name[0] not in ".-" and name.endswith(".jsonl")


@pytest.mark.parametrize(
    "name", ["Ann", "con", "lpt1.x", "ann.", "..", "a/b", "../../etc", "An-1f2e3d4c", "ä"]
)
def test_names_that_some_system_cannot_take_get_another_file(name: str) -> None:
    stem = people.file_name(name).removesuffix(".jsonl")
    assert stem != name.lower() and stem[-9] == "-"


def test_names_that_look_like_ours_do_not_collide() -> None:
    taken = people.file_name("Ann").removesuffix(".jsonl")
    assert people.file_name(taken) != people.file_name("Ann")


def test_a_line_that_was_cut_short_is_mended_and_told(tmp_path: Path) -> None:
    heard(tmp_path, said("keep"))
    path = tmp_path / "ann.jsonl"
    path.write_bytes(path.read_bytes() + b'{"v": 1, "kind": "kill", "wh')
    found = heard(tmp_path, said("kill", second=5))
    assert [v.kind for v in found] == ["keep", "kill"]
    assert found.notices == ("ann.jsonl: 1 verdict that cannot be read; the others are heard.",)
    assert [v.kind for v in heard(tmp_path, said("keep", second=6))] == ["keep", "kill", "keep"]


@pytest.mark.parametrize("cut", range(0, 121, 8))
def test_a_crash_at_any_byte_loses_at_most_the_line_that_was_written(tmp_path: Path, cut: int) -> None:
    heard(tmp_path, said("keep"), said("kill", second=1, why="x" * 40))
    path = tmp_path / "ann.jsonl"
    data = path.read_bytes()
    first = data.index(b"\n") + 1
    path.write_bytes(data[: first + min(cut, len(data) - first)])
    kinds = [v.kind for v in heard(tmp_path, said("keep", second=9))]
    assert kinds in (["keep", "keep"], ["keep", "kill", "keep"])


def test_damage_is_counted_and_never_fatal(tmp_path: Path) -> None:
    good = b'{"v": 1, "kind": "keep", "who": "ann", "when": "2026-03-01T09:00:00Z", "key": "k"}'
    lines = [
        good.replace(b"keep", b"praise"),
        good.replace(b"2026-03-01T09:00:00Z", b"yesterday"),
        good.replace(b'"k"}', b"12}"),
        good.replace(b'"k"}', b'"k", "start": NaN}'),
        good.replace(b'"k"}', b'"k", "seed": 1.5}'),
        good.replace(b'"k"}', b'"k", "seed": ' + b"9" * 5000 + b"}"),
        good.replace(b'"ann"', b'" "'),
        good.replace(b"keep", b"wrong-alarm"),
        b"[" * 100_000,
        b"\xff\xfe",
        b"\0" * 512,
        b"[]",
    ]
    (tmp_path / "ann.jsonl").write_bytes(b"\n".join([*lines, good, b""]))
    found = people.read(tmp_path)
    assert [v.kind for v in found] == ["keep"]
    (notice,) = found.notices
    assert notice.startswith(f"ann.jsonl: {len(lines)} verdicts that cannot be read")


def test_what_newer_versions_write_is_kept_out_of_the_way(tmp_path: Path) -> None:
    line = '{"v": 2, "kind": "%s", "who": "ann", "when": "2026-03-01T09:00:00Z", "key": "k", "mood": [1]}\n'
    path = tmp_path / "ann.jsonl"
    path.write_text(line % "keep" + line % "praise", encoding="utf-8")
    found = heard(tmp_path, said("kill"))
    assert {v.kind for v in found} == {"keep", "kill"}
    assert "only a newer version can read" in found.notices[0]
    assert path.read_text(encoding="utf-8").startswith(line % "keep" + line % "praise")


def test_copies_that_services_make_are_read_and_count_once(tmp_path: Path) -> None:
    heard(tmp_path, said("keep"), said("kill", second=1, key=OTHER))
    text = (tmp_path / "ann.jsonl").read_text(encoding="utf-8")
    more = text.replace("\n", "\r\n") + '{"kind": "kill", "who": "ann", "when": "2026-03-01", "key": "x"}'
    (tmp_path / "ann (conflicted copy).jsonl").write_bytes(b"\xef\xbb\xbf" + more.encode())
    (tmp_path / "ann-2.JSONL").write_text(text, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("none of ours", encoding="utf-8")
    (tmp_path / "folder.jsonl").mkdir()
    found = people.read(tmp_path)
    assert sorted(v.key for v in found) == [KEY, OTHER, "x"]
    (notice,) = found.notices
    assert notice.startswith("folder.jsonl: cannot be read")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"file/people.*cannot be written.*Choose another folder"):
        people.append(tmp_path / "file" / "people", [said("keep")])


def test_a_share_that_is_not_mounted_is_told(tmp_path: Path) -> None:
    assert people.read(tmp_path / "not made yet").notices == ()
    (notice,) = people.read(tmp_path / "not mounted" / "verdicts").notices
    assert "is not there" in notice


def _speak(folder: str, number: int) -> None:
    for second in range(40):
        people.append(Path(folder), [said("keep", second=second, key=f"{number}", why="x" * 500 * number)])


def test_several_processes_of_one_person_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_speak, args=(str(tmp_path), number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    found = people.read(tmp_path)
    assert found.notices == ()
    assert Counter(v.key for v in found) == {"0": 40, "1": 40, "2": 40}


def test_a_line_that_another_process_overwrote_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every system appends two processes' lines one after the other."""
    write = os.write
    calls = []

    def torn(handle: int, data: bytes) -> int:
        calls.append(data)
        return write(handle, data if len(calls) > 1 else data[:20])

    monkeypatch.setattr(os, "write", torn)
    people.append(tmp_path, [said("kill")])
    monkeypatch.undo()
    assert [v.kind for v in people.read(tmp_path)] == ["kill"]
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:10]))
    with pytest.raises(StoreError, match="what was written is not there"):
        people.append(tmp_path, [said("keep", "ben")])


# --- who and where -------------------------------------------------------------------------------------


def test_the_folder_is_the_one_asked_for_then_the_environments_then_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(os.environ["OTIO_AI_AUDIT_CACHE"]) / "people"
    assert people.folder() == own
    assert people.folder(beside=tmp_path) == tmp_path / "people"
    assert people.folder(settings=str(tmp_path / "s"), beside=tmp_path) == tmp_path / "s"
    monkeypatch.setenv("OTIO_AI_AUDIT_VERDICTS", str(tmp_path / "e"))
    assert people.folder(settings=str(tmp_path / "s")) == tmp_path / "e"
    assert people.folder(tmp_path / "a", str(tmp_path / "s")) == tmp_path / "a"


def test_the_person_is_the_one_asked_for_then_the_environments_then_the_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "login")
    assert people.person() == "login"
    monkeypatch.setenv("OTIO_AI_AUDIT_USER", "  Ann\tA.\n ")
    assert people.person() == "Ann A."
    assert people.person("Mu\u0308ller") == "Müller"

    def nobody() -> str:
        raise OSError("no user")

    monkeypatch.delenv("OTIO_AI_AUDIT_USER")
    monkeypatch.setattr("getpass.getuser", nobody)
    assert people.person() == "somebody"


# --- takes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ([("keep", "ann")], "kept"),
        ([("kill", "ann")], "killed"),
        ([("kill", "ann"), ("kill", "ben")], "killed"),
        ([("kill", "ann"), ("keep", "ben")], "disputed"),
        ([("kill", "ann"), ("keep", "ann")], "kept"),
        ([("kill", "ann"), ("withdraw", "ann")], None),
        ([("kill", "ann"), ("withdraw", "ben")], "killed"),
        ([("kill", "ann"), ("keep", "ben"), ("withdraw", "ben")], "killed"),
        ([("kill", "ann"), ("withdraw", "ann"), ("kill", "ann")], "killed"),
    ],
)
def test_what_holds_of_a_take_is_the_last_word_of_everybody(
    tmp_path: Path, words: list[tuple[str, str]], standing: str | None
) -> None:
    verdicts = [said(kind, who, second) for second, (kind, who) in enumerate(words)]
    found = heard(tmp_path, *reversed(verdicts))
    assert found.of_take(KEY).standing == standing
    assert found.of_take(OTHER).standing is None


def test_two_words_of_one_moment_keep_their_order(tmp_path: Path) -> None:
    kinds = ["keep", "kill", "keep", "withdraw", "kill"]
    assert heard(tmp_path, *(said(kind) for kind in kinds)).of_take(KEY).standing == "killed"


def test_who_disagrees_is_told_with_their_reasons(tmp_path: Path) -> None:
    found = heard(tmp_path, said("kill", why="Six\nfingers."), said("keep", "ben", 1))
    words = "disputed: ann: kill. Six fingers.; ben: keep"
    assert found.of_take(KEY).words == words and found.notes(KEY) == (words,)
    assert heard(tmp_path, said("withdraw", "ben", 2)).notes(KEY) == ("ann: kill. Six fingers.",)


KINDS = st.sampled_from(["keep", "kill", "withdraw", "wrong-alarm"])


@st.composite
def words(draw: st.DrawFn) -> PersonVerdict:
    kind, who = draw(KINDS), draw(st.sampled_from(["ann", "ben", "cem"]))
    second = draw(st.integers(0, 3599))
    about = kind == "wrong-alarm" or (kind == "withdraw" and draw(st.booleans()))
    start = draw(st.integers(0, 6)) / 2
    key = draw(st.sampled_from([KEY, OTHER]))
    if not about:
        return said(kind, who, second, key, seed=draw(st.integers(0, 2)), prompt_hash="p")
    return said(
        kind, who, second, key, finding=f"{int(start):06x}", detector="pop", start=start, duration=1.0
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(words(), max_size=15, unique_by=lambda v: v.when), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_files_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[PersonVerdict], chance: random.Random
) -> None:
    plain, mixed = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("mixed")
    people.append(plain, verdicts)
    for number in range(3):
        some = [v for v in verdicts if chance.random() < 0.5] if number else list(verdicts)
        chance.shuffle(some)
        people.append(mixed / f"{number}", some)
        for path in (mixed / f"{number}").iterdir() if some else ():
            path.rename(mixed / f"{path.stem} {number}.jsonl")
    one, two = people.read(plain), people.read(mixed)
    assert one.by_key == two.by_key and one.things() == two.things()
    assert one.killed_origins() == two.killed_origins() and one.seal == two.seal


def test_reading_again_changes_no_seal_and_news_do(tmp_path: Path) -> None:
    seal = heard(tmp_path, said("keep")).seal
    assert people.read(tmp_path).seal == seal != heard(tmp_path, said("kill", "ben")).seal


# --- origins -------------------------------------------------------------------------------------------


def test_origins_that_were_killed_are_told_once_each(tmp_path: Path) -> None:
    origin = {"model": "wan", "prompt_hash": "p", "seed": 7}
    found = heard(
        tmp_path,
        said("kill", second=5, **origin),
        said("kill", "ben", 3, OTHER, **origin, workflow=""),
        said("kill", second=1, key="no seed", model="wan", prompt_hash="p"),
        said("kill", second=1, key="only a seed", seed=7),
        said("kill", second=2, key="disputed", model="wan", prompt_hash="q", seed=8),
        said("keep", "ben", second=3, key="disputed"),
        said("kill", second=4, key="withdrawn", model="wan", prompt_hash="r", seed=9),
        said("withdraw", second=6, key="withdrawn"),
    )
    assert [(v.key, v.who) for v in found.killed_origins()] == [(OTHER, "ben")]


def test_a_take_repeats_a_killed_one_of_the_same_model_prompt_and_seed(tmp_path: Path) -> None:
    like = Provenance(model="wan", prompt="A fox", seed=7, workflow="w1")
    kill = said("kill", model="wan", workflow="w2", prompt_hash=like.prompt_hash, seed=7)
    found = heard(tmp_path, kill, said("kill", key=OTHER, workflow="w1", seed=0))
    assert found.killed_origin(like) == kill
    for other in (
        replace(like, seed=8),
        replace(like, model="sora"),
        replace(like, prompt="A dog"),
        replace(like, seed=None),
        replace(like, prompt=None),
    ):
        assert found.killed_origin(other) is None
    assert found.killed_origin(Provenance(workflow="w1", seed=0)) is not None


# --- findings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ([], None),
        ([("wrong-alarm", "ann")], "wrong-alarm"),
        ([("wrong-alarm", "ann"), ("withdraw", "ann")], "stands"),
        ([("wrong-alarm", "ann"), ("withdraw", "ben")], "disputed"),
        ([("withdraw", "ben"), ("wrong-alarm", "ann")], "disputed"),
        ([("wrong-alarm", "ann"), ("withdraw", "ben"), ("wrong-alarm", "ben")], "wrong-alarm"),
        ([("wrong-alarm", "ann"), ("wrong-alarm", "ben"), ("withdraw", "ann")], "disputed"),
    ],
)
def test_what_holds_of_a_finding(tmp_path: Path, words: list[tuple[str, str]], standing: str | None) -> None:
    found = heard(
        tmp_path, *(alarm(who, s, kind) for s, (kind, who) in enumerate(words)), said("kill", "cem")
    )
    assert found.of_finding(KEY, "flicker", 1.0, 2.0, "a7f3c1").standing == standing


@pytest.mark.parametrize(
    ("detector", "start", "duration", "id_", "fault", "same"),
    [
        ("flicker", 1.0, 2.0, "ffffff", "", True),
        ("flicker", 1.5, 0.1, "", "", True),  # trimmed to almost nothing
        ("flicker", 2.0, 2.0, "", "", True),  # half of it
        ("flicker", 2.1, 2.0, "", "", False),
        ("flicker", 0.0, 4.1, "", "", False),  # more than half was never judged
        ("pop", 1.0, 2.0, "", "", False),
        ("flicker", 9.0, 2.0, "a7f3c1", "", True),  # by its id
        ("flicker", 1.0, 2.0, "ffffff", "black", True),
        ("flicker", 1.0, 2.0, "ffffff", "damaged", False),
    ],
)
def test_a_finding_is_the_same_by_its_id_or_by_half_of_it(
    tmp_path: Path, detector: str, start: float, duration: float, id_: str, fault: str, same: bool
) -> None:
    found = heard(tmp_path, alarm(fault="black"))
    assert (found.of_finding(KEY, detector, start, duration, id_, fault).standing is not None) is same
    assert found.of_finding(OTHER, detector, start, duration, id_, fault).standing is None


def test_a_settled_finding_says_who_and_why(tmp_path: Path) -> None:
    finding = Finding("flicker", "V1/0001", 1.0, 2.0, 0.9, "Pulses.", label="flicker")
    placed = Placed("a7f3c1", finding, "new", "now", 0, 1, "", key=KEY)
    assert people.read(tmp_path).settle(placed) == placed
    found = heard(tmp_path, alarm(why="Lightning."))
    assert found.settle(placed) == replace(placed, state="dismissed", by="ann: Lightning.")
    assert found.dismissal(placed) == "ann: Lightning."
    fixed = replace(placed, state="fixed")
    assert found.settle(fixed) == fixed
    found = heard(tmp_path, alarm("ben", 1, "withdraw"))
    disputed = found.settle(replace(placed, state="dismissed", by="green marker"))
    assert disputed.state == "open"
    assert disputed.by == "disputed: ann: wrong alarm. Lightning.; ben: it stands"
    assert found.dismissal(placed) == ""
    found = heard(tmp_path, alarm("ann", 2, "withdraw"))
    assert found.settle(replace(placed, state="dismissed")).state == "open"


def test_things_are_listed_once_and_disputes_first(tmp_path: Path) -> None:
    found = heard(
        tmp_path,
        said("keep", key="3" * 32, label="c"),
        said("kill", key="2" * 32, label="b"),
        said("kill", key=OTHER, label="a"),
        said("keep", "ben", key=OTHER, label="a"),
        alarm(),
        alarm("ben", 1, finding="b20e4d", start=1.5),
        alarm("ann", 2, start=20.0, finding="c20e4d"),
    )
    told = [(thing.label or thing.finding, words.standing) for thing, words in found.things()]
    assert told == [
        ("a", "disputed"),
        ("b", "killed"),
        ("c", "kept"),
        ("b20e4d", "wrong-alarm"),
        ("c20e4d", "wrong-alarm"),
    ]
    assert [(v.who, v.finding) for v in found.on(KEY)] == [
        ("ann", "c20e4d"),
        ("ann", "a7f3c1"),
        ("ben", "b20e4d"),
    ]


# --- to and from what the store remembers ---------------------------------------------------------------

KNOWN = KnownFinding("a7f3c1", "flicker", KEY, 1.0, 2.0, "then", label="flicker")


def test_what_people_say_goes_over_what_is_remembered(tmp_path: Path) -> None:
    green = replace(KNOWN, dismissed=True, by="green marker")
    assert people.heeded([KNOWN, green], people.read(tmp_path)) == [KNOWN, green]
    (heeded,) = people.heeded([KNOWN], heard(tmp_path, alarm(why="Lightning.")))
    assert (heeded.dismissed, heeded.by) == (True, "ann: Lightning.")
    assert people.heeded([green], heard(tmp_path, alarm("ben", 1, "withdraw"))) == [KNOWN]


def test_news_are_told_once(tmp_path: Path) -> None:
    green = replace(KNOWN, dismissed=True, by="green marker", text="it is lightning")
    nothing = people.read(tmp_path)
    (news,) = people.told([KNOWN], [green], nothing, "ann", {KEY: "fox.mp4"})
    assert (news.kind, news.who, news.finding, news.label) == ("wrong-alarm", "ann", "a7f3c1", "fox.mp4")
    assert news.why == "green marker: it is lightning"
    after = heard(tmp_path, news)
    # A copy of the edit with the same green marker, on Ben's machine:
    assert people.told([KNOWN], [green], after, "ben", {}) == []
    assert people.told([green], [green], after, "ben", {}) == []
    (back,) = people.told(people.heeded([KNOWN], after), [KNOWN], after, "ben", {})
    assert (back.kind, back.who) == ("withdraw", "ben")
    disputed = heard(tmp_path, back)
    assert people.told([KNOWN], [green], disputed, "ann", {}) == []
    assert people.told([green], [KNOWN], disputed, "ben", {}) == []
    unnamed = replace(green, key="use V1/0001")
    assert people.told([], [unnamed], nothing, "ann", {}) == []


def test_one_word_is_enough_for_the_parts_of_a_finding(tmp_path: Path) -> None:
    parts = [replace(KNOWN, id=id_, start=start, duration=0.5) for id_, start in (("b", 1.0), ("c", 2.0))]
    after = [replace(part, dismissed=True, by="green marker") for part in (KNOWN, *parts)]
    assert len(people.told([KNOWN], after, people.read(tmp_path), "ann", {})) == 1


# --- the file of a page --------------------------------------------------------------------------------


def page(path: Path, *verdicts: object, **more: object) -> Path:
    data = {"schema": 1, "kind": "otio-ai-audit verdicts", "who": "ann", "verdicts": verdicts, **more}
    path.write_text(json.dumps(data), encoding="utf-8-sig")
    return path


KILL = {
    "kind": "kill",
    "key": KEY,
    "finding": "",
    "detector": "",
    "start": 0,
    "duration": 0,
    "label": "fox/v012.mp4",
    "why": "Hands.",
    "when": "2026-03-01T09:30:00.125Z",
    "model": "wan",
    "workflow": "",
    "prompt_hash": "p",
    "seed": "9007199254740993",
}


def test_the_file_of_a_page_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (verdict,) = people.from_page(page(tmp_path / "v.json", KILL))
    assert (verdict.who, verdict.kind, verdict.why, verdict.seed) == ("ann", "kill", "Hands.", 2**53 + 1)
    assert people.from_page(tmp_path / "v.json", "ben")[0].who == "ben"
    monkeypatch.setenv("OTIO_AI_AUDIT_USER", "cem")
    assert people.from_page(page(tmp_path / "v.json", KILL, who=""))[0].who == "cem"


@pytest.mark.parametrize(
    ("verdicts", "more", "sentence"),
    [
        ([], {"kind": "shopping"}, "holds no verdicts"),
        ([], {"schema": 2}, "has schema 2, and this version reads 1"),
        ([KILL, {**KILL, "kind": "praise"}], {}, "verdict 2 cannot be taken: its kind is 'praise'"),
        ([{**KILL, "key": ""}], {}, "verdict 1 cannot be taken: it does not say key"),
        ([{**KILL, "when": "now"}], {}, "its time is 'now', not an ISO date and time"),
        ([{**KILL, "kind": "wrong-alarm"}], {}, "it does not say which finding"),
        (["kill"], {}, "it is no JSON object"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    tmp_path: Path, verdicts: list[object], more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence) as told:
        people.from_page(page(tmp_path / "v.json", *verdicts, **more))
    assert str(told.value).startswith("v.json")


def test_what_is_no_json_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_bytes(b"\xff\x00 none")
    with pytest.raises(UsageError, match=r"v\.json holds no verdicts"):
        people.from_page(tmp_path / "v.json")
    with pytest.raises(UsageError, match="cannot be read"):
        people.from_page(tmp_path / "none.json")


# --- dealing -------------------------------------------------------------------------------------------

SHOTS = st.dictionaries(st.text(max_size=8), st.integers(0, 500), max_size=25)


@settings(deadline=None)
@given(SHOTS, st.integers(1, 7), st.randoms(use_true_random=False))
def test_a_deal_gives_every_shot_to_one_person_and_is_fair(
    shots: dict[str, int], parts: int, chance: random.Random
) -> None:
    dealt = people.deal(shots, parts)
    assert dealt.keys() == shots.keys() and {*dealt.values()} <= {*range(parts)}
    loads = [sum(shots[name] for name, part in dealt.items() if part == one) for one in range(parts)]
    assert max(loads) - min(loads) <= max(shots.values(), default=0)
    mixed = list(shots.items())
    chance.shuffle(mixed)
    assert people.deal(dict(mixed), parts) == dealt


@settings(deadline=None)
@given(SHOTS, SHOTS, st.integers(1, 7))
def test_a_shot_that_was_dealt_stays(first: dict[str, int], later: dict[str, int], parts: int) -> None:
    before = people.deal(first, parts)
    after = people.deal({**first, **later}, parts, before)
    assert after.items() >= before.items() and after.keys() == first.keys() | later.keys()


def test_a_deal_is_kept_for_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    first = people.dealt(folder, {"fox": 10, "truck": 8, "\ud800": 1}, 2)
    again = people.dealt(folder, {"truck": 900, "dog": 5}, 2)
    assert again["truck"] == first["truck"] != again["dog"]
    assert people.dealt(folder, {"fox": 1}, 2) == {"fox": first["fox"]}
    assert {path.name for path in folder.iterdir()} == {"deal-2.json"}
    assert people.dealt(folder, {"fox": 1}, 3) == {"fox": 0}
    assert list(people.read(folder)) == []


def test_wrong_deals_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be dealt to 0 people"):
        people.dealt(tmp_path, {"fox": 1}, 0)
    (tmp_path / "deal-2.json").write_text('{"shots": [1', encoding="utf-8")
    with pytest.raises(UsageError, match=r"deal-2\.json: this is no deal of ours"):
        people.dealt(tmp_path, {"fox": 1}, 2)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be"):
        people.dealt(tmp_path / "file" / "people", {"fox": 1}, 2)


def test_the_lock_of_a_process_that_died_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otio_ai_audit.people.deals.STALE", 0.05)
    (tmp_path / "deal-2.lock").write_text("dead", encoding="utf-8")
    assert people.dealt(tmp_path, {"fox": 1}, 2) == {"fox": 0}
    assert {path.name for path in tmp_path.iterdir()} == {"deal-2.json"}


def _deal(folder: str, number: int, answers: multiprocessing.Queue[dict[str, int]]) -> None:
    names = [f"shot {n}" for n in range(60)]
    random.Random(number).shuffle(names)
    told: dict[str, int] = {}
    for count in range(5, 61, 5):  # more shots arrive, in another order on each machine
        told = people.dealt(Path(folder), dict.fromkeys(names[:count], number + 1), 5)
    answers.put(told)


def test_runs_at_once_end_with_one_deal(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    workers = [spawn.Process(target=_deal, args=(str(tmp_path), number, answers)) for number in range(3)]
    for worker in workers:
        worker.start()
    told = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert told[0] == told[1] == told[2] and len(told[0]) == 60


def test_speaking_imports_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys\nfrom pathlib import Path\nfrom otio_ai_audit import people\n"
        "people.read(Path('nothing'))\n"
        "print('HEAVY', sorted({'numba', 'av', 'opentimelineio', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
