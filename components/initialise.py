"""Initial values: a function of (seed, name, shape) alone, whatever else the model holds.

Linear and embedding modules and convolutions are drawn here. Projections back into the stream
(`OutputLinear`) also depend on the number of layers: where that is an axis, they are the same draws
to a factor. A module of another sort whose values are random draws them in a method of its own,

    def draw(self, name: str, tensor: Tensor, generator: torch.Generator) -> None:
        if name == "table":
            tensor.normal_(0.0, 0.1, generator=generator)

which is called without gradients for each of the module's own parameters and buffers, with the
generator of its full name and the seed. Its constructor must not draw them: that would depend on
what was built before. Models in which it does are refused before they train (`pipelines.checks`).
"""

import hashlib
import math
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

STANDARD_DEVIATION = 0.02

Draw: TypeAlias = Callable[[str, Tensor, torch.Generator], None]

DRAWN = (nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class OutputLinear(nn.Linear):
    """A projection back into the residual stream; its initial spread shrinks with the depth.

    By the factor 1/sqrt(2 layers), under the scheme `normal`: of the values that parameters of one
    name, shape and seed begin with, these alone differ between models of different depths.
    """


@torch.no_grad()
def initialise(
    model: nn.Module, seed: int, layers: int, scheme: Literal["normal", "torch"] = "normal"
) -> None:
    """Draw every weight of the linear, convolution and embedding modules of `model`, in place.

    `normal`: N(0, 0.02^2), biases 0, projections back into the stream N(0, 0.02^2 / (2 layers))
    (Radford et al. 2019). `torch`: what these modules do by themselves (uniform +-1/sqrt(inputs),
    embeddings N(0, 1)). Modules with a method `draw` do as it says; other parameters that a
    component sets itself keep their value. A tensor that several modules share is drawn once, by
    the first of them.

    Args:
        model: on the CPU.
        seed: of the cell.
        layers: number of layers, for the projections back into the stream.
        scheme: which of the two.
    """
    drawn: set[int] = set()
    for path, module in model.named_modules():
        draw = _draw_of(module, layers, scheme)
        for name, tensor in _drawn_in(module):
            if id(tensor) not in drawn:
                draw(name, tensor, generator_of(f"{path}.{name}", seed))
                drawn.add(id(tensor))


def _drawn_in(module: nn.Module) -> tuple[tuple[str, Tensor], ...]:
    """Return the tensors of a module, without its children, that are drawn."""
    parameters = tuple(module.named_parameters(recurse=False))
    if hasattr(module, "draw"):
        return *parameters, *module.named_buffers(recurse=False)
    return parameters if isinstance(module, DRAWN) else ()


def _draw_of(module: nn.Module, layers: int, scheme: str) -> Draw:
    """Return how the tensors of a module are drawn, where any are."""
    if hasattr(module, "draw"):
        return module.draw  # type: ignore[return-value]  # nn.Module says Tensor or Module
    if scheme == "torch" and isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        bound = 1 / math.sqrt(module.weight[0].numel())  # as many inputs has an output
        return partial(_draw_uniform, bound)
    if scheme == "torch":
        return partial(_draw_normal, 1.0)
    depth = 2 * layers if isinstance(module, OutputLinear) else 1
    return partial(_draw_normal, STANDARD_DEVIATION / math.sqrt(depth))


def _draw_uniform(bound: float, _name: str, tensor: Tensor, generator: torch.Generator) -> None:
    tensor.uniform_(-bound, bound, generator=generator)


def _draw_normal(spread: float, name: str, tensor: Tensor, generator: torch.Generator) -> None:
    if name == "bias":
        tensor.zero_()
    else:
        tensor.normal_(0.0, spread, generator=generator)


def generator_of(name: str, seed: int) -> torch.Generator:
    """Return the random generator of one parameter: a digest of its name and the seed."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))
