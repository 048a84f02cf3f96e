"""What can go wrong, as one tree.

::

    AuditError                 every error that a person is meant to read
    ├── UsageError             the call itself is wrong (exit 2)
    │   ├── SettingsError      a settings or subjects file is wrong
    │   └── OutputError        an output cannot be written, or its suffix is unknown
    ├── TimelineError          an edit cannot be read, is empty or cannot be relinked
    ├── MediaError             a file cannot be decoded
    ├── EngineError            the workers cannot be started or kept running
    ├── StoreError             the cache cannot be opened
    ├── WeightsError           a network that identity needs is not installed, or altered
    └── ResolveError           DaVinci Resolve cannot be reached

Every message is one sentence: what happened, to which file or clip, and what to do.
"""

from __future__ import annotations


class AuditError(Exception):
    """Root of every error that a person is meant to read."""


class UsageError(AuditError):
    """The call itself is wrong: options, arguments or their combination."""


class SettingsError(UsageError):
    """A settings or subjects file is wrong."""


class OutputError(UsageError):
    """An output cannot be written, or nobody knows its suffix."""


class TimelineError(AuditError):
    """An edit cannot be read, is empty, or its media cannot be told apart."""


class MediaError(AuditError):
    """A media file cannot be opened or decoded."""


class EngineError(AuditError):
    """The workers cannot be started or kept running."""


class StoreError(AuditError):
    """The cache of measured signals cannot be opened."""


class WeightsError(AuditError):
    """A network that identity needs is not installed, or is not the one that was tried."""


class ResolveError(AuditError):
    """DaVinci Resolve cannot be reached or refused a request."""
