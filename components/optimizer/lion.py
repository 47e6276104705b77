"""The sign of a mean gradient."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch.optim import Optimizer
from typing_extensions import override

from components.optimizer import (
    NamedParameters,
    OptimizerComponent,
    above_zero,
    at_least_zero,
    groups_by_decay,
    kept_share,
)
from components.registry import component


@component("optimizer", "lion")
class Lion(OptimizerComponent):
    """Move every weight by the same amount, to the side that a mean of the gradients says.

    Formula:  w = (1 - rate decay) w - rate sign(beta1 m + (1 - beta1) g);
              m = beta2 m + (1 - beta2) g, after it.
    Shapes:   w, g and m are alike.
    Options:
        learning_rate: the peak, which the schedule scales; about a third to a tenth of AdamW's.
        beta1: share of the mean in what the sign is taken of.
        beta2: share of the mean that is kept each step.
        weight_decay: share of a weight, for each unit of the rate, that is taken off in a step;
            about as much larger than AdamW's as the rate is smaller.
        decay: what decays; matrices: those of layers and head, not norms, biases, position
            encoders, embeddings (nor a head that is tied to them); all: everything.
    Errors:   ValueError unless learning_rate > 0, 0 <= beta < 1, weight_decay >= 0.
    Source:   Chen et al. 2023 (arXiv 2302.06675), algorithm 2.
    """

    def __init__(
        self,
        parameters: NamedParameters,
        *,
        learning_rate: float = 3e-4,
        beta1: float = 0.9,
        beta2: float = 0.99,
        weight_decay: float = 0.3,
        decay: Literal["matrices", "all"] = "matrices",
    ) -> None:
        super().__init__(parameters)
        self.learning_rate = above_zero("learning_rate", learning_rate)
        self.betas = (kept_share("beta1", beta1), kept_share("beta2", beta2))
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        self.decay = decay

    @override
    def make(self) -> Optimizer:
        groups = groups_by_decay(self.parameters, self.weight_decay, self.decay)
        return _Lion(groups, {"lr": self.learning_rate, "betas": self.betas})


class _Lion(Optimizer):
    """The optimizer itself; `torch` has none."""

    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]  # torch overloads it
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    _move(parameter, self.state[parameter], group)
        return loss


def _move(parameter: torch.Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    rate, (beta1, beta2) = group["lr"], group["betas"]
    if not state:
        state["mean"] = torch.zeros_like(parameter)
    mean = state["mean"]
    side = mean.lerp(parameter.grad, 1 - beta1).sign_()
    parameter.mul_(1 - rate * group["weight_decay"]).sub_(side, alpha=rate)
    mean.lerp_(parameter.grad, 1 - beta2)
