"""Curves of a grid paired by seed and step, and every view of every pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.claims import Claim
from reports.frames import Frames
from reports.views import FEWEST_STEPS, Gaps, look

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Paired:
    """Two curves of one seed at the steps that both have.

    Fields:
        steps, tokens: of each point; the tokens are those of the second variant [points].
        a, b: losses [points].
    """

    seed: int
    steps: Array
    tokens: Array
    a: Array
    b: Array

    @property
    def grows_evenly(self) -> bool:
        """Whether a step is as good as a number of tokens for where a point lies."""
        return bool(np.allclose(self.tokens * self.steps[-1], self.steps * self.tokens[-1]))


@dataclass(frozen=True)
class Observed:
    """All views of one contrast.

    Shapes: gaps as in Gaps, the pairs being the seeds, in the order of `pairs`.
    """

    claim: Claim
    pairs: tuple[Paired, ...]
    gaps: Gaps


@dataclass
class _Batch:
    """Curves that lie at the same places, to be drawn together: each is smoothed once."""

    x: Array
    curves: list[Array] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)

    def row(self, cell: str, losses: Array) -> int:
        if cell not in self.rows:
            self.rows[cell] = len(self.curves)
            self.curves.append(losses)
        return self.rows[cell]


def pair_up(frames: Frames, claims: Sequence[Claim]) -> tuple[tuple[Paired, ...], ...]:
    """Return, for each claim, the seeds whose two curves have enough common steps."""
    parts = frames.steps.partition_by("cell", as_dict=True)
    return tuple(
        tuple(
            pair
            for seed in claim.seeds
            if (pair := _pair(parts, claim, seed)) is not None and len(pair.steps) >= FEWEST_STEPS
        )
        for claim in claims
    )


@lru_cache(maxsize=2)
def observed(frames: Frames, claims: tuple[Claim, ...]) -> tuple[Observed, ...]:
    """Draw every view of every contrast with two pairs or more, over tokens.

    Kept, since a verdict warns of what the page then shows in full.
    """
    several = [each for each in claims if each.pairs > 1]
    return observe(several, pair_up(frames, several))


def observe(
    claims: Sequence[Claim], paired: Sequence[Sequence[Paired]], *, along: str = "tokens"
) -> tuple[Observed, ...]:
    """Draw every view of every contrast, over tokens or over steps."""
    batches: dict[tuple[bytes, bytes], _Batch] = {}
    for place, (claim, pairs) in enumerate(zip(claims, paired, strict=True)):
        for pair in pairs:
            x = pair.tokens if along == "tokens" else pair.steps
            batch = batches.setdefault((x.tobytes(), pair.steps.tobytes()), _Batch(x))
            first = batch.row(f"{claim.a}/{pair.seed}", pair.a)
            batch.pairs.append((first, batch.row(f"{claim.b}/{pair.seed}", pair.b)))
            batch.owners.append((place, pair.seed))
    found: dict[tuple[int, int], tuple[Array, Array]] = {}
    for batch in batches.values():
        seen = look(batch.x, np.array(batch.curves), batch.pairs)
        found |= dict(zip(batch.owners, zip(seen.gaps, seen.heights, strict=True), strict=True))
    return tuple(
        Observed(claim, tuple(pairs), _stacked([found[place, pair.seed] for pair in pairs]))
        for place, (claim, pairs) in enumerate(zip(claims, paired, strict=True))
        if pairs
    )


def over_steps(seen: Sequence[Observed]) -> tuple[Observed, ...]:
    """Draw the same contrasts over steps in place of tokens."""
    return observe([each.claim for each in seen], [each.pairs for each in seen], along="steps")


def _stacked(seen: Sequence[tuple[Array, Array]]) -> Gaps:
    return Gaps(np.array([gaps for gaps, _ in seen]), np.array([heights for _, heights in seen]))


def _pair(
    parts: Mapping[tuple[object, ...], pl.DataFrame], claim: Claim, seed: int
) -> Paired | None:
    one, other = parts.get((f"{claim.a}/{seed}",)), parts.get((f"{claim.b}/{seed}",))
    if one is None or other is None:
        return None
    both = other.select("step", "tokens", pl.col("loss").alias("b")).join(
        one.select("step", pl.col("loss").alias("a")), on="step", maintain_order="left"
    )
    both = both.filter(pl.col("a").is_finite() & pl.col("b").is_finite()).sort("step")
    columns = ("step", "tokens", "a", "b")
    return Paired(seed, *(both[name].cast(pl.Float64).to_numpy() for name in columns))
