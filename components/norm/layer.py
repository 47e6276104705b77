"""LayerNorm."""

from torch import nn

from components.registry import component


@component("norm", "layer")
class LayerNorm(nn.LayerNorm):
    """Bring the channels of each token to mean 0 and variance 1, then scale and shift them.

    Formula:  gain (x - mean) / sqrt(variance + epsilon) + bias, the variance divided by the width.
    Shapes:   x [..., width]; gain and bias [width], 1 and 0 at the start.
    Options:
        epsilon: added to the variance, in units of x squared.
        bias: whether there is one.
    Errors:   ValueError unless epsilon > 0.
    Source:   Ba et al. 2016 (arXiv 1607.06450), section 3.
    """

    def __init__(self, width: int, *, epsilon: float = 1e-5, bias: bool = True) -> None:
        if epsilon <= 0:
            raise ValueError(f"epsilon: {epsilon} is not above 0")
        super().__init__(width, eps=epsilon, bias=bias)
