"""What the best of k trials of a search is expected to reach, from n trials that were run.

A description of a search, never a verdict: its winner is chosen by its luck as well.
"""

import math

import numpy as np

from reports.estimates import Array


def expected_best(losses: Array, trials: int) -> float:
    """Return the expected lowest loss of `trials` different ones of those that were run.

    Unbiased; at k = n it is the lowest loss itself, so that beyond n/2 it says little.
    Formula: sum_i y_(i) C(n-i, k-1) / C(n, k), y ascending.
    Shapes: losses [trials that were run].

    Raises:
        ValueError: `trials` is not between 1 and those that were run.
    Source: Tang et al. 2020, arXiv 2004.13705.
    """
    many = _checked(losses, trials)
    shares = [math.comb(many - rank, trials - 1) for rank in range(1, many + 1)]
    weights = np.array([share / math.comb(many, trials) for share in shares])
    return float(np.sort(losses) @ weights)


def expected_best_dodge(losses: Array, trials: int) -> float:
    """Return Dodge's expected lowest loss of `trials` draws, with replacement: biased upwards.

    Formula: sum_i y_(i) [((n-i+1)/n)^k - ((n-i)/n)^k], y ascending.
    Shapes: losses [trials that were run].

    Raises:
        ValueError: `trials` is not between 1 and those that were run.
    Source: Dodge et al. 2019, arXiv 1909.03004.
    """
    many = _checked(losses, trials)
    left = np.arange(many, -1, -1) / many
    return float(np.sort(losses) @ (left[:-1] ** trials - left[1:] ** trials))


def _checked(losses: Array, trials: int) -> int:
    if not 1 <= trials <= len(losses):
        raise ValueError(f"trials: {trials} is not between 1 and {len(losses)}")
    return len(losses)
