"""Learned tokens in front of every window."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Memory, Window
from components.registry import component
from components.sizes import Sizes


@component("memory", "registers")
class Registers(Memory[None]):
    """Begin every window with the same learned tokens, which all of its tokens see.

    Formula:  [r_1 .. r_tokens; x_1 .. x_n], numbered from 0 on; the outputs of x predict.
    Shapes:   r [tokens, width]; every window is longer by as many.
    Options:
        tokens: how many; 0 for none.
        spread: standard deviation of their initial values; 0.02 is that of embeddings.
    Errors:   ValueError unless tokens, spread >= 0.
    Source:   Burtsev et al. 2020, Memory transformer; among patches of images: Darcet et al. 2023,
              Vision transformers need registers.
    """

    order = 1

    def __init__(self, sizes: Sizes, *, tokens: int = 4, spread: float = 0.02) -> None:
        super().__init__(sizes)
        if tokens < 0:
            raise ValueError(f"tokens: {tokens} is below 0")
        if spread < 0:
            raise ValueError(f"spread: {spread} is below 0")
        self.added = tokens
        self.separates_documents = tokens == 0
        self.spread = spread
        self.tokens = nn.Parameter(torch.zeros(tokens, sizes.width)) if tokens else None

    def draw(self, _name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the tokens."""
        tensor.normal_(0.0, self.spread, generator=generator)

    @override
    def start(self, batch: int, device: torch.device) -> None:
        return None

    @override
    def add_tokens(self, window: Window, state: None) -> Window:
        return window if self.tokens is None else surrounded(window, self.tokens[None])


def surrounded(window: Window, before: Tensor, after: Tensor | None = None) -> Window:
    """Put tokens around a window, and number all of them from 0 on.

    Args:
        window: the places of which that predict go on to do so.
        before: [batch or 1, any, width], what stands in front of it.
        after: [batch or 1, any, width], what stands behind it; None for nothing.
    """
    x = window.x
    around = (before, x) if after is None else (before, x, after)
    longer = torch.cat([part.to(x.dtype).expand(len(x), -1, -1) for part in around], dim=1)
    read = torch.arange(x.shape[1], device=x.device) if window.read is None else window.read
    places = torch.arange(longer.shape[1], device=x.device)[None]
    return replace(window, x=longer, positions=places, read=read + before.shape[1])
