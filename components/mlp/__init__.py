"""An MLP works on every token alone: [batch, length, width] in, the same out."""

from typing import NamedTuple

from torch import Tensor, nn
from typing_extensions import override

from components.sizes import Sizes


class Transformed(NamedTuple):
    """What an MLP makes of one window.

    Fields:
        x: [batch, length, width].
        auxiliary: what is minimised beside the loss of the window, [], already weighted; or None.
    """

    x: Tensor
    auxiliary: Tensor | None = None


class Mlp(nn.Module):
    """The part of a layer that works on each token alone.

    Args:
        sizes: of the layer.
        activation: the nonlinearity, a component of its own kind.
    """

    adds = True
    """Whether it adds anything to the stream; where not, its layer has no norm for it."""

    def __init__(self, sizes: Sizes, activation: nn.Module) -> None:
        super().__init__()
        self.sizes = sizes
        self.activation = activation

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` [batch, length, width], normed."""
        raise NotImplementedError

    def transform(self, x: Tensor) -> Transformed:
        """Do the same, and say what is to be minimised beside the loss."""
        return Transformed(self(x))

    def inner_width(self, width: int) -> int:
        """Return the channels inside, as `model.mlp_widths` scales those that an option asks for.

        Raises:
            ValueError: unless width > 0.
        """
        if width < 1:
            raise ValueError(f"width: {width} is below 1")
        return max(1, round(self.sizes.mlp_factor * width))
