"""One learning rate, reached by a linear warm-up."""

from typing_extensions import override

from components.registry import component
from components.schedule import Schedule, warm_up, warm_up_steps


@component("schedule", "constant")
class Constant(Schedule):
    """Rise linearly to the peak, then stay there.

    Formula:  min(1, (t + 1) / W) at step t = 0, 1, .. N - 1, with W = round(warmup N).
    Shapes:   one factor a step.
    Options:
        warmup: share of the steps in which the rate rises; 0 for none.
    Errors:   ValueError unless 0 <= warmup <= 1.
    Source:   transformers `get_constant_schedule_with_warmup`, one step earlier: there the first
              update has rate 0 and so does nothing.
    """

    def __init__(self, steps: int, *, warmup: float = 0.0) -> None:
        super().__init__(steps)
        self.warmup_steps = warm_up_steps(steps, warmup)

    @override
    def factor(self, step: int) -> float:
        return warm_up(step, self.warmup_steps)
