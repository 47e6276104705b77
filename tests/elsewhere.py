"""Libraries that the components are compared with, whose import warns."""

import warnings

with warnings.catch_warnings():
    # torch.jit.script, which they decorate functions with, is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from rotary_embedding_torch import RotaryEmbedding
    from x_transformers.attend import Attend
    from x_transformers.x_transformers import (
        AlibiPositionalBias,
        CoPE,
        DataDependentAlibi,
        DynamicTanh,
        RelativePositionBias,
        apply_rotary_pos_emb,
    )
    from x_transformers.x_transformers import RotaryEmbedding as XRotaryEmbedding

__all__ = [
    "AlibiPositionalBias",
    "Attend",
    "CoPE",
    "DataDependentAlibi",
    "DynamicTanh",
    "RelativePositionBias",
    "RotaryEmbedding",
    "XRotaryEmbedding",
    "apply_rotary_pos_emb",
]
