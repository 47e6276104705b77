"""Orthogonal updates for the matrices inside, AdamW for the rest."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn
from torch.optim import Optimizer
from typing_extensions import override

from components.optimizer import (
    NamedParameters,
    OptimizerComponent,
    above_zero,
    at_least_zero,
    decayed,
    groups_by_decay,
    kept_share,
)
from components.registry import component


@component("optimizer", "muon")
class Muon(OptimizerComponent):
    """Move the weight matrices of the layers by a mean gradient whose singular values are about 1.

    Embeddings, head, norms, biases, gates, convolutions and position encoders follow AdamW.

    Formula:  m = momentum m + (1 - momentum) g;  u = momentum m + (1 - momentum) g;
              w = (1 - rate decay) w - rate c NS(u), where NS is 5 steps of Newton and Schulz in
              bfloat16, X = 3.4445 X + (-4.775 A + 2.0315 A^2) X with A = X X^T, from X = u / |u|,
              transposed if there are more rows than columns; c = sqrt(max(1, rows / columns)) or
              0.2 sqrt(max(rows, columns)).
    Shapes:   w, g, m and u [rows, columns].
    Options:
        learning_rate: the peak for the matrices, which the schedule scales.
        adam_learning_rate: the peak for the rest; null means learning_rate.
        momentum: share of the mean that is kept each step.
        weight_decay: share of a weight, for each unit of its rate, that is taken off in a step.
        adjust: the factor c; match_rms_adamw makes updates as large as AdamW's, so that its rate
            and decay fit both; original is max(1, rows / columns) under the root, and wants a
            learning_rate of about 0.02.
        beta1: AdamW's share of the mean that is kept each step.
        beta2: AdamW's share of the mean square that is kept each step.
        epsilon: AdamW's; added to the root mean square, in units of the gradient.
    Errors:   ValueError unless learning rates > 0, 0 <= momentum, beta < 1, epsilon > 0,
              weight_decay >= 0.
    Source:   Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks; Liu et
              al. 2025, Muon is scalable for LLM training (match_rms_adamw); `torch.optim.Muon`.
    """

    def __init__(
        self,
        parameters: NamedParameters,
        *,
        learning_rate: float = 1e-3,
        adam_learning_rate: float | None = None,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
        adjust: Literal["match_rms_adamw", "original"] = "match_rms_adamw",
        beta1: float = 0.9,
        beta2: float = 0.95,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters)
        own = learning_rate if adam_learning_rate is None else adam_learning_rate
        self.learning_rate = above_zero("learning_rate", learning_rate)
        self.adam_learning_rate = above_zero("adam_learning_rate", own)
        self.momentum = kept_share("momentum", momentum)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        self.adjust = adjust
        self.betas = (kept_share("beta1", beta1), kept_share("beta2", beta2))
        self.epsilon = above_zero("epsilon", epsilon)

    @override
    def make(self) -> Optimizer:
        inside = [each for name, each in self.parameters if _inside(name, each)]
        rest = [(name, each) for name, each in self.parameters if not _inside(name, each)]
        parts: list[Optimizer] = []
        if inside:
            parts.append(
                torch.optim.Muon(
                    inside,
                    lr=self.learning_rate,
                    weight_decay=self.weight_decay,
                    momentum=self.momentum,
                    adjust_lr_fn=self.adjust,
                )
            )
        if rest:
            parts.append(
                torch.optim.AdamW(
                    groups_by_decay(rest, self.weight_decay, "matrices"),
                    lr=self.adam_learning_rate,
                    betas=self.betas,
                    eps=self.epsilon,
                    fused=True,  # one pass over the memory; on a CPU as well
                )
            )
        return _Together(parts)


def _inside(name: str, parameter: nn.Parameter) -> bool:
    """Say whether a parameter is a weight matrix between embedding and head."""
    return decayed(name, parameter) and parameter.ndim == 2 and not name.startswith("head.")  # noqa: PLR2004  # a matrix


class _Together(Optimizer):
    """Several optimizers as one: their groups in a row, one state, one dictionary to be saved.

    Args:
        parts: each of parameters of its own.
    """

    def __init__(self, parts: list[Optimizer]) -> None:
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._parts = parts

    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]  # torch overloads it
        loss = None if closure is None else torch.enable_grad()(closure)()
        groups = iter(self.param_groups)
        for part in self._parts:
            # Loading a state puts others in the place of both.
            part.param_groups = [next(groups) for _ in part.param_groups]
            part.state = self.state
            part.step()
        return loss
