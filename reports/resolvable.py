"""What a grid can find, told before it trains; `python -m reports.resolvable preset=laptop ...`."""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from reports import numbers
from reports.errors import Problem, UserError, nearest
from reports.estimates import ALPHA, Array, floored_critical, paired_critical
from reports.judged import judged_length
from reports.manifest import Manifest, read_manifest
from reports.power import MOST_SEEDS, POWER, power
from reports.wording import listed

USAGE = """usage: python -m reports.resolvable preset=NAME data=DIGEST tokens=N seeds=5 \
contrasts=2 [margin=0.01] [interval=floored] [length=N]

Prints, as JSON, the smallest difference that so many seeds can resolve. The noise is that of
finished grids of the same preset, text and tokens under results/; without any, a published range.

  seeds=3,5,10   the looks of a grid that declares them; one number where it does not
"""

KEYS = ("preset", "data", "tokens", "seeds", "contrasts", "margin", "interval", "length")
RESULTS = Path("results")
FEWEST_DEGREES = 5
PUBLISHED = (0.0005, 0.004)
"""Standard deviation of final losses between runs of one recipe, nats per token: the smallest and
the largest of 90 recipes in the public logs of modded-nanogpt, a 124M-class GPT."""

STEPS = 60  # of the bisection for a difference


@dataclass(frozen=True)
class Asked:
    """What is planned.

    Fields:
        preset, data, tokens, length: of its cells: scale, digest of the text, tokens that one cell
            sees, length of the evaluation that judges (None: the trained one).
        looks: numbers of seeds at which it is judged; one where all are trained at once.
        contrasts: comparisons of its family.
        margin: nats per token; None: it has none.
        interval: floored or paired.
    """

    preset: str
    data: str
    tokens: int
    length: int | None
    looks: tuple[int, ...]
    contrasts: int
    margin: float | None
    interval: str


@dataclass(frozen=True)
class Noise:
    """How far seeds spread in earlier runs like the planned ones.

    Fields:
        seed: standard deviation of a loss between seeds.
        difference: standard deviation of a difference that is paired by seed.
        degrees: of freedom of the second.
        grids: that they are from.
    """

    seed: float
    difference: float
    degrees: int
    grids: tuple[str, ...]

    @property
    def paired_off(self) -> float:
        """The share of the variance that pairing took off: 1 - var(D) / (2 var(Y))."""
        return 1 - self.difference**2 / (2 * self.seed**2)


def noise(asked: Asked, results: Path = RESULTS) -> Noise | None:
    """Pool the noise of finished grids that are like the planned one; None below 5 degrees.

    Each pair of recipes counts once, however many grids hold it.
    """
    losses: list[Array] = []
    differences: list[Array] = []
    names: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for manifest, table in _alike(asked, results):
        base = table[manifest.baseline]
        recipes = {each.name: json.dumps(dict(each.settings), sort_keys=True)
                   for each in manifest.variants}  # fmt: skip
        for name, own in table.items():
            key = (manifest.code, *sorted((recipes[name], recipes[manifest.baseline])))
            seeds = [seed for seed in own if seed in base]
            if len(seeds) > 1 and key not in seen:
                seen.add(key)
                names[manifest.name] = None
                losses.append(np.array([own[seed] for seed in seeds]))
                if name != manifest.baseline:
                    differences.append(np.array([own[seed] - base[seed] for seed in seeds]))
    seed, _ = _pooled(losses)
    difference, degrees = _pooled(differences)
    if degrees < FEWEST_DEGREES or not seed or not difference:
        return None
    return Noise(seed, difference, degrees, tuple(names))


def _pooled(samples: Sequence[Array]) -> tuple[float, int]:
    degrees = sum(len(each) - 1 for each in samples)
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in samples)
    return (math.sqrt(squares / degrees), degrees) if degrees else (0.0, 0)


def _alike(asked: Asked, results: Path) -> Iterator[tuple[Manifest, dict[str, dict[int, float]]]]:
    for path in sorted(results.glob("*/manifest.json")):
        try:
            manifest = read_manifest(path)
            cells = pl.read_parquet(path.with_name("cells.parquet"))
        except (UserError, OSError, pl.exceptions.PolarsError):
            continue  # its own report says what is wrong
        training = manifest.training
        tokens = training.get("tokens_per_step", 0) * training.get("steps", 0)
        like = (manifest.preset, manifest.data.get("digest"), tokens, judged_length(manifest))
        if like != (asked.preset, asked.data, asked.tokens, asked.length):
            continue
        finished = cells.filter((pl.col("status") == "complete") & pl.col("loss").is_finite())
        table: dict[str, dict[int, float]] = {each.name: {} for each in manifest.variants}
        for variant, seed, loss in finished.select("variant", "seed", "loss").iter_rows():
            table[variant][seed] = loss
        yield manifest, table


def critical_of(asked: Asked, seeds: int) -> float:
    """Return the critical value of the family at so many seeds, its alpha shared by the looks."""
    alpha = ALPHA / len(asked.looks)
    floored = None
    if asked.interval == "floored":
        floored = floored_critical(asked.contrasts, seeds, alpha)
    return paired_critical(asked.contrasts, seeds, alpha) if floored is None else floored


def resolvable(asked: Asked, seeds: int, deviation: float) -> float:
    """Return the smallest true difference that is resolved with power 0.8.

    Args:
        asked: the family.
        seeds: of every variant.
        deviation: standard deviation of a paired difference.
    """
    critical = critical_of(asked, seeds)
    low, high = 0.0, deviation * (critical + 10)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if power(middle, deviation, seeds, critical) < POWER:
            low = middle
        else:
            high = middle
    return high


def seeds_for(asked: Asked, deviation: float) -> int | None:
    """Return the fewest seeds, all trained at once, that resolve the margin; None above 50."""
    if asked.margin is None:
        return None
    for seeds in range(2, MOST_SEEDS + 1):
        if power(asked.margin, deviation, seeds, critical_of(asked, seeds)) >= POWER:
            return seeds
    return None


def answer(asked: Asked, found: Noise | None) -> dict[str, Any]:
    """Return what the grid can find, with the sentences that say so."""
    if asked.looks[-1] < 2:  # noqa: PLR2004 - one seed has no interval
        return {"source": None, "sentences": ["One seed resolves no difference."]}
    deviations = _deviations(found)
    last = asked.looks[-1]
    ranges = {
        seeds: [resolvable(asked, seeds, each) for each in deviations] for seeds in asked.looks
    }
    return {
        "source": "own" if found else "published",
        "grids": list(found.grids) if found else [],
        "seed_sd": [found.seed] if found else list(PUBLISHED),
        "difference_sd": deviations,
        "paired_off": found.paired_off if found else None,
        "resolvable": [{"seeds": seeds, "difference": each} for seeds, each in ranges.items()],
        "sentences": [
            _what(asked, ranges[last]),
            _whence(found),
            *_at_margin(asked, deviations, ranges[last]),
        ],
    }


def _deviations(found: Noise | None) -> list[float]:
    """Return standard deviations of a difference; elsewhere's have no pairing to count on."""
    return [found.difference] if found else [each * math.sqrt(2) for each in PUBLISHED]


def _what(asked: Asked, ends: Sequence[float]) -> str:
    seeds, many = asked.looks[-1], asked.contrasts
    comparisons = "one comparison" if many == 1 else f"{many} comparisons"
    looks = "" if len(asked.looks) == 1 else f", judged at {len(asked.looks)} looks"
    return (
        f"With {seeds} seeds and {comparisons}{looks}, a true difference of {_between(ends)} nats "
        "per token would be resolved in 80 of 100 cases."
    )


def _between(ends: Sequence[float]) -> str:
    if len(ends) == 1:
        return f"about {_short(ends[0])}"
    return f"{_short(ends[0])} to {_short(ends[1])}"


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def _whence(found: Noise | None) -> str:
    if found is None:
        low, high = PUBLISHED
        return (
            "Nothing like it was trained here yet, so this is a range from elsewhere: final losses "
            f"of one recipe had a standard deviation of {low} to {high} nats between runs (logs of "
            "modded-nanogpt, 124M parameters). Small models with short runs are noisier."
        )
    share = found.paired_off
    took = f"took {numbers.percent(share)} off" if share > 0 else "took nothing off"
    return (
        f"The noise is that of {listed(found.grids, limit=3)} at the same preset: seeds spread by "
        f"{_short(found.seed)}, paired differences by {_short(found.difference)} "
        f"({found.degrees} degrees of freedom); pairing {took} their variance."
    )


def _at_margin(asked: Asked, deviations: Sequence[float], ends: Sequence[float]) -> Iterator[str]:
    margin = asked.margin
    if margin is None or ends[0] <= margin:
        return
    needed = seeds_for(asked, deviations[0])
    more = f"more than {MOST_SEEDS}" if needed is None else f"about {needed}"
    which = "" if len(ends) == 1 else " even at the lower end"
    yield (
        f"That is above the margin of {margin:g}{which}: differences of that size will mostly stay "
        f"unresolved. It would take {more} seeds."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 for bad input."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--help" in given or "-h" in given:
        sys.stdout.write(USAGE)
        return 0
    try:
        asked = _asked(_pairs(given))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(answer(asked, noise(asked)), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")
    return 0


def _pairs(given: Sequence[str]) -> Mapping[str, str]:
    found = dict(each.partition("=")[::2] for each in given)
    problems = [
        Problem("unknown argument", "command line", key, "", nearest(key, KEYS))
        for key in found
        if key not in KEYS
    ]
    problems += [
        Problem("an argument is missing", "command line", key)
        for key in KEYS[:5]
        if not found.get(key)
    ]
    if problems:
        raise UserError(*problems)
    return found


def _asked(given: Mapping[str, str]) -> Asked:
    try:
        looks = tuple(int(each) for each in given["seeds"].split(","))
        return Asked(
            preset=given["preset"],
            data=given["data"],
            tokens=int(given["tokens"]),
            length=int(given["length"]) if given.get("length") else None,
            looks=looks,
            contrasts=int(given["contrasts"]),
            margin=float(given["margin"]) if given.get("margin") else None,
            interval=given.get("interval") or "floored",
        )
    except ValueError as error:
        problem = Problem(f"no number: {error}", "command line", hints=(USAGE.splitlines()[0],))
        raise UserError(problem) from None


if __name__ == "__main__":
    sys.exit(main())
