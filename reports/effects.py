"""Main effects and interactions of a grid that is a full product of its axes, with verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any, Literal

import numpy as np

from reports.axes import Axis, axes_of
from reports.claims import Word
from reports.contrasts import Contrast, Losses, final_losses
from reports.deciding import word_of
from reports.estimates import ALPHA, Array, Interval
from reports.factorial import Anova, anova, effect_at, interaction, main_effect
from reports.frames import Frames
from reports.intervals import Method, intervals, level_of, method_of, shares_of
from reports.manifest import Manifest

Kind = Literal["main", "interaction", "at"]
FEWEST_SEEDS = 2


@dataclass(frozen=True)
class Effect:
    """One effect, in nats per token; negative is better.

    Fields:
        kind: a main effect, an interaction, or the effect of one axis at a level of another.
        axes: places of its axes; of `at`, the axis that changes and the one that stands.
        levels: of these axes, never the reference where the axis changes.
        values: one of each seed that all variants finished.
        interval: None where there is none.
        word: the verdict, as of a contrast.
    """

    kind: Kind
    axes: tuple[int, ...]
    levels: tuple[int, ...]
    values: tuple[float, ...]
    interval: Interval | None
    word: Word

    @property
    def estimate(self) -> float | None:
        """Mean over the seeds; None without one."""
        return float(np.mean(self.values)) if self.values else None

    @property
    def is_resolved(self) -> bool:
        """Whether its interval leaves 0 out."""
        return self.word in {"better", "worse"}


@dataclass(frozen=True)
class Effects:
    """All effects of a grid.

    Fields:
        axes: in the order of the grid.
        declared: main effects and interactions of two axes; their intervals hold together.
        per_level: every main effect at every level of every other axis; a family of their own.
        seeds: that all variants finished.
        method: of the intervals of what was declared.
        level: at which they hold together.
        anova: a detail, never a verdict; None below two seeds.
    """

    axes: tuple[Axis, ...]
    declared: tuple[Effect, ...]
    per_level: tuple[Effect, ...]
    seeds: tuple[int, ...]
    method: Method
    level: float
    anova: Anova | None

    @property
    def interactions(self) -> tuple[Effect, ...]:
        """Those of two axes."""
        return tuple(each for each in self.declared if each.kind == "interaction")


def effects(frames: Frames) -> Effects | None:
    """Return the effects of a grid; None unless it is a full product of two axes or more."""
    axes = axes_of(frames.manifest)
    if not axes:
        return None
    losses = final_losses(frames)
    seeds = _common(frames.manifest, losses)
    names = [each.name for each in frames.manifest.variants]
    table = np.array([[losses[name][seed] for name in names] for seed in seeds])
    table = table.reshape(len(seeds), len(names))
    codes = np.array([axis.codes for axis in axes], dtype=np.int64).T
    declared = [*_mains(axes), *_interactions(axes)]
    per_level = [*_per_level(axes)]
    judged = _Judged(frames.manifest, codes, table, seeds)
    shares = shares_of(frames.manifest, judged.contrasts(declared))
    method = method_of(frames.manifest, shares.against_baseline, shares.floored_alpha)
    return Effects(
        axes,
        judged.effects(declared),
        judged.effects(per_level),
        seeds,
        method,
        1 - (ALPHA if method == "always-valid" else level_of(frames.manifest)),
        anova(codes, table) if len(seeds) >= FEWEST_SEEDS else None,
    )


def shown_main(given: Effects, margin: float | None) -> tuple[Effect, ...]:
    """Return the main effects, at each level of an axis that they interact with.

    Interactions come first: where one is resolved and larger than the margin, an average over the
    other axis describes neither of its levels.
    """
    shown: list[Effect] = []
    for each in given.declared:
        if each.kind == "main":
            (axis,) = each.axes
            others = interacting(given, axis, margin)
            shown += [
                one
                for one in given.per_level
                if one.axes[0] == axis and one.axes[1] in others and one.levels[0] == each.levels[0]
            ] or [each]
    return tuple(shown)


def interacting(given: Effects, axis: int, margin: float | None) -> frozenset[int]:
    """Return the axes whose interaction with `axis` is resolved and larger than the margin."""
    return frozenset(
        other
        for each in given.interactions
        if axis in each.axes and each.is_resolved and abs(each.estimate or 0.0) > (margin or 0.0)
        for other in each.axes
        if other != axis
    )


def as_json(given: Effects | None) -> dict[str, Any] | None:
    """Return everything for machines; None where the grid is no full product."""
    if given is None:
        return None
    return {
        "axes": [{"name": axis.name, "levels": list(axis.levels)} for axis in given.axes],
        "seeds": list(given.seeds),
        "interval": given.method,
        "level": given.level,
        "declared": [_plain(each) for each in given.declared],
        "per_level": [_plain(each) for each in given.per_level],
        "anova": None if given.anova is None else _plain_anova(given.anova),
    }


Place = tuple[Kind, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class _Judged:
    """Losses [seeds, variants] of a product, from which any family of effects is judged."""

    manifest: Manifest
    codes: Any
    table: Array
    seeds: tuple[int, ...]

    def effects(self, family: Sequence[Place]) -> tuple[Effect, ...]:
        contrasts = self.contrasts(family)
        found = intervals(contrasts, self.manifest)
        return tuple(
            self._effect(place, each, found.get((each.a, each.b), (None,))[0])
            for place, each in zip(family, contrasts, strict=True)
        )

    def contrasts(self, family: Sequence[Place]) -> list[Contrast]:
        """Effects as contrasts with nothing, so that they are judged by the same rules."""
        return [self._contrast(place) for place in family]

    def _contrast(self, place: Place) -> Contrast:
        weights = self._weights(place)
        names = {
            each.name
            for each, weight in zip(self.manifest.variants, weights, strict=True)
            if weight
        }
        diverged = tuple(
            each
            for each in self.manifest.cells
            if each.variant in names and each.status == "diverged"
        )
        values = self.table @ weights
        return Contrast(
            repr(place),
            self.manifest.baseline,
            self.seeds,
            values,
            np.zeros(len(values)),
            diverged,
            len(self.seeds),
            (),
            (),
        )

    def _weights(self, place: Place) -> Array:
        kind, axes, levels = place
        if kind == "main":
            return main_effect(self.codes, axes[0], levels[0])
        weigh = interaction if kind == "interaction" else effect_at
        return weigh(self.codes, axes[0], levels[0], axes[1], levels[1])

    def _effect(self, place: Place, contrast: Contrast, interval: Interval | None) -> Effect:
        word = word_of(contrast, interval, self.manifest)
        values = tuple(float(each) for each in contrast.differences)
        return Effect(*place, values, interval, word)


def _common(manifest: Manifest, losses: Losses) -> tuple[int, ...]:
    return tuple(
        seed for seed in manifest.seeds if all(seed in losses[v.name] for v in manifest.variants)
    )


def _mains(axes: Sequence[Axis]) -> Iterator[Place]:
    for place, axis in enumerate(axes):
        for level in range(1, len(axis.levels)):
            yield "main", (place,), (level,)


def _interactions(axes: Sequence[Axis]) -> Iterator[Place]:
    for (i, one), (j, other) in combinations(enumerate(axes), 2):
        for a in range(1, len(one.levels)):
            for b in range(1, len(other.levels)):
                yield "interaction", (i, j), (a, b)


def _per_level(axes: Sequence[Axis]) -> Iterator[Place]:
    for (i, one), (j, other) in permutations(enumerate(axes), 2):
        for a in range(1, len(one.levels)):
            for b in range(len(other.levels)):
                yield "at", (i, j), (a, b)


def _plain(each: Effect) -> dict[str, Any]:
    interval = each.interval
    return {
        "kind": each.kind,
        "axes": list(each.axes),
        "levels": list(each.levels),
        "difference": each.estimate,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "verdict": each.word,
        "values": list(each.values),
    }


def _plain_anova(given: Anova) -> Mapping[str, Any]:
    return {
        "lines": [vars(each) | {"axes": list(each.axes)} for each in given.lines],
        "residual_sum_sq": given.residual_sum_sq,
        "residual_df": given.residual_df,
    }
