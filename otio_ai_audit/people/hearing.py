"""Between what people say and what the store remembers of findings: both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import StoreError
from ..model import KnownFinding, PersonVerdict
from .journal import append, now
from .merge import Verdicts


def heeded(known: Iterable[KnownFinding], said: Verdicts) -> list[KnownFinding]:
    """Bring what is remembered of findings to what people say of them now.

    Of a finding that nobody speaks of, what is remembered holds. A disputed one stands.
    """
    return [_heeded(finding, said) for finding in known]


def _heeded(finding: KnownFinding, said: Verdicts) -> KnownFinding:
    words = said.of_finding(
        finding.key, finding.detector, finding.start, finding.duration, finding.id, finding.label
    )
    if not words.standing:
        return finding
    if words.standing == "wrong-alarm":
        return replace(finding, dismissed=True, by=words.words)
    return replace(finding, dismissed=False, by="")


def told(
    before: Iterable[KnownFinding],
    after: Iterable[KnownFinding],
    said: Verdicts,
    who: str,
    names: Mapping[str, str],
) -> list[PersonVerdict]:
    """Say what a person has just decided by markers and notes, as verdicts that others can hear.

    Parameters
    ----------
    before
        What was remembered, `heeded`.
    after
        The same after the markers were heard.
    said
        What people said until then. A wrong alarm that somebody calls so already is not said again: a
        green marker in a copy of the edit is then that person's.
    who
        Whose verdicts they are.
    names
        Content key → name of the take for people.
    """
    was = {(finding.key, finding.id): finding.dismissed for finding in before}
    result: list[PersonVerdict] = []
    for finding in after:
        if not finding.key or finding.key.startswith("use "):  # its medium could not be named
            continue
        dismissed = was.get((finding.key, finding.id), False)
        if finding.dismissed == dismissed:
            continue
        words = said.of_finding(
            finding.key, finding.detector, finding.start, finding.duration, finding.id, finding.label
        )
        if finding.dismissed:
            news = words.standing not in ("wrong-alarm", "disputed")
        else:
            news = all(v.who != who or v.kind == "wrong-alarm" for v in words.verdicts)
        if news:
            result.append(_verdict(finding, who, names.get(finding.key, "")))
            said = said.including(result[-1:])
    return result


def tell(folder: Path, verdicts: Sequence[PersonVerdict], said: Verdicts) -> Verdicts:
    """Add what a person has decided to their file, and give all that people say now.

    A folder that cannot be written stops nothing: a notice says so, and who decided must say it again.
    """
    if not verdicts:
        return said
    said = said.including(verdicts)
    try:
        append(folder, verdicts)
    except StoreError as error:
        again = "Others do not hear what was decided on this edit; repeat it with otio-ai-audit verdict."
        return replace(said, notices=(*said.notices, f"{error} {again}"))
    return said


def _verdict(finding: KnownFinding, who: str, label: str) -> PersonVerdict:
    how = finding.by if finding.dismissed else "note"
    return PersonVerdict(
        kind="wrong-alarm" if finding.dismissed else "withdraw",
        who=who,
        when=now(),
        key=finding.key,
        why=f"{how}: {finding.text}" if finding.text else how,
        finding=finding.id,
        detector=finding.detector,
        start=finding.start,
        duration=finding.duration,
        label=label,
        fault=finding.label,
    )
