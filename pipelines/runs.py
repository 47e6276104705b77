"""The run store: what a trained cell leaves, under its fingerprint.

<store>/<fingerprint>/cell.json         the cell, and the document of its fingerprint
                      steps.parquet     STEPS, a row for each optimizer step
                      evaluations/      <digest>.parquet, EVALUATIONS, a row for each step evaluated
                                        <digest>.documents.parquet, DOCUMENTS, after the last
                      model.safetensors up to a size; log.txt; checkpoint.pt while it runs
                      outcome.json      written last: its presence means that the run is finished
<store>/<fingerprint>.lock              locked by the process that works on the cell
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from pipelines.files import read_json, write_json, write_whole
from pipelines.fingerprint import fingerprint as fingerprint_of

SCHEMA = "ablations.run/1"

Status = Literal["complete", "diverged", "failed"]

STEPS = pl.Schema(
    {
        "step": pl.Int32,  # counted from 1
        "tokens": pl.Int64,  # trained on so far, this step included
        "loss": pl.Float32,  # nats per token of the step's sample, before its update
        "gradient_norm": pl.Float32,  # before it is clipped
        "learning_rate": pl.Float64,  # of the update
    }
)

EVALUATIONS = pl.Schema(
    {
        "evaluation": pl.String(),
        "step": pl.Int32(),
        "tokens": pl.Int64(),  # trained on so far
        "loss": pl.Float64(),  # nats per predicted token; null where it cannot be had
        "reason": pl.String(),  # why not
        "document_loss": pl.Float64(),  # mean over documents of a document's nats per token
        "accuracy": pl.Float64(),  # share of predicted tokens that were found likeliest
        "bits_per_byte": pl.Float64(),  # null where there is no text
        "predicted": pl.Int64(),  # tokens
        "profile": pl.List(pl.Float32),  # mean loss by place in the context, [context]
    }
)

DOCUMENTS = pl.Schema(
    {
        "evaluation": pl.String,
        "step": pl.Int32,
        "document": pl.Int32,
        "predicted": pl.Int32,  # tokens
        "correct": pl.Int32,  # those of them that were found likeliest
        "bytes": pl.Int64,
        "loss": pl.Float64,  # sum of nats over the document
    }
)


@dataclass(frozen=True)
class Run:
    """What a finished cell left.

    Fields:
        fingerprint: of the cell.
        status: complete; diverged, a loss was not finite, which is a result; failed, there was an
            error, and the next sweep tries again.
        folder: its files.
        reason: why it is not complete.
        at: the step at which it diverged.
        outcome: all of outcome.json.
    """

    fingerprint: str
    status: Status
    folder: Path
    reason: str | None
    at: int | None
    outcome: Mapping[str, Any]


def store() -> Path:
    """Return the folder of runs: `runs`, or what the environment variable ABLATIONS_STORE names."""
    return Path(os.environ.get("ABLATIONS_STORE") or "runs")


def read_run(store: Path, fingerprint: str) -> Run | None:
    """Return the finished run of a fingerprint.

    Files that cannot be read count as absent, so that the cell is trained again.

    Args:
        store: folder of runs.
        fingerprint: of the cell.
    """
    folder = store / fingerprint
    outcome = _readable(folder / "outcome.json")
    if outcome.get("schema") != SCHEMA or outcome.get("status") not in get_args(Status):
        return None
    if outcome["status"] != "failed" and not _is_table(folder / "steps.parquet", STEPS):
        return None
    return Run(
        fingerprint,
        outcome["status"],
        folder,
        outcome.get("reason"),
        outcome.get("at"),
        outcome,
    )


def damaged(store: Path, fingerprint: str) -> str | None:
    """Name the file for which a run that has ended counts as absent; None where there is none."""
    folder = store / fingerprint
    if not (folder / "outcome.json").exists() or read_run(store, fingerprint) is not None:
        return None
    is_known = _readable(folder / "outcome.json").get("status") in get_args(Status)
    return "steps.parquet" if is_known else "outcome.json"


def read_runs(store: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the cell.json, `cell` and `fingerprint`, of each run that is complete or diverged.

    Args:
        store: folder of runs.
    """
    for path in sorted(store.glob("*/outcome.json")):
        described = _readable(path.with_name("cell.json"))
        finished = _readable(path).get("status") in ("complete", "diverged")
        if finished and _describes(described, path.parent.name):
            yield described


def _describes(described: Mapping[str, Any], mark: str) -> bool:
    """Say whether a cell.json holds a whole document of the fingerprint `mark`."""
    try:
        return "cell" in described and fingerprint_of(described["fingerprint"]) == mark
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


@contextmanager
def locked(store: Path, fingerprint: str) -> Iterator[bool]:
    """Hold the lock of a cell; yields False at once where another process has it.

    The lock goes with its process, however that ends.

    Args:
        store: folder of runs.
        fingerprint: of the cell.
    """
    store.mkdir(parents=True, exist_ok=True)
    with (store / f"{fingerprint}.lock").open("a") as file:
        yield _try_to_lock(file.fileno())


def write_steps(folder: Path, frame: pl.DataFrame) -> None:
    """Write the steps of a run; `frame` has the columns of STEPS."""
    _write(folder / "steps.parquet", frame, STEPS)


def write_evaluation(
    folder: Path, digest: str, frame: pl.DataFrame, documents: pl.DataFrame
) -> None:
    """Write an evaluation of a run.

    Args:
        folder: of the run.
        digest: of the evaluation.
        frame: with the columns of EVALUATIONS.
        documents: with the columns of DOCUMENTS.
    """
    whole, single = _evaluation(folder, digest)
    _write(single, documents, DOCUMENTS)
    _write(whole, frame, EVALUATIONS)


def has_evaluation(folder: Path, digest: str) -> bool:
    """Say whether a run has an evaluation, and its files can be read."""
    whole, single = _evaluation(folder, digest)
    return _is_table(whole, EVALUATIONS) and _is_table(single, DOCUMENTS)


def write_outcome(folder: Path, outcome: Mapping[str, Any]) -> None:
    """Write how a run ended, after everything else.

    A complete run stays: another ending, of a second attempt at it, is not written.

    Args:
        folder: of the run.
        outcome: `status`, `reason`, `at`, `steps`, `tokens`, `loss`, `parameters` and so on.

    Raises:
        ValueError: there is no such status; a number is not finite.
    """
    if outcome["status"] not in get_args(Status):
        raise ValueError(f"status: {outcome['status']} is none of {', '.join(get_args(Status))}")
    there = read_run(folder.parent, folder.name)
    if outcome["status"] == "complete" or there is None or there.status != "complete":
        write_json(folder / "outcome.json", {"schema": SCHEMA, **outcome})


def _evaluation(folder: Path, digest: str) -> tuple[Path, Path]:
    within = folder / "evaluations"
    return within / f"{digest}.parquet", within / f"{digest}.documents.parquet"


def _write(path: Path, frame: pl.DataFrame, schema: pl.Schema) -> None:
    table = frame.select(schema.names()).cast(schema)
    write_whole(path, table.write_parquet)


def _is_table(path: Path, schema: pl.Schema) -> bool:
    """Say whether a file is a whole table of that schema."""
    try:
        return pl.read_parquet(path).schema == schema
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False


def _readable(path: Path) -> dict[str, Any]:
    """Return the object of a JSON file, an empty one where there is none."""
    try:
        value = read_json(path)
    except (OSError, ValueError):  # ValueError: neither UTF-8 nor JSON
        return {}
    return value if isinstance(value, dict) else {}


def _try_to_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
