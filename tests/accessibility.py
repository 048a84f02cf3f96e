"""What axe-core finds on the page that a browser shows, against WCAG 2.2 A and AA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from .browser import Browser

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_RUN = """
const [only, within, done] = arguments;
const options = {runOnly: {type: "tag", values: only}, resultTypes: ["violations"]};
axe.run(within || document, options).then(
  (found) => done({violations: found.violations, passes: found.passes.length}),
  (error) => done({error: String(error)}),
);
"""


def violations(browser: Browser, within: str = "", *, tags: Sequence[str] = WCAG) -> list[str]:
    """Return what axe-core objects to, one line for each element; skips where it is not installed.

    Parameters
    ----------
    browser
        Shows the page. Scripts of the driver run whatever the page's own policy allows.
    within
        Selector of the part to look at; empty: everything.
    tags
        Which rules: those that axe-core marks so.
    """
    browser.run(_source() + "; window.axe = axe;")
    answer = browser.run_later(_RUN, list(tags), within or None)
    assert "error" not in answer, answer["error"]
    assert answer["passes"], "no rule of axe-core found anything to look at"
    return [_line(rule, node) for rule in answer["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    told = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
    where = " ".join(str(part) for part in node["target"])
    return f"{rule['id']} ({rule['impact']}): {where}: {'; '.join(told) or rule['help']}"


@cache
def _source() -> str:
    found = util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no axe-core here: pip install axe-playwright-python")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
