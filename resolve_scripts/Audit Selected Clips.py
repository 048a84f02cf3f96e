# -*- coding: utf-8 -*-
"""A menu script of DaVinci Resolve: Workspace > Scripts.

It finds the installed command otio-ai-audit, asks it where the rest of this script lies, and runs that here,
in Resolve's own Python. It needs the standard library only and may be copied anywhere alone.
Install it with: otio-ai-audit resolve install
"""

# mypy: ignore-errors
# Not typed, so that Python 2 can read it too and say in a sentence what is needed.

from __future__ import print_function

import hashlib
import json
import os
import shlex
import subprocess
import sys
import time

TASK = "selected"  # rendered
COMMAND = []  # rendered

# --- SETTINGS: yours to change; "otio-ai-audit resolve install" keeps what stands here ---
SETTINGS = {
    "options": [],  # more options for the audit, such as ["--detectors", "flicker,pop"]
    "clip_markers": False,  # True: markers on the clips instead of the timeline, where that can be verified
    "window": True,  # Studio: a small window with a Stop button while an audit runs
    "open_report": False,  # True: open the report when an audit has finished
}
# --- end of SETTINGS ---

NAME = "otio-ai-audit"
SCHEMA = 1
INSTALL = "Install it (see the README), then run: otio-ai-audit resolve install"
WINDOWS = os.name == "nt"
MODULE = "otio_ai_audit_live"


class Trouble(Exception):
    """Why it does not work, in one sentence."""


def given(name):
    """Find what Resolve puts into a menu script; None where it does not."""
    return globals().get(name)


def ask(holder, name, *arguments):
    """Call a method of one of Resolve's handles; None where it does not exist or fails."""
    try:
        found = getattr(holder, name, None)
        return found(*arguments) if callable(found) else None
    except Exception:
        return None


def find_resolve():
    """Find Resolve: as a menu script is given it, else as its module for outside gives it."""
    found = given("resolve")
    for holder, name, arguments in (
        (given("bmd"), "scriptapp", ("Resolve",)),
        (given("fusion"), "GetResolve", ()),
        (given("fu"), "GetResolve", ()),
        (given("app"), "GetResolve", ()),
    ):
        if found is None:
            found = ask(holder, name, *arguments)
    if found is not None:
        return found
    modules = os.path.join(os.environ.get("RESOLVE_SCRIPT_API", ""), "Modules")
    if os.path.isdir(modules) and modules not in sys.path:
        sys.path.append(modules)
    try:
        import DaVinciResolveScript
    except Exception:
        return None
    return ask(DaVinciResolveScript, "scriptapp", "Resolve")


# --- the command ----------------------------------------------------------------------------------------


def commands():
    """List the commands that may be there, the likeliest first."""
    found = [list(COMMAND)] if COMMAND else []
    named = os.environ.get(NAME.upper().replace("-", "_") + "_COMMAND", "").strip()
    if named:
        found.append([named] if os.path.isfile(named) else shlex.split(named, posix=not WINDOWS))
    try:
        from shutil import which

        found.append([which(NAME)])
    except ImportError:
        pass
    found += [[path] for path in usual_places()]
    seen, result = [], []
    for command in found:
        if command and command[0] and command not in seen and os.path.isfile(command[0]):
            seen.append(command)
            result.append(command)
    return result


def usual_places():
    """List where pipx, uv and virtual environments put commands."""
    home = os.path.expanduser("~")
    program = NAME + (".exe" if WINDOWS else "")
    inside = "Scripts" if WINDOWS else "bin"
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    folders = [os.path.join(home, ".local", "bin")]
    tools = [
        os.path.join(data, "uv", "tools", NAME),
        os.path.join(data, "pipx", "venvs", NAME),
        os.path.join(home, ".local", "pipx", "venvs", NAME),
        os.path.join(home, "pipx", "venvs", NAME),
        os.path.join(home, NAME),
        os.path.join(home, NAME, ".venv"),
        os.path.join(home, "." + NAME),
    ]
    if WINDOWS:
        for variable in ("APPDATA", "LOCALAPPDATA"):
            base = os.environ.get(variable)
            if base:
                tools += [
                    os.path.join(base, "uv", "tools", NAME),
                    os.path.join(base, "pipx", "venvs", NAME),
                    os.path.join(base, "pipx", "pipx", "venvs", NAME),
                    os.path.join(base, NAME),
                ]
    else:
        tools.append(os.path.join(home, "Library", "Application Support", "pipx", "venvs", NAME))
        folders += ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/opt/%s/bin" % NAME]
    return [os.path.join(folder, program) for folder in folders + [os.path.join(t, inside) for t in tools]]


def environment():
    """Copy the environment without what Resolve sets for its own Python and libraries."""
    dropped = (
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHON3HOME",
        "PYTHONSTARTUP",
        "PYTHONEXECUTABLE",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "__PYVENV_LAUNCHER__",
        "QT_PLUGIN_PATH",
        "QT_QPA_PLATFORM_PLUGIN_PATH",
    )
    kept = dict(
        (key, value)
        for key, value in os.environ.items()
        if key.upper() not in dropped and not key.upper().startswith("DYLD_")
    )
    kept["PYTHONUTF8"] = "1"
    kept["PYTHONIOENCODING"] = "utf-8"
    return kept


def bridge(command):
    """Ask a command where the rest lies.

    Raises
    ------
    Trouble
        Where it does not start or does not know.
    """
    shown = " ".join(command)
    hidden = {"creationflags": 0x08000000} if WINDOWS else {}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    hidden.update(pipes, env=environment())
    process, why = None, ""
    try:
        process = subprocess.Popen(command + ["resolve", "bridge"], **hidden)
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        why = "it gives no answer"
    except (OSError, ValueError) as error:
        why = str(error)
    if why:
        raise Trouble("%s does not start (%s)." % (shown, why))
    for line in reversed(out.decode("utf-8", "replace").splitlines()):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("schema") == SCHEMA and os.path.isdir(told.get("live", "")):
            return told
        if isinstance(told, dict) and "schema" in told:
            raise Trouble(
                "%s is of another version than this script; run: %s resolve install." % (shown, shown)
            )
    said = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    raise Trouble(
        "%s does not work (%s)." % (shown, said[-1] if said else "exit code %s" % process.returncode)
    )


def find_command():
    """Find a command that works, and what it tells.

    Raises
    ------
    Trouble
        Where there is none.
    """
    why = ""
    for command in commands():
        try:
            return command, bridge(command)
        except Trouble as trouble:
            why = why or str(trouble)
    if why:
        raise Trouble("Could not start the audit: %s Try: otio-ai-audit resolve doctor." % why)
    raise Trouble("Could not find the command otio-ai-audit. %s." % INSTALL)


def load(folder):
    """Load the rest as a module of its own, leaving nothing in its folder; give it, or None and why not."""
    import importlib.util

    for name in [name for name in sys.modules if name.split(".")[0] == MODULE]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    path = os.path.join(folder, "__init__.py")
    try:
        spec = importlib.util.spec_from_file_location(MODULE, path, submodule_search_locations=[folder])
        module = importlib.util.module_from_spec(spec)
        sys.modules[MODULE] = module
        spec.loader.exec_module(module)
    except Exception as error:
        return None, "%s: %s" % (type(error).__name__, error)
    return module, ""


# --- a failure is said on the timeline too: nobody opens the console ------------------------------------


def mark(app, words):
    """Set a marker with these words on the first free frame of the current timeline."""
    timeline = ask(ask(ask(app, "GetProjectManager"), "GetCurrentProject"), "GetCurrentTimeline")
    markers = ask(timeline, "GetMarkers")
    if not isinstance(markers, dict):
        return False
    words = " ".join(words.replace("|", " ").split())
    own = hashlib.sha256(("audit note\n" + words).encode("utf-8")).hexdigest()[:6]
    taken = {}
    for frame, told in markers.items():
        custom, note = told.get("customData") or "", told.get("note") or ""
        if (
            custom.startswith("otio_ai_audit 1 Cream")
            and note.startswith("Could not")
            and told.get("color") == "Cream"
        ):
            ask(timeline, "DeleteMarkerAtFrame", int(round(float(frame))))
        else:
            taken[int(round(float(frame)))] = told
    frame = 0
    while frame in taken:
        frame += 1
    parts = (frame, "Cream", "AUDIT " + time.strftime("%H:%M"), "%s [audit %s]" % (words, own), 1)
    custom = "otio_ai_audit 1 Cream " + own
    if ask(timeline, "AddMarker", *(parts + (custom,))):
        return True
    if not ask(timeline, "AddMarker", *parts):
        return False
    ask(timeline, "UpdateMarkerCustomData", frame, custom)
    return True


def run():
    """Do the task; 0 where it was done."""
    app = find_resolve()
    try:
        if sys.version_info < (3, 6):
            raise Trouble(
                "Could not run in Python %d.%d: install Python 3.6 or later (64 bit) and restart Resolve."
                % sys.version_info[:2]
            )
        if app is None:
            raise Trouble("Could not reach Resolve. Run this script from Workspace > Scripts.")
        command, told = find_command()
        live, why = load(told["live"])
        if live is None:
            raise Trouble("Could not load %s (%s). Install otio-ai-audit again." % (told["live"], why))
        fusion = given("fusion")
        fusion = given("fu") if fusion is None else fusion
        fusion = ask(app, "Fusion") if fusion is None else fusion
        return live.main(
            TASK,
            resolve=app,
            fusion=fusion,
            bmd=given("bmd"),
            command=command,
            home=told["home"],
            settings=SETTINGS,
        )
    except Trouble as trouble:
        try:
            print(str(trouble).encode("ascii", "backslashreplace").decode("ascii"))
            mark(app, str(trouble))
        except Exception:
            pass
        return 2


# Resolve does not promise a name for the script; only its own test imports it as a module.
if not str(globals().get("__name__") or "").startswith("otio_ai_audit"):
    STATUS = run()
