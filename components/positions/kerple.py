"""Kernels of the distance, with learned parameters."""

from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes

LEAST = 0.01
MOST_POWER = 2.0


@component("positions", "kerple")
class Kerple(Positions):
    r"""Lower each score by a growing function of the distance, learned by each head.

    Formula:  log: s_ij - a ln(1 + b |p_i - p_j|), a from U(0, 2), b from U(0, 1).
              power: s_ij - a |p_i - p_j|^b, a from U(0, 1), b from U(0, 2).
              a and b act as at least 0.01, a power b as at most 2. What is beyond such a bound has
              the gradient of the bound, so that it can come back.
    Shapes:   the bias [batch or 1, heads, queries, keys]; a and b [heads].
    Options:
        variant: log or power, see the formula.
    Errors:   none.
    Source:   Chi et al. 2022 (arXiv 2205.09921), equations 4 and 5; bounds and initial values: the
              authors' code.
    """

    def __init__(self, sizes: Sizes, *, variant: Literal["log", "power"] = "log") -> None:
        super().__init__(sizes)
        self.logarithmic = variant == "log"
        self.highest = {"scale": 2.0, "bend": 1.0} if self.logarithmic else {"bend": MOST_POWER}
        self.scale = nn.Parameter(torch.ones(sizes.heads))
        self.bend = nn.Parameter(torch.ones(sizes.heads))

    def draw(self, name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the parameters of every head."""
        tensor.uniform_(0.0, self.highest.get(name, 1.0), generator=generator)

    @override
    def on_scores(self, seen: Seen) -> Tensor:
        precision = precise(seen.queries)
        distance = (seen.query_positions[:, :, None] - seen.key_positions[:, None]).abs()
        distance = distance[:, None].to(precision)
        scale = _bounded(self.scale.to(precision))[:, None, None]
        if self.logarithmic:
            return -scale * (_bounded(self.bend.to(precision))[:, None, None] * distance).log1p()
        power = _bounded(self.bend.to(precision), MOST_POWER)[:, None, None]
        return -scale * distance**power


def _bounded(parameter: Tensor, most: float | None = None) -> Tensor:
    """Clamp, with the gradient of the identity: that of a clamp would hold it beyond for ever."""
    return parameter + (parameter.clamp(LEAST, most) - parameter).detach()
