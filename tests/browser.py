"""A real browser for the tests of pages: as much of the WebDriver protocol as they need, and no more.

The fixtures ``running`` and ``browser`` stand in ``conftest.py``; they skip where there is no Chromium.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {
    "escape": "\ue00c",
    "tab": "\ue004",
    "enter": "\ue007",
    "space": " ",
    "home": "\ue011",
    "end": "\ue010",
    "left": "\ue012",
    "up": "\ue013",
    "right": "\ue014",
    "down": "\ue015",
    "shift": "\ue008",
    "control": "\ue009",
}
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class NoBrowser(Exception):
    """There is none here, or it does not run; the words say which."""


class Browser:
    """One window of a headless Chromium."""

    def __init__(self, port: int, downloads: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.downloads = downloads
        self.session = ""

    # --- the protocol

    def begin(self, binary: str, profile: Path) -> None:
        options = {
            "binary": binary,
            "args": [
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
                *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
                *("--disable-dev-shm-usage", f"--user-data-dir={profile}", "--window-size=1200,900"),
            ],
            "prefs": {
                "download.default_directory": str(self.downloads),
                "download.prompt_for_download": False,
            },
        }
        asked = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": asked}})
        self.session = f"/session/{answer['sessionId']}"

    def _ask(self, method: str, path: str, data: object = None) -> Any:
        body = json.dumps(data).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, body, method=method)
        request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())["value"]
            raise OSError(f"{told['error']}: {told['message'].splitlines()[0]}") from None

    def ask(self, method: str, path: str, data: object = None) -> Any:
        return self._ask(method, self.session + path, data)

    def devtools(self, command: str, **parameters: object) -> Any:
        """Send a command of the Chrome DevTools protocol, such as ``Emulation.setEmulatedMedia``."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    # --- the page

    def open(self, path: Path) -> None:
        self.ask("POST", "/url", {"url": path.as_uri()})

    def go_on(self, give: Callable[[], None], here: Path, there: Path, count: str) -> None:
        """Give verdicts and open another page, at the pace of a person.

        A browser that is busy may end a page before it has handed on what was kept a moment ago.
        """
        for pause in (0.5, 1.0, 2.0, 4.0):
            give()
            time.sleep(pause)
            self.open(there)
            if self.text("#mine-count") == count:
                return
            self.open(here)
        self.open(there)
        assert self.text("#mine-count") == count

    def run(self, script: str, *arguments: object) -> Any:
        return self.ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def wait(self, script: str, *arguments: object, seconds: float = 20) -> Any:
        """Run a script until what it returns is true, and return that."""
        deadline = time.monotonic() + seconds
        while not (answer := self.run(script, *arguments)):
            assert time.monotonic() < deadline, f"never came: {script}"
            time.sleep(0.02)
        return answer

    def run_later(self, script: str, *arguments: object) -> Any:
        """Run a script that hands what it finds to its last argument, a function, within 30 seconds."""
        return self.ask("POST", "/execute/async", {"script": script, "args": arguments})

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def shown(self) -> list[str]:
        """Names of the takes that are to be seen, in order."""
        script = (
            "return [...document.querySelectorAll('article.take:not([hidden])')].map(e => e.dataset.title)"
        )
        return list(self.run(script))

    def focused(self) -> str:
        return str(self.run("return document.activeElement.dataset.title || document.activeElement.id"))

    # --- hands

    def press(self, *keys: str) -> None:
        """Press keys one after the other; ``shift+1`` holds one while pressing another."""
        told = []
        for chord in keys:
            held = [KEYS.get(key, key) for key in (chord.split("+") if len(chord) > 1 else [chord])]
            told += [{"type": "keyDown", "value": key} for key in held]
            told += [{"type": "keyUp", "value": key} for key in reversed(held)]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": told}]})

    def place(self, selector: str, across: float = 0.5, down: float = 0.5) -> tuple[int, int]:
        """Bring an element to the middle of the window, and say where a share of it lies."""
        x, y = self.run(
            "const e = document.querySelector(arguments[0]);"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getBoundingClientRect();"
            "return [b.left + arguments[1] * b.width, b.top + arguments[2] * b.height]",
            selector,
            across,
            down,
        )
        return round(x), round(y)

    def hover(self, selector: str, across: float) -> None:
        """Put the mouse at a share of an element's width."""
        x, y = self.place(selector, across)
        self._mouse({"type": "pointerMove", "duration": 0, "x": x, "y": y})

    def drag(self, selector: str, by: tuple[int, int]) -> None:
        """Pull an element by its middle."""
        x, y = self.place(selector)
        self._mouse(
            {"type": "pointerMove", "duration": 0, "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 0, "x": x + by[0], "y": y + by[1]},
            {"type": "pointerUp", "button": 0},
        )

    def _mouse(self, *moves: dict[str, object]) -> None:
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "m", "actions": moves}]})

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).click()", selector)

    def enter(self, selector: str, text: str) -> None:
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}))",
            selector,
            text,
        )

    # --- what came of it

    def complaints(self) -> list[str]:
        """Everything that the browser wrote into its console since it was last asked."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def errors(self) -> list[str]:
        """Errors among them: of scripts, of the page's policy, of what could not be loaded."""
        entries = self.ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def downloaded(self, names: str = "verdicts-*.json") -> dict[str, Any]:
        """Return the JSON file that the page saved."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = [path for path in self.downloads.glob(names) if path.stat().st_size]
            if found:
                return dict(json.loads(found[0].read_text("utf-8")))
            time.sleep(0.05)
        raise AssertionError("nothing was saved")

    # --- how it is looked at

    def set_window_size(self, width: int, height: int) -> None:
        self.ask("POST", "/window/rect", {"width": width, "height": height})

    def emulate(self, media: str = "", **features: str) -> None:
        """Look as another person does: ``emulate(color_scheme="light", reduced_motion="reduce")``.

        `media` is ``print`` or empty; what is not named is as it was at first.
        """
        told = [
            {"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()
        ]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=told)

    def screenshot(self, path: Path | None = None, selector: str = "", whole: bool = False) -> bytes:
        """Return the window, an element or the whole page as PNG; also written where there is a path."""
        if whole:
            shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        elif selector:
            found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
            shot = self.ask("GET", f"/element/{found[ELEMENT]}/screenshot")
        else:
            shot = self.ask("GET", "/screenshot")
        data = base64.b64decode(shot)
        if path:
            path.write_bytes(data)
        return data

    def print_pdf(self, path: Path | None = None, **options: object) -> bytes:
        """Return the page as it is printed; options are those of WebDriver's Print Page."""
        data = base64.b64decode(self.ask("POST", "/print", {"background": True, **options}))
        if path:
            path.write_bytes(data)
        return data

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU of the page's main thread since it was opened, by kind; see `count_cpu`."""
        told = self.devtools("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in told}

    def count_cpu(self) -> None:
        """Have figures of `cpu` be of the thread's own time: others on the machine do not count."""
        self.devtools("Performance.enable", timeDomain="threadTicks")

    def performance(self) -> dict[str, float]:
        """Milliseconds from the start of loading to when the page could be used, and bytes of the heap."""
        return dict(
            self.run(
                "const n = performance.getEntriesByType('navigation')[0];"
                "const p = performance.getEntriesByName('first-contentful-paint')[0];"
                "return {interactive: n.domInteractive, ready: n.domContentLoadedEventEnd,"
                " loaded: n.loadEventEnd, painted: p ? p.startTime : 0,"
                " heap: performance.memory ? performance.memory.usedJSHeapSize : 0}"
            )
        )


@contextmanager
def running_browser(home: Path) -> Iterator[Browser]:
    """Start a browser that keeps everything it writes in a folder.

    Raises
    ------
    NoBrowser
        There is none here, or it does not run.
    """
    binary = next((found for found in map(shutil.which, NAMES) if found), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        raise NoBrowser("no Chromium with its driver here")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [driver, f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(home)},
    )
    browser = Browser(port, home / "downloads")
    browser.downloads.mkdir()
    try:
        for _ in range(100):
            try:
                browser._ask("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        try:
            browser.begin(binary, home / "profile")
        except OSError as error:
            raise NoBrowser(f"{binary} does not run here: {error}") from error
        yield browser
        browser.ask("DELETE", "")
    finally:
        process.terminate()
        process.wait(timeout=20)
