"""The hyperbolic tangent."""

from torch import Tensor, nn
from typing_extensions import override

from components.registry import component


@component("activation", "tanh")
class Tanh(nn.Module):
    """Squash each value into (-1, 1).

    Formula:  (exp(x) - exp(-x)) / (exp(x) + exp(-x)).
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   as gate of an MLP: Dauphin et al. 2016, Language modeling with gated convolutional
              networks, section 3 (gated tanh units, which they compare with).
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x.tanh()
