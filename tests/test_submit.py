from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.cli import main

from .takes import Takes

HOSTILE = ["takes", "with space", 'it\'s "quoted"', "prix $HOME `date` é", "{{Param.Command}}", "a%A;b&c|d"]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell reads it")
OPENJD = shutil.which("openjd", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

BESIDE = Path(sys.executable).with_name("otio-ai-audit")
REAL = BESIDE if BESIDE.exists() else None

STAND_IN = """#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
folder = pathlib.Path({folder!r})
with open(folder / "calls.jsonl", "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if "--shard" in arguments:
    shard = arguments[arguments.index("--shard") + 1].replace("/", " of ")
    signals = pathlib.Path(arguments[arguments.index("-o") + 1])
    signals.mkdir(parents=True, exist_ok=True)
    (signals / shard).touch()
else:
    signals = pathlib.Path(arguments[arguments.index("--signals") + 1])
    (folder / "judged.json").write_text(json.dumps(sorted(path.name for path in signals.iterdir())))
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A command that notes how it was called, leaves a file for each shard and counts them at the end."""
    folder = tmp_path / "stand in"
    folder.mkdir()
    command = folder / "audit's"
    command.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
    command.chmod(0o755)
    return command


def calls(stand_in: Path) -> list[list[str]]:
    return [json.loads(line) for line in (stand_in.parent / "calls.jsonl").read_text().splitlines()]


def submit(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main(["submit", *map(str, arguments)])
    return int(left.value.code or 0)


def commands_of(folder: Path) -> list[list[str]]:
    return [shlex.split(line) for line in (folder / "commands.txt").read_text().splitlines()]


def expected(shard: str, inputs: list[Path], folder: Path, *options: str) -> list[str]:
    named = [str(path) for path in inputs]
    told = ["--shard", shard, *options, "--engine", "processes:2", "-o", f"{folder}/signals"]
    return ["measure", *named, *told]


# --- lists of commands ----------------------------------------------------------------------------


def test_a_line_for_every_shard_and_one_that_judges(tmp_path: Path) -> None:
    takes, job = tmp_path / "takes", tmp_path / "job"
    takes.mkdir()
    assert submit(takes, "--form", "commands", "--shards", 3, "--cores", 2, "-o", job) == 0
    assert commands_of(job) == [["otio-ai-audit", *expected(f"{n}/3", [takes], job)] for n in range(1, 4)]
    (judge,) = (shlex.split(line) for line in (job / "judge.txt").read_text().splitlines())
    outputs = [
        part for name in ("report/", "results.json", "selects.otio") for part in ("-o", f"{job}/{name}")
    ]
    signals = ["--signals", f"{job}/signals", "--fail-on", "never"]
    assert judge == ["otio-ai-audit", "judge", str(takes), *signals, *outputs]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_comes_through_a_shell(name: str, tmp_path: Path) -> None:
    takes, job = tmp_path / name, tmp_path / f"job {name}"
    takes.mkdir()
    submit(takes, "--form", "commands", "--shards", 2, "--cores", 2, "--map", "D:\\a b='x'", "-o", job)
    assert commands_of(job)[1][1:] == expected("2/2", [takes], job, "--map", "D:\\a b='x'")


def test_an_edit_with_all_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = tmp_path / "job"
    options = ["--detectors", "flicker, pop", "--media-root", "/mnt/media", "--timeline", "Reel 1"]
    submit("advert.otio", "--form", "commands", "--shards", 1, *options, "--result", "a.csv", "-o", job)
    (measure,) = commands_of(job)
    assert measure[1:4] == ["measure", os.path.abspath("advert.otio"), "--shard"]
    told = ["--detectors", "flicker,pop", "--media-root", "/mnt/media", "--timeline", "Reel 1"]
    assert measure[5:11] == told
    assert (job / "judge.txt").read_text().rstrip().endswith(f"-o {job}/a.csv")
    assert "advert.otio is not here; the nodes have to find it there." in capsys.readouterr().out


def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit("a.otio", "--form", "commands", "--result", "../x.html", "-o", tmp_path / "job") == 2
    assert "'../x.html' is no name inside the folder" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert submit("a.otio", "--form", "slurm", "-o", tmp_path / "file" / "job") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert submit("a.otio", "--form", "farm", "-o", tmp_path / "job") == 2
    assert submit("a.otio", "--form", "slurm", "--shards", 0, "-o", tmp_path / "job") == 2


@posix_only
def test_a_line_break_cannot_stand_in_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(tmp_path / "a\nb", "--form", "commands", "-o", tmp_path / "job") == 2
    assert "line break" in capsys.readouterr().err
    assert submit(tmp_path / "a\nb", "--form", "slurm", "-o", tmp_path / "job") == 0


@posix_only
@pytest.mark.skipif(REAL is None, reason="needs the installed command: pip install -e .")
@pytest.mark.parametrize("form", ["commands", "slurm", "openjd"])
def test_a_job_does_what_triage_does(form: str, takes: Takes, tmp_path: Path) -> None:
    """With the real command: shards in any order, then the judgement, and what triage says at home."""
    job = tmp_path / "a job"
    options = ["--shards", 2, "--cores", 1, "--detectors", "flicker,dead", "--result", "results.json"]
    options += ["--result", "report/"]
    submit(takes.folder, "--form", form, *options, "--command", REAL, "-o", job)
    if form == "commands":
        shards = (job / "commands.txt").read_text().splitlines()
        judge = (job / "judge.txt").read_text()
        for line in (*reversed(shards), judge, shards[0], judge):
            subprocess.run(["sh", "-c", line], check=True, stdout=subprocess.DEVNULL)
    elif form == "slurm":
        for shard in "21":
            environment = {**os.environ, "SLURM_ARRAY_TASK_ID": shard, "SLURM_CPUS_PER_TASK": "1"}
            subprocess.run(["bash", job / "measure.sh"], env=environment, check=True, cwd=job)
        subprocess.run(["bash", job / "judge.sh"], check=True, stdout=subprocess.DEVNULL)
    else:
        parameters = f"file://{job / 'parameters.json'}"
        done = openjd("run", job / "template.json", "--step", "Judge", "--run-dependencies", "-p", parameters)
        assert done.returncode == 0, done.stdout + done.stderr
    told = ["--detectors", "flicker,dead", "--engine", "processes:1", "--fail-on", "never", "-q"]
    with pytest.raises(SystemExit):
        main(["triage", str(takes.folder), *told, "-o", str(tmp_path / "home.json")])
    there, home = (json.loads(file.read_bytes()) for file in (job / "results.json", tmp_path / "home.json"))
    assert there["findings"] == home["findings"] and there["findings"]
    assert [clip["scores"] for clip in there["clips"]] == [clip["scores"] for clip in home["clips"]]


# --- SLURM ----------------------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("name", HOSTILE)
def test_an_array_script_runs_its_shard(name: str, tmp_path: Path, stand_in: Path) -> None:
    takes, job = tmp_path / name, tmp_path / f"job {name}"
    takes.mkdir()
    submit(takes, "--form", "slurm", "--shards", 3, "--cores", 2, "--command", stand_in, "-o", job)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    for shard in ("3", "1", "2", "1"):
        environment = {**clean, "SLURM_ARRAY_TASK_ID": shard, "SLURM_CPUS_PER_TASK": "2"}
        subprocess.run(["bash", job / "measure.sh"], env=environment, check=True, cwd=tmp_path)
    subprocess.run(["bash", job / "judge.sh"], env=clean, check=True, cwd=tmp_path)
    assert calls(stand_in)[:3] == [expected(f"{n}/3", [takes], job) for n in (3, 1, 2)]
    assert json.loads((stand_in.parent / "judged.json").read_text()) == ["1 of 3", "2 of 3", "3 of 3"]
    without = subprocess.run(["bash", job / "measure.sh"], env=clean, capture_output=True, text=True)
    assert without.returncode != 0 and "SLURM_ARRAY_TASK_ID=3 bash measure.sh" in without.stderr


@posix_only
def test_the_command_of_a_node_may_be_another(tmp_path: Path, stand_in: Path) -> None:
    submit("a.otio", "--form", "slurm", "--shards", 1, "--command", '$(nobody) "}`', "-o", tmp_path / "job")
    environment = {**os.environ, "OTIO_AI_AUDIT_COMMAND": str(stand_in), "SLURM_ARRAY_TASK_ID": "1"}
    subprocess.run(["bash", tmp_path / "job" / "measure.sh"], env=environment, check=True)
    assert calls(stand_in)[0][0] == "measure"
    failed = subprocess.run(
        ["bash", tmp_path / "job" / "judge.sh"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert failed.returncode == 127 and '$(nobody) "}`' in failed.stderr


@posix_only
def test_both_jobs_are_submitted_the_second_after_the_first(tmp_path: Path) -> None:
    job, bin_ = tmp_path / "a job", tmp_path / "bin"
    bin_.mkdir()
    sbatch = bin_ / "sbatch"
    sbatch.write_text('#!/bin/bash\nprintf "%s\\n" "$*" >> "$SUBMITTED"\necho "7;cluster"\n')
    sbatch.chmod(0o755)
    submit("a.otio", "--form", "slurm", "--shards", 64, "-o", job)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "SUBMITTED": str(tmp_path / "told")}
    said = subprocess.run(
        [job / "submit.sh", "-p", "long queue"], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert (tmp_path / "told").read_text().splitlines() == [
        "--parsable -p long queue measure.sh",
        "--parsable --dependency=afterany:7 -p long queue judge.sh",
    ]
    assert said == "Measuring: job 7. Judging after it: job 7.\n"
    assert (job / "logs").is_dir()
    assert "#SBATCH --array=1-64\n" in (job / "measure.sh").read_text()


def test_a_long_array_is_pointed_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    submit("a.otio", "--form", "slurm", "--shards", 5000, "-o", tmp_path / "job")
    assert "MaxArraySize" in capsys.readouterr().out


# --- Open Job Description -------------------------------------------------------------------------


def openjd(*arguments: object) -> subprocess.CompletedProcess[str]:
    if OPENJD is None:
        pytest.skip("needs the openjd command: pip install openjd-cli")
    return subprocess.run([OPENJD, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def template_of(job: Path) -> Any:
    return json.loads((job / "template.json").read_text(encoding="utf-8"))


def test_a_template_holds_no_path_of_a_person(tmp_path: Path) -> None:
    job = tmp_path / "job"
    submit(tmp_path / "{{x}}.otio", "--form", "openjd", "--map", "{{a}}=b", "-o", job)
    text = (job / "template.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and "{{a}}" not in text and "{{x}}" not in text
    values = json.loads((job / "parameters.json").read_text(encoding="utf-8"))
    assert values["Map1"] == "{{a}}=b" and values["Input1"] == str(tmp_path / "{{x}}.otio")
    bundle = json.loads((job / "parameter_values.json").read_text(encoding="utf-8"))
    assert {item["name"]: item["value"] for item in bundle["parameterValues"]} == values


@pytest.mark.parametrize("shards", [1, 40])
def test_a_template_is_valid(shards: int, tmp_path: Path) -> None:
    job = tmp_path / "job"
    submit("a.otio", "b", "--form", "openjd", "--shards", shards, "--edit", "c.edl", "-o", job)
    done = openjd("check", job / "template.json")
    assert done.returncode == 0, done.stdout + done.stderr
    done = openjd("summary", job / "template.json", "-p", f"file://{job / 'parameters.json'}")
    assert f"Total tasks: {shards + 1}" in done.stdout, done.stdout + done.stderr
    kinds = {p["name"]: p.get("objectType") for p in template_of(job)["parameterDefinitions"]}
    assert kinds["Input1"] == kinds["Edit"] == "FILE" and kinds["Input2"] == kinds["Folder"] == "DIRECTORY"


@posix_only
def test_a_template_runs_its_shards_and_then_judges(tmp_path: Path, stand_in: Path) -> None:
    takes, job = tmp_path / 'it\'s {{odd}} "é"', tmp_path / "my job"
    takes.mkdir()
    submit(takes, "--form", "openjd", "--shards", 5, "--cores", 2, "--command", stand_in, "-o", job)
    done = openjd(
        "run",
        job / "template.json",
        "--step",
        "Judge",
        "--run-dependencies",
        "-p",
        f"file://{job / 'parameters.json'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = calls(stand_in)
    assert sorted(told[:5]) == [expected(f"{n}/5", [takes], job) for n in range(1, 6)]
    assert told[5][0] == "judge" and len(told) == 6
    assert json.loads((stand_in.parent / "judged.json").read_text()) == [f"{n} of 5" for n in range(1, 6)]


def test_too_much_for_a_template_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*range(60), "--form", "openjd", "-o", tmp_path / "job") == 2
    assert "50 parameters at most" in capsys.readouterr().err
    assert submit("x" * 1100, "--form", "openjd", "-o", tmp_path / "job") == 2
    assert "longer than an Open Job Description holds" in capsys.readouterr().err
