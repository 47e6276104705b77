"""Scores that fall with what was forgotten between key and query."""

from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "forgetting")
class Forgetting(Positions):
    r"""Lower each score by what every token behind the key, up to the query, lets be forgotten.

    Formula:  s_ij + sum of ln f_l over the keys l = j + 1 .. i, f = sigmoid(W x + b + start) of
              each head. The order of the keys alone counts, not their positions: the gate of a
              cached key is cached with it, and what lies between two keys that a memory did not
              keep is not counted.
    Shapes:   ln f [batch, heads, keys, 1], in float32 at least; the bias [batch, heads, queries,
              keys]; W [heads, width] and b [heads], drawn like other projections.
    Options:
        start: what the gate has in it before it learns; 0 forgets half at every token, 5 a
            hundred and fiftieth.
    Errors:   ValueError where a mixer or memory does not keep what keys carry.
    Source:   Lin et al. 2025 (arXiv 2503.02130), Forgetting Transformer.
    """

    def __init__(self, sizes: Sizes, *, start: float = 0.0) -> None:
        super().__init__(sizes)
        self.gate = nn.Linear(sizes.width, sizes.heads)
        self.start = start

    @override
    def beside_keys(self, x: Tensor) -> Tensor:
        logits = self.gate(x)
        precision = precise(logits)
        return logsigmoid(logits.to(precision) + self.start).transpose(1, 2)[..., None]

    @override
    def on_scores(self, seen: Seen) -> Tensor:
        if seen.beside is None:
            raise ValueError("positions/forgetting: keys came without their gates")
        kept = seen.beside.squeeze(-1).cumsum(dim=-1)
        # The window's own keys stand last, so that a query is as far along as its own key.
        own = kept[..., -seen.queries.shape[2] :]
        return own[..., :, None] - kept[..., None, :]
