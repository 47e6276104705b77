"""One layer: a mixer and an MLP, joined by a topology, with the layer's position encoder."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from typing_extensions import override

from components.layout import LayerPlan
from components.memory import Recall, Seen, Window
from components.positions import Positions
from components.registry import build
from components.sizes import Sizes

if TYPE_CHECKING:
    from components.mixer import Mixed, Mixer
    from components.mlp import Mlp, Transformed
    from components.topology import Topology


class Layered(NamedTuple):
    """What a layer makes of one window.

    Fields:
        x: the stream [batch, length, width of the layer].
        own: the window's own queries, keys and values; None for a layer without keys.
        state: what its mixers hand to the next window.
        auxiliary: what is minimised beside the loss, [], already weighted; or None.
    """

    x: Tensor
    own: Seen | None
    state: tuple[Any, ...]
    auxiliary: Tensor | None


class Layer(nn.Module):
    """One layer of a decoder.

    Args:
        sizes: of the layer.
        plan: its components.
        positions: its encoder, which others may have as well.
        mlp: likewise.
    """

    def __init__(self, sizes: Sizes, plan: LayerPlan, positions: Positions, mlp: "Mlp") -> None:
        super().__init__()
        self.width = sizes.width
        self.heads = sizes.heads
        self.positions = positions
        self.mixer: Mixer = build(plan.mixer, sizes)
        self.mlp: Mlp = mlp
        self.topology: Topology = build(plan.topology, partial(build, plan.norm, sizes.width))
        if not mlp.adds:
            self.topology.leave_out_mlp()
        self.beside: Mixer | None = None if plan.beside is None else build(plan.beside, sizes)
        is_after = self.beside is not None and self.beside.placement == "after"
        self.norm_after: nn.Module | None = build(plan.norm, sizes.width) if is_after else None

    @property
    def mixers(self) -> "tuple[Mixer, ...]":
        """Its one or two mixers."""
        return (self.mixer,) if self.beside is None else (self.mixer, self.beside)

    def start(self, batch: int, device: torch.device) -> tuple[Any, ...]:
        """Return the states of its mixers before the first window of `batch` rows."""
        return tuple(mixer.start(batch, device) for mixer in self.mixers)

    def reset(self, rows: Tensor, state: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the states in which the rows of the mask `rows` [batch] have forgotten all."""
        each = zip(self.mixers, state, strict=True)
        return tuple(mixer.reset(rows, own) for mixer, own in each)

    @override
    def forward(self, x: Tensor, window: Window, recall: Recall, state: tuple[Any, ...]) -> Layered:
        """Pass the stream `x` [batch, length, at most the layer's width] through the layer."""
        mixed: list[Mixed] = []
        besides: list[Mixed] = []
        transformed: list[Transformed] = []

        def beside(x: Tensor, placement: str) -> Tensor:
            if self.beside is None or self.beside.placement != placement:
                return x
            besides.append(self.beside(x, window, self.positions, recall, state[1]))
            return besides[-1].x

        def mixer(x: Tensor) -> Tensor:
            x = beside(x, "before_mixer")
            mixed.append(self.mixer(x, window, self.positions, recall, state[0]))
            return mixed[-1].x

        def mlp(x: Tensor) -> Tensor:
            transformed.append(self.mlp.transform(beside(x, "before_mlp")))
            return transformed[-1].x

        x = self.topology(self._widened(x), mixer, mlp)
        if self.norm_after is not None:
            x = x + beside(self.norm_after(x), "after")
        states = tuple(each.state for each in (*mixed, *besides))
        return Layered(x, mixed[0].own, states, transformed[0].auxiliary)

    def _widened(self, x: Tensor) -> Tensor:
        """Give every head's part of a narrower stream zeros for the channels that are new."""
        if x.shape[-1] == self.width:
            return x
        parts = x.unflatten(-1, (self.heads, -1))
        return pad(parts, (0, self.width // self.heads - parts.shape[-1])).flatten(-2)
