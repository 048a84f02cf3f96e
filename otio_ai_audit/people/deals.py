"""Dealing out: which shot belongs to which of several people, the same on every machine and every day."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError, UsageError

VERSION = 1
PAUSE = 0.02
STALE = 5.0
"""Seconds after which a lock that nobody renews is taken over: it is held for milliseconds."""


def deal(shots: Mapping[str, int], parts: int, earlier: Mapping[str, int] | None = None) -> dict[str, int]:
    """Give each shot to one of several people.

    Parameters
    ----------
    shots
        Shot → number of its takes.
    parts
        Number of people.
    earlier
        An earlier deal: a shot that was dealt stays where it is.

    Returns
    -------
    dict
        Shot → person, from 0. Shots that are new go to whoever has the fewest takes, the largest first, so
        a first deal differs by no more than the largest shot.

    Raises
    ------
    UsageError
        Fewer than one person.
    """
    if parts < 1:
        raise UsageError(f"Work cannot be dealt to {parts} people; give 1 or more.")
    result = {name: part for name, part in (earlier or {}).items() if name in shots and 0 <= part < parts}
    takes, counts = [0] * parts, [0] * parts
    for name, part in result.items():
        takes[part] += shots[name]
        counts[part] += 1
    for name in sorted(shots.keys() - result.keys(), key=lambda name: (-shots[name], name)):
        part = min(range(parts), key=lambda part: (takes[part], counts[part], part))
        result[name] = part
        takes[part] += shots[name]
        counts[part] += 1
    return {name: result[name] for name in shots}


def dealt(folder: Path, shots: Mapping[str, int], parts: int) -> dict[str, int]:
    """`deal`, kept in the folder of verdicts as ``deal-5.json``: all who ask get one deal.

    A shot that is not among `shots` now keeps its person for when it comes back.

    Raises
    ------
    UsageError
        Fewer than one person, or a kept deal that cannot be read.
    StoreError
        A folder that cannot be written.
    """
    path = folder / f"deal-{parts}.json"
    earlier = _kept(path)
    result = deal(shots, parts, earlier)
    if result.items() <= earlier.items():
        return result
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while not result.items() <= earlier.items():
            with _alone(path.with_suffix(".lock")) as holds:
                earlier = _kept(path)
                result = deal(shots, parts, earlier)
                if holds():
                    _write(path, {**earlier, **result})
                    earlier = result
    except OSError as error:
        raise StoreError(
            f"{path}: the deal cannot be written: {error.strerror or error}. "
            "Choose another folder, or ask for the right to write there."
        ) from error
    return result


def _kept(path: Path) -> dict[str, int]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        return {str(name): int(part) for name, part in data["shots"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{path}: the deal cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: this is no deal of ours; remove it to deal anew.") from error


def _write(path: Path, shots: Mapping[str, int]) -> None:
    text = json.dumps({"v": VERSION, "shots": dict(sorted(shots.items()))}, indent=1)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(fresh, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[Callable[[], bool]]:
    """Hold a lock file; the lock of a process that has died is taken over.

    What is yielded tells whether the lock is still ours: a process may have slept for long.
    """
    token = secrets.token_hex(8)
    seen, since = "", time.monotonic()
    while not _made(path, token):
        holder = _read(path)
        if holder != seen:
            seen, since = holder, time.monotonic()
        elif time.monotonic() - since > STALE and _taken_over(path, token):
            break
        time.sleep(PAUSE)
    try:
        yield lambda: _read(path) == token
    finally:
        if _read(path) == token:
            path.unlink(missing_ok=True)


def _made(path: Path, token: str) -> bool:
    try:
        with open(path, "x", encoding="ascii") as file:
            file.write(token)
    except FileExistsError:
        return False
    except PermissionError:
        # Windows says so of a file that another process is just removing.
        if os.name == "nt" and path.exists():
            return False
        raise
    return True


def _taken_over(path: Path, token: str) -> bool:
    """Put our lock in the place of a dead one; of several who try, the last one has it."""
    mine = path.with_name(f"{path.name}.{token}")
    mine.write_text(token, encoding="ascii")
    os.replace(mine, path)
    time.sleep(10 * PAUSE)
    return _read(path) == token


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
