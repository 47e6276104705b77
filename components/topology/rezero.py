"""Gates that start shut instead of norms."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "rezero")
class ReZero(Topology):
    """Add mixer and MLP to the stream, each times a learned number that starts at 0.

    There are no norms in the layers; the one before the head stays.

    Formula:  h = x + a mixer(x);  out = h + b mlp(h).
    Shapes:   x, h and out [batch, length, width]; a and b [1], 0 at the start.
    Options:
    Errors:   none.
    Source:   Bachlechner et al. 2020, ReZero is all you need: fast convergence at large depth; with
              a gate for each of the two, where the paper's transformer has one for both.
    """

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.behind_mixer = _Gate()
        self.behind_mlp = _Gate()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        x = x + self.behind_mixer(mixer(x))
        return x + self.behind_mlp(mlp(x))  # type: ignore[no-any-return]  # nn.Module.__call__


class _Gate(nn.Module):
    """Multiplies by one learned number."""

    def __init__(self) -> None:
        super().__init__()
        self.openness = nn.Parameter(torch.zeros(1))

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.openness * x
