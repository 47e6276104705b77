"""What a grid can find, told before it trains; `python -m reports.resolvable preset=laptop ...`."""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports import numbers
from reports.before import Asked, Noise, noise
from reports.errors import Problem, UserError, nearest
from reports.estimates import (
    ALPHA,
    always_valid_critical,
    floored_critical,
    paired_critical,
)
from reports.power import MOST_SEEDS, POWER, power
from reports.process import as_process
from reports.wording import listed

USAGE = """usage: python -m reports.resolvable preset=NAME data=DIGEST tokens=N seeds=5 \
contrasts=2 [margin=0.01] [interval=floored] [length=N] [final=last]

Prints, as JSON, the smallest difference that so many seeds can resolve. The noise is that of
results/NAME where it has enough of it, else of finished grids of the same preset and text under
results/, those of the nearest number of tokens; without any, a published range.

  seeds=3,5,10   the looks of a grid that declares them; one number where it does not
  name=NAME      its results, if there are any
  looked=yes     its contrasts were judged before with other seeds
"""

NEEDED = ("preset", "data", "tokens", "seeds", "contrasts")
KEYS = (*NEEDED, "margin", "interval", "length", "final", "name", "looked")
PUBLISHED = (0.0005, 0.004)
"""Standard deviation of final losses between runs of one recipe, nats per token: the smallest and
the largest of 90 recipes in the public logs of modded-nanogpt, a 124M-class GPT."""

STEPS = 60  # of the bisection for a difference
ALIKE = 1.5  # contrasts whose deviations lie within this factor have one


def critical_of(asked: Asked, seeds: int) -> float:
    """Return the critical value of the family at so many seeds, its alpha shared by the looks.

    Infinite for few seeds of contrasts that were judged before with others.
    """
    if asked.was_judged:
        return always_valid_critical(seeds, asked.contrasts)
    alpha = ALPHA / len(asked.looks)
    floored = None
    if asked.interval == "floored":
        floored = floored_critical(asked.contrasts, seeds, alpha)
    return paired_critical(asked.contrasts, seeds, alpha) if floored is None else floored


def resolvable(asked: Asked, seeds: int, deviation: float) -> float:
    """Return the smallest true difference that is resolved with power 0.8; infinite if none is.

    Args:
        asked: the family.
        seeds: of every variant.
        deviation: standard deviation of a paired difference.
    """
    critical = critical_of(asked, seeds)
    if math.isinf(critical):
        return math.inf
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
        "resolvable": [
            {"seeds": seeds, "difference": [_finite(each) for each in ends]}
            for seeds, ends in ranges.items()
        ],
        "sentences": [
            _what(asked, ranges[last]),
            _whence(found, asked),
            *_at_margin(asked, deviations, ranges[last]),
        ],
    }


def _deviations(found: Noise | None) -> list[float]:
    """Return standard deviations of a difference: one, or the ends of a range.

    Elsewhere's have no pairing to count on.
    """
    if found is None:
        return [each * math.sqrt(2) for each in PUBLISHED]
    return [found.difference] if found.high <= ALIKE * found.low else [found.low, found.high]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _what(asked: Asked, ends: Sequence[float]) -> str:
    seeds, many = asked.looks[-1], asked.contrasts
    comparisons = "one comparison" if many == 1 else f"{many} comparisons"
    looks = "" if len(asked.looks) == 1 else f", judged at {len(asked.looks)} looks"
    if math.isinf(ends[0]):
        return (
            f"{seeds} seeds resolve nothing here: these contrasts were judged before with others, "
            "and intervals that allow for that need more."
        )
    judged = ", in contrasts that were judged before" if asked.was_judged else ""
    looks += judged
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


def _whence(found: Noise | None, asked: Asked) -> str:
    if found is None:
        low, high = PUBLISHED
        return (
            "Too little like it was trained here, so this is a range from elsewhere: final losses "
            f"of one recipe had a standard deviation of {low} to {high} nats between runs (logs of "
            "modded-nanogpt, 124M parameters). Small models with short runs are noisier."
        )
    share = found.paired_off
    took = f"took {numbers.percent(share)} off" if share > 0 else "took nothing off"
    deviations = " to ".join(map(_short, _deviations(found)))
    seen = "" if found.tokens == asked.tokens else f", after {numbers.amount(found.tokens)} tokens"
    return (
        f"The noise is that of {listed(found.grids, limit=3)} at the same preset{seen}: seeds "
        "spread by "
        f"{_short(found.seed)}, paired differences by {deviations} "
        f"({found.degrees} degrees of freedom); pairing {took} their variance."
    )


def _at_margin(asked: Asked, deviations: Sequence[float], ends: Sequence[float]) -> Iterator[str]:
    margin = asked.margin
    if margin is None or ends[0] <= margin or math.isinf(ends[0]):
        return
    needed = seeds_for(asked, deviations[0])
    more = f"more than {MOST_SEEDS}" if needed is None else f"about {needed}"
    which, least = ("", "") if len(ends) == 1 else (" even for a calm contrast", " at least")
    yield (
        f"That is above the margin of {margin:g}{which}: differences of that size will mostly stay "
        f"unresolved. It would take {more} seeds{least}."
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
        for key in NEEDED
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
            final=given.get("final") or "last",
            looks=looks,
            contrasts=int(given["contrasts"]),
            margin=float(given["margin"]) if given.get("margin") else None,
            interval=given.get("interval") or "floored",
            name=given.get("name", ""),
            was_judged=given.get("looked") == "yes",
        )
    except ValueError as error:
        problem = Problem(f"no number: {error}", "command line", hints=(USAGE.splitlines()[0],))
        raise UserError(problem) from None


if __name__ == "__main__":
    as_process(main)
