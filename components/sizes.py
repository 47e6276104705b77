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
    """

    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    window: int
    context: int
    vocabulary: int
