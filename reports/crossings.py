"""When one variant passes another: changes of the lead along one seed's run.

A difference is variant - baseline in nats per token; below 0 the variant leads.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.noise import Array, jitter

BAND = 2.0  # a lead is a difference of so many standard deviations of its noise
POINTS = 50  # means of so many stretches of equal steps stand for a long run
LATE = 0.9  # a lead that changed in the last 10 % is not settled


@dataclass(frozen=True)
class Lead:
    """Who led along one seed's run.

    Fields:
        changes: tokens at each change of the lead.
        first: tokens at which a lead was first seen; None where the two never came apart.
        leader: who led last: -1 the variant, +1 the baseline, 0 nobody.
        is_from_start: whether there was a lead at the first point.
        end: tokens of the run.
        sign_changes: changes of the bare sign, most of which may be noise.
        expected_sign_changes: what noise alone would give around the mean difference.
        time_in_lead: share of the tokens with a difference below 0.
    """

    changes: tuple[float, ...]
    first: float | None
    leader: int
    is_from_start: bool
    end: float
    sign_changes: int
    expected_sign_changes: float
    time_in_lead: float

    @property
    def settled_since(self) -> float | None:
        """Tokens since which the lead stands; None where it is not settled."""
        last = self.changes[-1] if self.changes else self.first
        return None if last is None or last > LATE * self.end else last


def lead(tokens: Array, differences: Array) -> Lead | None:
    """Follow the lead along the differences of every step, or of every evaluation.

    A long run is cut into 50 stretches of equal length and each stands for its mean, in which the
    batches cancel and little of the own noise is left. A lead is a mean beyond 2 standard
    deviations of this noise.
    Shapes: tokens, differences [points]. Points that are not finite are left out.
    Returns: None below 30 points.
    """
    finite = np.isfinite(differences) & (tokens > 0)
    x, y = stretches(tokens[finite], differences[finite])
    noise = jitter(x, y)
    if noise is None:
        return None
    return lead_of(x, y, BAND * noise, noise)


def lead_of(tokens: Array, differences: Array, band: float, noise: float) -> Lead:
    """Follow the lead where a difference within `band` of 0 changes nothing."""
    state = states(differences, band)
    known = np.flatnonzero(state)
    changed = np.flatnonzero((state[1:] != state[:-1]) & (state[:-1] != 0)) + 1
    return Lead(
        changes=tuple(float(each) for each in tokens[changed]),
        first=float(tokens[known[0]]) if len(known) else None,
        leader=int(state[-1]),
        is_from_start=bool(state[0] != 0),
        end=float(tokens[-1]),
        sign_changes=int(np.count_nonzero(np.diff(np.sign(differences[differences != 0])))),
        expected_sign_changes=expected_sign_changes(
            float(differences.mean()), noise, len(differences)
        ),
        time_in_lead=time_in_lead(tokens, differences),
    )


def states(differences: Array, band: float) -> NDArray[np.int64]:
    """Return who leads at each point: the sign of the last difference beyond the band."""
    beyond = np.abs(differences) > band
    last = np.maximum.accumulate(np.where(beyond, np.arange(len(differences)), -1))
    signs = np.sign(differences).astype(np.int64)
    return np.where(last >= 0, signs[last], 0)


def time_in_lead(tokens: Array, differences: Array) -> float:
    """Return the share of the tokens with a difference below 0.

    A point stands for the tokens since the point before it, the first for those since the start.
    """
    width = np.diff(tokens, prepend=0.0)
    return float(width[differences < 0].sum() / width.sum())


def expected_sign_changes(mean: float, noise: float, points: int) -> float:
    """Return how often independent normal noise changes the sign of a constant difference.

    Formula: (n - 1) 2 Phi(mean / sd) (1 - Phi(mean / sd)).
    """
    if noise == 0:
        return 0.0
    below = 0.5 * math.erfc(mean / noise / math.sqrt(2))
    return (points - 1) * 2 * below * (1 - below)


def stretches(tokens: Array, differences: Array) -> tuple[Array, Array]:
    """Return the last token and the mean difference of each of 50 stretches of a long run."""
    if len(tokens) < 2 * POINTS:
        return tokens, differences
    ends = np.linspace(0, len(tokens), POINTS + 1).round().astype(np.int64)
    sums = np.add.reduceat(differences, ends[:-1])
    return tokens[ends[1:] - 1], sums / np.diff(ends)
