"""A small window while an audit runs: in Studio only, and only where every step of it works.

The free edition lost UIManager with 19.1 and answers with a dialog that blocks later calls, so it is not even
tried there.
"""

import time
from typing import Any

from .calls import call, method
from .context import Context

ID = "OtioAiAudit"


class NoWindow:
    """Shows nothing."""

    def tell(self, text: str, done: int = 0, total: int = 0) -> None:
        pass

    def step(self) -> bool:
        return False

    def close(self) -> None:
        pass


class Window(NoWindow):
    """One line of text and a button that stops the audit; after any failure it shows nothing more."""

    def __init__(self, dispatcher: Any, window: Any, items: Any) -> None:
        self._dispatcher, self._window, self._items = dispatcher, window, items
        self._stopped = False
        self._works = True

    def tell(self, text: str, done: int = 0, total: int = 0) -> None:
        """Show what is being done."""
        if self._works:
            try:
                self._items["Text"].Text = text
            except Exception:
                self._works = False

    def step(self) -> bool:
        """Let the window hear a click; True where a person stopped the audit."""
        if self._works and method(self._dispatcher, "StepLoop") is not None:
            start = time.time()
            try:
                self._dispatcher.StepLoop(False)
                # It is meant to come back at once; where it waits for the mouse, it is not asked again.
                self._works = time.time() - start < 1.0
            except KeyError:
                pass  # an event that nobody listens to
            except Exception:
                self._works = False
        return self._stopped

    def stop(self, event: Any = None) -> None:
        """Note that a person wants to stop."""
        self._stopped = True

    def close(self) -> None:
        """Take the window away."""
        call(self._window, "Hide")


def open_window(context: Context, title: str) -> NoWindow:
    """Open the window, or something that shows nothing."""
    if not context.settings["window"] or context.fusion is None or context.bmd is None:
        return NoWindow()
    product, _ = context.desk.product()
    if "Studio" not in product:
        return NoWindow()
    window = None
    try:
        ui = context.fusion.UIManager
        dispatcher = context.bmd.UIDispatcher(ui)
        parts = [
            ui.Label({"ID": "Text", "Text": "Starting", "MinimumSize": [420, 24]}),
            ui.Button({"ID": "Stop", "Text": "Stop", "Weight": 0}),
        ]
        properties = {"ID": ID, "WindowTitle": title, "Geometry": [200, 200, 460, 90]}
        window = dispatcher.AddWindow(properties, [ui.VGroup(parts)])
        items = window.GetItems()
        opened = Window(dispatcher, window, items)
        items["Text"].Text = title
        window.On["Stop"].Clicked = opened.stop
        window.On[ID].Close = opened.stop
        window.Show()
        return opened
    except Exception:
        call(window, "Hide")
        return NoWindow()
