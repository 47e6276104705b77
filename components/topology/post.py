"""Post-norm: the norms stand in the stream itself."""

from torch import Tensor
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "post")
class Post(Topology):
    """Add the mixer to the stream and norm the sum, then the same with the MLP.

    The decoder has no norm before its head: the last layer ends with one.

    Formula:  h = norm1(x + mixer(x));  out = norm2(h + mlp(h)).
    Shapes:   x, h and out [batch, length, width].
    Options:
    Errors:   none.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762), section 3.1.
    """

    final_norm = False

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.behind_mixer = norm()
        self.behind_mlp = norm()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        x = self.behind_mixer(x + mixer(x))
        return self.behind_mlp(x + mlp(x))  # type: ignore[no-any-return]  # nn.Module.__call__
