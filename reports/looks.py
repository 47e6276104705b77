"""Seeds until decided: the looks that a grid declared are judged in turn, and a decision stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from reports.claims import Looked, Word
from reports.contrasts import Contrast, Losses, family_of
from reports.deciding import word_of
from reports.estimates import Interval, holm, paired_p
from reports.intervals import (
    FEWEST_PAIRS,
    Method,
    Settled,
    intervals,
    method_of,
    shares_of,
)
from reports.manifest import Manifest

Pair = tuple[str, str]
OPEN = {"unresolved", "one_seed"}


@dataclass(frozen=True)
class Outcome:
    """What is said of a contrast, on the seeds of the look that it was decided at.

    Fields:
        contrast: cut to these seeds.
        interval: None where there is none.
        method: of the interval.
        word: the verdict.
        decided_at: seeds of the declared look; None without declared looks, or while it is open.
    """

    contrast: Contrast
    interval: Interval | None
    method: Method
    word: Word
    decided_at: int | None

    @property
    def pair(self) -> Pair:
        """The two variants."""
        return self.contrast.a, self.contrast.b


@dataclass(frozen=True)
class Round:
    """A family that was judged together.

    Fields:
        seeds: of the declared look; None without declared looks, and of what no look covers yet.
        manifest: with the cells of these seeds alone.
        contrasts: the whole family, those decided before as `Settled`.
    """

    seeds: int | None
    manifest: Manifest
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True)
class Judgement:
    """The outcome of every contrast, and the rounds in which they were reached."""

    outcomes: tuple[Outcome, ...]
    rounds: tuple[Round, ...]


def judged(manifest: Manifest, losses: Losses) -> Judgement:
    """Judge a grid: once, or at each look that it declared.

    At a look of S seeds the contrasts that are still open are judged on the first S seeds in the
    grid's order, with alpha / K for K declared looks, c*(m, S) for all m contrasts, and the
    variances of all of them in the floor. By Bonferroni over the looks all verdicts hold together
    with 95 %, whatever made a contrast stop.
    """
    return _judged(manifest, losses, lambda outcome, _: outcome.word not in OPEN)


def followed(manifest: Manifest, losses: Losses, decided: Mapping[Pair, int | None]) -> Judgement:
    """Judge other losses of the same cells at the looks at which contrasts were decided by theirs.

    Args:
        manifest: of the grid.
        losses: of another evaluation.
        decided: contrast -> seeds of the look at which the evaluation that judges decided it; None
            while it is open.
    """
    return _judged(manifest, losses, lambda outcome, seeds: decided.get(outcome.pair) == seeds)


def looks_taken(manifest: Manifest) -> tuple[int, ...]:
    """Return the declared looks, in order, that have all the cells that were asked for."""
    declared = sorted(manifest.looks.declared or ())
    within = [size for size in declared if size <= len(manifest.seeds)]
    if manifest.looks.taken is not None:
        return tuple(size for size in within if size in manifest.looks.taken)
    absent = {each.seed for each in manifest.cells if each.status == "missing"}
    return tuple(size for size in within if absent.isdisjoint(manifest.seeds[:size]))


def asked_seeds(manifest: Manifest) -> dict[str, int]:
    """Return variant -> how many of its cells were asked for; decided ones are asked no further."""
    asked = dict.fromkeys((each.name for each in manifest.variants), 0)
    for cell in manifest.cells:
        asked[cell.variant] += 1
    return asked


def looked(manifest: Manifest, judgement: Judgement, seconds: float | None) -> Looked | None:
    """Return how far the looks of a grid went; None where it declared none.

    Args:
        manifest: of the grid.
        judgement: of it.
        seconds: that a cell takes; None if unknown.
    """
    declared = manifest.looks.declared
    if not declared:
        return None
    still = tuple(each.pair for each in judgement.outcomes if each.decided_at is None)
    needed = {name for pair in still for name in pair}
    most = max(declared)
    saved = sum(
        max(0, most - asked) for name, asked in asked_seeds(manifest).items() if name not in needed
    )
    return Looked(
        tuple(sorted(declared)),
        looks_taken(manifest),
        manifest.looks.stopped,
        still,
        most * len(manifest.variants),
        saved,
        None if seconds is None else saved * seconds,
    )


def adjusted_p(judgement: Judgement) -> Mapping[Pair, float]:
    """Return the p-values of the paired t with Holm's correction, of the look of each verdict."""
    looks = {each.pair: each.decided_at for each in judgement.outcomes}
    adjusted = dict(_holm([each.contrast for each in judgement.outcomes]))
    for each in judgement.rounds:
        if each.seeds is not None:
            at = _holm(each.contrasts)
            adjusted |= {pair: p for pair, p in at.items() if looks[pair] == each.seeds}
    return adjusted


def _judged(
    manifest: Manifest, losses: Losses, decides: Callable[[Outcome, int], bool]
) -> Judgement:
    if manifest.looks.declared is None:
        whole = Round(None, manifest, family_of(manifest, losses))
        return Judgement(tuple(_outcomes(whole).values()), (whole,))
    decided: dict[Pair, Outcome] = {}
    rounds: list[Round] = []
    outcomes: dict[Pair, Outcome] = {}
    for seeds in looks_taken(manifest):
        rounds.append(_round(manifest, losses, seeds, decided))
        outcomes = _outcomes(rounds[-1])
        decided |= {
            pair: replace(each, decided_at=seeds)
            for pair, each in outcomes.items()
            if pair not in decided and decides(each, seeds)
        }
    if manifest.state == "partial" or not rounds:
        outcomes = _between(manifest, losses)
    order = [(each.a, each.b) for each in family_of(manifest, losses)]
    return Judgement(tuple((outcomes | decided)[pair] for pair in order), tuple(rounds))


def _round(
    manifest: Manifest, losses: Losses, seeds: int, decided: Mapping[Pair, Outcome]
) -> Round:
    here = _cut(manifest, seeds)
    kept = set(manifest.seeds[:seeds])
    within = {
        name: {seed: loss for seed, loss in own.items() if seed in kept}
        for name, own in losses.items()
    }
    contrasts = tuple(
        _settled(decided[each.a, each.b].contrast) if (each.a, each.b) in decided else each
        for each in family_of(here, within)
    )
    return Round(seeds, here, contrasts)


def _cut(manifest: Manifest, seeds: int) -> Manifest:
    """Leave the cells of the first seeds; a look that was taken is complete, whatever follows."""
    kept = set(manifest.seeds[:seeds])
    cells = tuple(each for each in manifest.cells if each.seed in kept)
    return replace(manifest, cells=cells, state="complete")


def _settled(contrast: Contrast) -> Settled:
    return Settled(**{each.name: getattr(contrast, each.name) for each in fields(Contrast)})


def _between(manifest: Manifest, losses: Losses) -> dict[Pair, Outcome]:
    """Judge nothing on the way to the next look: an interval that holds whenever one looks."""
    partial = replace(manifest, state="partial")
    return _outcomes(Round(None, partial, family_of(partial, losses)))


def _outcomes(one: Round) -> dict[Pair, Outcome]:
    shares = shares_of(one.manifest, one.contrasts)
    usual = method_of(one.manifest, shares.against_baseline, shares.floored_alpha)
    found = intervals(one.contrasts, one.manifest)
    outcomes: dict[Pair, Outcome] = {}
    for each in one.contrasts:
        interval, method = found.get((each.a, each.b), (None, usual))
        word = word_of(each, interval, one.manifest)
        outcomes[each.a, each.b] = Outcome(each, interval, method, word, None)
    return outcomes


def _holm(contrasts: Sequence[Contrast]) -> Mapping[Pair, float]:
    tested = [
        each
        for each in contrasts
        if each.pairs >= FEWEST_PAIRS and not each.is_identical and not each.has_no_variance
    ]
    adjusted = holm([paired_p(each.differences) for each in tested])
    return {(each.a, each.b): p for each, p in zip(tested, adjusted, strict=True)}
