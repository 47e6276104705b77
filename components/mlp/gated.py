"""Two layers, the hidden one multiplied by a gate (GLU variants: SwiGLU, GEGLU, ReGLU)."""

from torch import Tensor, nn
from typing_extensions import override

from components.initialise import OutputLinear
from components.mlp import Mlp
from components.registry import component
from components.sizes import Sizes


@component("mlp", "gated")
class Gated(Mlp):
    """Widen twice, let one half through the activation gate the other, narrow again.

    Formula:  down(f(gate(x)) * up(x)).
    Shapes:   x [batch, length, model width]; inside [batch, length, width].
    Options:
        width: channels inside; null means 8/3 of the model's width, to the nearest multiple of 8,
            which has as many parameters as `plain` with 4 times the model's width.
        bias: whether the three projections have one.
    Errors:   ValueError unless width > 0.
    Source:   Shazeer 2020 (arXiv 2002.05202), section 2.
    """

    def __init__(
        self, sizes: Sizes, activation: nn.Module, *, width: int | None = None, bias: bool = False
    ) -> None:
        super().__init__(sizes, activation)
        inner = self.inner_width(self.default_width(sizes) if width is None else width)
        self.gate = nn.Linear(sizes.width, inner, bias=bias)
        self.up = nn.Linear(sizes.width, inner, bias=bias)
        self.down = OutputLinear(inner, sizes.width, bias=bias)

    @classmethod
    def default_width(cls, sizes: Sizes) -> int:
        """Return the channels inside where the option `width` is null."""
        return 8 * max(1, round(sizes.width / 3))

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.activation(self.gate(x)) * self.up(x))  # type: ignore[no-any-return]  # nn.Module.__call__
