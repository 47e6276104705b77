"""Causal depthwise convolutions over windows: the last inputs are carried to the next window."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad
from typing_extensions import override

GRADIENTS = 3  # forward pass, and backward to the inputs and to the kernel: as many FLOPs each


class CausalConvolution(nn.Module):
    """y_t = bias + sum_j weight_j x_(t - kernel + 1 + j), each channel by itself; 0 at the start.

    Args:
        channels: of x.
        kernel: tokens that an output sees, its own with them.
        bias: whether something is added to each channel.
    """

    def __init__(self, channels: int, kernel: int, *, bias: bool) -> None:
        super().__init__()
        self.channels = channels
        self.kernel = kernel
        self.weight = nn.Parameter(torch.zeros(channels, 1, kernel))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def start(self, batch: int, device: torch.device) -> Tensor:
        """Return the tail before the first window: inputs that do not count."""
        shape = (batch, self.kernel - 1, self.channels)
        return torch.zeros(shape, dtype=self.weight.dtype, device=device)

    @override
    def forward(self, x: Tensor, tail: Tensor, documents: Tensor | None) -> tuple[Tensor, Tensor]:
        """Convolve one window.

        Args:
            x: [batch, length, channels].
            tail: [batch, kernel - 1, channels], the inputs before it; 0 where there were none.
            documents: as in `Window`; outputs see inputs of their own document alone.

        Returns:
            y, of the shape of x, and the next tail.
        """
        length = x.shape[1]
        joined = torch.cat([tail, x], dim=1)
        if documents is None:
            y = conv1d(joined.mT, self.weight, self.bias, groups=self.channels).mT
            return y, joined[:, length:].clone()  # or the whole window is kept
        places = pad(documents, (self.kernel - 1, 0))
        own = places[:, length:] == documents[:, -1:]
        return self._apart(joined, places), joined[:, length:].masked_fill(~own[..., None], 0.0)

    def _apart(self, joined: Tensor, places: Tensor) -> Tensor:
        """Convolve a window that stands behind its tail, tap by tap.

        Args:
            joined: [batch, kernel - 1 + length, channels].
            places: the same but for the channels, the document that each input belongs to.
        """
        length = joined.shape[1] - self.kernel + 1
        documents = places[:, self.kernel - 1 :]
        y = torch.zeros_like(joined[:, :length]) if self.bias is None else self.bias
        for tap in range(self.kernel):
            seen = slice(tap, tap + length)
            own = (places[:, seen] == documents)[..., None]
            y = y + (joined[:, seen] * self.weight[:, 0, tap]).masked_fill(~own, 0.0)
        return y

    def uncounted_flops(self, length: int) -> float:
        """Return what torch's counter misses of a window's forward pass: less than nothing.

        It counts a kernel's gradient as if every channel met every other. The excess is divided by
        all the passes, since training is counted as three forward passes.
        """
        once = 2.0 * length * self.kernel * self.channels
        return once * (1 - self.channels) / GRADIENTS


class DrawnConvolution(CausalConvolution):
    """One whose kernel begins as that of `nn.Conv1d` does, whatever the scheme; its bias with 0.

    A kernel has few inputs: with a spread of 0.02, nothing would come out of it.
    """

    def draw(self, name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the initial values of one parameter, in place."""
        if name == "weight":
            bound = self.kernel**-0.5
            tensor.uniform_(-bound, bound, generator=generator)
