"""Schedules: the factor on the peak learning rate, for each step."""


class Schedule:
    """A function of the step alone.

    Args:
        steps: of the whole training.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def factor(self, step: int) -> float:
        """Return the factor in [0, 1] for the update at `step`, counted from 0."""
        raise NotImplementedError
