"""What people and programs get to see of a triage: the files by their names, and the terminal."""

from __future__ import annotations

from .takes_table import table
from .takes_writing import FOLDER, WRITERS, Asked, check, write

__all__ = ["FOLDER", "WRITERS", "Asked", "check", "table", "write"]
