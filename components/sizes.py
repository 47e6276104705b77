"""What the assembler knows of a model and hands to every piece of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The sizes that more than one piece of a decoder must know.

    Fields:
        width: channels of the residual stream.
        layers: number of layers.
        heads: query heads of a layer.
        kv_heads: key and value heads of a layer; divides `heads`.
        head_width: channels of one head; heads * head_width may differ from `width`.
        window: tokens processed at once.
        context: tokens of one training sample, a multiple of `window`.
        vocabulary: number of token ids.
        places: positions that the tokens of one context take, with those that a memory adds.
        attends: for each layer, whether it has keys; None where that is not known: all have.
        mlp_factor: what the MLP's inner width is multiplied by.
    """

    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    window: int
    context: int
    vocabulary: int
    places: int | None = None
    attends: tuple[bool, ...] | None = None
    mlp_factor: float = 1.0

    def has_keys(self, layer: int) -> bool:
        """Say whether a layer has keys."""
        return self.attends is None or self.attends[layer]
