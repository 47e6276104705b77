"""Many old keys without a gradient, of which each query looks up the nearest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from typing_extensions import override

from components.cached import Cached
from components.memory import Memory, Seen, Window
from components.precision import precise
from components.registry import component
from components.remembered import acting, own_among, tokens_behind
from components.sizes import Sizes


@dataclass(frozen=True)
class Memorized:
    """What is kept between two windows.

    Fields:
        layers: the keys of each layer, of length 1; None where the memory does not act; empty
            before the first window.
        tokens: [batch or 1], int64; tokens of a row since it was reset, or of its last document
            where documents are kept apart. Of the keys only so many are its own.
    """

    layers: tuple[Cached | None, ...]
    tokens: Tensor


@component("memory", "memorizing")
class Memorizing(Memory[Memorized]):
    r"""Blend what attention finds with the values of the nearest keys of earlier windows.

    Formula:  s_j = c (q / |q|) (k_j / |k_j|) for the last `size` keys j of earlier windows; over
              the `neighbours` largest, found = sum_j softmax(s)_j v_j;
              out = g found + (1 - g) attention, g = sigmoid(b), b and c of each head. g is 0 where
              a query has nothing to look up. No gradient reaches what is remembered. q and k are
              not encoded, so that it has no position.
    Shapes:   keys and values [batch, kv_heads, size, head_width], fewer at first; neighbours
              [batch, heads, queries, neighbours]; b and c [heads].
    Options:
        neighbours: keys that a query of each head takes.
        size: keys that are remembered, in tokens.
        gate_init: b before it learns. c begins with sqrt(head_width).
        layers: which layers have such a memory, repeating; the paper has it in one of twelve.
    Errors:   ValueError unless neighbours, size >= 1; for layers without a member.
    Source:   Wu et al. 2022 (arXiv 2203.08913), sections 3.1 and 3.2. The search is exact.
    """

    carries = True
    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        neighbours: int = 32,
        size: int = 8192,
        gate_init: float = 0.0,
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        if neighbours < 1:
            raise ValueError(f"neighbours: {neighbours} is below 1")
        if size < 1:
            raise ValueError(f"size: {size} is below 1")
        self.neighbours = neighbours
        self.size = size
        self.acting = acting(sizes, layers)
        self.gates = self._of_each_head(float(gate_init))
        self.scales = self._of_each_head(sizes.head_width**0.5)

    @override
    def start(self, batch: int, device: torch.device) -> Memorized:
        return Memorized((), torch.zeros(1, dtype=torch.int64, device=device))

    @override
    def on_output(self, layer: int, attended: Tensor, own: Seen, state: Memorized) -> Tensor:
        kept = state.layers[layer] if state.layers else None
        if kept is None:
            return attended
        visible = own_among(kept.length, state.tokens, own.goes_on)
        gate: Tensor = self.gates[str(layer)].sigmoid()[:, None, None]
        gate = (gate * visible.any(dim=-1)[:, None, :, None]).to(attended.dtype)
        found = self._found(layer, kept, own.queries, visible).to(attended.dtype)
        return gate * found + (1 - gate) * attended

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Memorized
    ) -> Memorized:
        old = state.layers or (None,) * len(seen)
        layers = tuple(
            Cached(_unit(own.keys), own.values, None).detached().behind(kept).last(self.size)
            if acts and own is not None
            else None
            for acts, own, kept in zip(self.acting, seen, old, strict=True)
        )
        return Memorized(layers, tokens_behind(window, state.tokens))

    @override
    def reset(self, rows: Tensor, state: Memorized) -> Memorized:
        return replace(state, tokens=state.tokens * ~rows.to(state.tokens.device))

    def _of_each_head(self, value: float) -> nn.ParameterDict:
        own = (layer for layer, acts in enumerate(self.acting) if acts)
        heads = self.sizes.heads
        return nn.ParameterDict(
            {str(each): nn.Parameter(torch.full((heads,), value)) for each in own}
        )

    def _found(self, layer: int, kept: Cached, queries: Tensor, visible: Tensor) -> Tensor:
        """Return what each query finds, [batch, heads, queries, head_width].

        Args:
            layer: which one.
            kept: its memory.
            queries: [batch, heads, queries, head_width].
            visible: [batch or 1, queries or 1, keys]; a query that sees none finds anything.
        """
        shared = kept.keys.shape[1]
        queries = _unit(queries).unflatten(1, (shared, -1))
        best, there = self._nearest(queries, kept.keys, visible)
        scores = (_at(kept.keys, best) @ queries[..., None]).squeeze(-1)
        scale = self.scales[str(layer)].view(shared, -1, 1, 1)
        scores = scores.to(precise(scores)) * scale
        # Not -inf: where no key is there, that would be no number, in the gradient too.
        weights = scores.masked_fill(~there, torch.finfo(scores.dtype).min).softmax(dim=-1)
        weights = weights.to(kept.values.dtype)
        found: Tensor = (weights[..., None, :] @ _at(kept.values, best)).squeeze(-2)
        return found.flatten(1, 2)

    def _nearest(self, queries: Tensor, keys: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """Return places of the nearest keys of each query, and whether it sees them.

        Args:
            queries: [batch, kv_heads, heads that share a key, queries, head_width], of length 1.
            keys: [batch, kv_heads, keys, head_width], of length 1.
            visible: [batch or 1, queries or 1, keys].

        Returns:
            [batch, kv_heads, heads that share a key, queries, neighbours], each.
        """
        count = min(self.neighbours, keys.shape[2])
        with torch.no_grad():
            near = (queries.flatten(2, 3) @ keys.mT).unflatten(2, queries.shape[2:4])
            near = near.masked_fill(~visible[:, None, None], float("-inf"))
            best = near.topk(count, dim=-1)
        return best.indices, best.values > float("-inf")


def _unit(x: Tensor) -> Tensor:
    """Return vectors of length 1."""
    return normalize(x.to(precise(x)), dim=-1).to(x.dtype)


def _at(tensor: Tensor, places: Tensor) -> Tensor:
    """Return the vectors at `places`, with one more dimension behind.

    Args:
        tensor: [batch, kv_heads, keys, head_width].
        places: [batch, kv_heads, ..].
    """
    index = places.flatten(2)[..., None].expand(-1, -1, -1, tensor.shape[-1])
    found: Tensor = tensor.gather(2, index).unflatten(2, places.shape[2:])
    return found
