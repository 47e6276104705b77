"""Adam with decoupled weight decay."""

from typing import Literal

import torch
from torch.optim import Optimizer
from typing_extensions import override

from components.optimizer import NamedParameters, OptimizerComponent, decayed
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
        for name, value in (("learning_rate", learning_rate), ("epsilon", epsilon)):
            if value <= 0:
                raise ValueError(f"{name}: {value} is not above 0")
        for name, value in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= value < 1:
                raise ValueError(f"{name}: {value} is not in [0, 1)")
        if weight_decay < 0:
            raise ValueError(f"weight_decay: {weight_decay} is below 0")
        self.learning_rate = learning_rate
        self.betas = (beta1, beta2)
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.decay = decay

    @override
    def make(self) -> Optimizer:
        decays = {
            name: self.decay == "all" or decayed(name, parameter)
            for name, parameter in self.parameters
        }
        groups = [
            {
                "params": [each for name, each in self.parameters if decays[name] is decay],
                "weight_decay": self.weight_decay if decay else 0.0,
            }
            for decay in (True, False)
        ]
        return torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=self.learning_rate,
            betas=self.betas,
            eps=self.epsilon,
            fused=True,  # one pass over the memory; on a CPU as well
        )
