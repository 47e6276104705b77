"""Constants that stay exact when a model is cast, and lie where the model does."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override


class Exact(nn.Module):
    """Numbers in float64 that move with the model.

    A buffer would be cast with it; a tensor made of Python numbers in every forward pass would wait
    for a GPU each time. They are no part of the model's state.

    Args:
        values: as Python has them.
    """

    def __init__(self, values: Sequence[float]) -> None:
        super().__init__()
        self.values = tuple(values)
        self.tensor = self._made(torch.get_default_device())

    def on(self, device: torch.device) -> Tensor:
        """Return the numbers [values] on `device`; in float32 on MPS, which has no float64."""
        return self.tensor if self.tensor.device == device else self._made(device)

    def _made(self, device: torch.device) -> Tensor:
        precision = torch.float32 if device.type == "mps" else torch.float64
        return torch.tensor(self.values, dtype=precision, device=device)

    @override
    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        moved = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # of torch
        self.tensor = self._made(fn(torch.empty(0, device=self.tensor.device)).device)
        return moved
