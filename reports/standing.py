"""What a headline is chosen from: the verdicts of a grid, and who could be the best."""

from dataclasses import dataclass
from functools import cached_property

from reports import numbers
from reports.claims import Claim
from reports.contrasts import Contrast, Losses
from reports.frames import Frames
from reports.manifest import Manifest


@dataclass(frozen=True)
class Judged:
    """What the headline is chosen from.

    Fields:
        claims: against the baseline, in grid order, with their sentences.
        contrasts: of these claims.
        best: variants that could be the best, without those called worse or diverged.
        candidates: variants that were considered for it.
        losses: variant -> seed -> final loss of complete cells.
    """

    frames: Frames
    claims: tuple[Claim, ...]
    contrasts: tuple[Contrast, ...]
    best: tuple[str, ...]
    candidates: tuple[str, ...]
    losses: Losses

    @property
    def manifest(self) -> Manifest:
        """The grid's."""
        return self.frames.manifest

    @property
    def baseline(self) -> str:
        """What people call the baseline."""
        return self.manifest.label(self.manifest.baseline)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The verdict of every contrast."""
        return tuple(each.verdict for each in self.claims)

    @cached_property
    def unevaluated(self) -> tuple[str, ...]:
        """Variants without any pair, since they cannot be evaluated as the verdicts need it."""
        return tuple(each.a for each in self.contrasts if each.unevaluated and not each.pairs)

    def pair(self, claim: Claim) -> str:
        """Return which difference a claim is about."""
        return numbers.difference_of(self.manifest.label(claim.a), self.baseline)

    def count(self, status: str) -> int:
        """Return how many cells have a status."""
        return sum(each.status == status for each in self.manifest.cells)
