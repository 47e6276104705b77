"""Groups of keys made into one: what a compressive memory keeps of those that it drops."""

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, max_pool1d, pad, scaled_dot_product_attention
from typing_extensions import override

from components.cached import Cached
from components.precision import precise


class Compression(nn.Module):
    """Make each group of `rate` keys one key; the last group may be smaller.

    Args:
        channels: of all heads of a layer's keys together.
        rate: keys of a group.
        how: conv, a learned sum over the group of what all heads have, for keys and for values;
            mean or max of each channel.
    """

    def __init__(self, channels: int, rate: int, how: Literal["conv", "mean", "max"]) -> None:
        super().__init__()
        self.rate = rate
        self.how = how
        self.keys, self.values = (self._convolution(channels) for _ in range(2))

    @override
    def forward(self, kept: Cached) -> Cached:
        """Compress the keys and values of one layer, not encoded."""
        keys, values = self._made(kept.keys, self.keys), self._made(kept.values, self.values)
        # What keys carry for a position encoder is summed: the gates of a forgetting one, of which
        # those behind a key count, then lower all that is in front of the group as they would have.
        beside = None if kept.beside is None else self._groups(kept.beside).sum(dim=3)
        return Cached(keys, values, beside)

    def loss(self, queries: Tensor, kept: Cached, visible: Tensor) -> Tensor:
        """Return how much worse queries find in compressed keys what was in the keys, [].

        That is the mean square of the difference, over the queries that see a group.

        Args:
            queries: [batch, heads, queries, head_width], not encoded.
            kept: keys and values.
            visible: [batch or 1, queries or 1, keys], bool; the last ones of each row.
        """
        visible = visible.expand(len(queries), queries.shape[2], -1)
        groups = visible[..., :: self.rate]  # a group whose first key is visible is so as a whole
        there = _attended(queries, kept, visible)
        difference = _attended(queries, self(kept), groups) - there
        squares = difference.to(precise(difference)).square().mean(dim=(1, 3))
        asked = groups.any(dim=-1)
        return (squares * asked).sum() / asked.sum().clamp(min=1)

    def _convolution(self, channels: int) -> nn.Conv1d | None:
        if self.how != "conv":
            return None
        return nn.Conv1d(channels, channels, self.rate, stride=self.rate, bias=False)

    def _made(self, x: Tensor, convolution: nn.Conv1d | None) -> Tensor:
        """[batch, kv_heads, keys, head_width] -> [batch, kv_heads, groups, head_width]."""
        heads, width = x.shape[1], x.shape[3]
        channels = x.mT.flatten(1, 2)
        if convolution is not None:
            made = convolution(pad(channels, (0, -x.shape[2] % self.rate)))
        elif self.how == "mean":
            made = avg_pool1d(channels, self.rate, ceil_mode=True, count_include_pad=False)
        else:
            made = max_pool1d(channels, self.rate, ceil_mode=True)
        compressed: Tensor = made.unflatten(1, (heads, width)).mT
        return compressed

    def _groups(self, x: Tensor) -> Tensor:
        """[batch, any, keys, any] -> [batch, any, groups, rate, any], with zeros at the end."""
        groups: Tensor = pad(x, (0, 0, 0, -x.shape[2] % self.rate)).unflatten(2, (-1, self.rate))
        return groups


def _attended(queries: Tensor, kept: Cached, visible: Tensor) -> Tensor:
    """Attend without positions; what a query that sees nothing finds does not count."""
    mask = visible | ~visible.any(dim=-1, keepdim=True)
    grouped = queries.shape[1] != kept.keys.shape[1]
    found: Tensor = scaled_dot_product_attention(
        queries, kept.keys, kept.values, mask[:, None], enable_gqa=grouped
    )
    return found
