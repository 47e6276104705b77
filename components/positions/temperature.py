"""No positions, but queries that grow with what there is to see."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "temperature")
class Temperature(Positions):
    r"""Multiply queries, so that attention stays as sharp among many keys as among few.

    It is for layers without positions, whose attention spreads as keys become more.

    Formula:  q_i t_i; log_n, t_i = max(1, ln k_i / ln T), with k_i keys that query i sees; ssmax,
              t_i = s_h ln k_i, with s learned for each head; llama4,
              t_i = 1 + strength ln(floor((p_i + 1) / step) + 1).
    Shapes:   queries [batch, heads, queries, head_width]; s [heads].
    Options:
        rule: see the formula.
        length: T, keys up to which log_n leaves queries as they are; null means the context of the
            training.
        start: of s (ssmax); null means the one under which t is 1 on average over the queries of a
            window that sees itself alone, and 1 for windows of one token.
        step: positions from one multiplier to the next (llama4).
        strength: how fast queries grow with the logarithm of the position (llama4).
    Errors:   ValueError unless length > 1 and step > 0.
    Source:   log_n: `use_logn_attn` of Qwen; ssmax: Nakanishi 2025 (arXiv 2501.19399); llama4:
              `attn_scale` and `floor_scale` of Llama 4 in transformers.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        rule: Literal["log_n", "ssmax", "llama4"] = "log_n",
        length: int | None = None,
        start: float | None = None,
        step: int = 8192,
        strength: float = 0.1,
    ) -> None:
        super().__init__(sizes)
        self.length = sizes.context if length is None else length
        if self.length <= 1:
            raise ValueError(f"length: {self.length} is not above 1")
        if step < 1:
            raise ValueError(f"step: {step} is below 1")
        self.rule = rule
        self.step = step
        self.strength = strength
        begin = _plain_on_average(sizes.window) if start is None else start
        self.scale = nn.Parameter(torch.full((sizes.heads,), begin)) if rule == "ssmax" else None

    @override
    def on_queries_and_keys(self, seen: Seen) -> tuple[Tensor, Tensor]:
        precision = precise(seen.queries)
        queries = seen.queries.to(precision) * self._factors(seen, precision)[..., None]
        return queries.to(seen.queries.dtype), seen.keys

    def _factors(self, seen: Seen, precision: torch.dtype) -> Tensor:
        """Return t, [batch or 1, heads or 1, queries]."""
        if self.rule == "llama4":
            steps = (seen.query_positions + 1) // self.step
            return 1 + self.strength * (steps[:, None].to(precision) + 1).log()
        logarithms = seen.visible.sum(dim=-1)[:, None].clamp(min=1).to(precision).log()
        if self.scale is not None:
            return self.scale.to(precision)[:, None] * logarithms
        return (logarithms / math.log(self.length)).clamp(min=1)


def _plain_on_average(window: int) -> float:
    """Return 1 over the mean of ln k for k = 1 .. window, or 1 where that is 0."""
    return window / math.lgamma(window + 1) if window > 1 else 1.0
