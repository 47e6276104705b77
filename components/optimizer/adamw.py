"""Adam with decoupled weight decay."""

from typing import Literal

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


@component("optimizer", "adamw")
class AdamW(OptimizerComponent):
    """Follow the mean gradient over its root mean square; shrink weights by a share of the rate.

    Formula:  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
              w = (1 - rate decay) w - rate m' / (sqrt(v') + epsilon) with
              m' = m / (1 - beta1^t), v' = v / (1 - beta2^t).
    Shapes:   w, g, m and v are alike.
    Options:
        learning_rate: the peak, which the schedule scales.
        beta1: share of the mean that is kept each step.
        beta2: share of the mean square that is kept each step.
        epsilon: added to the root mean square, in units of the gradient.
        weight_decay: share of a weight, for each unit of the rate, that is taken off in a step.
        decay: what decays; matrices: those of layers and head, not norms, biases, position
            encoders, embeddings (nor a head that is tied to them); all: everything.
    Errors:   ValueError unless learning_rate > 0, 0 <= beta < 1, epsilon > 0, weight_decay >= 0.
    Source:   Loshchilov & Hutter 2017 (arXiv 1711.05101), algorithm 2.
    """

    def __init__(
        self,
        parameters: NamedParameters,
        *,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.95,
        epsilon: float = 1e-8,
        weight_decay: float = 0.1,
        decay: Literal["matrices", "all"] = "matrices",
    ) -> None:
        super().__init__(parameters)
        self.learning_rate = above_zero("learning_rate", learning_rate)
        self.betas = (kept_share("beta1", beta1), kept_share("beta2", beta2))
        self.epsilon = above_zero("epsilon", epsilon)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        self.decay = decay

    @override
    def make(self) -> Optimizer:
        return torch.optim.AdamW(
            groups_by_decay(self.parameters, self.weight_decay, self.decay),
            lr=self.learning_rate,
            betas=self.betas,
            eps=self.epsilon,
            fused=True,  # one pass over the memory; on a CPU as well
        )
