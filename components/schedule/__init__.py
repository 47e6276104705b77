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


def share(name: str, value: float) -> float:
    """Return the value of an option that is a share.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name}: {value} is not between 0 and 1")
    return value


def warm_up_steps(steps: int, warmup: float) -> int:
    """Return how many of `steps` the share `warmup` is.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    return round(share("warmup", warmup) * steps)


def warm_up(step: int, over: int) -> float:
    """Return the factor of a linear rise over `over` steps; the first update is not lost to a 0."""
    return 1.0 if step >= over else (step + 1) / over
