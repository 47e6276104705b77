"""Pre-norm: mixer, then MLP."""

from torch import Tensor
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "sequential")
class Sequential(Topology):
    """Add the mixer to the stream, then the MLP to the result, each behind a norm of its own.

    Formula:  h = x + mixer(norm1(x));  out = h + mlp(norm2(h)).
    Shapes:   x, h and out [batch, length, width].
    Options:
    Errors:   none.
    Source:   Radford et al. 2019 (GPT-2), section 2.3; Xiong et al. 2020 (arXiv 2002.04745).
    """

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.before_mixer = norm()
        self.before_mlp = norm()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        x = x + mixer(self.before_mixer(x))
        return x + mlp(self.before_mlp(x))
