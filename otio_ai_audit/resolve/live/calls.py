"""Careful calls into Resolve.

Its handles answer None for what they do not know (``hasattr`` is always true), False without a reason, and
either of them for anything at all while a dialog is open or a backup is being saved.
"""

import time
from typing import Any, Callable, List, Optional

Say = Callable[[str], None]


class Trouble(Exception):
    """Why a task cannot be done, in one sentence for a person."""


class Busy(Trouble):
    """Resolve gives no answers."""


class Stale(Exception):
    """A handle is dead while Resolve answers: what was read must be read again."""


def method(holder: Any, name: str) -> Optional[Callable[..., Any]]:
    """Find a method of a handle; None where there is none."""
    try:
        found = getattr(holder, name, None)
    except Exception:
        return None
    return found if callable(found) else None


def call(holder: Any, name: str, *arguments: Any) -> Any:
    """Call a method; None where it does not exist or fails."""
    found = method(holder, name)
    if found is None:
        return None
    try:
        return found(*arguments)
    except Exception:
        return None


def nothing(value: Any) -> bool:
    """Whether an answer may be no answer; 0 and an empty text are answers."""
    return value is None or value is False


def is_count(value: Any) -> bool:
    """Whether an answer is a number (True is none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def whole(value: Any) -> Optional[int]:
    """Round a number that Resolve gives as a float or a text; None where it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not is_count(value) or value in (float("inf"), float("-inf")):
        return None
    return int(round(value))


def listed(value: Any) -> List[Any]:
    """Make a list of what older versions give as ``{1: …, 2: …}``."""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return list(value) if isinstance(value, (list, tuple)) else []


def careful(say: Say) -> Say:
    """Make a printer that never fails: a console may know ASCII only, or be gone."""

    def line(text: str) -> None:
        try:
            say(text)
        except UnicodeError:
            say(text.encode("ascii", "backslashreplace").decode("ascii"))
        except (OSError, ValueError):
            pass

    return line


class Patience:
    """How long all waiting of one task may take.

    Parameters
    ----------
    seconds
        In all.
    say
        Prints a line for a person.
    """

    FIRST, LONGEST, QUIET = 0.05, 0.5, 0.25

    def __init__(self, seconds: float = 20.0, say: Optional[Say] = None) -> None:
        self.left = seconds
        self.say = say
        self.step = self.FIRST
        self.waited = 0.0

    def wait(self) -> bool:
        """Wait for a moment, longer each time; False where there is no time left."""
        if self.left <= 0:
            return False
        step = min(self.step, self.left)
        self.step = min(self.step * 1.3, self.LONGEST)
        self.waited += step
        if self.waited > self.QUIET and self.say is not None:
            self.say("Resolve does not answer (is a dialog open, or a backup being saved?); waiting for it …")
            self.say = None
        self.left -= step
        time.sleep(step)
        return True

    def used_up(self) -> Busy:
        """Give the error to raise when waiting was in vain."""
        return Busy(
            "Resolve does not answer. Close its open dialogs, wait until its backup is saved, "
            "and run this again."
        )
