"""What views tell, counted against what a verdict says."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.views import LEGIBLE, VISIBLE

Array = NDArray[np.float64]

TRUTHS: Mapping[str, int] = {"better": -1, "worse": 1}
"""The sign of a - b that a verdict says."""


@dataclass(frozen=True)
class Told:
    """Shares of views, by what they tell about a against b.

    Fields:
        lower, equal, higher: a lies there; together 1.
        opposite, agreeing: against a verdict of better or worse; None against any other.
        visible: against equivalent, the share with a gap of more than 5 % of the height.
    """

    lower: float
    equal: float
    higher: float
    opposite: float | None
    agreeing: float | None
    visible: float | None

    @property
    def contradicting(self) -> float | None:
        """Share that contradicts the verdict; None where there is no story to contradict."""
        return self.visible if self.opposite is None else self.opposite

    @property
    def misled(self) -> float:
        """Share that a reader would regret; without a verdict, of the rarer of two stories."""
        share = self.contradicting
        return min(self.lower, self.higher) if share is None else share


def tell(shares: Array, verdict: str) -> Told:
    """Count what views say: gaps as shares of the height, of any shape."""
    equal = np.abs(shares) < LEGIBLE
    lower = float(np.mean(~equal & (shares < 0)))
    higher = float(np.mean(~equal & (shares > 0)))
    truth = TRUTHS.get(verdict)
    return Told(
        lower,
        float(np.mean(equal)),
        higher,
        opposite=None if truth is None else (higher if truth < 0 else lower),
        agreeing=None if truth is None else (lower if truth < 0 else higher),
        visible=float(np.mean(np.abs(shares) > VISIBLE)) if verdict == "equivalent" else None,
    )
