"""A tiny grid on a little text, in a folder of its own, and the commands run there for real."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]

WORDS = (
    "the",
    "a",
    "of",
    "in",
    "model",
    "layer",
    "window",
    "token",
    "loss",
    "seed",
    "grid",
    "cell",
)

TRAINS = ("run", "sweep", "verify")

GRID = """\
question: Does a tiny decoder need positions?
preset: laptop
baseline: {positions: rotary}
set:
  data.corpus: files
  data.path: text
  data.documents: paragraph
  data.validation_tokens: 800
  model.width: 16
  model.layers: 1
  model.heads: 2
  model.window: 16
  training.context: 32
  training.batch: 2
  training.steps: 8
  training.validations: 2
axes:
  positions: [rotary, none]
seeds: 2
"""


def text(folder: Path) -> None:
    """Write some documents of random words, the same each time."""
    dice = random.Random(1)  # noqa: S311  # words, not secrets
    folder.mkdir(parents=True)
    for index in range(6):
        paragraphs = [" ".join(dice.choices(WORDS, k=dice.randint(10, 30))) for _ in range(12)]
        (folder / f"{index}.txt").write_text("\n\n".join(paragraphs))


def workplace(folder: Path, grid: str = GRID) -> Path:
    """Write text and `tiny.yaml` into `folder` and return it."""
    text(folder / "text")
    (folder / "tiny.yaml").write_text(grid)
    return folder


def afresh(source: Path, folder: Path) -> Path:
    """Copy a workplace without its runs and results; what was prepared and measured stays."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "tiny.yaml", folder)
    for each in ("text", "data", "runs/costs", "runs/checked"):
        if (source / each).exists():
            shutil.copytree(source / each, folder / each)
    return folder


def environment(**more: str) -> dict[str, str]:
    """The environment of a command that works in a folder elsewhere."""
    kept = {key: value for key, value in os.environ.items() if key != "ABLATIONS_STORE"}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", **more}


def start(
    folder: Path, command: str, *arguments: str, grid: str = "tiny.yaml", **more: Any
) -> "subprocess.Popen[str]":
    """Start `python -m ablations.COMMAND grid=tiny.yaml ARGUMENTS` in `folder`."""
    if command in TRAINS and not any(each.startswith("workers=") for each in arguments):
        arguments = (*arguments, "workers=1")  # each one imports torch first, longer than it trains
    program = [sys.executable, "-m", f"ablations.{command}", f"grid={grid}", *arguments]
    return subprocess.Popen(
        program,
        cwd=folder,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def call(
    folder: Path, command: str, *arguments: str, code: int = 0, grid: str = "tiny.yaml"
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and check its exit code."""
    process = start(folder, command, *arguments, grid=grid)
    out, error = process.communicate(timeout=120)
    assert process.returncode == code, error
    return subprocess.CompletedProcess(process.args, code, out, error)


def planned(folder: Path, *arguments: str) -> dict[str, tuple[str, str | None]]:
    """Ask `plan --json`: cell -> (state, why)."""
    plan = planned_json(folder, *arguments)
    return {each["cell"]: (each["state"], each["why"]) for each in plan["cells"]}


def planned_json(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return what `plan --json` prints."""
    plan: dict[str, Any] = json.loads(call(folder, "plan", "--json", *arguments).stdout)
    return plan


def trained(log: str) -> list[str]:
    """The cells that the progress lines say were started, sorted."""
    return sorted(
        word.removeprefix("cell=")
        for line in log.splitlines()
        if line.split()[1:2] == ["start"]
        for word in line.split()
        if word.startswith("cell=")
    )


def manifest(folder: Path, name: str = "tiny") -> Mapping[str, Any]:
    """Read the manifest of a results folder."""
    return json.loads((folder / "results" / name / "manifest.json").read_text())


def frames(folder: Path, name: str = "tiny") -> dict[str, bytes]:
    """The bytes of the frames that depend on what was trained alone, not on times."""
    names = ("steps", "evaluations", "documents")
    return {each: (folder / "results" / name / f"{each}.parquet").read_bytes() for each in names}


def outcomes(folder: Path) -> Sequence[Path]:
    """The outcomes in the store."""
    return sorted((folder / "runs").glob("*/outcome.json"))
