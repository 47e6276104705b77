"""Training curves of the finished cells, without their warm-up, and the spikes in them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from reports.frames import Frames
from reports.noise import Array, spike_events, spike_window


@dataclass(frozen=True)
class Curve:
    """Training loss of one cell after the warm-up.

    Fields:
        steps, losses, tokens, rates: [steps]; losses may be NaN, rates are the learning rates.
        spikes: (first step, step after the last) of each event that is the variant's own.
        batch_spikes: the same of events that begin at one step in more than half of the variants of
            this seed: they belong to the data.
        has_spikes: whether the curve is long enough to judge a step by those before it.
    """

    variant: str
    seed: int
    steps: Array
    losses: Array
    tokens: Array
    rates: Array
    spikes: tuple[tuple[float, float], ...] = field(default=())
    batch_spikes: tuple[tuple[float, float], ...] = field(default=())
    has_spikes: bool = True

    @property
    def every_spike(self) -> tuple[tuple[float, float], ...]:
        """Own spikes, then those of the batches."""
        return (*self.spikes, *self.batch_spikes)

    @property
    def finite(self) -> tuple[Array, Array]:
        """Tokens and losses of the steps that have tokens and a finite loss."""
        known = np.isfinite(self.losses) & (self.tokens > 0)
        return self.tokens[known], self.losses[known]


def training_curves(frames: Frames) -> tuple[Curve, ...]:
    """Return the curve of every complete cell, without its warm-up, in the order of the grid."""
    parts = frames.steps.partition_by("cell", as_dict=True)
    curves = []
    for cell in frames.manifest.cells:
        part = parts.get((cell.cell,))
        if cell.status == "complete" and part is not None:
            curves.append(_curve(cell.variant, cell.seed, part))
    return _apart(curves)


def of_variant(curves: Sequence[Curve], name: str) -> tuple[Curve, ...]:
    """Return the curves of one variant, in the order of its seeds."""
    return tuple(each for each in curves if each.variant == name)


def pairs(curves: Sequence[Curve], name: str, baseline: str) -> tuple[tuple[Curve, Curve], ...]:
    """Return the curves of a variant, each with the baseline's of the same seed."""
    partners = {each.seed: each for each in of_variant(curves, baseline)}
    mine = of_variant(curves, name)
    return tuple((each, partners[each.seed]) for each in mine if each.seed in partners)


def difference(one: Curve, other: Curve) -> tuple[Array, Array]:
    """Return tokens and the difference of two losses at the steps that both have."""
    _, mine, theirs = np.intersect1d(one.steps, other.steps, return_indices=True)
    return one.tokens[mine], one.losses[mine] - other.losses[theirs]


def _curve(variant: str, seed: int, part: pl.DataFrame) -> Curve:
    """From the first step with the largest learning rate on: before it the rate warms up."""
    steps, losses, tokens, rates = (
        part[name].cast(pl.Float64).to_numpy()
        for name in ("step", "loss", "tokens", "learning_rate")
    )
    first = int(np.argmax(rates)) if len(rates) else 0
    kept = slice(first, None)
    window = spike_window(len(losses))
    events = spike_events(losses[kept], window)
    ends = np.append(steps[kept], np.inf)
    return Curve(
        variant,
        seed,
        steps[kept],
        losses[kept],
        tokens[kept],
        rates[kept],
        tuple((float(ends[each.start]), float(ends[each.end])) for each in events),
        has_spikes=int(np.isfinite(losses[kept]).sum()) > window,
    )


def _apart(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Tell the spikes of the batches from those of the variants."""
    shared = {seed: _common_starts(curves, seed) for seed in {each.seed for each in curves}}
    return tuple(
        replace(
            each,
            spikes=tuple(s for s in each.spikes if s[0] not in shared[each.seed]),
            batch_spikes=tuple(s for s in each.spikes if s[0] in shared[each.seed]),
        )
        for each in curves
    )


def _common_starts(curves: Sequence[Curve], seed: int) -> frozenset[float]:
    """Steps at which events begin in more than half of the variants; in two at least."""
    group = [each for each in curves if each.seed == seed]
    counts: Mapping[float, int] = Counter(start for each in group for start, _ in each.spikes)
    fewest = max(2, len(group) // 2 + 1)
    return frozenset(start for start, many in counts.items() if many >= fewest)
