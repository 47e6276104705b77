"""Position encoders receive explicit positions and act in three places, each a no-op by default."""

from torch import Tensor, nn

from components.memory import Seen
from components.sizes import Sizes


class Positions(nn.Module):
    """What a position does to embeddings, to queries and keys, or to scores.

    Position tensors are int64 [batch or 1, length]; there is never a hidden offset. An encoder that
    acts on embeddings is one module for the whole decoder, any other one for each layer.

    Args:
        sizes: of the decoder.
    """

    acts_on_embeddings = False

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def on_embeddings(self, x: Tensor, positions: Tensor) -> Tensor:
        """Return the embeddings `x` [batch, length, width] with their positions."""
        return x

    def on_queries_and_keys(
        self, queries: Tensor, keys: Tensor, query_positions: Tensor, key_positions: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Encode queries [batch, heads, queries, head_width], keys [batch, kv_heads, keys, ...]."""
        return queries, keys

    def on_scores(self, seen: Seen) -> Tensor | None:
        """Return what is added to the scores [batch or 1, heads or 1, queries, keys], or None."""
        return None
