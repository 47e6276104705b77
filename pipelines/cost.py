"""What a cell costs, known before it trains: parameters, FLOPs, memory; counted on shapes alone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.batching import Batching, Documents
from components.catalogue import component_files
from components.errors import Problem, UserError
from components.options import shown
from components.registry import build, load_files
from pipelines.cell import Cell
from pipelines.code import reached
from pipelines.device import device_class, resolved
from pipelines.files import read_json, write_json
from pipelines.fingerprint import describe, fingerprint
from pipelines.statements import ALL

if TYPE_CHECKING:
    from components.decoder import Decoder

_BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What pieces that do not fit raise; NotImplementedError is a RuntimeError."""

_COUNTED = ("context", "batch", "precision")
"""The settings of a training that change a cost."""

FLOAT = 4  # bytes of a parameter, a gradient, a value of the optimizer
HALF = 2  # bytes of an activation in bfloat16


@dataclass(frozen=True)
class Cost:
    """What a cell costs, whatever machine trains it.

    Fields:
        parameters: numbers that are trained; tied ones once.
        flops_per_token: of forward and backward pass. A multiply-add is two; scores of pairs that a
            mask hides are counted, elementwise operations and table look-ups are not, but for the
            steps of a recurrence; of experts count those that a router chooses. Mean over one
            context, so that a memory that is still empty in the first window counts as such.
        memory_bytes: estimated: parameters, gradients, state of the optimizer, and the most that is
            alive beside them at once, what is kept for the backward pass and what that needs for a
            moment. Attention is taken to keep its scores, which fused kernels do not; what a kernel
            needs inside, and an optimizer for its step, is not counted.
        carries: whether the model hands something from window to window.
        idle: what of the cell does nothing, `positions` or `memory.xl` -> why.
        acting: a digest of its components without that.
    """

    parameters: int
    flops_per_token: float
    memory_bytes: int
    carries: bool = False
    idle: Mapping[str, str] = field(default_factory=dict)
    acting: str = ""


def remembered(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path] = ()) -> Cost | None:
    """Return what `measure` found before; None where it has not. Without torch.

    Args:
        cell: what would be trained.
        vocabulary: token ids of its data.
        store: folder of runs.
        extra: files and folders of the user's components.
    """
    try:
        return Cost(**read_json(_file(cell, vocabulary, store, extra)))
    except (OSError, ValueError, TypeError):  # none there, or none that can be read
        return None


def measure(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path] = ()) -> Cost:
    """Build all of a cell on the meta device, pass one context through it, and remember the cost.

    Args:
        cell: what would be trained.
        vocabulary: token ids of its data.
        store: folder of runs.
        extra: files and folders of the user's components.

    Raises:
        UserError: a component refuses an option, with the option as key; or pieces do not fit.
    """
    from pipelines.fits import refuse_a_misfit  # noqa: PLC0415  # see _model
    from pipelines.idle import acting, idle  # noqa: PLC0415  # see _model

    load_files([file for path in extra for file in component_files(path)])
    with _told(cell):
        batching = _build_the_rest(cell, vocabulary)
        model = _model(cell, vocabulary)
        refuse_a_misfit(cell, batching, model)
        alive = _most_alive(model, cell)
        flops = _flops(model, cell.training.context) + _uncounted(model, cell.training.context)
        state = _state_of_optimizer(cell, model)
    parameters = sum(each.numel() for each in model.parameters())
    half = resolved(cell.training, device_class()).precision == "bfloat16"
    beyond = max(0, alive - parameters * FLOAT)  # the gradients
    activations = beyond * (HALF if half else FLOAT) // FLOAT
    memory = (2 * parameters + round(state)) * FLOAT + activations
    done_nothing, parts = idle(cell, model), acting(cell, model)
    each = flops / cell.training.context
    cost = Cost(parameters, each, memory, model.carries, done_nothing, parts)
    write_json(_file(cell, vocabulary, store, extra), asdict(cost))
    return cost


@contextmanager
def _told(cell: Cell) -> Iterator[None]:
    """Turn what goes wrong while a cell is built into something to read."""
    try:
        yield
    except UserError as error:
        raise UserError(*(_placed(each, cell) for each in error.problems)) from error
    except _BROKEN as error:
        first, *_ = str(error).strip().splitlines() or [""]
        what = f"the model cannot be built: {type(error).__name__}: {first}"
        names = ", ".join(each.path for members in cell.parts.values() for each in members)
        raise UserError(Problem(what, hints=(f"its components: {names}",))) from error


def _placed(problem: Problem, cell: Cell) -> Problem:
    """Give an option that a constructor refused its full key and its value."""
    path = problem.what.partition(":")[0]
    chosen = [cell.model, *(each for members in cell.parts.values() for each in members)]
    owner = next((each for each in chosen if each.path == path), None)
    if owner is None or problem.key not in owner.options:
        return problem
    alone = len(cell.parts.get(owner.kind, ())) <= 1
    prefix = owner.kind if alone else f"{owner.kind}.{owner.name}"
    return replace(problem.under(prefix), value=shown(owner.options[problem.key]))


def _model(cell: Cell, vocabulary: int) -> "Decoder":
    import torch  # noqa: PLC0415  # whoever finds the cost remembered does not wait for it

    with torch.device("meta"):
        model: Decoder = build(cell.model, cell.parts, vocabulary, cell.training.context)
    return model


def _most_alive(model: "Decoder", cell: Cell) -> int:
    """Return the most bytes that a step has at once beside the parameters, gradients among them."""
    from pipelines.alive import Alive  # noqa: PLC0415  # see _model

    with Alive([*model.parameters(), *model.buffers()]) as alive:
        _learn(model, cell.training.context, cell.training.batch)
    model.zero_grad()
    return int(alive.most)


def _flops(model: "Decoder", context: int) -> int:
    """Return the FLOPs of learning from one row.

    On the meta device, since the counter has no formula for attention as a CPU computes it.
    """
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415  # see _model

    with FlopCounterMode(display=False) as counter:
        _learn(model, context, 1)
    return int(counter.get_total_flops())


def _learn(model: "Decoder", context: int, rows: int) -> None:
    """Read some rows and learn from them, on shapes alone."""
    import torch  # noqa: PLC0415  # see _model
    from torch.nn.functional import cross_entropy  # noqa: PLC0415  # see _model

    from pipelines.train import carries_gradient  # noqa: PLC0415  # see _model

    window = model.sizes.window
    tokens = torch.zeros(rows, window, dtype=torch.int64, device="meta")
    loss = torch.zeros((), device="meta")
    state = model.start(rows)
    for end in range(window, context + 1, window):
        logits, state, auxiliary = model(tokens, state)
        loss = loss + cross_entropy(logits.flatten(0, 1), tokens.flatten())
        if auxiliary is not None:
            loss = loss + auxiliary
        if end == context or not carries_gradient(state):
            loss.backward()
            loss = torch.zeros((), device="meta")


def _uncounted(model: "Decoder", context: int) -> float:
    """Return the FLOPs that pieces say the counter misses.

    The elementwise steps of a recurrence; or, less than 0, experts that compute though no router
    chose them. A piece says it for the forward pass of one row and window; a backward pass is two
    of these.
    """
    window = model.sizes.window
    pieces = (piece for part in (*model.layers, model.memory) for piece in part.modules())
    each = sum(
        piece.uncounted_flops(window + model.memory.added)
        for piece in pieces
        if hasattr(piece, "uncounted_flops")
    )
    return 3 * float(each) * context / window


def _state_of_optimizer(cell: Cell, model: "Decoder") -> float:
    """Return how many numbers the optimizer keeps: found by a step on parameters of two rows."""
    import torch  # noqa: PLC0415  # see _model

    named = [each for each in model.named_parameters() if each[1].requires_grad]
    small = {
        name: torch.nn.Parameter(torch.zeros([min(size, 2) for size in each.shape]))
        for name, each in named
    }
    for parameter in small.values():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = build(cell.parts["optimizer"][0], list(small.items())).make()
    optimizer.step()
    total = 0.0
    for name, parameter in named:
        state = optimizer.state[small[name]].values()
        numbers = sum(each.numel() for each in state if torch.is_tensor(each) and each.ndim)
        total += numbers / small[name].numel() * parameter.numel()
    return total


def _build_the_rest(cell: Cell, vocabulary: int) -> Batching:
    """Build what needs no model, so that it refuses its options before anything trains."""
    training, window = cell.training, cell.model.options["window"]
    build(cell.parts["schedule"][0], training.steps)
    count = training.batch * training.context + 1
    tokens = np.broadcast_to(np.uint16(vocabulary - 1), count)  # takes no memory
    documents = Documents(tokens, np.array([0, len(tokens)], dtype=np.int64))
    batching: Batching = build(
        cell.parts["batching"][0], documents, training.context, window, training.batch
    )
    return batching


def _file(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path]) -> Path:
    """Return where the cost of a cell is remembered: by its shape, and the code of all of it.

    Of the training counts what changes parameters, FLOPs or memory. All components count with their
    options, though a schedule costs nothing: who finds the cost remembered builds none of them, and
    options that were refused once must be refused again.
    """
    document = describe(cell, "", device_class(), extra)
    counting = reached({Path(__file__): (ALL,)})
    shape = {
        "seed": None,  # changes no cost
        "training": {name: document["training"][name] for name in _COUNTED},
        "vocabulary": vocabulary,
        "counting": {name: module.digest for name, module in counting.items()},
    }
    return store / "costs" / f"{fingerprint({**document, **shape})}.json"
