"""Values that a cell cannot have: what can be seen without building the model.

Constructors check the ranges of their own options when every cell is built on the meta device.
"""

from collections.abc import Iterable

from ablations.language import Settings
from ablations.tree import Node
from components.errors import Problem, UserError
from pipelines.cell import Cell

CARRIES = ("compressive", "infini", "memorizing", "rmt", "xl")
"""Memories that hand something to the next window, and so need one."""

POSITIVE = (
    "model.width",
    "model.layers",
    "model.heads",
    "model.kv_heads",
    "model.head_width",
    "model.window",
    "training.context",
    "training.batch",
    "training.steps",
    "training.clip",
    "training.devices",
    "training.validations",
    "data.vocabulary",
    "data.validation_tokens",
)


def check_ranges(cell: Cell, written: Settings) -> None:
    """Refuse sizes that are not positive, do not divide, or lack what they need.

    Args:
        cell: with the values as they are typed.
        written: where each value was written.

    Raises:
        UserError: all of them.
    """
    problems = _positive(cell, written)
    if not problems:
        problems = [*_heads(cell, written), *_windows(cell, written), *_data(cell, written)]
    if problems:
        raise UserError(*problems)


def check_sizes(written: Settings, varied: Iterable[str]) -> None:
    """Refuse heads that do not divide the width before anything else of the grid is known.

    Args:
        written: preset and `set`.
        varied: settings that an axis or a variant decides.

    Raises:
        UserError: they do not divide.
    """
    keys = ("model.width", "model.heads")
    varied = set(varied)
    values = [written[key].value if key in written and key not in varied else None for key in keys]
    width, heads = (value if type(value) is int and value > 0 else None for value in values)
    if width and heads and "model.head_width" not in {*written, *varied}:
        problems = _undivided(width, heads, written)
        if problems:
            raise UserError(*problems)


def _undivided(width: int, heads: int, written: Settings) -> list[Problem]:
    if width % heads == 0:
        return []
    hint = f"{heads} does not divide model.width = {width}; or set model.head_width"
    at = _at(written, "model.heads", "model.width")
    return [at.problem("heads do not divide the width", hint)]


def _positive(cell: Cell, written: Settings) -> list[Problem]:
    owners = {"model": cell.model.options, "training": vars(cell.training), "data": vars(cell.data)}
    problems = []
    for key in POSITIVE:
        section, _, name = key.partition(".")
        value = owners[section][name]
        if isinstance(value, int | float) and value <= 0:
            expected = "above 0" if isinstance(value, float) else "at least 1"
            problems.append(
                _at(written, key).problem(f"{key} is out of range", f"expected {expected}")
            )
    return problems


def _heads(cell: Cell, written: Settings) -> list[Problem]:
    width, heads = _size(cell, "width"), _size(cell, "heads")
    own = cell.model.options["head_width"] is not None
    problems = [] if own else _undivided(width, heads, written)
    shared = cell.model.options["kv_heads"]
    if isinstance(shared, int) and heads % shared:
        hint = f"model.kv_heads = {shared} does not divide model.heads = {heads}"
        problems.append(
            _at(written, "model.kv_heads", "model.heads").problem("the heads do not divide", hint)
        )
    return problems


def _windows(cell: Cell, written: Settings) -> list[Problem]:
    window, context = _size(cell, "window"), cell.training.context
    shown = f"training.context = {context}, model.window = {window}"
    at = _at(written, "training.context", "model.window")
    if context % window:
        hint = "set training.context to a multiple of model.window"
        return [at.problem("the context is not a whole number of windows", shown, hint)]
    carrying = [each.path for each in cell.parts["memory"] if each.name in CARRIES]
    if carrying and context == window:
        what = f"{carrying[0]} needs a context longer than one window"
        hint = f"set training.context to a multiple of model.window that is at least {2 * window}"
        return [at.problem(what, shown, hint)]
    return []


def _data(cell: Cell, written: Settings) -> list[Problem]:
    at = _at(written, "data.corpus")
    if cell.data.corpus == "files" and cell.data.path is None:
        return [at.problem("the corpus has no path", "set data.path to a file or folder of text")]
    if cell.data.corpus == "hub" and cell.data.name is None:
        return [at.problem("the corpus has no name", "set data.name, such as Salesforce/wikitext")]
    return []


def _at(written: Settings, *keys: str) -> Node:
    """Return the first of the settings that the grid itself wrote, else that the preset wrote."""
    found = [written[key] for key in keys if key in written]
    own = [node for node in found if "." in node.key and "/presets/" not in node.place]
    return next(iter(own or found), Node(None, keys[0], ""))


def _size(cell: Cell, name: str) -> int:
    value = cell.model.options[name]
    return value if isinstance(value, int) else 0
