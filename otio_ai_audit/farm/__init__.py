"""Writes what farms need that run commands: shards measured anywhere, then judged once.

::

    Work ──▶ openjd.py    an Open Job Description template and its parameters
         ──▶ slurm.py     a job array, the job that judges, and a script that submits both
         ──▶ lists.py     one command a line
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import OutputError
from . import lists, openjd, slurm
from .work import Work as Work
from .work import Written

FORMS: dict[str, Callable[[Work, Path], Written]] = {
    "openjd": openjd.write,
    "slurm": slurm.write,
    "commands": lists.write,
}


def write(work: Work, form: str, folder: Path) -> Written:
    """Write work for a farm into a folder, which is made if it is not there.

    Parameters
    ----------
    work
        What is to be done.
    form
        A key of `FORMS`.
    folder
        Also where the nodes put what they measure, under the path that `work` says.

    Returns
    -------
    Written
        The files, and what a person does with them.

    Raises
    ------
    OutputError
        The folder cannot be written, or a name cannot stand in that form.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FORMS[form](work, folder.absolute())
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from error
