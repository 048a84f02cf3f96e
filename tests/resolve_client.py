"""Runs a menu script as Resolve does: another process, with handles over a pipe, in any Python from 3.6 on.

``python resolve_client.py READ_FD WRITE_FD SCRIPT NAME...``: NAMEs are the globals that the script gets. Its
text is executed without ``__file__``. Standard library only.
"""

import builtins
import json
import os
import sys


class Link:
    def __init__(self, read_fd, write_fd):
        self.answers = os.fdopen(read_fd, "r", encoding="utf-8", newline="\n")
        self.questions = os.fdopen(write_fd, "w", encoding="utf-8", newline="\n")

    def ask(self, *question):
        self.questions.write(json.dumps([self.packed(part) for part in question]) + "\n")
        self.questions.flush()
        line = self.answers.readline()
        if not line:
            os._exit(137)
        kind, value = json.loads(line)
        if kind == "error":
            raise getattr(builtins, value[0], RuntimeError)(value[1])
        return kind, self.unpacked(value)

    def packed(self, value):
        if isinstance(value, Proxy):
            return {"handle": object.__getattribute__(value, "_number")}
        if isinstance(value, dict):
            return {"dict": [[self.packed(key), self.packed(one)] for key, one in value.items()]}
        if isinstance(value, (list, tuple)):
            return [self.packed(one) for one in value]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        return {"other": type(value).__name__}

    def unpacked(self, value):
        if isinstance(value, list):
            return [self.unpacked(one) for one in value]
        if isinstance(value, dict):
            if "handle" in value:
                return Proxy(self, value["handle"])
            return {self.unpacked(key): self.unpacked(one) for key, one in value["dict"]}
        return value


class Proxy:
    """A handle of the host, as strange as Resolve's: `hasattr` is always true."""

    def __init__(self, link, number):
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_number", number)

    def __getattr__(self, name):
        if name.startswith("__"):
            return None
        link, number = self._link, self._number
        kind, value = link.ask("get", number, name)
        if kind != "method":
            return value
        return lambda *arguments: link.ask("call", number, name, list(arguments))[1]

    def __setattr__(self, name, value):
        return None

    def __dir__(self):
        return self._link.ask("dir", self._number)[1]


def main():
    read_fd, write_fd, script = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    link = Link(read_fd, write_fd)
    given = {name: Proxy(link, number) for number, name in enumerate(sys.argv[4:])}
    with open(script, encoding="utf-8") as file:
        text = file.read()
    sys.argv = [""]
    around = dict(given, __name__="__main__", __builtins__=builtins)
    exec(compile(text, "<script>", "exec"), around)
    sys.exit(around.get("STATUS", 0))


if __name__ == "__main__":
    main()
