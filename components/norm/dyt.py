"""Dynamic tanh: a bounded curve in the place of a norm."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.registry import component


@component("norm", "dyt")
class DynamicTanh(nn.Module):
    """Squash every channel by itself; no channel's value depends on another's.

    Unlike a norm it does not scale up a stream that is small, as embeddings are at the start.

    Formula:  gain tanh(slope x) + bias.
    Shapes:   x [..., width]; gain and bias [width], 1 and 0 at the start; slope [1].
    Options:
        alpha: the slope at the start, in units of 1 / x.
    Errors:   ValueError unless alpha > 0.
    Source:   Zhu et al. 2025 (arXiv 2503.10622).
    """

    def __init__(self, width: int, *, alpha: float = 0.5) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"alpha: {alpha} is not above 0")
        self.slope = nn.Parameter(torch.full((1,), alpha))
        self.gain = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.gain * (self.slope * x).tanh() + self.bias
