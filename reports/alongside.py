"""Tables of the curves at ten steps: what the curve figures show, as numbers."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from reports.drawings.drawing import Mark, Table
from reports.manifest import Manifest
from reports.numbers import count, fixed, signed

Array = NDArray[np.float64]
ROWS = 10
# A value is the mean of so many of the last steps; one step alone is mostly its batch.
SHARE = 0.02


def loss_table(manifest: Manifest, marks: Sequence[Mark], matrix: Array) -> Table:
    """Mean training loss over the seeds of each variant at ten steps.

    Shapes: matrix [cells, steps], NaN where there is no value.
    """
    steps = _steps(matrix)
    means = [_means(matrix[_rows(manifest, each.name)], steps) for each in manifest.variants]
    return _table([mark.label for mark in marks], steps, means, lambda loss: fixed(loss, 3))


def difference_table(manifest: Manifest, marks: Sequence[Mark], matrix: Array) -> Table:
    """Mean difference to the baseline at equal seed and step, at ten steps."""
    base = {manifest.cells[row].seed: row for row in _rows(manifest, manifest.baseline)}
    steps, means, labels = _steps(matrix), [], []
    for variant, mark in zip(manifest.variants, marks, strict=True):
        own = [row for row in _rows(manifest, variant.name) if manifest.cells[row].seed in base]
        if variant.name != manifest.baseline:
            paired = [base[manifest.cells[row].seed] for row in own]
            means.append(_means(matrix[own] - matrix[paired], steps))
            labels.append(mark.label)
    return _table(labels, steps, means, signed)


def _rows(manifest: Manifest, variant: str) -> list[int]:
    return [row for row, each in enumerate(manifest.cells) if each.variant == variant]


def _steps(matrix: Array) -> list[int]:
    steps = matrix.shape[1]
    if steps == 0:
        return []
    return sorted({max(1, round(steps * part / ROWS)) for part in range(1, ROWS + 1)})


def _means(curves: Array, steps: Sequence[int]) -> list[float]:
    """Mean over the cells that have a value at every one of the last 2 % of steps."""
    window = max(1, round(curves.shape[1] * SHARE))
    found = []
    for step in steps:
        values = curves[:, max(0, step - window) : step].mean(axis=1)
        finite = values[np.isfinite(values)]
        found.append(float(finite.mean()) if finite.size else float("nan"))
    return found


def _table(
    labels: Sequence[str],
    steps: Sequence[int],
    means: Sequence[Sequence[float]],
    write: Callable[[float], str],
) -> Table:
    lines = zip(steps, *means, strict=True)
    rows = tuple((count(step), *map(write, values)) for step, *values in lines)
    return Table(("step", *labels), rows)
