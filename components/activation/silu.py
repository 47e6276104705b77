"""The sigmoid linear unit, also called swish."""

from torch import Tensor, nn
from torch.nn.functional import silu
from typing_extensions import override

from components.registry import component


@component("activation", "silu")
class Silu(nn.Module):
    """Weigh each value by its own sigmoid.

    Formula:  x / (1 + exp(-x)).
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   Hendrycks & Gimpel 2016 (arXiv 1606.08415); Ramachandran et al. 2017
              (arXiv 1710.05941).
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return silu(x)
