"""Attention without a softmax: a matrix that every token lets fade, adds to and reads."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, silu
from typing_extensions import override

from components.carried import Carried, at_least
from components.exact import Exact
from components.initialise import OutputLinear
from components.memory import Recall, Window
from components.mixer import Mixed, Mixer
from components.positions import Positions
from components.precision import precise
from components.recurrence import SMALLEST, recur
from components.registry import component
from components.sizes import Sizes

EPSILON = 1e-6
"""Added to the mean square of what a head found."""


@component("mixer", "linear_attention")
class LinearAttention(Mixer):
    """Read from a sum of the outer products of all keys and values so far, which may fade.

    Formula:  S_t = diag(a_t) S_(t-1) + k_t v_t^T; o_t = q_t S_t / sqrt(head_width);
              out = W_o (rms_norm(o) * silu(W_g x)), with a norm over each head's channels.
              none: a = 1. retention: a = 1 - 2^(-5-h) in head h = 0, 1, ...
              gla: a = max(sigmoid(W_2 W_1 x + b)^(1/temperature), e^-4), for each channel of a key.
    Shapes:   x and out [batch, length, width]; q, k, v, o and a [batch, heads, length, head_width];
              S [batch, heads, head_width, head_width], in float32 or better. Head counts and the
              head width are fields of `model`; keys, values and a repeat where kv_heads < heads.
    Options:
        gate: what fades how fast, see the formula.
        rank: channels between W_1 and W_2 (gla).
        temperature: root that is taken of a sigmoid (gla), so that little fades at first.
        placement: instead of attention, or after a layer that has it.
        backpropagate_windows: windows that a gradient may cross; S is detached once in that many
            windows and one.
    Errors:   ValueError unless rank >= 1, temperature > 0, backpropagate_windows >= 0.
    Source:   retention: Sun et al. 2023 (arXiv 2307.08621); gla: Yang et al. 2023
              (arXiv 2312.06635); both gate and norm their output so.
    """

    carries = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        gate: Literal["none", "retention", "gla"] = "gla",
        rank: int = 16,
        temperature: float = 16.0,
        placement: Literal["instead", "after"] = "instead",
        backpropagate_windows: int = 0,
    ) -> None:
        super().__init__(sizes)
        self.placement = placement
        self.backpropagate_windows = at_least("backpropagate_windows", backpropagate_windows, 0)
        if temperature <= 0:
            raise ValueError(f"temperature: {temperature} is not above 0")
        self.temperature = temperature
        inner, shared = (count * sizes.head_width for count in (sizes.heads, sizes.kv_heads))
        self.query = nn.Linear(sizes.width, inner, bias=False)
        self.key = nn.Linear(sizes.width, shared, bias=False)
        self.value = nn.Linear(sizes.width, shared, bias=False)
        self.gate = nn.Linear(sizes.width, inner, bias=False)
        self.norm = nn.RMSNorm(sizes.head_width, eps=EPSILON)
        self.out = OutputLinear(inner, sizes.width, bias=False)
        self.fixed = Exact(_logarithms(gate, sizes.heads))
        self.narrow: nn.Linear | None = None
        if gate == "gla":
            self.narrow = nn.Linear(sizes.width, at_least("rank", rank, 1), bias=False)
            self.widen = nn.Linear(rank, shared)

    @override
    def start(self, batch: int, device: torch.device) -> Carried:
        shape = (batch, self.sizes.heads, self.sizes.head_width, self.sizes.head_width)
        dtype = precise(self.query.weight)
        return Carried((torch.zeros(shape, dtype=dtype, device=device),))

    @override
    def reset(self, rows: Tensor, state: Carried) -> Carried:
        return state.forgotten(rows)

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall, state: Carried
    ) -> Mixed:
        (before,) = state.tensors
        queries, keys, values = (
            self._heads(projected).to(before.dtype)
            for projected in (self.query(x), self.key(x), self.value(x))
        )
        decays = self._decays(x, before.dtype)
        queries = queries / self.sizes.head_width**0.5
        found, last = recur(queries, keys, values, decays, documents=window.documents, start=before)
        normed = self.norm(found.to(self.norm.weight.dtype)).transpose(1, 2).flatten(2)
        carried = state.followed_by(last, backpropagate_windows=self.backpropagate_windows)
        return Mixed(self.out(normed * silu(self.gate(x))), state=carried)

    def _heads(self, x: Tensor) -> Tensor:
        """[batch, length, some heads * head_width] -> [batch, heads, length, head_width]."""
        some: Tensor = x.unflatten(-1, (-1, self.sizes.head_width)).transpose(1, 2)
        return some.repeat_interleave(self.sizes.heads // some.shape[1], dim=1)

    def _decays(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Return ln a, [batch or 1, heads, length, head_width or 1]."""
        if self.narrow is None:
            each = self.fixed.on(x.device).to(dtype)
            return each[None, :, None, None].expand(-1, -1, x.shape[1], -1)
        logits = self._heads(self.widen(self.narrow(x))).to(dtype)
        return (logsigmoid(logits) / self.temperature).clamp(min=SMALLEST)


def _logarithms(gate: str, heads: int) -> tuple[float, ...]:
    """Return ln a of each head, for a gate that looks at no token."""
    if gate == "retention":
        return tuple(math.log1p(-(2.0 ** (-5 - head))) for head in range(heads))
    return (0.0,) * heads
