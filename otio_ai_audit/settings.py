"""Settings from a TOML file, over the defaults that stand in each detector's own `Settings`.

::

    [audit]
    fail_on = "warning"

    [flicker]
    window_seconds = 0.5

A table is ``audit`` or the id of a detector; a key is a field of its dataclass. Anything else is an error
that names the nearest known one: a threshold with a slip in its name must not be ignored silently.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .errors import SettingsError


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What concerns the whole audit and no single detector."""

    fail_on: Literal["error", "warning", "never"] = "error"
    """Findings from this severity on make exit code 1."""
    markers: Literal["error", "warning", "note"] = "warning"
    """Findings from this severity on become markers."""
    detectors: tuple[str, ...] = ()
    """Ids of the detectors to run; empty is all."""
    verdicts: str = ""
    """Folder of people's verdicts, relative to the settings file; empty is the user's own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in effect."""

    audit: AuditSettings = field(default_factory=AuditSettings)
    detectors: Mapping[str, Any] = field(default_factory=dict)
    """Detector id → that detector's `Settings`."""
    source: str = ""
    """Name of the file, empty where there is none."""

    @property
    def hash(self) -> str:
        """12 hex digits of everything that changes what is found; equal settings, equal hash."""
        enabled = self.audit.detectors or tuple(self.detectors)
        judging = {name: asdict(values) for name, values in self.detectors.items() if name in enabled}
        text = json.dumps(judging, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def show(self) -> str:
        """Write the settings in effect as TOML that `load` reads back."""
        tables = {"audit": self.audit, **self.detectors}
        return "\n".join(_toml_table(name, values) for name, values in tables.items())


def load(path: Path | None = None, registry: Mapping[str, Any] | None = None) -> Settings:
    """Read settings.

    Parameters
    ----------
    path
        A TOML file; None gives the defaults.
    registry
        Detector id → module (or anything) with a ``Settings`` dataclass; by default all detectors.

    Raises
    ------
    SettingsError
        A file that cannot be read, an unknown table or key, or a value of the wrong type; the sentence
        names file, table, key and the nearest known name.
    """
    if registry is None:
        from .detectors import DETECTORS

        registry = DETECTORS
    kinds = {"audit": AuditSettings, **{name: module.Settings for name, module in registry.items()}}
    given: dict[str, Any] = {}
    name = ""
    if path is not None:
        path = Path(path)
        given, name = _read(path), str(path)
    for table, values in given.items():
        if table in kinds and isinstance(values, dict):
            continue
        if isinstance(values, dict):
            raise SettingsError(f"{name}: there is no table [{table}].{_nearest(table, kinds)}")
        raise SettingsError(f"{name}: {table} stands in no table; write it below {_home_of(table, kinds)}.")
    made = {table: _make(kind, given.get(table, {}), f"{name}: [{table}]") for table, kind in kinds.items()}
    audit = made.pop("audit")
    for detector in audit.detectors:
        if detector not in registry:
            raise SettingsError(
                f"{name}: [audit] detectors: there is no detector {detector!r}.{_nearest(detector, registry)}"
            )
    if audit.verdicts and path is not None:
        audit = replace(audit, verdicts=str(path.parent / Path(audit.verdicts).expanduser()))
    return Settings(audit, made, Path(name).name)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: the settings cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: the settings are not UTF-8 text; save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: the settings are not valid TOML: {error}.") from error


def _home_of(key: str, kinds: Mapping[str, Any]) -> str:
    homes = [f"[{table}]" for table, kind in kinds.items() if key in {known.name for known in fields(kind)}]
    return " or ".join(homes or [f"[{table}]" for table in kinds])


def _make(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    """Build a settings dataclass from a table, every value checked."""
    hints = get_type_hints(kind)
    known = {key.name for key in fields(kind) if key.init}
    checked = {}
    for key, value in values.items():
        if key not in known:
            raise SettingsError(f"{where} has no key {key!r}.{_nearest(key, known)}")
        try:
            checked[key] = _convert(value, hints[key])
        except ValueError as error:
            raise SettingsError(f"{where} {key} = {_toml(value)}: {error}.") from error
    try:
        return kind(**checked)
    except ValueError as error:  # the detector's own checks
        raise SettingsError(f"{where}: {error}.") from error


def _convert(value: Any, hint: Any) -> Any:
    """Check a TOML value against an annotation and bring it to that type.

    Raises
    ------
    ValueError
        With the end of a sentence: what is expected.
    TypeError
        An annotation that has no form in TOML.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if hint in (bool, int, str):
        if type(value) is not hint:  # TOML's true is no number
            raise ValueError(f"expected {_in_words(hint)}")
        return value
    if hint is float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ValueError(f"expected {_in_words(hint)}")
        return float(value)
    if origin is Literal:
        if value not in parts:
            raise ValueError(f"expected {' or '.join(map(_toml, parts))}")
        return value
    if origin is tuple:
        return _convert_list(value, parts)
    if origin in (Union, types.UnionType):
        return _convert(value, Union[tuple(part for part in parts if part is not type(None))])  # noqa: UP007
    raise TypeError(f"settings of type {hint} have no form in TOML")


def _convert_list(value: Any, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError("expected a list, in brackets")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_convert(item, parts[0]) for item in value)
    if len(value) != len(parts):
        raise ValueError(f"expected a list of {len(parts)}")
    return tuple(_convert(item, part) for item, part in zip(value, parts, strict=True))


def _in_words(kind: type) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}[kind]


def _nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else f" There are {', '.join(names)}."


def _toml_table(name: str, values: Any) -> str:
    lines = [f"[{name}]"]
    for key, value in asdict(values).items():
        lines.append(f"# {key} is not set" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """Write a value as TOML has it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value)
