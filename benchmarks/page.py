"""How a large report page behaves in a real browser, by the browser's own performance figures.

    python -m benchmarks.page [--clips 500] [--findings 1500] [--takes 500] [--keep FOLDER] [--markdown FILE]

Writes the page of a long edit and the page of a shot with many takes, opens each in headless Chromium and
prints how large it is, when it can be used, what keeps the main thread busy, and how evenly it scrolls.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from otio_ai_audit.model import Thumbnail
from otio_ai_audit.pictures import STRIP_SIDE
from otio_ai_audit.report import html_file, takes_html
from tests import triage_samples
from tests.browser import Browser, NoBrowser, running_browser

from .page_world import picture, result

FILTERS = (("severity", "error"), ("search", "fox"), ("search", ""), ("severity", "all"))
"""Field and what is chosen in it, one after the other; a page without such a value is given its first one."""
PARTS = ("Script", "Layout", "RecalcStyle")
SPEED = 100
"""Pixels a frame: 6,000 a second, a quick pull at the wheel."""
_FROM_THE_START = """
window.figures = {tasks: [], frames: []};
for (const [kind, kept] of [["longtask", figures.tasks], ["long-animation-frame", figures.frames]]) {
  if (!PerformanceObserver.supportedEntryTypes.includes(kind)) continue;
  const observer = new PerformanceObserver((list) => kept.push(...list.getEntries().map((e) => e.duration)));
  observer.observe({type: kind, buffered: true});
}
window.painted = (done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())));
window.choose = (id, value) => {
  const field = document.getElementById(id);
  field.value = value;
  if (field.value !== value) field.selectedIndex = 0;
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, {bubbles: true}));
};
addEventListener("DOMContentLoaded", () => setTimeout(() => {
  if (!document.getElementById("severity")) return;
  figures.asked = performance.now();
  choose("severity", "error");
  painted((now) => { figures.usable = now; });
}));
"""
"""Runs before the page does: listens, and filters as soon as the page's own script has run."""
_FILTER = """
const [id, value, done] = arguments;
const before = performance.now();
choose(id, value);
painted((now) => done(now - before));
"""
_SCROLL = """
const [share, by, frames, done] = arguments;
const gaps = [];
const page = document.documentElement;
const before = performance.now();
scrollTo({top: share * (page.scrollHeight - innerHeight), behavior: "instant"});
let last = 0;
function go(now) {
  if (last) gaps.push(now - last);
  last = now;
  if (gaps.length === frames || scrollY + innerHeight >= page.scrollHeight - 2) return done({gaps, jump});
  scrollBy({top: by, behavior: "instant"});
  requestAnimationFrame(go);
}
let jump;
painted((now) => {
  jump = now - before;
  requestAnimationFrame(go);
});
"""
"""Goes to a place that nobody has seen yet, as by the scroll bar, and on from there as by a finger."""

Rows = Iterator[tuple[str, str]]


def measure(browser: Browser, page: Path, places: int = 8, frames: int = 90) -> dict[str, Any]:
    """Open a page, filter and scroll through it, and return what the browser says of it.

    Parameters
    ----------
    browser
    page
        A file.
    places, frames
        How many places of the page to go to, and how many frames to scroll on from each.

    Returns
    -------
    dict
        Milliseconds, bytes and counts; see `rows`.
    """
    browser.count_cpu()
    added = browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=_FROM_THE_START)
    try:
        began = perf_counter()
        browser.open(page)
        opened = perf_counter() - began
        browser.wait("return document.readyState === 'complete' && figures.usable > 0")
        usable, asked = browser.run("return [figures.usable, figures.asked]")
        told, loaded = browser.performance(), browser.cpu()
        loading = browser.run("return figures.tasks")
        for field, value in FILTERS:  # each once before it is measured
            browser.run_later(_FILTER, field, value)
        filters = [browser.run_later(_FILTER, field, value) for field, value in FILTERS * 3]
        browser.run("figures.tasks.length = figures.frames.length = 0")
        before = browser.cpu()
        scrolled = [browser.run_later(_SCROLL, i / places, SPEED, frames) for i in range(places)]
        after = browser.cpu()
        tasks, slow = browser.run("return [figures.tasks, figures.frames]")
        return {
            **told,
            "bytes": page.stat().st_size,
            "opened": opened * 1000,
            "asked": asked,
            "usable": usable,
            "loading": loading,
            "filters": filters,
            "gaps": [gap for one in scrolled for gap in one["gaps"]],
            "cpu": loaded["TaskDuration"],
            "cpu_parts": {part: loaded[f"{part}Duration"] for part in PARTS},
            "cpu_scrolling": after["TaskDuration"] - before["TaskDuration"],
            "parts_scrolling": {part: after[f"{part}Duration"] - before[f"{part}Duration"] for part in PARTS},
            "heap": after["JSHeapUsedSize"],
            "jumps": [one["jump"] for one in scrolled],
            "height": browser.run("return document.documentElement.scrollHeight"),
            "tasks": tasks,
            "frames": slow,
            "nodes": browser.run("return document.getElementsByTagName('*').length"),
        }
    finally:
        browser.devtools("Page.removeScriptToEvaluateOnNewDocument", **added)


def rows(found: dict[str, Any]) -> Rows:
    """Words and numbers of what `measure` found."""
    gaps, filters = sorted(found["gaps"]), sorted(found["filters"])
    yield "file", f"{found['bytes'] / 1e6:.1f} MB"
    yield "elements", f"{found['nodes']:,}"
    yield "painted first", f"{found['painted']:.0f} ms"
    yield "document ready", f"{found['ready']:.0f} ms (parsed after {found['interactive']:.0f} ms)"
    yield "usable: first filter shown", f"{found['usable']:.0f} ms"
    yield "CPU of the main thread until then", _cpu(found["cpu"], found["cpu_parts"], 1)
    yield "longest tasks while loading", _longest(found["loading"])
    yield "a filter, median and longest", f"{median(filters):.0f} and {filters[-1]:.0f} ms"
    yield "height", f"{found['height']:,.0f} px"
    yield (
        "going to another place",
        f"median {median(found['jumps']):.0f}, longest {max(found['jumps']):.0f} ms",
    )
    yield (
        "frames: median, 99 %, longest",
        (f"{median(gaps):.0f}, {gaps[int(len(gaps) * 0.99)]:.0f}, {gaps[-1]:.0f} ms of {len(gaps)}"),
    )
    yield (
        "frames over 50 ms",
        f"{sum(gap > 50 for gap in gaps)}, over 100 ms {sum(gap > 100 for gap in gaps)}",
    )
    yield "CPU of the main thread, a frame", _cpu(found["cpu_scrolling"], found["parts_scrolling"], len(gaps))
    yield "long tasks while scrolling", _longest(found["tasks"])
    yield "long frames while scrolling", _longest(found["frames"])
    yield "script’s memory", f"{found['heap'] / 1e6:.0f} MB"


def _cpu(seconds: float, parts: Mapping[str, float], of: int) -> str:
    named = ", ".join(f"{name} {1000 * spent / of:.1f}" for name, spent in parts.items())
    return f"{1000 * seconds / of:.1f} ms ({named})"


def _longest(tasks: Sequence[float]) -> str:
    named = ", ".join(f"{length:.0f}" for length in sorted(tasks, reverse=True)[:3])
    return f"{len(tasks)}: {named} ms" if tasks else "none"


def write_edit(path: Path, clips: int, findings: int) -> float:
    """Write the page of a long edit; returns the seconds that it took."""
    made = result(clips, findings)
    began = perf_counter()
    html_file.write(made, path)
    return perf_counter() - began


def write_takes(path: Path, takes: int) -> float:
    """Write the page of a shot with so many takes; returns the seconds that it took."""

    def strip(number: int) -> tuple[Thumbnail, ...]:
        return tuple(Thumbnail(i / 2, picture(number * 8 + i, STRIP_SIDE)) for i in range(8))

    made = triage_samples.many(1, takes, strip)
    shot = made.load(1)
    made = replace(made, load=lambda number: shot)
    began = perf_counter()
    takes_html.write_page(made, path)
    return perf_counter() - began


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--findings", type=int, default=1500)
    parser.add_argument("--takes", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="folder for the pages")
    parser.add_argument("--parts", default="edit,takes", help="only some of them")
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args(argv)
    table = ""
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        writers = {
            "edit": lambda path: write_edit(path, asked.clips, asked.findings),
            "takes": lambda path: write_takes(path, asked.takes),
        }
        try:
            with running_browser(Path(temporary)) as browser:
                for name in asked.parts.split(","):
                    page = folder / f"{name}.html"
                    wrote = writers[name](page)
                    found = [("written in", f"{wrote:.1f} s"), *rows(measure(browser, page))]
                    print(f"--- {name}")
                    for words, figure in found:
                        print(f"{words:<36}{figure}")
                    table += "".join(f"| {name} | {words} | {figure} |\n" for words, figure in found)
        except NoBrowser as error:
            print(f"Nothing was measured: {error}.", file=sys.stderr)
            return 3
    if asked.markdown is not None:
        asked.markdown.write_text(f"| page | | |\n| --- | --- | --- |\n{table}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
