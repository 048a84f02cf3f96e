"""Raw paths, as Resolve writes them, and ``file://`` URLs (RFC 8089), as OTIO means them.

OTIO's own `url_from_filepath` leaves ``#``, ``?`` and ``%20`` as they are, so they change their
meaning on the way; here every such character is percent-encoded.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_LONG = re.compile(r"^\\\\\?\\(UNC\\)?", re.IGNORECASE)
_FILE = re.compile(r"^file:(//)?", re.IGNORECASE)


def url_of(path: str) -> str | None:
    r"""Give the URL of an absolute path of Windows, macOS or Linux.

    Parameters
    ----------
    path : str
        ``D:\takes\a 1.mov``, ``\\server\share\a.mov`` (UNC) or ``/takes/a.mov``.

    Returns
    -------
    str or None
        ``file:///D:/takes/a%201.mov``, ``file://server/share/a.mov``, ``file:///takes/a.mov``; None
        for what is no absolute path (a URL, a relative path, nothing).
    """
    long = _LONG.match(path)
    if long:
        path = ("\\\\" if long[1] else "") + path[long.end() :]
    if _DRIVE.match(path):
        return f"file:///{path[:2]}{_quoted(path[2:])}"
    if path.startswith("\\\\"):
        host, _, rest = path[2:].replace("\\", "/").partition("/")
        return f"file://{quote(host, safe='')}/{_quoted(rest)}" if host and rest else None
    return f"file://{quote(path, safe='/')}" if path.startswith("/") else None


def _quoted(path: str) -> str:
    return quote(path.replace("\\", "/"), safe="/")


def path_of(url: str) -> str | None:
    r"""Give the raw path of a ``file:`` URL, Windows ones with backslashes; None for anything else.

    Also URLs that somebody did not encode (``file:///a b#1.mov``) are taken for the whole path.
    """
    scheme = _FILE.match(url)
    if not scheme:
        return None
    body = unquote(url[scheme.end() :])
    if not scheme[1]:
        return _native(body)
    host, slash, rest = body.partition("/")
    if host and host.lower() != "localhost" and not _DRIVE.match(body):
        return f"\\\\{host}\\{rest}".replace("/", "\\") if slash else None
    return _native(body if _DRIVE.match(body) else f"/{rest}")


def _native(path: str) -> str:
    if _DRIVE.match(path[1:]):
        path = path[1:]
    return path.replace("/", "\\") if _DRIVE.match(path) else path


def file_name(path: str) -> str:
    """Last part of a path, whichever system wrote it."""
    windows = bool(_DRIVE.match(path)) or path.startswith("\\\\")
    return re.split(r"[\\/]" if windows else "/", path.rstrip("\\/" if windows else "/"))[-1]
