"""A linear warm-up, then a fall with the root of the step."""

import math

from typing_extensions import override

from components.registry import component
from components.schedule import Schedule, warm_up, warm_up_steps


@component("schedule", "inverse_sqrt")
class InverseSqrt(Schedule):
    """Rise linearly to the peak, then fall with the root of the step; knows no end of the training.

    Formula:  min((t + 1) / W, sqrt(W / (t + 1))) at step t = 0 .. N - 1, with
              W = max(1, round(warmup N)): the last factor is about sqrt(warmup).
    Shapes:   one factor a step.
    Options:
        warmup: share of the steps in which the rate rises, which also sets the pace of the fall.
    Errors:   ValueError unless 0 <= warmup <= 1.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762), section 5.3, with a peak of 1; transformers
              `get_inverse_sqrt_schedule`, one step earlier: its first update has rate 0.
    """

    def __init__(self, steps: int, *, warmup: float = 0.01) -> None:
        super().__init__(steps)
        self.warmup_steps = max(1, warm_up_steps(steps, warmup))

    @override
    def factor(self, step: int) -> float:
        return min(warm_up(step, self.warmup_steps), math.sqrt(self.warmup_steps / (step + 1)))
