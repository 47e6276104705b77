"""A mixer moves information between the tokens of a window; here positions and memory meet."""

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Recall, Seen, Window
from components.positions import Positions
from components.sizes import Sizes


class Mixed(NamedTuple):
    """What a mixer makes of one window.

    Fields:
        x: the mixed tokens [batch, length, width].
        own: the window's own queries, keys and values; None for a mixer without keys.
        state: what the mixer hands to its next window; None for one that carries nothing itself.
    """

    x: Tensor
    own: Seen | None = None
    state: Any = None


class Mixer(nn.Module):
    """The part of a layer in which tokens see one another.

    Args:
        sizes: of the layer.
    """

    has_keys = False
    """Whether it has keys, which position encoders and memories act on."""

    carries = False
    """Whether it hands a state of its own from window to window."""

    separates_documents = False
    """Whether documents that share a window stay apart in it."""

    placement: Literal["instead", "after", "before_mixer", "before_mlp"] = "instead"
    """Whether it stands in for attention, or beside it in a layer that has its attention as well:
    behind the layer, or on what attention or the MLP is given."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def start(self, batch: int, device: torch.device) -> Any:
        """Return the state before the first window of `batch` rows."""
        return None

    def reset(self, rows: Tensor, state: Any) -> Any:
        """Return the state in which the rows of the mask `rows` [batch] have forgotten all."""
        return state

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall, state: Any
    ) -> Mixed:
        """Mix the tokens of one window.

        Args:
            x: [batch, length, width], normed.
            window: where the tokens stand, and which documents they belong to.
            positions: the layer's encoder.
            recall: what the decoder's memory remembers for this layer.
            state: of this mixer, behind the last window.
        """
        raise NotImplementedError
