"""Where DaVinci Resolve keeps its scripts, its scripting library and its logs, on each system.

Paths are text, put together by the rules of the system that is asked about, so that all three systems
can be asked about on any of them. Sources: Blackmagic's ``Developer/Scripting/README.txt``; for the Mac App
Store's container, what its users report: there only Fusion's own folder is listed.
"""

from __future__ import annotations

import ntpath
import os
import posixpath
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ABOUT = "Blackmagic Design"
PRODUCT = "DaVinci Resolve"
CONTAINERS = ("com.blackmagic-design.DaVinciResolveLite", "com.blackmagic-design.DaVinciResolveAppStore")
"""The Mac App Store's builds: free, Studio."""


@dataclass(frozen=True, slots=True)
class System:
    """A computer, as far as its paths are concerned."""

    platform: str
    """As `sys.platform`: ``darwin``, ``win32`` or ``linux``."""
    environ: Mapping[str, str]
    home: str

    @classmethod
    def here(cls) -> System:
        """Describe the computer that this runs on."""
        return cls(sys.platform, os.environ, str(Path.home()))

    @property
    def paths(self) -> ModuleType:
        return ntpath if self.windows else posixpath

    @property
    def windows(self) -> bool:
        return self.platform == "win32"

    @property
    def mac(self) -> bool:
        return self.platform == "darwin"

    def join(self, *parts: str) -> str:
        """Join parts by the rules of this system."""
        return str(self.paths.join(*parts))

    def variable(self, name: str, otherwise: str) -> str:
        """Give an environment variable; `otherwise` where it is missing or empty."""
        return self.environ.get(name) or otherwise


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose scripts Resolve lists under Workspace > Scripts."""

    path: str
    whose: str
    """``user``, ``all`` (users), ``app store`` or ``named`` (by the caller)."""


# --- scripts -------------------------------------------------------------------------------------------


def user_data(system: System) -> str:
    """Folder in which Resolve keeps what belongs to this user."""
    if system.windows:
        roaming = system.variable("APPDATA", system.join(system.home, "AppData", "Roaming"))
        return system.join(roaming, ABOUT, PRODUCT, "Support")
    if system.mac:
        return system.join(system.home, "Library", "Application Support", ABOUT, PRODUCT)
    return system.join(system.home, ".local", "share", "DaVinciResolve")


def user_folder(system: System) -> Folder:
    """Folder of this user's menu scripts."""
    return Folder(system.join(user_data(system), "Fusion", "Scripts", "Utility"), "user")


def all_users_folder(system: System) -> Folder:
    """Folder of everybody's menu scripts; writing there needs an administrator."""
    if system.windows:
        root = system.join(system.variable("PROGRAMDATA", r"C:\ProgramData"), ABOUT, PRODUCT)
    elif system.mac:
        root = system.join("/Library", "Application Support", ABOUT, PRODUCT)
    else:
        root = next((root for root in _linux_roots() if Path(root).is_dir()), "/opt/resolve")
    return Folder(system.join(root, "Fusion", "Scripts", "Utility"), "all")


def _linux_roots() -> tuple[str, ...]:
    return "/opt/resolve", "/home/resolve"


def container_folders(system: System) -> tuple[Folder, ...]:
    """Folders of menu scripts of every build from the Mac App Store that could be on this computer."""
    if not system.mac:
        return ()
    inside = ("Data", "Library", "Application Support", "Fusion", "Scripts", "Utility")
    return tuple(Folder(system.join(root, *inside), "app store") for root in containers(system))


def containers(system: System) -> tuple[str, ...]:
    """Folders that the Mac App Store's builds may not leave."""
    if not system.mac:
        return ()
    return tuple(system.join(system.home, "Library", "Containers", name) for name in CONTAINERS)


def script_folders(system: System) -> tuple[Folder, ...]:
    """Every folder that Resolve may list scripts of, whether it is there or not."""
    return (user_folder(system), *container_folders(system), all_users_folder(system))


def install_folders(system: System, all_users: bool = False, named: Path | None = None) -> tuple[Folder, ...]:
    """Choose the folders to install into.

    Parameters
    ----------
    system
        Whose folders.
    all_users
        Everybody's folder in place of this user's.
    named
        This folder and no other.

    Returns
    -------
    tuple of Folder
        This user's, and those of the Mac App Store's builds that are on this computer.
    """
    if named is not None:
        return (Folder(str(named.absolute()), "named"),)
    if all_users:
        return (all_users_folder(system),)
    there = [
        folder
        for root, folder in zip(containers(system), container_folders(system), strict=True)
        if Path(root).is_dir()
    ]
    return (user_folder(system), *there)


# --- the program -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Library:
    """Where scripting from outside may be found."""

    modules: str
    """Folder with ``DaVinciResolveScript.py``."""
    library: str
    """The library that it loads."""


def libraries(system: System) -> Iterator[Library]:
    """Give the places of the scripting library, by Blackmagic's variables first, then the usual ones."""
    usual = list(_usual(system))
    api, library = system.environ.get("RESOLVE_SCRIPT_API"), system.environ.get("RESOLVE_SCRIPT_LIB")
    if api or library:
        api = api or usual[0][0]
        yield Library(system.join(api, "Modules"), library or usual[0][1])
    for api, library in usual:
        yield Library(system.join(api, "Modules"), library)


def _usual(system: System) -> Iterator[tuple[str, str]]:
    if system.windows:
        data = system.variable("PROGRAMDATA", r"C:\ProgramData")
        yield (
            system.join(data, ABOUT, PRODUCT, "Support", "Developer", "Scripting"),
            system.join(program(system), "fusionscript.dll"),
        )
    elif system.mac:
        yield (
            system.join("/Library", "Application Support", ABOUT, PRODUCT, "Developer", "Scripting"),
            system.join(program(system), "Contents", "Libraries", "Fusion", "fusionscript.so"),
        )
    else:
        for root in _linux_roots():
            yield (
                system.join(root, "Developer", "Scripting"),
                system.join(root, "libs", "Fusion", "fusionscript.so"),
            )


def program(system: System) -> str:
    """Folder of the installed program (macOS: the app itself)."""
    if system.windows:
        return system.join(system.variable("PROGRAMFILES", r"C:\Program Files"), ABOUT, PRODUCT)
    if system.mac:
        return "/Applications/DaVinci Resolve/DaVinci Resolve.app"
    return next((root for root in _linux_roots() if Path(root).is_dir()), "/opt/resolve")


def logs(system: System) -> Iterator[str]:
    """Give the logs in which Resolve names its version and edition when it starts."""
    if system.mac:
        root = system.join(system.home, "Library", "Application Support", ABOUT, PRODUCT)
        inside = [system.join(c, "Data", "Library", "Application Support") for c in containers(system)]
        roots = [root, *inside]
    else:
        roots = [user_data(system)]
    for root in roots:
        yield system.join(root, "logs", "ResolveDebug.txt")
        yield system.join(root, "logs", "davinci_resolve.log")
