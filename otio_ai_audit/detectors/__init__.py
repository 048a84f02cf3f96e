"""Detectors: one module per kind of fault, pure numpy on measured signals.

A module has ``ID``, ``LABEL``, ``COLOR`` (of its markers), ``Settings`` (a frozen dataclass, all
defaults) and ``detect(uses, settings) -> Detection``. A new one is a module and a line here.
"""

from __future__ import annotations

from types import ModuleType

from otio_ai_audit.detectors import cut, dead, drift, flash, flicker, freeze, mismatch, pop
from otio_ai_audit.detectors._score import calibration

DETECTORS: dict[str, ModuleType] = {
    module.ID: module for module in (flicker, pop, freeze, cut, drift, mismatch, flash, dead)
}

__all__ = ["DETECTORS", "calibration"]
