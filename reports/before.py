"""How far seeds spread in finished grids that are like one that is planned."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reports.estimates import Array
from reports.judged import judged_length
from reports.manifest import Manifest
from reports.siblings import finished, recipe

RESULTS = Path("results")
FEWEST_DEGREES = 5
FEWEST_SEEDS = 2
SAME_FUNCTION = 1e-6  # nats; variants that differ by rounding alone say nothing about noise


@dataclass(frozen=True)
class Asked:
    """What is planned.

    Fields:
        preset, data, tokens, length: of its cells: scale, digest of the text, tokens that one cell
            sees, length of the evaluation that judges (None: the trained one).
        final: last or tail: which validations are judged.
        looks: numbers of seeds at which it is judged; one where all are trained at once.
        contrasts: comparisons of its family.
        margin: nats per token; None: it has none.
        interval: floored or paired.
        name: of its results.
        was_judged: whether its contrasts were judged before with other seeds.
    """

    preset: str
    data: str
    tokens: int
    length: int | None
    final: str
    looks: tuple[int, ...]
    contrasts: int
    margin: float | None
    interval: str
    name: str = ""
    was_judged: bool = False


@dataclass(frozen=True)
class Noise:
    """How far seeds spread in earlier runs like the planned ones.

    Fields:
        seed: standard deviation of a loss between seeds.
        difference: standard deviation of a difference that is paired by seed, pooled.
        low, high: the same of a calm and of a noisy contrast: a fifth of them lie below, above.
        degrees: of freedom of the differences.
        grids: that they are from.
        tokens: that one of their cells saw.
    """

    seed: float
    difference: float
    low: float
    high: float
    degrees: int
    grids: tuple[str, ...]
    tokens: int

    @property
    def paired_off(self) -> float:
        """The share of the variance that pairing took off: 1 - var(D) / (2 var(Y))."""
        return 1 - self.difference**2 / (2 * self.seed**2)


def noise(asked: Asked, results: Path = RESULTS) -> Noise | None:
    """Return the noise of the grid's own results, else of grids like it; None below 5 degrees.

    Of grids that saw other numbers of tokens the nearest are taken, where none saw as many. Each
    pair of recipes counts once, however many grids hold it.
    """
    by_tokens: dict[int, dict[tuple[str, ...], _Pair]] = {}
    for tokens, manifest, table in _alike(asked, results):
        seen = by_tokens.setdefault(tokens, {})
        for key, pair in _pairs_of(manifest, table):
            if manifest.name == asked.name or key not in seen:
                seen[key] = pair
    for tokens in sorted(by_tokens, key=lambda each: abs(math.log(each / max(1, asked.tokens)))):
        pairs = [*by_tokens[tokens].values()]
        own = [each for each in pairs if each.grid == asked.name]
        found = _noise(own, tokens) or _noise(pairs, tokens)
        if found is not None:
            return found
    return None


@dataclass(frozen=True)
class _Pair:
    """Losses of a variant and of its baseline, and their differences [seeds]."""

    grid: str
    losses: Array
    baseline: Array
    differences: Array


def _pairs_of(
    manifest: Manifest, table: Mapping[str, Mapping[int, float]]
) -> Iterator[tuple[tuple[str, ...], _Pair]]:
    base = table[manifest.baseline]
    recipes = {each.name: recipe(manifest, each.name) for each in manifest.variants}
    for name, own in table.items():
        seeds = [seed for seed in own if seed in base]
        differences = np.array([own[seed] - base[seed] for seed in seeds])
        if len(seeds) < FEWEST_SEEDS or float(np.std(differences, ddof=1)) < SAME_FUNCTION:
            continue  # the baseline itself, and what is the same function
        key = (manifest.code, *sorted((recipes[name], recipes[manifest.baseline])))
        ours, theirs = (np.array([of[seed] for seed in seeds]) for of in (own, base))
        yield key, _Pair(manifest.name, ours, theirs, differences)


def _noise(pairs: Sequence[_Pair], tokens: int) -> Noise | None:
    difference, degrees = _pooled([each.differences for each in pairs])
    if degrees < FEWEST_DEGREES:
        return None
    each = [float(np.std(one.differences, ddof=1)) for one in pairs]
    seed, _ = _pooled([losses for one in pairs for losses in (one.losses, one.baseline)])
    low, high = (float(np.quantile(each, share)) for share in (0.2, 0.8))
    grids = tuple(dict.fromkeys(one.grid for one in pairs))
    return Noise(seed, difference, low, high, degrees, grids, tokens)


def _pooled(samples: Sequence[Array]) -> tuple[float, int]:
    degrees = sum(len(each) - 1 for each in samples)
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in samples)
    return (math.sqrt(squares / degrees), degrees) if degrees else (0.0, 0)


def _alike(
    asked: Asked, results: Path
) -> Iterator[tuple[int, Manifest, dict[str, dict[int, float]]]]:
    for manifest, cells in finished(results):
        training = manifest.training
        tokens = training.get("tokens_per_step", 0) * training.get("steps", 0)
        judge = (judged_length(manifest), manifest.final)
        like = (manifest.preset, manifest.data.get("digest"), *judge)
        if not tokens or like != (asked.preset, asked.data, asked.length, asked.final):
            continue
        table: dict[str, dict[int, float]] = {each.name: {} for each in manifest.variants}
        for variant, seed, loss in cells.select("variant", "seed", "loss").iter_rows():
            table[variant][seed] = loss
        yield tokens, manifest, table
