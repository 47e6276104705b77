"""Contrasts: two variants on the seeds that both finished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reports.estimates import Array, pairs_of
from reports.frames import Frames
from reports.manifest import Cell, Manifest

Losses = Mapping[str, Mapping[int, float]]
"""Variant -> seed -> final loss."""

ROUNDING = 1e-12  # of a loss of a few nats in float64


@dataclass(frozen=True)
class Contrast:
    """Variant `a` against variant `b`.

    Fields:
        seeds: that both finished.
        a_losses: final loss of a on these seeds, in the evaluation that judges [pairs].
        b_losses: the same of b.
        diverged: cells of a that diverged.
        trained: how many cells of a finished or diverged.
        unpaired: cells of a or b that failed, were pruned or are missing.
        unevaluated: cells of a or b that were trained and cannot be evaluated so.
    """

    a: str
    b: str
    seeds: tuple[int, ...]
    a_losses: Array
    b_losses: Array
    diverged: tuple[Cell, ...]
    trained: int
    unpaired: tuple[Cell, ...]
    unevaluated: tuple[Cell, ...]

    @cached_property
    def differences(self) -> Array:
        """Loss of a - loss of b [pairs]; negative means that a is better."""
        return self.a_losses - self.b_losses

    @property
    def pairs(self) -> int:
        """Number of seeds that both finished."""
        return len(self.seeds)

    @property
    def is_identical(self) -> bool:
        """Whether every pair is equal to the bit."""
        return self.pairs > 0 and not self.differences.any()

    @property
    def has_no_variance(self) -> bool:
        """Whether all differences are the same although they are not 0."""
        if self.pairs < 2 or self.is_identical:  # noqa: PLR2004 - a variance needs two
            return False
        scale = float(np.abs(self.a_losses).max())
        return float(np.ptp(self.differences)) <= ROUNDING * max(scale, 1.0)


def final_losses(frames: Frames) -> Losses:
    """Return variant -> seed -> final loss in the evaluation that judges, of complete cells alone.

    Cells that cannot be evaluated so have none.
    """
    complete = {each.cell for each in frames.manifest.cells if each.status == "complete"}
    found: dict[str, dict[int, float]] = {each.name: {} for each in frames.manifest.variants}
    columns = ("cell", "variant", "seed", "loss")
    for cell, variant, seed, loss in frames.cells.select(columns).iter_rows():
        if cell in complete and loss is not None:
            found[variant][seed] = loss
    return found


def contrast(frames: Frames, a: str, b: str) -> Contrast:
    """Pair the variants `a` and `b` by seed."""
    return _contrast(frames.manifest.cells, final_losses(frames), a, b)


def _contrast(every: Sequence[Cell], losses: Losses, a: str, b: str) -> Contrast:
    seeds = tuple(seed for seed in losses[a] if seed in losses[b])
    cells = [each for each in every if each.variant == a]
    both = [each for each in every if each.variant in {a, b}]
    diverged = tuple(each for each in cells if each.status == "diverged")
    return Contrast(
        a,
        b,
        seeds,
        np.array([losses[a][seed] for seed in seeds]),
        np.array([losses[b][seed] for seed in seeds]),
        diverged,
        len(diverged) + len(losses[a]),
        tuple(each for each in both if each.status in {"failed", "pruned", "missing"}),
        tuple(
            each
            for each in both
            if each.status == "complete" and each.seed not in losses[each.variant]
        ),
    )


def family(frames: Frames) -> tuple[Contrast, ...]:
    """Return every contrast that is judged together: against the baseline, then further pairs."""
    return family_of(frames.manifest, final_losses(frames))


def family_of(manifest: Manifest, losses: Losses) -> tuple[Contrast, ...]:
    """Return the same contrasts of other losses: those of another evaluation."""
    baseline = manifest.baseline
    against = [(each.name, baseline) for each in manifest.variants if each.name != baseline]
    further = _all_pairs(manifest) if manifest.compare == "all" else _claimed_pairs(manifest)
    extra = [pair for pair in further if baseline not in pair]
    return tuple(_contrast(manifest.cells, losses, a, b) for a, b in [*against, *extra])


def _all_pairs(manifest: Manifest) -> Sequence[tuple[str, str]]:
    return pairs_of([each.name for each in manifest.variants])


def _claimed_pairs(manifest: Manifest) -> Sequence[tuple[str, str]]:
    """Pairs that only a claim of the form `{between: [A, B]}` needs."""
    order = [each.name for each in manifest.variants]
    pairs: list[tuple[str, str]] = []
    for name, said in (manifest.claim or {}).items():
        if not isinstance(said, Mapping) or name not in order:
            continue
        for other in said.get("between", ()):
            if other in order and other != name:
                earlier, later = sorted((name, other), key=order.index)
                pairs.append((later, earlier))
    return list(dict.fromkeys(pairs))
