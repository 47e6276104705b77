"""Sines and cosines of the position, added to the embeddings."""

from typing import Literal

import torch
from torch import Tensor
from typing_extensions import override

from components.positions import Positions
from components.registry import component
from components.sizes import Sizes

BASE = 10000.0


@component("positions", "sinusoidal")
class Sinusoidal(Positions):
    r"""Add sines and cosines of the position, at frequencies from 1 to 1/10000, to the embeddings.

    Formula:  x + scale E[p]; E[p, 2i] = sin(p 10000^(-2i/width)), E[p, 2i + 1] = cos(same).
    Shapes:   x [batch, length, width], an even width.
    Options:
        layout: where the cosines stand: interleaved, each beside its sine (as in the formula), or
            half, all of them behind the sines.
        scale: height of the waves, in units of the embeddings.
    Errors:   ValueError where the width is odd.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762), section 3.5; half: tensor2tensor, GPT-J.
    """

    acts_on_embeddings = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        layout: Literal["interleaved", "half"] = "interleaved",
        scale: float = 1.0,
    ) -> None:
        super().__init__(sizes)
        if sizes.width % 2:
            raise ValueError(f"sinusoidal needs an even model.width, not {sizes.width}")
        self.layout = layout
        self.scale = scale

    @override
    def on_embeddings(self, x: Tensor, positions: Tensor) -> Tensor:
        # MPS has no float64; embeddings then are as exact as float32 makes the angle.
        precision = torch.float32 if x.device.type == "mps" else torch.float64
        pairs = torch.arange(0, self.sizes.width, 2, device=x.device, dtype=precision)
        angles = positions[..., None].to(precision) * BASE ** (-pairs / self.sizes.width)
        waves = torch.stack([angles.sin(), angles.cos()], dim=-1)
        if self.layout == "half":
            waves = waves.transpose(-1, -2)
        return x + (self.scale * waves.flatten(-2)).to(x.dtype)
