from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from otio_ai_audit import report
from otio_ai_audit.model import Curve, Group
from otio_ai_audit.report import drawing, edit_pictures, html_file, page_parts

from . import report_samples as samples

VOID = {"meta", "img", "input", "br", "link", "use", "path", "rect", "line", "circle"}


class Page(HTMLParser):
    """Elements of a page in order, with their attributes, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"{self._open} stay open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            self.raw[self._open[-1]] = self.raw.get(self._open[-1], "") + data
        elif data.strip():
            self.texts.append(data.strip())

    def all(self, tag: str, name: str = "") -> Iterator[dict[str, str]]:
        for found, attributes in self.elements:
            if found == tag and (not name or name in attributes.get("class", "").split()):
                yield attributes


def page(result: object) -> Page:
    return Page(html_file.to_html(result))  # type: ignore[arg-type]


def test_the_page_says_what_was_checked_and_what_was_not() -> None:
    made = page(samples.sample())
    text = " ".join(made.texts)
    assert "Look at 1 of 4 shots; 1 not checked." in text
    assert "Not checked: fingers, lettering, lips, physics" in text
    assert "Not asked for in this audit: whether a subject stays the same within a shot" in text
    assert "proxies for 1 clip: truck_v012.mp4; the originals for 2" in text
    assert "3 of 4 clips; 1 could not be looked at" in text
    assert r"File not found: D:\takes\wheel.png" in text
    assert "a title" in text and "Measured on its proxy" in text
    assert "01:00:05:06" in text and "1.250 – 1.750 s" in text
    assert "Strength 6.2 of 255 levels How often 6 times a second" in text
    assert "green marker" in text and "the client likes it" in text
    assert "The timeline starts at 01:00:00:00." in text


def test_clips_come_worst_first_with_their_picture_and_curve() -> None:
    made = page(samples.sample())
    clips = list(made.all("article"))
    assert [clip["data-worst"] for clip in clips] == sorted((c["data-worst"] for c in clips), reverse=True)
    assert clips[0]["id"] == "clip-2"
    still = base64.b64encode(samples.sample().stills["a7f3c1"]).decode()
    assert f"data:image/webp;base64,{still}" in [image["src"] for image in made.all("img")]
    assert any(
        e.get("aria-label", "").startswith("flicker score over time") for e in made.all("div", "curve")
    )
    assert len(list(made.all("rect", "range"))) == 2


def test_the_strip_serves_where_there_is_no_still() -> None:
    result = replace(samples.sample(), stills={})
    assert next(page(result).all("img"))["src"].startswith("data:image/webp;base64,")


def test_text_from_outside_never_becomes_an_element() -> None:
    made = page(samples.nasty())
    tags = {tag for tag, _ in made.elements}
    assert tags <= {
        *("html", "head", "meta", "title", "style", "body", "svg", "symbol", "path", "circle", "use", "a"),
        *("header", "main", "section", "footer", "div", "p", "h1", "h2", "h3", "ul", "ol", "li", "dl", "dt"),
        *("dd", "b", "bdi", "span", "kbd", "abbr", "form", "label", "select", "option", "fieldset", "legend"),
        *("input", "output", "article", "img", "rect", "line", "details", "summary", "button", "script"),
        *("h4", "text", "defs", "pattern", "template", "dialog", "figure", "figcaption", "q"),
    }
    assert len(list(made.all("script"))) == len(list(made.all("style"))) == 1
    for _, attributes in made.elements:
        assert not any(key.startswith("on") or key == "style" for key in attributes)
    plain = page(samples.result(samples.clip()))
    assert made.raw == plain.raw, "nothing of a result stands in the script or the style"
    assert samples.NASTY[0] in " ".join(made.texts)
    assert "{{ 7*7 }}" in " ".join(made.texts)


def test_the_page_asks_nobody_for_anything() -> None:
    made = page(samples.nasty())
    for tag, attributes in made.elements:
        for name in ("src", "href", "action", "srcset", "data"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/", "#")), (tag, attributes)
    # The names of a licence and of a drawing's language are no addresses that anybody asks.
    named = ("https://github.com/leeoniya/uPlot", "http://www.w3.org/2000/svg")
    raw = "".join(made.raw.values())
    for name in named:
        raw = raw.replace(name, "")
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|\beval\b|innerHTML|insertAdjacentHTML", raw)


def test_the_policy_allows_only_our_own_script_and_style() -> None:
    made = page(samples.sample())
    policy = next(m["content"] for m in made.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(made.raw[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    for made in (page(samples.sample()), page(samples.nasty())):
        ids = [attributes["id"] for _, attributes in made.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        for _, attributes in made.elements:
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in ids
            if "aria-labelledby" in attributes:
                assert attributes["aria-labelledby"] in ids


def test_pictures_stop_at_the_budget_but_every_clip_keeps_its_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edit_pictures, "ROOM", 50_000)
    text = html_file.to_html(samples.big(60))
    assert len(text) < 60 * 40_000
    assert text.count("<article") == 60 and "no picture" in text


def test_groups_show_the_odd_ones_first_with_a_picture() -> None:
    apart = ((0.0, 0.1, 0.5), (0.1, 0.0, 0.6), (0.5, 0.6, 0.0))
    ids = ("V1/0001", "V1/0002", "V1/0005")
    result = replace(samples.sample(), groups=(Group("fox", ids, apart, "clip colour"),))
    made = page(result)
    start = made.texts.index("Who should look alike")
    assert made.texts[start + 1 : start + 3] == ["fox", "3 clips, by clip colour"]
    found = [made.texts.index(name, start) for name in ("bell.mp4", "truck v012", "fox_v007.mp4")]
    assert found == sorted(found)
    assert "0.55" in made.texts
    assert len([a for a in made.all("img") if a.get("alt") == "" and a["src"].startswith("data:")]) >= 1
    assert "Who should look alike" not in page(samples.sample()).texts


def test_a_large_group_shows_its_worst() -> None:
    count = 60
    clips = [samples.clip(number, f"fox_{number:02d}.mp4") for number in range(1, count + 1)]
    rows = tuple(tuple(float(abs(i - j)) for j in range(count)) for i in range(count))
    made = page(samples.result(*clips, groups=(Group("fox", tuple(c.id for c in clips), rows),)))
    assert "and 36 more" in made.texts


def test_the_worst_frame_stands_beside_those_to_compare() -> None:
    finding = samples.placed(
        2,
        "mismatch",
        id="abc123",
        message="Red differs from V1/0001.",
        compare=(("V1/0001", 1.0), ("V1/0002", 0.5)),
    )
    stills = dict.fromkeys(("abc123", "abc123 compare 0", "abc123 compare 1"), samples.webp())
    made = page(replace(samples.sample(), findings=(finding,), stills=stills))
    assert len(list(made.all("figure"))) == 3
    words = " ".join(made.texts)
    assert "fox_v007.mp4, 1.00 s" in words
    assert "here, 0.50 s" in words
    assert "Red differs from fox_v007.mp4." in words
    bare = page(replace(samples.sample(), findings=(finding,), stills={}))
    assert [figure["class"] for figure in bare.all("figure")] == ["view"], "its strip serves"


def test_the_worst_frame_is_not_shown_as_what_it_should_match() -> None:
    finding = samples.placed(2, "mismatch", id="abc123", compare=(("V1/0002", 1.5), ("V1/0001", 1.0)))
    stills = dict.fromkeys(("abc123", "abc123 compare 0", "abc123 compare 1"), samples.webp())
    words = page(replace(samples.sample(), findings=(finding,), stills=stills)).texts
    assert words.count("should match") == 1 and "same shot" not in words and "odd one out" in words


def test_bytes_that_are_no_picture_are_left_out() -> None:
    result = replace(samples.sample(), stills={"a7f3c1": b"<svg onload=alert(1)>"})
    assert "svg onload" not in html_file.to_html(result)


# --- drawings --------------------------------------------------------------------------------------


def test_a_thinned_curve_keeps_its_peak() -> None:
    score = [0.05] * 5000
    score[3333] = 0.95
    drawn = drawing.draw_curve("pop", Curve(0.0, 0.04, tuple(score)), (0.0, 200.0), [], 100)
    assert drawn is not None and drawn.path.count(",") == 101
    assert drawn.peak == 0.95 and drawn.peak_time == pytest.approx(3333 * 0.04)
    line = drawn.path[drawn.path.index("L") + 1 : drawn.path.index("H")]
    assert min(float(point.split(",")[1]) for point in line.split()) < 5


def test_a_curve_shows_only_what_the_edit_shows() -> None:
    curve = Curve(0.0, 1.0, (0.9, 0.1, 0.1, 0.1, 0.9))
    assert drawing.draw_curve("pop", curve, (1.0, 3.0), [], 100) is None
    assert drawing.draw_curve("pop", Curve(0.0, 1.0, ()), (0.0, 3.0), [], 100) is None


def test_one_frame_is_wide_enough_to_see() -> None:
    found = samples.placed(duration=1 / 24, start=599.99)
    drawn = drawing.draw_curve("flicker", Curve(0.0, 1.0, (0.5,) * 600), (0.0, 600.0), [found], 100)
    assert drawn is not None
    x, width, kind = drawn.ranges[0]
    assert width >= 3 and x + width <= drawing.WIDTH and kind == "error"


# --- colours ---------------------------------------------------------------------------------------


def themes() -> dict[str, dict[str, str]]:
    style = page_parts.asset("page.css")
    blocks = {
        "dark": style[style.index(":root {") :],
        "light": style[style.index(':root[data-theme="light"] {') :],
        "print": style[style.index("@media print") :],
    }
    return {
        name: dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", text[: text.index("color-scheme")]))
        for name, text in blocks.items()
    }


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(c * 2 for c in color[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light", "print"])
def test_text_has_contrast(theme: str) -> None:
    """WCAG 2.2 AA: 4.5 for text on everything that it may stand on."""
    colors = themes()[theme]
    for text in ("text", "muted", "error", "warning", "note", "fixed", "dismissed"):
        for ground in ("bg", "panel", "raised"):
            low, high = sorted((luminance(colors[text]), luminance(colors[ground])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def test_the_two_light_themes_are_the_same() -> None:
    style = page_parts.asset("page.css")
    blocks = re.findall(
        r'(?:not\(\[data-theme="dark"\]\)|\[data-theme="light"\]) \{(.*?)\}', style, re.DOTALL
    )
    assert len(blocks) == 2 and blocks[0].split() == blocks[1].split()


# --- a real browser --------------------------------------------------------------------------------


def test_a_browser_runs_the_page_without_complaint(tmp_path: Path) -> None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next((found for found in map(shutil.which, names) if found), None)
    if browser is None:
        pytest.skip("no Chromium here to open the page in")
    path = tmp_path / "report.html"
    report.write(samples.nasty(), path)
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
            *("--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"),
            path.as_uri(),
        ],
        capture_output=True,
        timeout=90,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    if done.returncode or b"<html" not in done.stdout:
        pytest.skip(f"{browser} does not run here")
    dom = done.stdout.decode("utf-8")
    complaints = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    assert not complaints
    shown = sum(clip.status == "audited" for clip in samples.nasty().clips)
    assert f"{shown} findings in {shown} of {shown} clips</output>" in dom
