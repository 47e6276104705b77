"""A training under way: what it has measured, what it saves, and what it goes on from."""

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from components.catalogue import component_files
from components.registry import load_files
from pipelines import checkpoint, checks
from pipelines.cell import Cell, Evaluation
from pipelines.checked import remember, was_checked
from pipelines.curve import Curve, not_finite
from pipelines.device import device_class, refuse_what_is_not_there, resolved
from pipelines.evaluate import Evaluated, HeldOut, evaluate
from pipelines.events import Job
from pipelines.files import read_json, write_text
from pipelines.fingerprint import evaluation_digest
from pipelines.records import Effort, evaluation_row, now
from pipelines.samples import sample
from pipelines.tokens import document_bytes, read_split
from pipelines.train import Trainee, new_trainee

CHECKPOINT = "checkpoint.pt"
LOG = "log.txt"


@dataclass
class Attempt:
    """One training of a cell.

    Fields:
        job: what was asked for.
        cell: the job's, every `auto` resolved.
        trainee: model and optimizer.
        held_out: the validation split.
        curve: what the steps measured.
        rows: what the validations found, by the digest of the evaluation.
        last: the last of them, with its documents.
        effort: spent before this process went on with it.
        since: when it did, in seconds of the monotonic clock.
        aside: seconds since then that were not spent on optimizer steps.
    """

    job: Job
    cell: Cell
    trainee: Trainee
    held_out: HeldOut
    curve: Curve
    rows: dict[str, list[dict[str, Any]]]
    effort: Effort
    last: dict[str, Evaluated] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)
    aside: float = 0.0

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return folder_of(self.job)

    def spent(self) -> Effort:
        """Return what the training has cost until now."""
        seconds = time.monotonic() - self.since
        return Effort(
            self.effort.started,
            self.effort.seconds + seconds,
            self.effort.training + seconds - self.aside,
        )

    def save(self) -> None:
        """Write a checkpoint of the steps that were read."""
        notes = {
            "curve": self.curve.as_plain(),
            "rows": self.rows,
            "effort": asdict(self.spent()),
        }
        checkpoint.save(self.folder / CHECKPOINT, self.trainee, self.curve.steps, notes)

    def validate(self) -> str | None:
        """Evaluate on the trained context; return what is not finite in it, and keep the rest."""
        for each in validations(self.job):
            evaluated = self.evaluated(each)
            broken = evaluated.loss is not None and not_finite("validation loss", evaluated.loss)
            if broken:
                return broken
            digest = evaluation_digest(each, self.cell)
            self.rows[digest].append(self.row(each, evaluated))
            self.last[digest] = evaluated
        return None

    def evaluated(self, evaluation: Evaluation) -> Evaluated:
        """Evaluate the model as it is."""
        training = self.cell.training
        if training.engine == "compiled":  # to compile other shapes takes longer than they do
            with torch.compiler.set_stance("force_eager"):
                return evaluate(self.trainee.model, self.held_out, evaluation, training)
        return evaluate(self.trainee.model, self.held_out, evaluation, training)

    def row(self, evaluation: Evaluation, evaluated: Evaluated) -> dict[str, Any]:
        """Return the row of an evaluation of the model as it is."""
        return evaluation_row(evaluation, evaluated, self.curve.steps, self.curve.tokens)


def begin(job: Job, device: torch.device) -> Attempt:
    """Build a cell; go on from its checkpoint, or check it first.

    Raises:
        UserError: a component refuses an option, or a check fails.
    """
    cell = as_trained(job.cell)
    refuse_what_is_not_there(cell.training)
    trainee = new_trainee(cell, vocabulary_of(job), read_split(job.data, "train"), device)
    digests = [evaluation_digest(each, cell) for each in validations(job)]
    saved = checkpoint.load(folder_of(job) / CHECKPOINT, device)
    # A change of evaluate.py in between: the earlier validations are not to be had any more.
    if saved is not None and set(saved.notes["rows"]) == set(digests):
        checkpoint.restore(trainee, saved)
        curve, rows = Curve.from_plain(saved.notes["curve"]), dict(saved.notes["rows"])
        return Attempt(
            job, cell, trainee, held_out(job), curve, rows, Effort(**saved.notes["effort"])
        )
    _check(job, cell, trainee)
    rows = {digest: [] for digest in digests}
    return Attempt(job, cell, trainee, held_out(job), Curve(), rows, Effort(now()))


def as_trained(cell: Cell) -> Cell:
    """Return a cell with every `auto` resolved for this machine's device."""
    return replace(cell, training=resolved(cell.training, device_class()))


def validations(job: Job) -> tuple[Evaluation, ...]:
    """Return the evaluations that accompany the training; others are made at its end."""
    return tuple(each for each in job.evaluations if each.length is None)


def held_out(job: Job) -> HeldOut:
    """Return the validation split."""
    return HeldOut(read_split(job.data, "validation"), document_bytes(job.data))


def vocabulary_of(job: Job) -> int:
    """Return the number of token ids."""
    return int(read_json(job.data / "facts.json")["vocabulary"])


def folder_of(job: Job) -> Path:
    """Return the folder of the run."""
    return job.store / job.fingerprint


def load_components(job: Job) -> None:
    """Register the user's components."""
    load_files([file for path in job.components for file in component_files(path)])


def log(job: Job, text: str) -> None:
    """Add a text to the log of the run."""
    path = folder_of(job) / LOG
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    write_text(path, f"{before}{text}\n")


def _check(job: Job, cell: Cell, trainee: Trainee) -> None:
    asked = (cell, vocabulary_of(job), job.store, job.components)
    if not was_checked(*asked):
        checks.refuse_a_broken_model(cell, trainee.model)
        remember(*asked)
    first = sample(trainee.batching, cell.seed, trainee.device, 0)
    loss = checks.initial_loss(trainee.model, first, cell.training.precision)
    log(job, f"initial loss {loss:.4f} nats per token")
    checks.refuse_an_odd_start(trainee.model, loss)
