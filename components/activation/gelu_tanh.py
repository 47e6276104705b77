"""The Gaussian error linear unit in its tanh approximation."""

from torch import Tensor, nn
from torch.nn.functional import gelu
from typing_extensions import override

from components.registry import component


@component("activation", "gelu_tanh")
class GeluTanh(nn.Module):
    """Weigh each value by about the probability that a standard normal stays below it.

    Formula:  x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; at most 5e-4 away from `gelu`.
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   Hendrycks & Gimpel 2016 (arXiv 1606.08415), section 2; the function of GPT-2.
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return gelu(x, approximate="tanh")
