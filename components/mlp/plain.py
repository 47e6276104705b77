"""Two layers with an activation between them."""

from torch import Tensor, nn
from typing_extensions import override

from components.initialise import OutputLinear
from components.mlp import Mlp
from components.registry import component
from components.sizes import Sizes


@component("mlp", "plain")
class Plain(Mlp):
    """Widen, apply the activation, narrow again.

    Formula:  down(f(up(x))).
    Shapes:   x [batch, length, model width]; inside [batch, length, width].
    Options:
        width: channels inside; null means 4 times the model's width.
        bias: whether both projections have one.
    Errors:   ValueError unless width > 0.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762), section 3.3.
    """

    def __init__(
        self, sizes: Sizes, activation: nn.Module, *, width: int | None = None, bias: bool = False
    ) -> None:
        super().__init__(sizes, activation)
        inner = self.inner_width(self.default_width(sizes) if width is None else width)
        self.up = nn.Linear(sizes.width, inner, bias=bias)
        self.down = OutputLinear(inner, sizes.width, bias=bias)

    @classmethod
    def default_width(cls, sizes: Sizes) -> int:
        """Return the channels inside where the option `width` is null."""
        return 4 * sizes.width

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.activation(self.up(x)))  # type: ignore[no-any-return]  # nn.Module.__call__
