"""What became of each run: its status, its final loss, what it cost."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.importers.identity import SEED, VARIANT
from reports.importers.imported import Imported

TAIL = 0.05  # of the steps: their mean training loss stands in for a validation loss
FULL = 0.95  # of the steps of the longest run of a variant: a run that ends before did not finish

LOSS = "validation_loss"

Row = dict[str, Any]
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Run:
    """One run.

    Fields:
        curve: its rows of `Runs.steps`.
        points: its rows of `Runs.evaluations`.
        longest: last step of any run of its variant.
    """

    variant: str
    seed: int
    curve: pl.DataFrame
    points: pl.DataFrame
    longest: int

    @property
    def last(self) -> int:
        """Its last step."""
        return _last(self.curve, self.points)


def cells_of(given: Imported) -> Iterator[Row]:
    """Return a row for each run; of runs that are paired also for each that is missing."""
    runs = {(each.variant, each.seed): each for each in _runs(given)}
    seeds = sorted({seed for _, seed in runs})
    for name in given.runs.variants:
        for seed in seeds:
            if (name, seed) in runs:
                yield _cell(given, runs[name, seed])
            elif given.runs.is_paired:
                yield _identity(given, name, seed) | {"status": "missing"}


def _runs(given: Imported) -> Iterator[Run]:
    curves = given.runs.steps.partition_by([VARIANT, SEED], as_dict=True)
    points = given.runs.evaluations.partition_by([VARIANT, SEED], as_dict=True)
    empty = given.runs.steps.head(0), given.runs.evaluations.head(0)
    found = {
        key: (curves.get(key, empty[0]), points.get(key, empty[1])) for key in {**curves, **points}
    }
    longest: dict[str, int] = {}
    for (name, _), both in found.items():
        longest[name] = max(longest.get(name, 0), _last(*both))
    for (name, seed), both in found.items():
        yield Run(name, seed, *both, longest[name])


def _last(*frames: pl.DataFrame) -> int:
    return max(int(each["step"].to_numpy().max()) for each in frames if each.height)


def _identity(given: Imported, name: str, seed: int) -> Row:
    text = f"{given.raw.path} {name} {seed}"
    return {
        "cell": f"{name}/{seed}",
        "variant": name,
        "seed": seed,
        "fingerprint": hashlib.blake2b(text.encode(), digest_size=10).hexdigest(),
        "reason": None,
        "at": None,
    }


def _cell(given: Imported, run: Run) -> Row:
    seconds = _largest(run.curve["seconds"])
    constants = given.runs.constants.get(run.variant, {})
    tokens = _largest(run.curve["tokens"]) if given.tokens_known else None
    per_token = constants.get("flops_per_token")
    content = run.curve["loss"].to_numpy().tobytes() + run.points[LOSS].to_numpy().tobytes()
    return _identity(given, run.variant, run.seed) | {
        "fingerprint": hashlib.blake2b(content, digest_size=10).hexdigest(),
        **_outcome(given, run),
        "steps": run.last,
        "tokens": whole(tokens),
        "parameters": whole(constants.get("parameters")),
        "flops_per_token": per_token,
        "flops": None if tokens is None or per_token is None else tokens * per_token,
        "seconds": seconds,
        "seconds_per_step": None if seconds is None else seconds / run.last,
    }


def _largest(values: pl.Series) -> float | None:
    known = values.drop_nulls().drop_nans()
    return float(known.to_numpy().max()) if len(known) else None


def _outcome(given: Imported, run: Run) -> Row:
    """Status, reason and final loss of a run; a run that stopped early has no final loss."""
    losses, steps = run.curve["loss"].to_numpy(), run.curve["step"].to_numpy()
    finite = np.flatnonzero(np.isfinite(losses))
    if len(losses) and (not len(finite) or finite[-1] < len(losses) - 1):
        at = int(steps[finite[-1] + 1] if len(finite) else steps[0])
        reason = f"loss is {'NaN' if np.isnan(losses[-1]) else 'infinite'}"
        return {"status": "diverged", "reason": reason, "at": at}
    if run.last < FULL * run.longest:
        reason = f"the run ends at step {run.last:,}, another of its variant at {run.longest:,}"
        return {"status": "failed", "reason": reason}
    if not given.validates:
        return {"status": "complete", "loss": tail_loss(steps, losses)}
    if not run.points.height:
        return {"status": "failed", "reason": "the source has no validation loss of it"}
    return {"status": "complete", "loss": float(run.points[LOSS][-1])}


def tail_loss(steps: Numbers, losses: Numbers) -> float:
    """Return the mean of the finite losses in the last 5 % of the steps.

    Shapes: steps, losses [points], ascending, the last loss finite.
    """
    last = losses[steps > (1 - TAIL) * steps[-1]]
    return float(last[np.isfinite(last)].mean())


def whole(value: float | None) -> int | None:
    """Return a count that was read as a number."""
    return None if value is None else round(value)
