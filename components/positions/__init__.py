"""Position encoders receive explicit positions and act in a few places, each a no-op by default."""

from torch import Tensor, nn

from components.memory import Seen
from components.sizes import Sizes


class Positions(nn.Module):
    """What a position does to embeddings, to queries and keys, or to scores.

    Position tensors are int64 [batch or 1, length]; there is never a hidden offset. Each layer has
    an encoder of its own, unless it acts on embeddings or says that layers share it.

    Args:
        sizes: of the layer.
    """

    acts_on_embeddings = False
    """Whether it acts before the first layer, once for the whole decoder."""

    shared_across_layers = False
    """Whether layers that choose it with the same options have one encoder together."""

    needs_scores = False
    """Whether it looks at the scores themselves; fused kernels cannot be used then."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def share_with(self, first: "Positions") -> None:
        """Take from the encoder of the first layer that has the same options what layers share."""

    def on_embeddings(self, x: Tensor, positions: Tensor) -> Tensor:
        """Return the embeddings `x` [batch, length, width] with their positions."""
        return x

    def beside_keys(self, x: Tensor) -> Tensor | None:
        """Return what the keys of the tokens `x` [batch, length, width] carry, or None.

        [batch, any, length, any]; it is cached, moved and forgotten with the keys, and found again
        as `Seen.beside`.
        """
        return None

    def on_queries_and_keys(self, seen: Seen) -> tuple[Tensor, Tensor]:
        """Return the encoded queries [batch, heads, queries, head_width] and keys of `seen`."""
        return seen.queries, seen.keys

    def on_scores(self, seen: Seen) -> Tensor | None:
        """Return what is added to the scores [batch or 1, heads or 1, queries, keys], or None.

        Scores are q k^T / sqrt(head_width). Encoded queries and keys are not in `seen`.
        """
        return None

    def from_scores(self, seen: Seen, scores: Tensor) -> Tensor:
        """Return what is added to the scores, given themselves, where `needs_scores`.

        Args:
            seen: as it came from the memory.
            scores: [batch, heads, queries, keys], scaled, with what `on_scores` added, and -inf
                where a key is not visible.
        """
        raise NotImplementedError
