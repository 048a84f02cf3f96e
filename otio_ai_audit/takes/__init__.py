"""Folders of takes: measured and judged like an edit, then grouped into shots and ranked.

look into the folders → send out (measure and judge) → group → hear people → rank → write
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .. import settings as settings_room
from ..errors import UsageError
from ..gather import Progress, Quiet, identity_version
from ..judge import compares, needs_identity, wanted_detectors
from ..model import Triage
from ..store import Store
from .look import basis_of
from .options import Judging, TriageOptions
from .run import Run

__all__ = ["Judging", "Triage", "TriageOptions", "judging_of", "triage"]


def triage(
    folders: Sequence[str | Path],
    options: TriageOptions | None = None,
    progress: Progress | None = None,
    write: Callable[[Triage], None] | None = None,
) -> Triage:
    """Look at all takes in some folders, and rank them within their shots.

    Parameters
    ----------
    folders
        Folders of takes, with all folders below them; a video counts as a folder that holds only it.
    options
        See `TriageOptions`.
    progress
        Told what happens; by default nothing is told.
    write
        Writes the outputs of a result: called at the end, and in a watch whenever something has changed.

    Returns
    -------
    Triage
        The last result. Its shots are read from the store, one at a time.

    Raises
    ------
    UsageError, SettingsError
        Options that cannot be meant.
    TimelineError, MediaError
        A folder that does not exist or cannot be read.
    """
    options = options or TriageOptions()
    roots = tuple(Path(folder) for folder in folders)
    if not roots and not options.places:
        raise UsageError("Nothing to triage: give a folder of takes.")
    judging = judging_of(options)
    with Store(options.store) as store:
        return Run(roots, store, judging, options, progress or Quiet(), write).through()


def judging_of(options: TriageOptions) -> Judging:
    """Read the settings, and name all that a record depends on.

    Raises
    ------
    SettingsError, UsageError
    """
    settings = settings_room.load(options.settings)
    wanted = wanted_detectors(settings, options.detectors)
    alone = tuple(name for name in wanted if not compares(name))
    if not alone:
        raise UsageError(f"{', '.join(wanted)} compares the shots of an edit and cannot be asked of takes.")
    identity = needs_identity(alone)
    version = identity_version() if identity else ""
    return Judging(alone, settings, basis_of(alone, settings), identity, version)
