"""Effects in a grid that is a full product: weights over variants, and the analysis of variance."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reports.estimates import Array

Codes = NDArray[np.int64]
"""Level of every variant on every axis, 0 the reference [variants, axes]."""


@dataclass(frozen=True)
class Line:
    """One line of an analysis of variance; F and p are None where nothing is left over.

    `axes` are the places of those that interact; empty for the seeds.
    """

    axes: tuple[int, ...]
    sum_sq: float
    df: int
    f: float | None
    p: float | None


@dataclass(frozen=True)
class Anova:
    """Sums of squares with the seed as block; the error is what seeds and variants leave."""

    lines: tuple[Line, ...]
    residual_sum_sq: float
    residual_df: int


def main_effect(codes: Codes, axis: int, level: int) -> Array:
    """Return weights of the mean over the other axes of (level - reference level).

    Shapes: [variants]; a loss of every variant times them, summed, is the effect.
    """
    return _mean(codes, {axis: level}) - _mean(codes, {axis: 0})


def effect_at(codes: Codes, axis: int, level: int, other: int, at: int) -> Array:
    """Return the same at one level of another axis, averaged over the rest.

    Shapes: [variants].
    """
    return _mean(codes, {axis: level, other: at}) - _mean(codes, {axis: 0, other: at})


def interaction(codes: Codes, axis: int, level: int, other: int, at: int) -> Array:
    """Return weights of (a1 b1 - a0 b1) - (a1 b0 - a0 b0), averaged over the other axes.

    Shapes: [variants].
    """
    return effect_at(codes, axis, level, other, at) - effect_at(codes, axis, level, other, 0)


def anova(codes: Codes, losses: Array) -> Anova:
    """Split the sum of squares of a balanced table, with sum coding and the seed as block.

    All interactions are in the model, so that the error has (variants - 1)(seeds - 1) degrees of
    freedom. It pools the variances of all variants.
    Shapes: losses [seeds, variants], no NaN.
    """
    seeds, variants = losses.shape
    centred = losses - losses.mean()
    by_variant = centred.mean(axis=0)
    by_seed = centred.mean(axis=1)
    of_seeds = variants * float(by_seed @ by_seed)
    rest = centred - by_variant - by_seed[:, None]
    residual, freedom = float((rest**2).sum()), (variants - 1) * (seeds - 1)
    lines: list[tuple[tuple[int, ...], float, int]] = [((), of_seeds, seeds - 1)]
    axes = range(codes.shape[1])
    for size in range(1, len(axes) + 1):
        for chosen in combinations(axes, size):
            columns = _sum_coded(codes, chosen)
            fitted = columns @ np.linalg.lstsq(columns, by_variant)[0]
            lines.append((chosen, seeds * float(fitted @ fitted), columns.shape[1]))
    return Anova(tuple(_line(*each, residual, freedom) for each in lines), residual, freedom)


def _line(axes: tuple[int, ...], sum_sq: float, df: int, residual: float, freedom: int) -> Line:
    from scipy.special import fdtrc  # noqa: PLC0415 - scipy is slow to import

    if df == 0 or freedom == 0 or residual == 0:
        return Line(axes, sum_sq, df, None, None)
    f = (sum_sq / df) / (residual / freedom)
    return Line(axes, sum_sq, df, f, float(fdtrc(df, freedom, f)))


def _mean(codes: Codes, levels: dict[int, int]) -> Array:
    """Weights of the mean over all variants that have these levels."""
    chosen = np.all([codes[:, axis] == level for axis, level in levels.items()], axis=0)
    weights: Array = chosen / chosen.sum()
    return weights


def _sum_coded(codes: Codes, axes: Sequence[int]) -> Array:
    """Columns of the interaction of some axes: products of contrasts that sum to 0."""
    columns: Array = np.ones((len(codes), 1))
    for axis in axes:
        levels = int(codes[:, axis].max()) + 1
        basis = np.vstack([np.eye(levels - 1), -np.ones((1, levels - 1))])
        own = basis[codes[:, axis]]
        columns = (columns[:, :, None] * own[:, None, :]).reshape(len(codes), -1)
    return columns
