"""Libraries that the components are compared with, whose import warns."""

import warnings

with warnings.catch_warnings():
    # torch.jit.script, which they decorate functions with, is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from rotary_embedding_torch import RotaryEmbedding
    from x_transformers.x_transformers import AlibiPositionalBias, DynamicTanh
    from x_transformers.x_transformers import RotaryEmbedding as XRotaryEmbedding

__all__ = ["AlibiPositionalBias", "DynamicTanh", "RotaryEmbedding", "XRotaryEmbedding"]
