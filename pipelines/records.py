"""What is written of a cell: its evaluations as rows, its outcome."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipelines.cell import Evaluation
from pipelines.curve import Curve
from pipelines.device import device_class, hardware, torch_version
from pipelines.evaluate import Evaluated
from pipelines.runs import DOCUMENTS, EVALUATIONS, STEPS


@dataclass(frozen=True)
class Ending:
    """How a training ended.

    Fields:
        status: complete, diverged or failed.
        reason: why it is not complete.
        at: the step at which it diverged.
        loss: of the last validation, in nats per token.
    """

    status: str
    reason: str | None = None
    at: int | None = None
    loss: float | None = None


@dataclass(frozen=True)
class Effort:
    """What a training has cost so far.

    Fields:
        started: UTC, ISO 8601.
        seconds: in all, evaluations and checkpoints included.
        training: seconds in optimizer steps alone.
    """

    started: str
    seconds: float = 0.0
    training: float = 0.0


def step_frame(curve: Curve) -> pl.DataFrame:
    """Return the steps of a training as they are stored."""
    return pl.DataFrame(curve.columns(), schema=STEPS)


def evaluation_row(
    evaluation: Evaluation, evaluated: Evaluated, step: int, tokens: int
) -> dict[str, Any]:
    """Return the row of an evaluation after `step` steps, of plain Python values."""
    return {
        "evaluation": evaluation.name,
        "step": step,
        "tokens": tokens,
        "loss": evaluated.loss,
        "reason": evaluated.reason,
        "document_loss": evaluated.document_loss,
        "accuracy": evaluated.accuracy,
        "bits_per_byte": evaluated.bits_per_byte,
        "predicted": int(evaluated.predicted.sum()),
        "profile": list(evaluated.profile),
    }


def evaluation_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the rows of one evaluation as they are stored."""
    return pl.DataFrame(rows, schema=EVALUATIONS)


def document_frame(evaluation: Evaluation, evaluated: Evaluated | None, step: int) -> pl.DataFrame:
    """Return the summed loss of each document after the last step."""
    if evaluated is None or evaluated.reason:
        return pl.DataFrame(schema=DOCUMENTS)
    count = len(evaluated.nats)
    return pl.DataFrame(
        {
            "evaluation": [evaluation.name] * count,
            "step": [step] * count,
            "document": range(count),
            "predicted": evaluated.predicted,
            "correct": evaluated.correct,
            "bytes": evaluated.bytes,
            "loss": evaluated.nats,
        },
        schema=DOCUMENTS,
    )


def outcome(
    ending: Ending, step: int, tokens: int, effort: Effort, cost: Mapping[str, float | int]
) -> dict[str, Any]:
    """Return the outcome of a cell as `outcome.json` holds it.

    Args:
        ending: how it ended.
        step: optimizer steps that count.
        tokens: targets of these steps.
        effort: what it took.
        cost: `parameters` and `flops_per_token`, where they are known.
    """
    return {
        "status": ending.status,
        "reason": ending.reason,
        "at": ending.at,
        "steps": step,
        "tokens": tokens,
        "loss": ending.loss,
        "parameters": cost.get("parameters"),
        "flops_per_token": cost.get("flops_per_token"),
        "seconds": effort.seconds,
        "seconds_per_step": effort.training / step if step else None,
        "device": device_class(),
        "hardware": hardware(),
        "environment": {
            "python": platform.python_version(),
            "torch": torch_version(),
            "platform": platform.platform(),
        },
        "started": effort.started,
        "finished": now(),
    }


def now() -> str:
    """Return the time in UTC as ISO 8601 has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
