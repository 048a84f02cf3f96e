"""An Open Job Description template: a step over the shards, and a step that depends on it.

Whatever comes from a person is a job parameter, so nothing of it is read as a format string, and a farm can
map its paths to those of a node. See https://github.com/OpenJobDescription/openjd-specifications (2023-09).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OutputError
from .work import Given, Part, Raw, Work, Written

MOST_PARAMETERS = 50
LONGEST_VALUE = 1024
"""Limits of the specification."""

Json = dict[str, Any]


def write(work: Work, folder: Path) -> Written:
    """Write ``template.json``, and its parameters as the openjd command and as Deadline Cloud want them."""
    template, values = template_of(work)
    template_file = folder / "template.json"
    parameters_file = folder / "parameters.json"
    bundle_file = folder / "parameter_values.json"
    bundled = {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]}
    for file, content in ((template_file, template), (parameters_file, values), (bundle_file, bundled)):
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Written(
        (template_file, parameters_file, bundle_file),
        (
            f"Try it here: openjd run {shlex.quote(str(template_file))} --step Judge --run-dependencies "
            f"-p {shlex.quote(f'file://{parameters_file}')}",
            f"AWS Deadline Cloud: deadline bundle submit {shlex.quote(str(folder))}",
        ),
    )


def template_of(work: Work) -> tuple[Json, dict[str, str]]:
    """Put a template together, and the values of its parameters.

    Raises
    ------
    OutputError
        More, or longer, values than a template may have.
    """
    measure = work.measure(Raw("{{Task.Param.Shard}}/{{Param.Shards}}"), Raw("processes:{{Param.Cores}}"))
    judge = work.judge()
    values = {"Command": work.command, "Shards": str(work.shards), "Cores": str(work.cores)}
    definitions: dict[str, Json] = {
        "Command": {"type": "STRING", "description": "The command as the nodes find it."},
        "Shards": {"type": "INT", "minValue": 1, "description": "Parts of the work."},
        "Cores": {"type": "INT", "minValue": 1, "description": "Processes for each shard."},
    }
    definitions["Command"]["default"] = "otio-ai-audit"
    definitions["Shards"]["default"], definitions["Cores"]["default"] = work.shards, work.cores
    for part in (*measure, *judge):
        if isinstance(part, Given):
            definitions[part.name] = _definition(part)
            values[part.name] = part.value
    if len(definitions) > MOST_PARAMETERS:
        raise OutputError(
            f"An Open Job Description holds {MOST_PARAMETERS} parameters at most; give a folder instead of "
            "many files."
        )
    for name, value in values.items():
        if len(value) > LONGEST_VALUE:
            raise OutputError(f"{name} is longer than an Open Job Description holds: {value[:60]}…")
    shards = {"name": "Shard", "type": "INT", "range": "1-{{Param.Shards}}"}
    template = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": "otio-ai-audit",
        "parameterDefinitions": [{"name": name, **rest} for name, rest in definitions.items()],
        "steps": [
            {
                "name": "Measure",
                "parameterSpace": {"taskParameterDefinitions": [shards]},
                "script": _script(measure),
            },
            {
                "name": "Judge",
                "dependencies": [{"dependsOn": "Measure"}],
                "script": _script(judge),
            },
        ],
    }
    return template, values


def _definition(part: Given) -> Json:
    if part.kind == "TEXT":
        return {"type": "STRING"}
    return {"type": "PATH", "objectType": part.kind, "dataFlow": "INOUT" if part.writes else "IN"}


def _script(arguments: Sequence[Part]) -> Json:
    run = {"command": "{{Param.Command}}", "args": [_told(part) for part in arguments]}
    return {"actions": {"onRun": run}}


def _told(part: Part) -> str:
    if isinstance(part, Given):
        return f"{{{{Param.{part.name}}}}}" + (f"/{part.below}" if part.below else "")
    return part.text if isinstance(part, Raw) else part
