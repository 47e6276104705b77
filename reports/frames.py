"""What a sweep left in `results/<name>/`, read and checked: the only input of a report."""

import math
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from typing_extensions import override

from reports.errors import Problem, UserError, nearest
from reports.judged import loss_name
from reports.manifest import Manifest, again, read_manifest
from reports.noise import Array, end_of_divergence

CELLS: Mapping[str, type[pl.DataType]] = {
    "cell": pl.String,
    "variant": pl.String,
    "seed": pl.Int32,
    "fingerprint": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "at": pl.Int32,
    "steps": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float64,
    "parameters": pl.Int64,
    "flops_per_token": pl.Float64,
    "flops": pl.Float64,
    "seconds": pl.Float64,
    "seconds_per_step": pl.Float64,
    "device": pl.String,
    "hardware": pl.String,
}
STEPS: Mapping[str, type[pl.DataType]] = {
    "cell": pl.String,
    "step": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float32,
    "gradient_norm": pl.Float32,
    "learning_rate": pl.Float64,
}
EVALUATIONS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "cell": pl.String,
    "evaluation": pl.String,
    "step": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float64,
    "reason": pl.String,
    "document_loss": pl.Float64,
    "accuracy": pl.Float64,
    "bits_per_byte": pl.Float64,
    "predicted": pl.Int64,
    "profile": pl.List(pl.Float32),
}
DOCUMENTS: Mapping[str, type[pl.DataType]] = {
    "cell": pl.String,
    "evaluation": pl.String,
    "step": pl.Int32,
    "document": pl.Int32,
    "predicted": pl.Int32,
    "correct": pl.Int32,
    "bytes": pl.Int64,
    "loss": pl.Float64,
}

ADDED = {"accuracy", "correct"}
"""Columns that results of earlier versions lack; null there."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The results of one grid. Every row of every frame names its cell, variant and seed.

    `variant` is an Enum, so that sorting by it gives the order of the grid.

    Fields:
        manifest: the grid, its cells in order, and what they were made of.
        cells: a row for each cell, in the order of the manifest, with the same statuses.
        steps: every optimizer step of every cell; non-finite losses stay as they were.
        evaluations: every evaluation; a non-finite loss is null here and has a reason.
        documents: the last evaluation of every document; loss is a sum in nats.
        folder: where they were read.
    """

    manifest: Manifest
    cells: pl.DataFrame
    steps: pl.DataFrame
    evaluations: pl.DataFrame
    documents: pl.DataFrame
    folder: Path

    @override
    def __repr__(self) -> str:
        manifest = self.manifest
        named = [
            f"{each.name} (baseline)" if each.name == manifest.baseline != "baseline" else each.name
            for each in manifest.variants
        ]
        frames = ("cells", "steps", "evaluations", "documents")
        rows = ", ".join(f"{name} {getattr(self, name).height:,}" for name in frames)
        done = self.cells["status"].to_list().count("complete")
        lines = (
            f"{manifest.name}: {manifest.question}",
            f"variants  {', '.join(named)}",
            f"seeds     {', '.join(str(seed) for seed in manifest.seeds)}",
            f"cells     {done} of {self.cells.height} done",
            f"rows      {rows}",
            f"folder    {self.folder}",
        )
        return "\n".join(lines)


def read_frames(place: str | Path) -> Frames:
    """Read a results folder and make explicit what may not enter a statistic.

    Args:
        place: the folder, `results/positions`; or the bare name of a grid, which is looked up in
            `results` of the working directory.

    A complete cell whose final loss is not finite, or whose training loss ended far above where it
    had been, becomes `diverged`; a complete cell without any final loss becomes `failed`, unless
    its reason says that it cannot be evaluated so.

    Raises:
        UserError: the folder, a file, a column or a field is missing, or of an unknown form.
    """
    folder = _folder(place)
    if not folder.is_dir():
        raise UserError(_no_folder(folder))
    manifest = read_manifest(folder / "manifest.json")
    cells = _read(folder / "cells.parquet", CELLS)
    steps = _read(folder / "steps.parquet", STEPS)
    evaluations = _explicit(_read(folder / "evaluations.parquet", EVALUATIONS))
    documents = _read(folder / "documents.parquet", DOCUMENTS)
    frames = Frames(manifest, cells, steps, evaluations, documents, folder)
    _check_cells(frames)
    return _named(_with_statuses(frames))


def read_grid_frames(name: str, results: str | Path = Path("results")) -> Frames:
    """Read `results/<name>`; a UserError names the results that there are."""
    return read_frames(Path(results) / name)


def _folder(place: str | Path) -> Path:
    folder = Path(place)
    is_bare = len(folder.parts) == 1 and folder.name and not (folder / "manifest.json").is_file()
    return Path("results") / folder if is_bare else folder


def _no_folder(folder: Path) -> Problem:
    places = sorted(each.parent.name for each in folder.parent.glob("*/manifest.json"))
    listed = (f"there are: {', '.join(places)}",) if places else ()
    step = (f"python -m ablations.run {shlex.quote('grid=' + folder.name)} makes them",)
    what = f"there are no results of {folder.name}"
    return Problem(what, str(folder), hints=(*listed, *nearest(folder.name, places), *step))


def _read(path: Path, schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise UserError(Problem("a file is missing", str(path), hints=(again(path),))) from None
    except (pl.exceptions.PolarsError, OSError) as error:
        hints = (str(error).splitlines()[0], again(path))
        raise UserError(Problem("the file cannot be read", str(path), hints=hints)) from None
    frame = frame.with_columns(pl.lit(None).alias(name) for name in ADDED - {*frame.columns})
    absent = [name for name in schema if name not in frame.columns]
    if absent:
        hints = (f"columns: {', '.join(frame.columns)}", again(path))
        raise UserError(
            *(Problem("a column is missing", str(path), name, "", hints) for name in absent)
        )
    try:
        return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        hints = (str(error).splitlines()[0], again(path))
        raise UserError(Problem("a column has another type", str(path), hints=hints)) from None


def _explicit(evaluations: pl.DataFrame) -> pl.DataFrame:
    """Null for a loss that is not finite, with the reason beside it."""
    broken = pl.col("loss").is_not_null() & ~pl.col("loss").is_finite()
    return evaluations.with_columns(
        pl.when(broken).then(pl.lit("the loss is not finite")).otherwise("reason").alias("reason"),
        pl.when(broken).then(None).otherwise("loss").alias("loss"),
    )


def _check_cells(frames: Frames) -> None:
    listed = [each.cell for each in frames.manifest.cells]
    found = frames.cells["cell"].to_list()
    if listed != found:
        path = frames.folder / "cells.parquet"
        odd = sorted(set(listed) ^ set(found)) or ["the order"]
        hints = (f"differs: {', '.join(odd[:5])}", again(path))
        raise UserError(Problem("not the cells of the manifest", str(path), "cell", "", hints))


def _named(frames: Frames) -> Frames:
    """Write variant and seed of its cell into every row of every frame."""
    listed = frames.manifest.cells
    names = pl.DataFrame(
        {
            "cell": [each.cell for each in listed],
            "variant": [each.variant for each in listed],
            "seed": [each.seed for each in listed],
        },
        schema={
            "cell": pl.String,
            "variant": pl.Enum([each.name for each in frames.manifest.variants]),
            "seed": pl.Int32,
        },
    )
    return replace(
        frames,
        cells=_beside(frames.cells, names),
        steps=_beside(frames.steps, names),
        evaluations=_beside(frames.evaluations, names),
        documents=_beside(frames.documents, names),
    )


def _beside(frame: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    own = frame.drop("variant", "seed", strict=False)
    joined = own.join(names, on="cell", how="left", maintain_order="left")
    return joined.select("cell", "variant", "seed", *own.columns[1:])


def curves(frames: Frames) -> dict[str, Array]:
    """Return cell -> training loss of every step, in float64 [steps]."""
    parts = frames.steps.select("cell", "loss").partition_by("cell", as_dict=True)
    return {str(name): part["loss"].cast(pl.Float64).to_numpy() for (name,), part in parts.items()}


def _with_statuses(frames: Frames) -> Frames:
    changed = dict(_outcomes(frames))
    if not changed:
        return frames
    cells = tuple(
        replace(each, status=changed[each.cell][0], reason=changed[each.cell][1])
        if each.cell in changed
        else each
        for each in frames.manifest.cells
    )
    loss = pl.when(pl.col("cell").is_in(list(changed))).then(None).otherwise("loss")
    table = frames.cells.with_columns(
        pl.Series("status", [each.status for each in cells], pl.String),
        pl.Series("reason", [each.reason for each in cells], pl.String),
        loss.alias("loss"),
    )
    return replace(frames, manifest=replace(frames.manifest, cells=cells), cells=table)


def _outcomes(frames: Frames) -> Iterator[tuple[str, tuple[str, str]]]:
    losses = dict(zip(frames.cells["cell"], frames.cells["loss"], strict=True))
    trained = curves(frames)
    name = loss_name(frames.manifest)
    for each in frames.manifest.cells:
        loss = losses[each.cell]
        if each.status != "complete":
            continue
        if loss is None and each.reason is None:
            yield each.cell, ("failed", f"it has no {name}")
        elif loss is not None and not math.isfinite(loss):
            yield each.cell, ("diverged", f"the {name} is not finite")
        elif each.cell in trained:
            vocabulary = frames.manifest.fact(each.variant, "vocabulary")
            reason = end_of_divergence(trained[each.cell], int(vocabulary))
            if reason is not None:
                yield each.cell, ("diverged", reason)
