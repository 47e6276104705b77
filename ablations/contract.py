"""What every component must keep, checked on tiny cells: for components in folders of users' own.

`python -m ablations.new` writes a test that runs these checks for every component in its folder.
Whether a formula is right they cannot know.
"""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from typing_extensions import override

from ablations.tiny import (
    BATCH,
    CONTEXT,
    STEPS,
    VOCABULARY,
    WINDOW,
    batching_with,
    cell_with,
    component,
    load,
    model_with,
    random_model_with,
    read,
    text,
    tokens,
)
from components.catalogue import Entry, read_catalogue
from components.options import HEADINGS, sections
from components.registry import build, component_class, read_options
from pipelines.checks import refuse_a_broken_model
from pipelines.train import new_trainee, steps


@dataclass(frozen=True)
class Check:
    """One thing that one component must keep.

    Fields:
        entry: the component as its file declares it.
        folder: with all files that it may need.
        function: raises ValueError where the component does not keep it.
    """

    entry: Entry
    folder: Path
    function: Callable[[Entry], None]

    @override
    def __str__(self) -> str:
        what = self.function.__name__.removeprefix("check_it_").replace("_", " ")
        return f"{self.entry.kind}/{self.entry.name} {what}"

    def run(self) -> None:
        """Check it.

        Raises:
            ValueError: the component does not keep it.
            UserError: a model with it cannot be built, or is refused before it trains.
        """
        load(self.folder)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more only wait for one another over so little
        try:
            self.function(self.entry)
        finally:
            torch.set_num_threads(threads)


def checks(folder: Path) -> list[Check]:
    """Return every check of every component that the files of a folder declare."""
    entries = read_catalogue([folder]).entries.values()
    own = [each for each in entries if each.path.is_relative_to(folder)]
    return [Check(each, folder, function) for each in own for function in _of_kind(each.kind)]


def _of_kind(kind: str) -> tuple[Callable[[Entry], None], ...]:
    own = {"optimizer": OF_OPTIMIZERS, "schedule": OF_SCHEDULES, "batching": OF_BATCHINGS}
    return (check_it_declares_itself, *own.get(kind, OF_MODELS), check_it_trains)


# Of every kind


def check_it_declares_itself(entry: Entry) -> None:
    """Check the docstring, and that the file says the same whether it is imported or not."""
    cls = component_class(entry.kind, entry.name)
    found = list(sections(entry.docstring))
    _refuse(found != ["Summary", *HEADINGS], f"the headings are {found}, not {list(HEADINGS)}")
    options = read_options(f"{entry.kind}/{entry.name}", cls)
    _refuse(entry.options != options, "its options are not those that the file shows")
    _refuse(inspect.cleandoc(entry.docstring) != inspect.getdoc(cls), "its docstring is computed")
    _refuse(not entry.source, "the docstring names no source")


def check_it_trains(entry: Entry) -> None:
    """Check that a tiny cell with it learns a simple text a little."""
    cell = cell_with(entry.kind, entry.name)
    trainee = new_trainee(cell, VOCABULARY, text(), torch.device("cpu"))
    losses = [step.loss.item() for step in steps(trainee, cell)]
    _refuse(not np.isfinite(losses).all(), "a loss is not finite")
    first, last = losses[0], float(np.mean(losses[-5:]))
    _refuse(last >= first, f"in {STEPS} steps the loss goes from {first:.3f} to {last:.3f}")


# Of the pieces of a decoder


def check_it_keeps_shape_and_precision(entry: Entry) -> None:
    """Check the logits in three precisions."""
    for precision in (torch.float32, torch.float64, torch.bfloat16):
        logits = read(model_with(entry.kind, entry.name).to(precision), tokens())
        _refuse(logits.shape != (3, CONTEXT, VOCABULARY), f"logits are {tuple(logits.shape)}")
        _refuse(logits.dtype != precision, f"logits of a {precision} model are {logits.dtype}")
        _refuse(not logits.isfinite().all(), f"logits in {precision} are not finite")


def check_it_sees_no_future_and_learns_everywhere(entry: Entry) -> None:
    """Check causality, that a gradient reaches every parameter, and that no constructor draws."""
    refuse_a_broken_model(cell_with(entry.kind, entry.name), model_with(entry.kind, entry.name))


def check_it_keeps_rows_apart(entry: Entry) -> None:
    """Check that the rows of a batch do not see one another."""
    model = random_model_with(entry.kind, entry.name)
    alone = torch.cat([read(model, row[None]) for row in tokens()])
    _refuse(_unlike(read(model, tokens()), alone), "a row depends on the other rows of its batch")


def check_it_forgets_row_by_row(entry: Entry) -> None:
    """Check that a row that is reset goes on as a fresh one, and the others as before."""
    model = random_model_with(entry.kind, entry.name)
    first, rest = tokens().tensor_split([WINDOW], dim=1)
    rows = torch.tensor([False, True, False])
    state = model(first, model.start(3)).state
    kept, reset = read(model, rest, state), read(model, rest, model.reset(rows, state))
    fresh = read(model, rest)
    _refuse(_unlike(reset[rows], fresh[rows]), "a row that was reset remembers something")
    _refuse(_unlike(reset[~rows], kept[~rows]), "a row forgets when another one is reset")
    _refuse(model.carries is not _unlike(kept, fresh), f"`carries` is {model.carries}, untruly")


def check_it_can_be_planned(entry: Entry) -> None:
    """Check that it can be built and run without memory for its numbers."""
    cell = cell_with(entry.kind, entry.name)
    with torch.device("meta"):
        model = build(cell.model, cell.parts, VOCABULARY, CONTEXT)
        logits = read(model, torch.zeros(2, CONTEXT, dtype=torch.int64))
    _refuse(not logits.is_meta, "it computes where there is nothing to compute with")


OF_MODELS = (
    check_it_keeps_shape_and_precision,
    check_it_sees_no_future_and_learns_everywhere,
    check_it_keeps_rows_apart,
    check_it_forgets_row_by_row,
    check_it_can_be_planned,
)


# Of optimizers, schedules and batchings


def check_it_has_every_parameter_once_at_the_peak(entry: Entry) -> None:
    """Check the groups of an optimizer, of a model whose head is its embedding."""
    named = list(model_with("norm", "layer", tied=True).named_parameters())
    made = component(entry.kind, entry.name, named)
    groups = made.make().param_groups
    held = sorted(id(each) for group in groups for each in group["params"])
    _refuse(held != sorted(id(each) for _, each in named), "parameters are missing, or there twice")
    rates = {group["lr"] for group in groups}
    _refuse(rates != {made.learning_rate}, f"groups begin at {rates}, not {made.learning_rate}")


def check_it_goes_on_after_a_stop(entry: Entry) -> None:
    """Check that an optimizer that was put away and loaded goes on to the same bits."""
    model = model_with("norm", "layer")
    optimizer = component(entry.kind, entry.name, list(model.named_parameters())).make()
    for _ in range(3):
        _update(model, optimizer)
    other = deepcopy(model)
    resumed = component(entry.kind, entry.name, list(other.named_parameters())).make()
    resumed.load_state_dict(deepcopy(optimizer.state_dict()))
    straight = [_update(model, optimizer) for _ in range(3)]
    _refuse([_update(other, resumed) for _ in range(3)] != straight, "its state is not all of it")


def check_it_stays_between_0_and_the_peak(entry: Entry) -> None:
    """Check the factors of a schedule."""
    for count in (1, 2, 7, 300):
        schedule = component(entry.kind, entry.name, count)
        wrong = [step for step in range(count) if not 0 < schedule.factor(step) <= 1]
        _refuse(bool(wrong), f"of {count} steps, {wrong} have a factor outside of (0, 1]")


def check_it_is_a_function_of_seed_and_step(entry: Entry) -> None:
    """Check that a batch does not depend on the batches before it, and depends on the seed."""
    forward = [batching_with(entry.name).batch(1, step) for step in range(5)]
    made = batching_with(entry.name)
    backward = [made.batch(1, step) for step in reversed(range(5))][::-1]
    for name in SHAPES:
        each = zip(forward, backward, strict=True)
        same = all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in each)
        _refuse(not same, f"the {name} of a step depend on what was asked before")
    other = made.batch(2, 0).tokens
    _refuse(np.array_equal(forward[0].tokens, other), "two seeds have the same rows")


def check_it_has_the_promised_shapes(entry: Entry) -> None:
    """Check shapes and types of a batch."""
    batch = batching_with(entry.name).batch(0, 0)
    arrays = {name: getattr(batch, name) for name in SHAPES}
    said = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    _refuse(said != SHAPES, f"shapes are {said}, not {SHAPES}")


OF_OPTIMIZERS = (check_it_has_every_parameter_once_at_the_peak, check_it_goes_on_after_a_stop)
OF_SCHEDULES = (check_it_stays_between_0_and_the_peak,)
OF_BATCHINGS = (check_it_is_a_function_of_seed_and_step, check_it_has_the_promised_shapes)

SHAPES = {
    "tokens": ((BATCH, CONTEXT), "int64"),
    "targets": ((BATCH, CONTEXT), "int64"),
    "fresh": ((BATCH, CONTEXT // WINDOW), "bool"),
}


def _refuse(wrong: Any, what: str) -> None:
    if wrong:
        raise ValueError(what)


def _unlike(one: Tensor, other: Tensor) -> bool:
    return not torch.allclose(one, other)


def _update(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> float:
    logits = read(model, tokens())  # type: ignore[arg-type]  # a deep copy of a decoder is one
    loss = cross_entropy(logits[:, :-1].flatten(0, 1), tokens()[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
