"""A mixer moves information between the tokens of a window; here positions and memory meet."""

from torch import Tensor, nn
from typing_extensions import override

from components.memory import Recall, Seen, Window
from components.positions import Positions
from components.sizes import Sizes


class Mixer(nn.Module):
    """The part of a layer in which tokens see one another.

    Args:
        sizes: of the decoder.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall
    ) -> tuple[Tensor, Seen | None]:
        """Mix the tokens of one window.

        Args:
            x: [batch, length, width], normed.
            window: where the tokens stand.
            positions: the layer's encoder.
            recall: adds the keys that the memory remembers for this layer.

        Returns:
            The mixed tokens [batch, length, width], and the window's own keys and values (None
            for a mixer without keys).
        """
        raise NotImplementedError
