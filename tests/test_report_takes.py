from __future__ import annotations

import base64
import gc
import hashlib
import json
import re
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Media, Provenance, Shot, Thumbnail, Triage
from otio_ai_audit.report import finding_view, page_parts, takes_html
from otio_ai_audit.report.takes_folder import LIST

from . import triage_samples as samples
from .report_samples import NASTY
from .test_report_page import Page, luminance, themes

NEVER = (
    "Not checked: fingers, lettering, lips, physics. "
    "A take without findings is not approved: a person has not looked."
)


def page(triage: Triage) -> Page:
    return Page(takes_html.to_page(triage))


def folder(triage: Triage, path: Path) -> dict[str, Page]:
    takes_html.write_folder(triage, path)
    return {one.name: Page(one.read_text("utf-8")) for one in path.glob("*.html")}


def words(made: Page) -> str:
    return " ".join(" ".join(made.texts).split())


def cards(made: Page) -> list[dict[str, str]]:
    return list(made.all("article", "take"))


def everything(tmp_path: Path, triage: Triage) -> Iterator[Page]:
    yield page(triage)
    yield from folder(triage, tmp_path).values()


# --- what is said ----------------------------------------------------------------------------------


def test_every_page_says_what_was_not_checked_and_calls_nothing_good(tmp_path: Path) -> None:
    for made in everything(tmp_path, samples.sample()):
        text = words(made)
        assert NEVER in text
        assert "Not asked for: whether a subject looks the same from shot to shot." in text
        assert not re.search(
            r"\b(good|best|clean|perfect|passed|approved(?!: a person))\b",
            text.replace("is not approved: a person has not looked", "").replace("clean real footage", ""),
            re.IGNORECASE,
        )


def test_the_overview_counts_and_links_every_shot(tmp_path: Path) -> None:
    made = folder(samples.sample(), tmp_path)
    assert set(made) == {"index.html", "shot-0001-fox.html", "shot-0002-truck.html", "shot-0003-bell.html"}
    text = words(made["index.html"])
    assert "Faults found in 5 of 11 takes in 3 shots; 2 could not be looked at." in text
    assert "1 file is still being written; the next run takes it." in text
    links = [a["href"] for a in made["index.html"].all("a") if a["href"].endswith(".html")]
    assert links == ["shot-0001-fox.html", "shot-0002-truck.html", "shot-0003-bell.html"]
    assert "Fewest faults found" in text and "day1/fox_v003.mp4 nothing found" in text
    assert "no take has a rank" in text
    dealt = folder(replace(samples.sample(), dealt_to="ann"), tmp_path / "ann")
    assert all("dealt to ann" in words(one) for one in dealt.values())


def test_which_origin_fails_how_often(tmp_path: Path) -> None:
    text = words(folder(samples.sample(), tmp_path)["index.html"])
    assert "Model Takes Flagged Share Errors Killed flicker freeze" in text
    assert "wan2.1_t2v_14B 8 2 25 % 1 1 2 0 ltx-video 1 1 100 % 0 0 0 1 unknown 1 0 0 % 0 0 0 0" in text
    assert "Prompt (hash)" in text and "Seeds of killed takes (1)" in text


def test_takes_come_by_rank_with_scores_findings_and_ties(tmp_path: Path) -> None:
    made = folder(samples.sample(), tmp_path)["shot-0001-fox.html"]
    assert [card["data-title"] for card in cards(made)] == [
        *("v003", "v001", "v002", "v004", "v005", "v007", "v008"),
    ]
    text = words(made)
    assert "00:00:01:06 warning flicker 0.58 Upper left pulses 6 times a second, ±7 %." in text
    assert "amplitude 6.2 cv" in text
    for said in (
        "Looks almost like v003",
        "Same content as v003",
        "Repeats the seed of killed v007",
        "disputed",
        "ann : keep bob : kill – Two tails.",
        "v009 The file ends in the middle of a frame.",
        "1 wrong alarm",
        "dismissed pop 0.90",
        "ann: the client likes it",
        "ComfyUI · wan2.1_t2v_14B · seed 7",
    ):
        assert said in text, said
    assert "flash n/a" in text
    scores = cards(made)[2]["data-scores"].split()
    assert scores == ["0.5800", "0.9000", "0.0500", "0.0500", "0.0500", "-", "0.0500"]


def test_prompts_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    assert samples.COMFY.prompt is not None and samples.COMFY.prompt_hash is not None
    for made in everything(tmp_path, samples.sample()):
        assert samples.COMFY.prompt not in words(made)
    asked = replace(samples.sample(), include_prompts=True)
    text = words(page(asked))
    assert samples.COMFY.prompt in text and samples.COMFY.prompt_hash in text


def test_paths_of_a_machine_are_not_told() -> None:
    home = "/home/ann/takes/day1/fox_v001.mp4"
    one = samples.take(media=Media(home))
    broken = samples.failed(reason=f"{home} cannot be read.")
    broken = replace(broken, take=replace(broken.take, media=Media(home)))
    noted = replace(one, record=replace(one.record, notes=(f"{home} is interlaced.",)))
    made = takes_html.to_page(samples.triage(samples.shot(1, "fox", noted, broken)))
    assert "/home/ann" not in made
    assert "day1/fox_v009.mp4 cannot be read." in made and "day1/fox_v001.mp4 is interlaced." in made


def test_what_is_unknown_says_so() -> None:
    text = words(page(samples.triage(samples.shot(1, "fox", samples.take(origin=Provenance())))))
    assert (
        "Origin unknown generator unknown model unknown workflow unknown prompt unknown seed unknown" in text
    )


def test_an_empty_triage_has_a_page(tmp_path: Path) -> None:
    for made in everything(tmp_path, samples.triage()):
        assert "There are no takes." in words(made)


# --- pictures --------------------------------------------------------------------------------------


def test_a_take_shows_its_worst_frame_and_carries_its_strip() -> None:
    made = page(samples.sample())
    frames = [one for one in made.all("div", "frame") if "data-frames" in one]
    strip = samples.sample().load(1).takes[2].record.strip
    told = frames[2]["data-frames"].split(" ")
    assert len(told) == len(strip) == 8 and told.index(".") == int(frames[2]["data-place"]) == 3
    assert frames[2]["data-times"].split(" ")[3] == "1.50"
    images = [image for image in made.all("img") if "Frame at" in image["alt"]]
    assert images[2]["src"] == url(strip[3].data)
    assert told[0] == url(strip[0].data)
    # Widths and heights reserve the place: nothing moves when a picture arrives.
    assert all(image["width"] and image["height"] for image in made.all("img"))
    assert frames[0]["data-place"] == "4", "without a finding, the middle"


def url(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()


def test_strips_are_thinned_to_the_room_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(samples.strip()[0].data)
    monkeypatch.setattr(finding_view, "PICTURE_BYTES", 2 * 5 * size)
    takes = [samples.take(name=f"v{i}", rank=i, shade=1) for i in (1, 2)]
    made = page(samples.triage(samples.shot(1, "fox", *takes)))
    counts = [len(one["data-frames"].split(" ")) for one in made.all("div", "frame")]
    assert counts[0] == counts[1] and 3 <= counts[0] <= 5
    monkeypatch.setattr(finding_view, "PICTURE_BYTES", 2 * size)
    made = page(samples.triage(samples.shot(1, "fox", *takes)))
    assert len([image for image in made.all("img") if "Frame at" in image["alt"]]) == 2
    assert not any("data-frames" in one for one in made.all("div", "frame"))


def test_a_long_take_has_no_more_pictures_than_a_card_has_room_for() -> None:
    one = samples.take()
    one = replace(one, record=replace(one.record, strip=samples.strip(1, seconds=60)))
    (frame,) = page(samples.triage(samples.shot(1, "fox", one))).all("div", "frame")
    times = [float(time) for time in frame["data-times"].split(" ")]
    assert 12 <= len(times) <= 16 and times[0] == 0.0 and times[-1] == 59.5


def test_bytes_that_are_no_picture_are_left_out() -> None:
    one = samples.take()
    strip = (Thumbnail(0.0, b"<svg onload=alert(1)>"), *one.record.strip)
    odd = replace(one, record=replace(one.record, strip=strip))
    none = replace(odd, record=replace(one.record, strip=strip[:1]), take=replace(one.take, label="other"))
    made = takes_html.to_page(samples.triage(samples.shot(1, "fox", odd, none)))
    assert "svg onload" not in made and "PHN2Zy" not in made and "no picture" in made


# --- hostile names, policy, structure --------------------------------------------------------------


def test_text_from_outside_never_becomes_an_element(tmp_path: Path) -> None:
    plain = page(samples.triage(samples.shot(1, "fox", samples.take())))
    for made in everything(tmp_path, samples.nasty()):
        assert len(list(made.all("script"))) == len(list(made.all("style"))) == 1
        assert made.raw == plain.raw, "nothing of a triage stands in the script or the style"
        for tag, attributes in made.elements:
            assert tag not in ("iframe", "object", "embed", "base", "link", "marquee")
            assert not any(key.startswith("on") or key == "style" for key in attributes)
            for name in ("src", "href", "action", "srcset", "data"):
                value = attributes.get(name, "#")
                assert re.match(r"data:image/webp;base64,|#|[\w.-]+\.html(#|$)", value), (tag, value)
    assert NASTY[0] in words(made) or NASTY[1] in words(made)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|eval|innerHTML", "".join(made.raw.values()))


def test_the_policy_allows_only_our_own_script_and_style(tmp_path: Path) -> None:
    for made in everything(tmp_path, samples.sample()):
        policy = next(
            m["content"] for m in made.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
        for tag in ("style", "script"):
            digest = base64.b64encode(hashlib.sha256(made.raw[tag].encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_lead_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes_html, "PAGE_TAKES", 3)
    for name, triage in (("sample", samples.sample()), ("nasty", samples.nasty())):
        made = folder(triage, tmp_path / name)
        made[""] = page(triage)
        ids = {
            page_name: [attributes["id"] for _, attributes in one.elements if "id" in attributes]
            for page_name, one in made.items()
        }
        for page_name, one in made.items():
            assert len(ids[page_name]) == len(set(ids[page_name]))
            for _, attributes in one.elements:
                target, _, anchor = attributes.get("href", "#").partition("#")
                assert not anchor or anchor in ids[target or page_name], attributes
                assert not target or target in made
                for name_of in attributes.get("aria-labelledby", "").split():
                    assert name_of in ids[page_name]


def test_every_field_has_a_label_and_every_button_a_name() -> None:
    text = takes_html.to_page(samples.sample())
    for field in re.findall(r"<(?:input|select)[^>]*>", text):
        before = text[: text.index(field)]
        assert "aria-label" in field or before.rfind("<label") > before.rfind("</label>"), field
    assert not re.search(r"<button[^>]*>\s*</button>", text)


def test_new_colours_are_those_that_have_contrast() -> None:
    style = page_parts.asset("takes.css")
    plain = set(re.findall(r"(?<!-)\bcolor: (#[0-9a-f]+)", style))
    for theme in themes().values():
        for ground, text in (("focus", "bg"), ("text", "panel"), ("bg", "focus"), ("panel", "focus")):
            if ground in theme and text in theme:
                low, high = sorted((luminance(theme[ground]), luminance(theme[text])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (ground, text)
    for color in plain:  # on the dark ground of pictures
        assert (luminance(color) + 0.05) / (luminance("#0c0c0e") + 0.05) >= 4.5


# --- a folder that is refreshed --------------------------------------------------------------------


def stamps(path: Path) -> dict[str, int]:
    return {one.name: one.stat().st_ino for one in path.glob("*.html")}


def test_unchanged_pages_are_not_written_again(tmp_path: Path) -> None:
    triage = samples.sample()
    takes_html.write_folder(triage, tmp_path)
    before = stamps(tmp_path)
    takes_html.write_folder(triage, tmp_path)
    assert stamps(tmp_path) == before
    later = replace(triage, finished="2026-03-01T13:00:00", seconds=9.0)
    takes_html.write_folder(later, tmp_path)
    assert {name for name, now in stamps(tmp_path).items() if now != before[name]} == {"index.html"}


def test_only_changed_shots_are_loaded(tmp_path: Path) -> None:
    triage = samples.sample()
    loaded: list[int] = []

    def load(number: int) -> Shot:
        loaded.append(number)
        return triage.load(number)

    watched = replace(triage, load=load)
    takes_html.write_folder(watched, tmp_path, {1})
    assert loaded == [1, 2, 3], "what was never written is written"
    loaded.clear()
    takes_html.write_folder(watched, tmp_path, {2})
    assert loaded == [2]
    (tmp_path / "shot-0003-bell.html").unlink()
    (tmp_path / "shot-0001-fox.html").write_text("cut")
    loaded.clear()
    takes_html.write_folder(watched, tmp_path, ())
    assert loaded == [1, 3], "what is missing or damaged is written again"


def test_pages_of_shots_that_are_gone_go_and_their_neighbours_learn_of_it(tmp_path: Path) -> None:
    triage = samples.sample()
    (tmp_path / "notes.html").write_text("mine")
    takes_html.write_folder(triage, tmp_path)
    fewer = replace(triage, heads=(triage.heads[0], triage.heads[2]))
    takes_html.write_folder(fewer, tmp_path, ())
    made = {one.name: one.read_text("utf-8") for one in tmp_path.glob("*.html")}
    assert set(made) == {"index.html", "shot-0001-fox.html", "shot-0003-bell.html", "notes.html"}
    assert not any("shot-0002" in text for text in made.values())
    assert made["notes.html"] == "mine"


def test_a_list_that_names_files_elsewhere_removes_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    report = tmp_path / "report"
    report.mkdir()
    listed = {"../outside.html": ["", 4], str(outside): ["", 4], "index.html": ["", 1]}
    (report / LIST).write_text(json.dumps({"schema": 1, "pages": listed}))
    takes_html.write_folder(samples.sample(), report)
    assert outside.read_text() == "mine"
    (report / LIST).write_text("{")
    takes_html.write_folder(samples.sample(), report)
    assert set(json.loads((report / LIST).read_text())["pages"]) == {
        one.name for one in report.glob("*.html")
    }


def test_a_page_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>My site</h1>")
    with pytest.raises(OutputError, match=r"index\.html is there already and no page of a report"):
        takes_html.write_folder(samples.sample(), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["index.html"]


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match=r"report cannot be written: a part of its path is a file"):
        takes_html.write_folder(samples.sample(), tmp_path / "report")


def test_names_of_pages_lead_nowhere_else(tmp_path: Path) -> None:
    triage = samples.sample()
    odd = [
        replace(head, page=name)
        for head, name in zip(triage.heads, ("../x.html", "", "index.html"), strict=True)
    ]
    takes_html.write_folder(replace(triage, heads=tuple(odd)), tmp_path / "in")
    assert {one.name for one in (tmp_path / "in").glob("*.html")} == {
        *("index.html", "shot-0001.html", "shot-0002.html", "shot-0003.html"),
    }
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


def test_a_large_shot_has_several_pages_by_rank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes_html, "PAGE_TAKES", 3)
    made = folder(samples.sample(), tmp_path)
    names = ["shot-0001-fox.html", "shot-0001-fox.2.html", "shot-0001-fox.3.html"]
    assert [[card["data-title"] for card in cards(made[name])] for name in names] == [
        ["v003", "v001", "v002"],
        ["v004", "v005", "v007"],
        ["v008"],
    ]
    links = [a["href"] for a in made[names[2]].all("a")]
    assert "shot-0001-fox.html#take-1" in links, "the take of the same content stands on another page"
    assert {names[0], names[1]} <= set(links)
    assert "Could not be looked at" in words(made[names[0]])
    assert "Could not be looked at" not in words(made[names[1]])
    monkeypatch.setattr(takes_html, "PAGE_TAKES", 10)
    assert not {*names[1:]} & set(folder(samples.sample(), tmp_path))


def test_shots_are_loaded_one_at_a_time(tmp_path: Path) -> None:
    triage = samples.many(shots=5, takes=4)
    held: list[weakref.ref[object]] = []

    def load(number: int) -> Shot:
        gc.collect()
        assert sum(ref() is not None for ref in held) <= 1
        shot = triage.load(number)
        held.append(weakref.ref(shot.takes[0].record.sketch))
        return shot

    takes_html.write_folder(replace(triage, load=load), tmp_path)
    assert len(held) == 5
