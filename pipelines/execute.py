"""One cell from start to finish: checked, trained, evaluated, written. It alone calls steps()."""

import time
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from components.errors import UserError
from pipelines import checkpoint, records, runs
from pipelines.attempt import (
    CHECKPOINT,
    LOG,
    Attempt,
    as_trained,
    begin,
    folder_of,
    held_out,
    load_components,
    log,
    validations,
    vocabulary_of,
)
from pipelines.cost import Cost, measure
from pipelines.curve import BLOCK
from pipelines.device import device_class, reproducible
from pipelines.evaluate import Evaluated, evaluate
from pipelines.events import Event, Finished, Job, Progress, Started
from pipelines.files import write_json
from pipelines.fingerprint import evaluation_digest
from pipelines.records import Effort, Ending
from pipelines.statements import stamp
from pipelines.train import new_model, steps

if TYPE_CHECKING:
    from pipelines.cell import Evaluation, Training
    from pipelines.runs import Run

__all__ = ["Event", "Finished", "Job", "Progress", "Started", "execute", "validation_steps"]

Notify = Callable[[Event], None]
ShouldStop = Callable[[], bool]

SECONDS_BETWEEN_CHECKPOINTS = 10.0
SECONDS_BETWEEN_READS = 1.0
SECONDS_BETWEEN_TRIES = 0.2

WEIGHTS = "model.safetensors"


def execute(job: Job, notify: Notify, should_stop: ShouldStop) -> "Run | None":
    """Return the run of a cell, computing whatever of it is missing; None where told to stop.

    One process at a time: where another works on the cell, its run is waited for. Whatever goes
    wrong with the cell is an outcome, `failed`, with a reason and the traceback in `log.txt`; but a
    run that is complete stays, and where an evaluation of it goes wrong, the log alone says so.

    Args:
        job: the cell, and where its data and runs are.
        notify: hears how far it is.
        should_stop: asked after every step; a checkpoint is written before this returns None.
    """
    outcome = folder_of(job) / "outcome.json"
    waited, before = False, None
    while not should_stop():
        with runs.locked(job.store, job.fingerprint) as ours:
            if ours:
                fresh = waited and stamp(outcome) != before
                run = _found(job, fresh=fresh) or _trained_or_failed(job, notify, should_stop)
                if run is not None:
                    notify(Finished(job.fingerprint, run))
                return run
        if not waited:
            waited, before = True, stamp(outcome)
        time.sleep(SECONDS_BETWEEN_TRIES)
    return None


def validation_steps(training: "Training") -> frozenset[int]:
    """Return the steps after which is validated, evenly spaced; the last one always is."""
    count = max(training.validations, 1)
    places = (training.steps * index / count for index in range(1, count + 1))
    return frozenset(max(1, round(place)) for place in places)


def _found(job: Job, *, fresh: bool) -> "Run | None":
    """Return the run that is there, with all evaluations; None where the cell is to be trained.

    A failure is tried again, unless it is `fresh`: of a process that was waited for. One that was
    there before may be what that process, since killed, was about to try again.
    """
    run = runs.read_run(job.store, job.fingerprint)
    if run is None or (run.status == "failed" and not fresh):
        return None
    missing = [
        each
        for each in job.evaluations
        if not runs.has_evaluation(run.folder, evaluation_digest(each, job.cell))
    ]
    if run.status != "complete" or not missing:
        return run
    try:
        return run if _evaluate_weights(job, run, missing) else None
    except Exception:  # noqa: BLE001  # whatever it is, the run is no worse for it
        log(job, traceback.format_exc())
        return run


def _evaluate_weights(job: Job, run: "Run", missing: "Sequence[Evaluation]") -> bool:
    """Compute evaluations of a finished run from its weights; False where these are gone."""
    load_components(job)
    cell, device = as_trained(job.cell), torch.device(device_class())
    with reproducible(device):
        model = new_model(cell, vocabulary_of(job))
        if not checkpoint.load_weights(run.folder / WEIGHTS, model):
            return False
        model.to(device)
        step, tokens = run.outcome["steps"], run.outcome["tokens"]
        for each in missing:
            evaluated = evaluate(model, held_out(job), each, cell.training)
            rows = [records.evaluation_row(each, evaluated, step, tokens)]
            _write_evaluation(job, each, rows, evaluated)
    return True


def _trained_or_failed(job: Job, notify: Notify, should_stop: ShouldStop) -> "Run | None":
    started = records.now()
    before = runs.read_run(job.store, job.fingerprint)
    complete = before is not None and before.status == "complete"  # but its weights are gone
    try:
        described = {"cell": job.cell.as_json(), "fingerprint": dict(job.document)}
        write_json(folder_of(job) / "cell.json", described)
        (folder_of(job) / LOG).unlink(missing_ok=True)
        load_components(job)
        cost = measure(job.cell, vocabulary_of(job), job.store, job.components)
        device = torch.device(device_class())
        with reproducible(device):
            attempt = begin(job, device)
            ending = _train(attempt, notify, should_stop)
            if ending is None:
                return None
            if complete and ending.status != "complete":
                log(job, f"trained again: {ending.status}, {ending.reason}")
                return before
            _write(attempt, ending, cost)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the outcome of this cell
        log(job, traceback.format_exc())
        failed = Ending("failed", _one_line(error))
        runs.write_outcome(folder_of(job), records.outcome(failed, 0, 0, Effort(started), {}))
    return runs.read_run(job.store, job.fingerprint)


def _train(attempt: Attempt, notify: Notify, should_stop: ShouldStop) -> Ending | None:
    """Train to the end; None where told to stop, after a checkpoint."""
    cell, curve, fingerprint = attempt.cell, attempt.curve, attempt.job.fingerprint
    total, told = cell.training.steps, 0  # who listens now may not have heard what was before
    due = validation_steps(cell.training) - {total}  # the last one comes behind the loop
    read = saved = time.monotonic()
    notify(Started(fingerprint, curve.steps, total))

    for step in steps(attempt.trainee, cell, curve.steps):
        curve.add(step)
        stopping = should_stop()
        saving = stopping or time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS
        full = len(curve.waiting) >= BLOCK or time.monotonic() - read > SECONDS_BETWEEN_READS
        if not (full or saving or step.number in due or step.number == total):
            continue

        broken = curve.settle()
        read = time.monotonic()
        notify(Progress(fingerprint, curve.steps, total, tuple(curve.losses[told:])))
        told = curve.steps
        if broken:
            return Ending("diverged", f"{broken} at step {told}", told)
        if step.number in due and (broken := attempt.validate()):
            return Ending("diverged", f"{broken} after step {told}", told)
        if saving:
            attempt.save()
            saved = time.monotonic()
        attempt.aside += time.monotonic() - read
        if stopping:
            return None

    behind = time.monotonic()
    broken = attempt.validate()
    attempt.aside += time.monotonic() - behind
    if broken:
        return Ending("diverged", f"{broken} after step {total}", total)
    first = evaluation_digest(validations(attempt.job)[0], cell)
    return Ending("complete", loss=attempt.last[first].loss)


def _write(attempt: Attempt, ending: Ending, cost: Cost) -> None:
    """Write all files of a run, its outcome last."""
    job, curve, complete = attempt.job, attempt.curve, ending.status == "complete"
    runs.write_steps(attempt.folder, records.step_frame(curve))
    for each in job.evaluations:
        digest = evaluation_digest(each, attempt.cell)
        rows, evaluated = attempt.rows.get(digest, []), attempt.last.get(digest)
        if each.length is not None and complete:
            evaluated = attempt.evaluated(each)
            rows = [attempt.row(each, evaluated)]
        _write_evaluation(job, each, rows, evaluated if complete else None)
    if complete:
        checkpoint.save_weights(attempt.folder / WEIGHTS, attempt.trainee.model)
    else:
        log(job, f"{ending.reason}")
    facts = {"parameters": cost.parameters, "flops_per_token": cost.flops_per_token}
    runs.write_outcome(
        attempt.folder, records.outcome(ending, curve.steps, curve.tokens, attempt.spent(), facts)
    )
    (attempt.folder / CHECKPOINT).unlink(missing_ok=True)


def _write_evaluation(
    job: Job, evaluation: "Evaluation", rows: list[dict[str, Any]], evaluated: Evaluated | None
) -> None:
    runs.write_evaluation(
        folder_of(job),
        evaluation_digest(evaluation, job.cell),
        records.evaluation_frame(rows),
        records.document_frame(evaluation, evaluated, rows[-1]["step"] if rows else 0),
    )


def _one_line(error: Exception) -> str:
    """Return what a table has room for: what is wrong, without the traceback."""
    if isinstance(error, UserError):
        return "; ".join(
            f"{each.what} ({', '.join(each.hints)})" if each.hints else each.what
            for each in error.problems
        )
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
