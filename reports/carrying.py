"""Whether what is seen at a small scale holds at a large one: verdicts, and the order of pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from reports.claims import Claim
from reports.contrasts import ROUNDING
from reports.looks import Outcome, judged
from reports.sides import Side, tokenizers

State = Literal["holds", "flips", "differs", "small_only", "large_only", "open"]
DIRECTIONS = {"better": -1, "worse": 1}
RESOLVED = {"better", "worse", "equivalent"}


@dataclass(frozen=True)
class Carried:
    """A contrast with the baseline at both scales.

    Fields:
        variant: its name.
        small, large: the verdicts of the two grids, as their own pages have them.
        state: `holds`, the same verdict; `flips`, better at one and worse at the other; `differs`,
            two verdicts of which one is `equivalent`, with intervals apart; `small_only` and
            `large_only`, resolved at that scale alone; `open`, anything else.
    """

    variant: str
    small: Claim
    large: Claim
    state: State


@dataclass(frozen=True)
class Pair:
    """Two variants at both scales; differences are a - b, mean over paired seeds, nats per token.

    Fields:
        a, b: their names.
        small, large: the difference.
        words: the verdict of a against b at each scale, all pairs of the grid judged at once.
    """

    a: str
    b: str
    small: float
    large: float
    words: tuple[str, str]

    @property
    def keeps_order(self) -> bool:
        """Whether the same one has the lower mean loss at both scales; a tie is no order."""
        return self.small * self.large > 0

    @property
    def resolved(self) -> int:
        """At how many of the two scales the pair is resolved."""
        return sum(word in RESOLVED for word in self.words)

    @property
    def flips(self) -> bool:
        """Whether it is resolved in opposite directions."""
        return {*self.words} == {*DIRECTIONS}


@dataclass(frozen=True)
class Carry:
    """One scale against a larger one.

    Fields:
        small, large: places of the two grids.
        contrasts: that both grids judged; none if their baselines are not called the same.
        pairs: of variants that both have, with a finished seed in common at each scale.
        left_out: pairs that are not counted: a cell diverged, or no seed is common.
    """

    small: int
    large: int
    contrasts: tuple[Carried, ...]
    pairs: tuple[Pair, ...]
    left_out: int

    @property
    def kept(self) -> int:
        """Pairs with the same order at both scales."""
        return sum(each.keeps_order for each in self.pairs)

    @property
    def accuracy(self) -> float | None:
        """Share of pairs with the same order at both scales; None without a pair.

        Source: decision accuracy of DataDecide, Magnusson et al. 2025, arXiv 2504.11393.
        """
        return self.kept / len(self.pairs) if self.pairs else None

    def resolved_at(self, scales: int) -> tuple[Pair, ...]:
        """Return the pairs that are resolved at so many of the two scales."""
        return tuple(each for each in self.pairs if each.resolved == scales)


def carries(sides: Sequence[Side]) -> tuple[Carry, ...]:
    """Compare each scale of a grid with its largest one, the smallest first."""
    groups: dict[str, list[int]] = {}
    for place, side in enumerate(sides):
        groups.setdefault(side.manifest.grid, []).append(place)
    found: list[Carry] = []
    for places in groups.values():
        ordered = sorted(places, key=lambda place: size_of(sides[place]))
        largest = ordered[-1]
        smaller = [each for each in ordered if size_of(sides[each]) < size_of(sides[largest])]
        found += [_carry(sides, small, largest) for small in smaller]
    return tuple(found)


def size_of(side: Side) -> tuple[int, int]:
    """Return parameters of the baseline, and tokens that its finished cells were trained on."""
    manifest = side.manifest
    parameters = manifest.variant(manifest.baseline).parameters or 0
    own = side.frames.cells.filter(
        (pl.col("variant") == manifest.baseline) & (pl.col("status") == "complete")
    )
    most = own["tokens"].max()
    planned = manifest.training.get("steps", 0) * manifest.training.get("tokens_per_step", 0)
    return parameters, most if isinstance(most, int) else planned


def _carry(sides: Sequence[Side], small: int, large: int) -> Carry:
    below, above = sides[small], sides[large]
    contrasts: tuple[Carried, ...] = ()
    if below.manifest.baseline == above.manifest.baseline:
        contrasts = tuple(
            Carried(name, claim, above.claims[name], _state(below, above, name))
            for name, claim in below.claims.items()
            if name in above.claims
        )
    every = _all_pairs(below)
    theirs = _all_pairs(above)
    common = [pair for pair in every if pair in theirs or pair[::-1] in theirs]
    counted = [
        _pair(every[pair], theirs[pair] if pair in theirs else _turned(theirs[pair[::-1]]))
        for pair in common
        if _counts(below, every[pair]) and _counts(above, theirs.get(pair, theirs.get(pair[::-1])))
    ]
    return Carry(small, large, contrasts, tuple(counted), len(common) - len(counted))


@dataclass(frozen=True)
class _Difference:
    a: str
    b: str
    mean: float
    word: str
    pairs: int


def _all_pairs(side: Side) -> Mapping[tuple[str, str], _Difference]:
    """Judge every pair of a grid at once, as a grid is judged that asks for all pairs."""
    outcomes = judged(replace(side.manifest, compare="all"), side.losses).outcomes
    return {each.pair: _difference(each) for each in outcomes}


def _difference(outcome: Outcome) -> _Difference:
    contrast = outcome.contrast
    mean = float(contrast.differences.mean()) if contrast.pairs else 0.0
    # Of runs that are not paired the interval has a difference of its own.
    mean = mean if outcome.interval is None else outcome.interval.estimate
    # What is left of losses that cancel is no order.
    mean = 0.0 if abs(mean) <= ROUNDING * max([1.0, *map(abs, contrast.a_losses)]) else mean
    return _Difference(contrast.a, contrast.b, mean, str(outcome.word), contrast.pairs)


def _turned(each: _Difference) -> _Difference:
    word = {"better": "worse", "worse": "better"}.get(each.word, each.word)
    return _Difference(each.b, each.a, -each.mean, word, each.pairs)


def _counts(side: Side, difference: _Difference | None) -> bool:
    if difference is None or not difference.pairs:
        return False
    diverged = {each.variant for each in side.manifest.cells if each.status == "diverged"}
    return diverged.isdisjoint({difference.a, difference.b})


def _pair(small: _Difference, large: _Difference) -> Pair:
    return Pair(small.a, small.b, small.mean, large.mean, (small.word, large.word))


def _state(below: Side, above: Side, name: str) -> State:
    small, large = below.claims[name], above.claims[name]
    known = (small.verdict in RESOLVED, large.verdict in RESOLVED)
    if known == (True, True):
        return _both_resolved(small, large, tokenizers(below.manifest), tokenizers(above.manifest))
    if known == (True, False):
        return "small_only"
    return "large_only" if known[1] else "open"


def _both_resolved(
    small: Claim, large: Claim, tokens_below: Sequence[str], tokens_above: Sequence[str]
) -> State:
    if small.verdict == large.verdict:
        return "holds"
    if {small.verdict, large.verdict} == {*DIRECTIONS}:
        return "flips"
    # Nats per token of two tokenizers are two units, and intervals that overlap show no change.
    return "differs" if tokens_below == tokens_above and _apart(small, large) else "open"


def _apart(one: Claim, other: Claim) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low
