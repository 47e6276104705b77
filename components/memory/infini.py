"""A memory of fixed size: what keys were worth, summed into one matrix for each head."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Memory, Seen, Window
from components.precision import as_they_are, precise
from components.registry import component
from components.remembered import acting, last_document
from components.sizes import Sizes
from components.truncation import crossed_behind

EPSILON = 1e-10
"""The least sum of weights by which is divided: an empty memory has 0 / EPSILON in it."""


@dataclass(frozen=True)
class Summed:
    """What is kept of one layer, in float32 or better.

    Fields:
        matrix: [batch, kv_heads, head_width, head_width], from keys to values.
        weight: [batch, kv_heads, head_width, 1], the sum of the keys.
    """

    matrix: Tensor
    weight: Tensor

    @classmethod
    def nothing(cls, like: Tensor) -> "Summed":
        """Return the empty memory of keys [batch, kv_heads, any, head_width]."""
        batch, heads, _, width = like.shape
        matrix = torch.zeros(batch, heads, width, width, dtype=precise(like), device=like.device)
        return cls(matrix, matrix[..., :1])

    def read(self, features: Tensor) -> Tensor:
        """Return what `features` [batch, kv_heads, any, head_width] find, of the same shape."""
        return features @ self.matrix / (features @ self.weight).clamp(min=EPSILON)

    def forgotten(self, rows: Tensor) -> "Summed":
        """Return the memory in which the rows of a mask [batch or 1] are empty."""
        mask = rows.to(self.matrix.device)[:, None, None, None]
        return Summed(self.matrix.masked_fill(mask, 0.0), self.weight.masked_fill(mask, 0.0))

    def detached(self) -> "Summed":
        """Return the same memory, through which no gradient goes."""
        return Summed(self.matrix.detach(), self.weight.detach())


@dataclass(frozen=True)
class Associations:
    """What is kept between two windows.

    Fields:
        layers: what is kept of each layer; None where the memory does not act; empty before the
            first window.
        crossed: windows that a gradient crosses since what is kept was detached.
    """

    layers: tuple[Summed | None, ...]
    crossed: int


@component("memory", "infini")
class Infini(Memory[Associations]):
    r"""Blend what attention finds with what a matrix holds of all earlier windows.

    Formula:  f(x) = elu(x) + 1; A = f(q) M / (f(q) z), 0 where nothing was written;
              out = g A + (1 - g) attention, g = sigmoid(b) of each head. Behind the window
              M += f(k)^T v, z += sum of f(k)^T; under delta v - f(k) M / (f(k) z) stands for v.
              q and k are not encoded, so that what is remembered has no position.
    Shapes:   M [batch, kv_heads, head_width, head_width] and z [batch, kv_heads, head_width] of
              each layer, in float32 or better; b [heads]. Query heads that share keys share M.
    Options:
        update: linear adds all values; delta only what the memory does not say already.
        gate_init: b before it learns.
        backpropagate_windows: windows that a gradient may cross; M and z are detached once in that
            many windows and one. Null for all, as in the paper.
        layers: which layers it acts in, repeating.
    Errors:   ValueError unless backpropagate_windows >= 0; for layers without a member.
    Source:   Munkhdalai et al. 2024 (arXiv 2404.07143).
    """

    carries = True
    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        update: Literal["linear", "delta"] = "linear",
        gate_init: float = 0.0,
        backpropagate_windows: int | None = None,
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        if backpropagate_windows is not None and backpropagate_windows < 0:
            raise ValueError(f"backpropagate_windows: {backpropagate_windows} is below 0")
        self.update = update
        self.backpropagate_windows = backpropagate_windows
        self.acting = acting(sizes, layers)
        self.gates = nn.ParameterDict(
            {
                str(layer): nn.Parameter(torch.full((sizes.heads,), float(gate_init)))
                for layer, acts in enumerate(self.acting)
                if acts
            }
        )

    @override
    def start(self, batch: int, device: torch.device) -> Associations:
        return Associations((), 0)

    @override
    def on_output(self, layer: int, attended: Tensor, own: Seen, state: Associations) -> Tensor:
        if not self.acting[layer]:
            return attended
        gate: Tensor = self.gates[str(layer)].sigmoid().to(attended.dtype)[:, None, None]
        kept = state.layers[layer] if state.layers else None
        if kept is None:
            return (1 - gate) * attended
        found = self._found(kept, own).to(attended.dtype)
        return gate * found + (1 - gate) * attended

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Associations
    ) -> Associations:
        old = state.layers or (None,) * len(seen)
        layers = tuple(
            self._updated(kept or Summed.nothing(own.keys), own, window)
            if acts and own is not None
            else None
            for acts, own, kept in zip(self.acting, seen, old, strict=True)
        )
        crossed = crossed_behind(state.crossed, self.backpropagate_windows)
        if crossed == 0:
            layers = tuple(each and each.detached() for each in layers)
        return Associations(layers, crossed)

    @override
    def reset(self, rows: Tensor, state: Associations) -> Associations:
        layers = tuple(each and each.forgotten(rows) for each in state.layers)
        return Associations(layers, state.crossed)

    def _found(self, kept: Summed, own: Seen) -> Tensor:
        """Return what each query of each head reads, [batch, heads, queries, head_width]."""
        heads, shared = own.queries.shape[1], own.keys.shape[1]
        with as_they_are(own.queries.device):
            features = _features(own.queries).unflatten(1, (shared, heads // shared))
            read = kept.read(features.flatten(2, 3))
        found: Tensor = read.unflatten(2, features.shape[2:4]).flatten(1, 2)
        if own.goes_on is not None:
            found = found.masked_fill(~own.goes_on[:, None, :, None], 0.0)
        return found

    def _updated(self, kept: Summed, own: Seen, window: Window) -> Summed:
        """Return the memory behind the window: of the last document of each row alone."""
        mine, goes_on = last_document(window)
        if window.documents is not None:
            kept = kept.forgotten(~goes_on)
        with as_they_are(own.keys.device):
            features = _features(own.keys) * mine[:, None, :, None]
            values = own.values.to(features.dtype)
            if self.update == "delta":
                values = values - kept.read(features)
            weight = kept.weight + features.sum(dim=2)[..., None]
            return Summed(kept.matrix + features.mT @ values, weight)


def _features(x: Tensor) -> Tensor:
    """Return elu(x) + 1, of which small values keep their digits."""
    x = x.to(precise(x))
    return torch.where(x > 0, x + 1, x.clamp(max=0.0).exp())
