"""What a pruner is told of a training under way: its mean loss in each twentieth."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

PARTS = 20


@dataclass
class Watched:
    """A training as its news come in.

    Fields:
        steps: of the whole training.
        losses: of the steps so far, nats per token.
        told: steps up to which was reported.
    """

    steps: int
    losses: list[float] = field(default_factory=list)
    told: int = 0

    def hear(self, step: int, losses: Sequence[float]) -> Iterator[tuple[int, float]]:
        """Yield (steps done, mean loss of the twentieth) for each that has become whole.

        Losses that were heard before, of a training that was resumed, change nothing. The last
        twentieth is not reported: a training at its end is not cut short. One that is not finite is
        left out: it ends by itself.

        Args:
            step: the last one of `losses`, counted from 1.
            losses: of the steps up to it.
        """
        first = step - len(losses)
        if first > len(self.losses):
            return  # what came before is not known
        self.losses[first:step] = losses
        for end in ends(self.steps):
            if self.told < end <= len(self.losses):
                mean = fmean(self.losses[self.told : end])
                self.told = end
                if math.isfinite(mean):
                    yield end, mean


def ends(steps: int) -> tuple[int, ...]:
    """Return the steps at which a twentieth ends, each once; fewer in trainings below 20 steps."""
    places = (round(steps * part / PARTS) for part in range(1, PARTS))
    return tuple(dict.fromkeys(place for place in places if 0 < place < steps))


def part(at: int, steps: int) -> int:
    """Return the twentieth that ends after `at` steps, counted from 1."""
    return round(at * PARTS / steps)
