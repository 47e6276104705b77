"""An MLP works on every token alone: [batch, length, width] in, the same out."""

from torch import Tensor, nn
from typing_extensions import override

from components.sizes import Sizes


class Mlp(nn.Module):
    """The part of a layer that works on each token alone.

    Args:
        sizes: of the decoder.
        activation: the nonlinearity, a component of its own kind.
    """

    def __init__(self, sizes: Sizes, activation: nn.Module) -> None:
        super().__init__()
        self.sizes = sizes
        self.activation = activation

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` [batch, length, width], normed."""
        raise NotImplementedError
