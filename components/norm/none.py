"""No norm."""

from torch import Tensor, nn
from typing_extensions import override

from components.registry import component


@component("norm", "none")
class NoNorm(nn.Module):
    """Leave the stream as it is, also before the head.

    Formula:  x.
    Shapes:   x [..., width].
    Options:
    Errors:   none.
    Source:   the identity; training without norms is the question of Zhu et al. 2025
              (arXiv 2503.10622).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x
