"""What a report concludes, as frozen values; the words are made in `wording` and `headlines`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reports.details import Details

Word = Literal["better", "worse", "equivalent", "unresolved", "diverged", "identical", "one_seed"]
Kind = Literal[
    "not_run",
    "not_finished",
    "search",
    "no_cells",
    "no_baseline",
    "one_seed",
    "identical",
    "equivalent",
    "wins",
    "set",
    "partly",
    "unresolved",
]


@dataclass(frozen=True)
class Claim:
    """The verdict of one contrast. Differences are a - b in nats per token, negative: a is better.

    Fields:
        a: the variant.
        b: the one it is compared with.
        verdict: one of seven words.
        text: its sentence.
        difference: mean over the paired seeds; None without a pair.
        low: lower limit; None where there is no interval.
        high: upper limit.
        level: at which all intervals of the grid hold at once.
        pairs: seeds that both finished.
        wins: pairs in which a has the lower loss.
        interval: floored, paired, always-valid, or welch of runs that are not paired; without pairs
            wins is 0 and differences are empty.
        holm_p: p-value of the paired t, adjusted for all comparisons; a detail, never a verdict.
        margin: smallest difference of interest.
        flip_probability: chance that one fresh seed orders the two the other way.
        median: of the differences.
        rho: what pairing by seed took off the noise, 1 - var(a - b) / (var(a) + var(b)).
        seeds_needed: in all, to resolve a difference of the margin: from the estimated noise, and
            from its 80 % upper limit (None: more than 50). None unless unresolved.
        seeds_for_seen: the same, to resolve a difference as large as the one seen where that is
            larger than the margin.
        comparisons: contrasts in the family.
        critical: multiple of the standard error that the interval reaches.
        size: whether the whole interval lies beyond or inside the margin.
        documents: limits on other documents of this kind; None where documents do not pair.
        seeds: that are paired.
        differences: one for each of them.
        decided_at: seeds of the declared look at which it was decided; None where the grid declared
            no looks, or while it is open.
        details: what other rules say, for machines.
    """

    a: str
    b: str
    verdict: Word
    text: str
    difference: float | None
    low: float | None
    high: float | None
    level: float
    pairs: int
    wins: int
    interval: Literal["floored", "paired", "always-valid", "welch"]
    holm_p: float | None
    margin: float | None
    flip_probability: float | None
    median: float | None
    rho: float | None
    seeds_needed: tuple[int | None, int | None] | None
    seeds_for_seen: tuple[int | None, int | None] | None
    comparisons: int
    critical: float | None
    size: Literal["beyond", "inside"] | None
    documents: tuple[float, float] | None
    seeds: tuple[int, ...]
    differences: tuple[float, ...]
    decided_at: int | None
    details: Details | None = None


@dataclass(frozen=True)
class Looked:
    """How far a grid went that adds seeds until its contrasts are decided.

    Fields:
        declared: numbers of seeds at which it looks.
        taken: those at which it has looked.
        stopped: why it takes no further look; None while it may.
        open: contrasts that are not decided, as (a, b).
        cells: that training every variant with the seeds of the last look takes.
        saved: those of them that decided contrasts need no more.
        saved_seconds: that these would have taken, at the median time of a cell.
    """

    declared: tuple[int, ...]
    taken: tuple[int, ...]
    stopped: Literal["decided", "exhausted", "budget"] | None
    open: tuple[tuple[str, str], ...]
    cells: int
    saved: int
    saved_seconds: float | None


@dataclass(frozen=True)
class Caveat:
    """Something a reader must know before believing; `anchor` is the section that shows it."""

    kind: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Reported:
    """What somebody else claimed about a variant, against the verdicts.

    Fields:
        variant: its name.
        said: better, worse, equal, or between two others.
        answer: whether the verdicts say the same.
        text: its sentence.
        source: who claimed it.
    """

    variant: str
    said: str
    answer: Literal["agrees", "disagrees", "cannot tell"]
    text: str
    source: str | None


@dataclass(frozen=True)
class Verdict:
    """The conclusion of a grid.

    Fields:
        kind: which headline applies.
        text: the headline, the same in terminal, page and JSON.
        lead: its decisive words, a part of `text`.
        scope: what the verdict is about, and what it is not.
        set: variants that could be the best, in grid order; empty where none is named.
        claims: every contrast against the baseline in grid order, then further pairs.
        caveats: worst first.
        reported: what others claimed.
        looks: how far a grid with declared looks went; None of any other.
        effects: sentences about main effects and interactions, of a grid that is a full product.
        robust: which verdicts no second look contradicts.
    """

    kind: Kind
    text: str
    lead: tuple[str, ...]
    scope: str
    set: tuple[str, ...]
    claims: tuple[Claim, ...]
    caveats: tuple[Caveat, ...]
    reported: tuple[Reported, ...]
    looks: Looked | None
    effects: tuple[str, ...] = ()
    robust: tuple[str, ...] = ()

    def as_json(self) -> Mapping[str, Any]:
        """Return plain values, tuples as lists."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
