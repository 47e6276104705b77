"""A linear warm-up, then a straight line down to a share of the peak."""

from typing_extensions import override

from components.registry import component
from components.schedule import Schedule, share, warm_up, warm_up_steps


@component("schedule", "linear")
class Linear(Schedule):
    """Rise linearly to the peak, then fall on a straight line; the last step has the least rate.

    Formula:  (t + 1) / W in the warm-up of W = round(warmup N) steps, then
              1 - (1 - r) (t + 1 - W) / (N - W); r = min_ratio, t = 0 .. N - 1.
    Shapes:   one factor a step.
    Options:
        warmup: share of the steps in which the rate rises; 0 for none.
        min_ratio: share of the peak that is left in the last step.
    Errors:   ValueError unless 0 <= warmup <= 1 and 0 <= min_ratio <= 1.
    Source:   transformers `get_linear_schedule_with_warmup` with r = 0, one step earlier: its first
              update has rate 0.
    """

    def __init__(self, steps: int, *, warmup: float = 0.01, min_ratio: float = 0.1) -> None:
        super().__init__(steps)
        self.warmup_steps = warm_up_steps(steps, warmup)
        self.min_ratio = share("min_ratio", min_ratio)

    @override
    def factor(self, step: int) -> float:
        if step < self.warmup_steps:
            return warm_up(step, self.warmup_steps)
        fallen = (step + 1 - self.warmup_steps) / (self.steps - self.warmup_steps)
        return 1 - (1 - self.min_ratio) * fallen
