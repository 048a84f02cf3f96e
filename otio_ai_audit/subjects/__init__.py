"""Who should look alike: the subjects file, what the edit says, and a proposal to correct.

The file overrules the edit for the clips that it names. Then speak, in this order: a marker or metadata;
clip colours; names. Colours and names are hints, and `Subject.source` says who spoke.
"""

from __future__ import annotations

from .assign import assign
from .file import DEFAULT_DELTA_E, Entry, SubjectsFile, below, load, save
from .propose import Proposal, propose

__all__ = [
    "DEFAULT_DELTA_E",
    "Entry",
    "Proposal",
    "SubjectsFile",
    "assign",
    "below",
    "load",
    "propose",
    "save",
]
