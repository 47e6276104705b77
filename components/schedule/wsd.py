"""Warm-up, a stable middle, and a decay at the end."""

import math
from typing import Literal

from typing_extensions import override

from components.registry import component
from components.schedule import Schedule, share, warm_up, warm_up_steps


@component("schedule", "wsd")
class WarmupStableDecay(Schedule):
    """Rise linearly to the peak, stay there, fall in the last steps; the last has the least rate.

    Formula:  min(1, (t + 1) / W) with W = round(warmup N), until D = round(decay N) steps are left;
              then r + (1 - r) f(s) with s = (t + 1 - N + D) / D, t = 0 .. N - 1, r = min_ratio and
              f(s) = 1 - sqrt(s), 1 - s or (1 + cos(pi s)) / 2.
    Shapes:   one factor a step.
    Options:
        warmup: share of the steps in which the rate rises; 0 for none.
        decay: share of the steps in which it falls; 0 for none.
        shape: of the fall; 1-sqrt falls fast first, linear evenly, cosine slowly at both ends.
        min_ratio: share of the peak that is left in the last step, where it falls.
    Errors:   ValueError unless warmup, decay, their sum and min_ratio are between 0 and 1.
    Source:   Hu et al. 2024 (MiniCPM), section 4; Haegele et al. 2024, Scaling laws and
              compute-optimal training beyond fixed training durations, section 3 (1-sqrt);
              transformers `get_wsd_schedule`, one step earlier: its first update has rate 0.
    """

    def __init__(
        self,
        steps: int,
        *,
        warmup: float = 0.01,
        decay: float = 0.2,
        shape: Literal["1-sqrt", "linear", "cosine"] = "1-sqrt",
        min_ratio: float = 0.1,
    ) -> None:
        super().__init__(steps)
        self.warmup_steps = warm_up_steps(steps, warmup)
        share("decay", decay)
        if warmup + decay > 1:
            raise ValueError(f"decay: {decay} and warmup = {warmup} are more than all steps")
        # Both may be rounded up.
        self.decay_steps = min(round(decay * steps), steps - self.warmup_steps)
        self.shape = shape
        self.min_ratio = share("min_ratio", min_ratio)

    @override
    def factor(self, step: int) -> float:
        fallen = step + 1 - (self.steps - self.decay_steps)
        if fallen <= 0:
            return warm_up(step, self.warmup_steps)
        return self.min_ratio + (1 - self.min_ratio) * _left(self.shape, fallen / self.decay_steps)


def _left(shape: str, done: float) -> float:
    """Return what is left of a fall from 1 to 0 when the share `done` of its steps is over."""
    if shape == "1-sqrt":
        return 1 - math.sqrt(done)
    if shape == "linear":
        return 1 - done
    return (1 + math.cos(math.pi * done)) / 2
