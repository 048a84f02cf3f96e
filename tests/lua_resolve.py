"""Lua scripts run against the Resolve of the tests, in a Lua that has only what the free edition leaves."""

from __future__ import annotations

from typing import Any

from .resolve_host import Call, Handle, Host

ALLOWED = (
    *(
        "getmetatable",
        "ipairs",
        "math",
        "next",
        "pairs",
        "pcall",
        "select",
        "setmetatable",
        "string",
        "table",
    ),
    *("tonumber", "tostring", "type"),
)
"""Globals of Lua that no edition takes away."""

_BRIDGE = """
local ask, call = ...
function wrapped(python)
  return setmetatable({}, {
    __index = function(_, name)
      local method = ask(python, name)
      if method == nil then return nil end
      return function(self, ...) return call(method, ...) end
    end,
  })
end
"""

_GUARDED = """
local text, given, names, absent = ...
local env = {}
for name in string.gmatch(names, "%S+") do env[name] = _G[name] end
for name, value in pairs(given) do env[name] = value end
setmetatable(env, {
  __index = function(_, name)
    if not string.find(absent, " " .. name .. " ", 1, true) then error("uses the global " .. name, 0) end
  end,
  __newindex = function(_, name) error("sets the global " .. name, 0) end,
})
local chunk, why
if setfenv then
  chunk, why = loadstring(text, "script")
  if chunk then setfenv(chunk, env) end
else
  chunk, why = load(text, "script", "t", env)
end
if not chunk then error(why, 0) end
chunk()
"""


def run(text: str, host: Host | None, module: str = "lua51", mute: bool = False) -> list[str]:
    """Run a script as Resolve's menu does; give what it printed."""
    lua = __import__("lupa." + module, fromlist=["LuaRuntime"])
    runtime = lua.LuaRuntime(encoding="utf-8", unpack_returned_tuples=False)
    printed: list[str] = []

    def shown(value: Any) -> Any:
        if isinstance(value, Handle):
            return runtime.globals().wrapped(value)
        if isinstance(value, dict):
            return runtime.table_from({key: shown(one) for key, one in value.items()})
        if isinstance(value, list | tuple):
            return runtime.table_from([shown(one) for one in value])
        return value

    def ask(handle: Handle, name: str) -> Any:
        return getattr(handle, name)

    def call(method: Call, *arguments: Any) -> Any:
        return shown(method(*arguments))

    runtime.execute(_BRIDGE, ask, call)
    given = runtime.table_from({})
    if host is not None:
        given.resolve = shown(host.resolve())
    if not mute:
        given.print = printed.append
    runtime.execute(_GUARDED, text, given, " ".join(ALLOWED), " resolve Resolve app print ")
    return printed
