"""What a cell costs, known before it trains: parameters, FLOPs, memory; counted on shapes alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.batching import Batching, Documents
from components.catalogue import component_files
from components.errors import Problem, UserError
from components.options import shown
from components.registry import build, component_class, load_files
from pipelines.cell import Cell
from pipelines.code import reached
from pipelines.device import device_class, resolved
from pipelines.files import read_json, write_json
from pipelines.fingerprint import describe, fingerprint
from pipelines.statements import ALL

if TYPE_CHECKING:
    from torch import Tensor, nn

    from components.decoder import Decoder

_BROKEN = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What pieces that do not fit raise; NotImplementedError is a RuntimeError."""

_APART = "separates_documents"

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
        memory_bytes: estimated from above: parameters, gradients, state of the optimizer, and what
            a row keeps for its backward pass times the batch. Attention is taken to keep its
            scores, which fused kernels do not.
    """

    parameters: int
    flops_per_token: float
    memory_bytes: int


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
    load_files([file for path in extra for file in component_files(path)])
    with _told(cell):
        batching = _build_the_rest(cell, vocabulary)
        model = _model(cell, vocabulary)
        if batching.keeps_documents_apart and not model.separates_documents:
            raise UserError(_runs_documents_together(cell, model))
        counted, kept = _pass(model, cell.training.context)
        flops = counted + _uncounted(model, cell.training.context)
        state = _state_of_optimizer(cell, model)
    parameters = sum(each.numel() for each in model.parameters())
    half = resolved(cell.training, device_class()).precision == "bfloat16"
    activations = kept * cell.training.batch * (HALF if half else FLOAT) // FLOAT
    memory = (2 * parameters + round(state)) * FLOAT + activations
    cost = Cost(parameters, flops / cell.training.context, memory)
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


def _pass(model: "Decoder", context: int) -> tuple[int, int]:
    """Read one row and learn from it; return FLOPs, and the most bytes kept for a backward pass.

    On the meta device, since the counter has no formula for attention as a CPU computes it.
    """
    import torch  # noqa: PLC0415  # see _model
    from torch.nn.functional import cross_entropy  # noqa: PLC0415  # see _model
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415  # see _model

    from pipelines.train import carries_gradient  # noqa: PLC0415  # see _model

    window = model.sizes.window
    tokens = torch.zeros(1, window, dtype=torch.int64, device="meta")
    kept, most = _Kept(model), 0
    loss = torch.zeros((), device="meta")
    state = model.start(1)
    with FlopCounterMode(display=False) as counter, kept.counted():
        for end in range(window, context + 1, window):
            logits, state, auxiliary = model(tokens, state)
            loss = loss + cross_entropy(logits.flatten(0, 1), tokens.flatten())
            if auxiliary is not None:
                loss = loss + auxiliary
            most = max(most, kept.bytes)
            if end == context or not carries_gradient(state):
                loss.backward()
                loss = torch.zeros((), device="meta")
                kept.forget()
    return counter.get_total_flops(), most


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


class _Kept:
    """Counts the bytes that a forward pass keeps for its backward pass, beside the parameters."""

    def __init__(self, model: "nn.Module") -> None:
        self._own = {key for key, _ in map(_storage, [*model.parameters(), *model.buffers()])}
        self.forget()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self._found.values())

    def forget(self) -> None:
        self._found: dict[int, tuple[Tensor, int]] = {}

    def counted(self) -> Any:
        from torch.autograd.graph import saved_tensors_hooks  # noqa: PLC0415  # see _model

        return saved_tensors_hooks(self._keep, lambda tensor: tensor)

    def _keep(self, tensor: "Tensor") -> "Tensor":
        key, size = _storage(tensor)
        if key not in self._own:
            self._found[key] = (tensor, size)  # while the tensor lives, no other has its key
        return tensor


def _storage(tensor: "Tensor") -> tuple[int, int]:
    """Return what identifies the memory that a tensor shows a part of, and its bytes."""
    from torch.multiprocessing.reductions import StorageWeakRef  # noqa: PLC0415  # see _model

    storage = tensor.untyped_storage()
    return StorageWeakRef(storage).cdata, storage.nbytes()


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
    tokens = np.full(training.batch * training.context + 1, vocabulary - 1, dtype=np.uint16)
    documents = Documents(tokens, np.array([0, len(tokens)], dtype=np.int64))
    batching: Batching = build(
        cell.parts["batching"][0], documents, training.context, window, training.batch
    )
    return batching


def _runs_documents_together(cell: Cell, model: "Decoder") -> Problem:
    """Say which components let a document see the one before it in its row."""
    blind = {type(each) for each in model.modules() if not getattr(each, _APART, True)}
    chosen = [each for kind in ("mixer", "memory") for each in cell.parts[kind]]
    names = dict.fromkeys(
        each.path for each in chosen if component_class(each.kind, each.name) in blind
    )
    batching = cell.parts["batching"][0]
    return Problem(
        f"{batching.path} keeps the documents of a row apart, and {', '.join(names)} cannot",
        key="batching",
        hints=("let each row have a document of its own: batching: padded, or refill",),
    )


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
