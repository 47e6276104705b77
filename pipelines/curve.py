"""The training curve: every step's measurements, read from the device a block at a time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import torch

from pipelines.train import Step

BLOCK = 100
"""Steps that may wait on the device: to read each at once would stop a GPU at every step."""


@dataclass
class Curve:
    """What the steps of a training measured, from the first on.

    Fields:
        predicted: targets of each step.
        losses: nats per target, before the step's update.
        gradient_norms: before clipping.
        learning_rates: of the update.
        waiting: steps whose loss and norm are still on the device.
    """

    predicted: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    waiting: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> None:
        """Take note of a step without waiting for the device."""
        self.waiting.append(step)

    @property
    def steps(self) -> int:
        """Steps that were read."""
        return len(self.losses)

    @property
    def tokens(self) -> int:
        """Targets of all steps that were read."""
        return sum(self.predicted)

    def settle(self) -> str | None:
        """Read the steps that wait, up to the first one that is not finite.

        Returns:
            What is not finite in the last step, `loss is NaN`; None where all is well.
        """
        if not self.waiting:
            return None
        values = torch.stack(
            [each for step in self.waiting for each in (step.loss, step.gradient_norm)]
        ).tolist()
        for step, loss, norm in zip(self.waiting, values[::2], values[1::2], strict=True):
            self.predicted.append(step.predicted)
            self.losses.append(loss)
            self.gradient_norms.append(norm)
            self.learning_rates.append(step.learning_rate)
            broken = not_finite("loss", loss) or not_finite("gradient norm", norm)
            if broken:
                self.waiting.clear()
                return broken
        self.waiting.clear()
        return None

    def columns(self) -> dict[str, list[Any]]:
        """Return the curve as columns, a row for each step."""
        return {
            "step": list(range(1, len(self.losses) + 1)),
            "tokens": list(accumulate(self.predicted)),
            "loss": self.losses,
            "gradient_norm": self.gradient_norms,
            "learning_rate": self.learning_rates,
        }

    def as_plain(self) -> dict[str, list[Any]]:
        """Return what a checkpoint holds; no step may be waiting."""
        return {
            "predicted": list(self.predicted),
            "losses": list(self.losses),
            "gradient_norms": list(self.gradient_norms),
            "learning_rates": list(self.learning_rates),
        }

    @classmethod
    def from_plain(cls, value: Mapping[str, list[Any]]) -> "Curve":
        """Read what `as_plain` gave."""
        return cls(**{name: list(column) for name, column in value.items()})


def not_finite(name: str, value: float) -> str | None:
    """Say that a value is NaN or infinite: `loss is NaN`; None where it is neither."""
    if math.isfinite(value):
        return None
    return f"{name} is {'NaN' if math.isnan(value) else 'infinite'}"
