"""RMSNorm."""

from torch import nn

from components.registry import component


@component("norm", "rms")
class RmsNorm(nn.RMSNorm):
    """Bring the channels of each token to a root mean square of 1, then scale them.

    Formula:  gain x / sqrt(mean(x^2) + epsilon).
    Shapes:   x [..., width]; gain [width], 1 at the start.
    Options:
        epsilon: added to the mean square, in units of x squared.
    Errors:   ValueError unless epsilon > 0.
    Source:   Zhang & Sennrich 2019 (arXiv 1910.07467), section 3; epsilon as in Llama.
    """

    def __init__(self, width: int, *, epsilon: float = 1e-6) -> None:
        if epsilon <= 0:
            raise ValueError(f"epsilon: {epsilon} is not above 0")
        super().__init__(width, eps=epsilon)
