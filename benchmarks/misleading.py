"""python -m benchmarks.misleading: what it costs to draw every usual view of a grid's curves.

Prints the CPU seconds for 15 cells of 10,000 steps (3 variants, 5 seeds: 16,200 views of two
contrasts), and, measured in the same run, how many times longer plain loops take for a view: they
draw a fraction of the smoothings of one pair.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reports.views import USUAL, look
from tests.pictures import views

SEEDS, VARIANTS, STEPS = 5, 3, 10_000
TOKENS_PER_STEP = 8192
FRACTION = ("ema 0.9", "mean 11")
"""Smoothings that the loops draw: 2 of 9."""


def grid(generator: np.random.Generator) -> NDArray[np.float64]:
    """Return synthetic losses [cells, steps]; cells of a seed share the noise of their batches."""
    fall = 3 + 2 * np.exp(-5 * np.arange(STEPS) / STEPS)
    batches = np.repeat(generator.normal(0, 0.05, (SEEDS, STEPS)), VARIANTS, axis=0)
    own = generator.normal(0, 0.02, (SEEDS * VARIANTS, STEPS))
    return np.asarray(fall + batches + own)


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Measure both and print one line for each."""
    curves = grid(np.random.default_rng(0))
    x = TOKENS_PER_STEP * np.arange(1.0, STEPS + 1)
    pairs = [(VARIANTS * seed + v, VARIANTS * seed) for seed in range(SEEDS) for v in (1, 2)]
    many = len(pairs) * int(np.prod([len(each) for each in USUAL.factors.values()]))
    all_of_them = seconds(lambda: look(x, curves, pairs))
    one, other, places = curves[1].tolist(), curves[0].tolist(), x.tolist()
    by_loop = seconds(lambda: views(places, one, other, FRACTION))
    few = 1620 * len(FRACTION) // len(USUAL.smoothings)
    ratio = (by_loop / few) / (all_of_them / many)
    sys.stdout.write(
        f"all views      {all_of_them:6.2f} CPU s   {many:,} views, "
        f"{len(curves)} cells of {STEPS:,} steps\n"
        f"plain loops    {by_loop:6.2f} CPU s   {few:,} views, 2 cells of {STEPS:,} steps\n"
        f"ratio a view   {ratio:6.1f}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
