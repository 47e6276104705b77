"""A learned vector for each position, added to the embeddings."""

from torch import Tensor, nn
from typing_extensions import override

from components.positions import Positions
from components.registry import component
from components.sizes import Sizes


@component("positions", "learned")
class Learned(Positions):
    r"""Add a learned vector to every token's embedding, one for each position.

    Formula:  x + E[p].
    Shapes:   x [batch, length, width]; E [size, width], drawn like the embeddings.
    Options:
        size: positions that there are; null means as many as the context of the training has, the
            tokens that a memory adds included.
    Errors:   ValueError unless size > 0, and in the forward pass for a position beyond the table.
    Source:   Gehring et al. 2017 (arXiv 1705.03122), section 3.1; Radford et al. 2018 (GPT).
    """

    acts_on_embeddings = True

    def __init__(self, sizes: Sizes, *, size: int | None = None) -> None:
        super().__init__(sizes)
        self.size = (sizes.places or sizes.context) if size is None else size
        if self.size < 1:
            raise ValueError(f"size: {size} is below 1")
        self.table = nn.Embedding(self.size, sizes.width)

    @override
    def on_embeddings(self, x: Tensor, positions: Tensor) -> Tensor:
        # To look at positions waits for the device, which training on a GPU never does. What is
        # beyond the table is met before, when the first sample is evaluated (pipelines.checks);
        # if later samples alone reach it, the kernel of the GPU ends the run.
        unseen = positions.is_meta or (self.training and positions.device.type == "cuda")
        if not unseen:
            self._refuse_beyond(int(positions.min()), int(positions.max()))
        added: Tensor = self.table(positions)
        return x + added.to(x.dtype)

    def _refuse_beyond(self, first: int, last: int) -> None:
        if first < 0 or last >= self.size:
            raise ValueError(
                f"positions/learned has {self.size} positions, 0 to {self.size - 1}: "
                f"there is none for {first if first < 0 else last}"
            )
