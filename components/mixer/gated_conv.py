"""A convolution along the tokens, gated by a projection of each: BaseConv."""

from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.carried import Carried, at_least
from components.convolution import DrawnConvolution
from components.memory import Recall, Window
from components.mixer import Mixed, Mixer
from components.positions import Positions
from components.registry import component
from components.sizes import Sizes


@component("mixer", "gated_conv")
class GatedConv(Mixer):
    """Multiply a weighted sum of the last tokens, channel by channel, by a projection of each.

    Formula:  (W x_t + b) * (c + sum_j weight_j x_(t - j)), j = 0 .. kernel - 1.
    Shapes:   x, W x and the sum [batch, length, width]; weight [width, 1, kernel].
    Options:
        kernel: tokens that each sees, itself with them; those of earlier windows as well; null
            means as many as a window has.
        bias: whether the sum has c; the projection always has b.
        placement: instead of attention, or after a layer that has it.
        backpropagate_windows: windows that a gradient may cross; what is carried is detached once
            in that many windows and one.
    Errors:   ValueError unless kernel >= 1, backpropagate_windows >= 0.
    Source:   Arora et al. 2023, Zoology: measuring and improving recall in efficient language
              models, BaseConv; its residual is the topology's. The default kernel is its code's.
    """

    carries = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        kernel: int | None = 3,
        bias: bool = True,
        placement: Literal["instead", "after"] = "instead",
        backpropagate_windows: int = 0,
    ) -> None:
        super().__init__(sizes)
        self.placement = placement
        self.backpropagate_windows = at_least("backpropagate_windows", backpropagate_windows, 0)
        seen = sizes.window if kernel is None else at_least("kernel", kernel, 1)
        self.projection = nn.Linear(sizes.width, sizes.width)
        self.convolution = DrawnConvolution(sizes.width, seen, bias=bias)
        self.carries = seen > 1

    @override
    def start(self, batch: int, device: torch.device) -> Carried:
        return Carried((self.convolution.start(batch, device),))

    @override
    def reset(self, rows: Tensor, state: Carried) -> Carried:
        return state.forgotten(rows)

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall, state: Carried
    ) -> Mixed:
        (tail,) = state.tensors
        summed, tail = self.convolution(x, tail, window.documents)
        carried = state.followed_by(tail, backpropagate_windows=self.backpropagate_windows)
        return Mixed(self.projection(x) * summed, state=carried)
