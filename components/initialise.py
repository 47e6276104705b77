"""Initial values: a function of (seed, name, shape) alone, whatever else the model holds."""

import hashlib
import math
from typing import Literal

import torch
from torch import nn

STANDARD_DEVIATION = 0.02


class OutputLinear(nn.Linear):
    """A projection back into the residual stream; its initial spread shrinks with the depth."""


@torch.no_grad()
def initialise(
    model: nn.Module, seed: int, layers: int, scheme: Literal["normal", "torch"] = "normal"
) -> None:
    """Draw every weight of the linear and embedding modules of `model`, in place.

    `normal`: N(0, 0.02^2), biases 0, projections back into the stream N(0, 0.02^2 / (2 layers))
    (Radford et al. 2019). `torch`: what nn.Linear and nn.Embedding do by themselves (uniform
    +-1/sqrt(inputs), N(0, 1)). Parameters that a component sets itself keep their value.

    Args:
        model: on the CPU.
        seed: of the cell.
        layers: number of layers, for the projections back into the stream.
        scheme: which of the two.
    """
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            deviation = STANDARD_DEVIATION
            if isinstance(module, OutputLinear):
                deviation /= math.sqrt(2 * layers)
            for name, parameter in module.named_parameters(recurse=False):
                generator = generator_of(f"{path}.{name}", seed)
                if scheme == "torch" and isinstance(module, nn.Linear):
                    bound = 1 / math.sqrt(module.in_features)
                    parameter.uniform_(-bound, bound, generator=generator)
                elif name == "bias":
                    parameter.zero_()
                else:
                    spread = 1.0 if scheme == "torch" else deviation
                    parameter.normal_(0.0, spread, generator=generator)


def generator_of(name: str, seed: int) -> torch.Generator:
    """Return the random generator of one parameter: a digest of its name and the seed."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))
