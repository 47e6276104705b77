"""What is checked of a model before it trains, since networks fail silently.

After Karpathy 2019 ("A Recipe for Training Neural Networks"): the loss at initialisation, and that
gradients arrive; and that no token sees its future.
"""

import json
import math
from typing import TYPE_CHECKING

import torch

from components.causality import (
    randomised,
    refuse_if_it_sees_the_future,
    window_of_check,
    windows_of_check,
)
from components.errors import Problem, UserError
from components.initialise import STANDARD_DEVIATION, generator_of
from components.options import plain
from pipelines.train import built
from pipelines.windows import read

if TYPE_CHECKING:
    from components.decoder import Decoder
    from pipelines.cell import Cell
    from pipelines.samples import Sample

ROWS = 2
TOLERANCE = 0.5  # nats

_known: dict[str, Problem | None] = {}


def refuse_a_broken_model(cell: "Cell", model: "Decoder") -> None:
    """Check initial values, causality and the way of the gradients, once for all seeds.

    The latter two look at a copy with random parameters, so that the initial values, which differ
    between seeds, play no part, and the model is left as it is.

    Raises:
        UserError: an initial value depends on the global random state, a token sees its future, or
            a parameter gets no gradient.
    """
    parts = {kind: [each.as_json() for each in members] for kind, members in cell.parts.items()}
    sizes = [cell.model.as_json(), cell.training.context, model.sizes.vocabulary]
    key = json.dumps([parts, plain(sizes)], sort_keys=True)
    if key not in _known:
        _known[key] = _broken(cell, model)
    problem = _known[key]
    if problem is not None:
        raise UserError(problem)


def initial_loss(model: "Decoder", sample: "Sample", precision: str) -> float:
    """Return the loss of a model on a sample, in nats per target; the model is left as it is."""
    trained = model.training
    model.eval()
    with torch.no_grad():
        readings = read(model, sample.parts, precision)
        total = sum(float(reading.nats.sum()) for reading in readings)
    model.train(trained)
    return total / max(sample.predicted, 1)


def refuse_an_odd_start(model: "Decoder", loss: float) -> None:
    """Check that an untrained model predicts about as well as one that knows nothing.

    The expected loss is log(vocabulary). Logits of a normed stream spread by s = 0.02 sqrt(width),
    which adds s^2 / 2, and about s where a corpus has few frequent tokens. A head that is tied to
    the embedding knows its own token by up to 0.02 width. Other initial values promise nothing.

    Raises:
        UserError: the loss is further away, and `model.init` is normal.
    """
    expected = math.log(model.sizes.vocabulary)
    spread = STANDARD_DEVIATION * math.sqrt(model.sizes.width)
    tied = model.head.weight is model.embedding.weight
    above = (
        TOLERANCE + spread + spread**2 / 2 + (STANDARD_DEVIATION * model.sizes.width if tied else 0)
    )
    below = TOLERANCE + spread
    if model.init == "normal" and not -below <= loss - expected <= above:
        hint = (
            f"expected {expected:.3f}, the log of {model.sizes.vocabulary} token ids, "
            f"between {expected - below:.3f} and {expected + above:.3f}"
        )
        raise UserError(Problem(f"the initial loss is {loss:.3f} nats per token", hints=(hint,)))


def _broken(cell: "Cell", model: "Decoder") -> Problem | None:
    loose = drawn_by_constructors(cell, model.sizes.vocabulary)
    if loose:
        hints = (
            "they differ where the same cell is built under another global random state",
            "give their module a method `draw(self, name, tensor, generator)` that sets them",
            "(see components/initialise.py)",
        )
        return Problem(f"the constructor draws {', '.join(loose)}", hints=hints)
    try:
        refuse_if_it_sees_the_future(model)
    except ValueError as error:
        return Problem(str(error))
    missed = unreached(model)
    return Problem(f"no gradient reaches {', '.join(missed)}") if missed else None


def drawn_by_constructors(cell: "Cell", vocabulary: int) -> tuple[str, ...]:
    """Return the names of parameters and buffers whose initial value (seed, name) do not decide."""
    one, other = (_tensors(cell, vocabulary, seed) for seed in (0, 1))
    return tuple(name for name in one if not torch.equal(one[name], other[name]))


def _tensors(cell: "Cell", vocabulary: int, seed: int) -> dict[str, torch.Tensor]:
    """Return what a cell begins with where it is built under another global seed."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = built(cell, vocabulary)
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def unreached(model: "Decoder") -> tuple[str, ...]:
    """Return the names of the parameters that no gradient reaches over some windows."""
    copy = randomised(model, seed=1)
    length = window_of_check(model)
    tokens = torch.randint(
        model.sizes.vocabulary,
        (ROWS, windows_of_check(model) * length),
        generator=generator_of("checks.tokens", 0),
    )
    state = copy.start(ROWS)
    total = torch.zeros(())
    for part in tokens.split(length, dim=1):
        logits, state, auxiliary = copy(part, state)
        total = total + torch.log_softmax(logits, -1)[..., 0].sum()
        if auxiliary is not None:
            total = total + auxiliary
    total.backward()
    idle = _idle(copy)
    return tuple(
        name
        for name, parameter in copy.named_parameters()
        if parameter.requires_grad and not _reached(parameter) and id(parameter) not in idle
    )


def _idle(model: "Decoder") -> set[int]:
    """Return the parameters that a router may have passed by, of those between which it chose.

    A module says by `chosen_between()` which of its children may be idle; one of them must not be.
    """
    idle: set[int] = set()
    for module in model.modules():
        if hasattr(module, "chosen_between"):
            between = list(module.chosen_between().parameters())  # type: ignore[operator]  # nn.Module says Tensor or Module
            idle |= {id(each) for each in between if any(map(_reached, between))}
    return idle


def _reached(parameter: torch.Tensor) -> bool:
    return parameter.grad is not None and bool(parameter.grad.any())
