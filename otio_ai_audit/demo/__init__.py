"""A little Christmas advert with known faults: drawn, encoded and edited here, audited like any other.

Nothing in the audit knows of it: `build` writes ordinary media and an ordinary edit, and `compare`
reads an ordinary result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ..engine import Crash, run
from ..errors import MediaError, OutputError
from .compare import Comparison, Row, compare, table
from .truth import InjectedFault, Truth

__all__ = ["Comparison", "InjectedFault", "Row", "Truth", "build", "compare", "table"]


def build(
    folder: Path,
    progress: Callable[[int, int, str], None] | None = None,
    *,
    engine: str = "processes",
) -> Truth:
    """Render the advert's takes into ``folder/media`` and write ``folder/advert.otio``.

    Parameters
    ----------
    folder
        Made if it is not there; files of the same name are replaced.
    progress
        Called with takes done, takes in all, and the name of the one that is ready.
    engine
        Where takes are rendered; see `otio_ai_audit.engine.run`.

    Returns
    -------
    Truth
        Every fault with its frames.

    Raises
    ------
    OutputError
        The folder cannot be written.
    MediaError
        A take could not be rendered.
    """
    from .edit import OFFLINE, TITLE, timeline
    from .paint import Stage
    from .shots import RATE, TAKES, Order, render

    folder = folder.resolve()
    media, edit = folder / "media", folder / "advert.otio"
    try:
        media.mkdir(parents=True, exist_ok=True)
        edit.write_text(json.dumps(timeline(media), indent=4), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The demo cannot be written to {folder}: {error.strerror}.") from error
    orders = [Order(number, str(media), Stage()) for number in range(len(TAKES))]
    costs = [take.frames * take.weight for take in TAKES]
    results = run(render, orders, engine=engine, costs=costs, doing="drawing")
    for done, (number, result) in enumerate(results, start=1):
        take = TAKES[number]
        if isinstance(result, Crash):
            raise MediaError(f"The demo's take {take.file} could not be rendered: {result.message}")
        if progress is not None:
            progress(done, len(TAKES), take.file)
    faults = tuple(
        InjectedFault(
            take.name, take.fault.detector, take.fault.first, take.fault.last, media / take.file, RATE,
            take.fault.words,
        )
        for take in TAKES
        if take.fault is not None
    )  # fmt: skip
    disabled = next(take.name for take in TAKES if take.file.startswith("truck_drive"))
    return Truth(edit, faults, (OFFLINE,), (TITLE, disabled))
