"""A short convolution along the tokens."""

from typing import Literal

import torch
from torch import Tensor
from typing_extensions import override

from components.carried import Carried, at_least
from components.convolution import CausalConvolution
from components.memory import Recall, Window
from components.mixer import Mixed, Mixer
from components.positions import Positions
from components.registry import component
from components.sizes import Sizes


@component("mixer", "short_conv")
class ShortConv(Mixer):
    """Add a weighted sum of the last tokens, each channel by itself, to every token.

    Formula:  x_t + sum_j weight_j x_(t - j), j = 0 .. kernel - 1, with weight 0 at the start.
    Shapes:   x [batch, length, width]; weight [width, 1, kernel].
    Options:
        kernel: tokens that each sees, itself with them; those of earlier windows as well.
        placement: instead of attention; or beside it: after a layer that has it, before_mixer, on
            what its attention is given, or before_mlp, on what its MLP is given. On queries, keys
            and values it is an option of attention.
        backpropagate_windows: windows that a gradient may cross; what is carried is detached once
            in that many windows and one.
    Errors:   ValueError unless kernel >= 1, backpropagate_windows >= 0.
    Source:   So et al. 2021, Primer (arXiv 2109.08668), its depthwise convolution; "canon" layers
              (before_mixer is their A, before_mlp their C).
    """

    carries = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        kernel: int = 4,
        placement: Literal["instead", "after", "before_mixer", "before_mlp"] = "instead",
        backpropagate_windows: int = 0,
    ) -> None:
        super().__init__(sizes)
        self.placement = placement
        self.backpropagate_windows = at_least("backpropagate_windows", backpropagate_windows, 0)
        self.convolution = CausalConvolution(sizes.width, at_least("kernel", kernel, 1), bias=False)
        self.carries = kernel > 1

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
        added, tail = self.convolution(x, tail, window.documents)
        carried = state.followed_by(tail, backpropagate_windows=self.backpropagate_windows)
        return Mixed(x + added, state=carried)
