"""Values that a cell cannot have: what can be seen without building the model.

Constructors check the ranges of their own options when every cell is built on the meta device.
"""

from collections.abc import Iterable

from ablations.language import Settings
from ablations.tree import Node
from components.errors import Problem, UserError
from pipelines.cell import Cell

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


MOST_TOKENS = 2**30
"""Of an optimizer step; GPT-3's largest model had 3.2 million (Brown et al. 2020, table 2.1)."""


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
        problems = [*_heads(cell, written), *_windows(cell, written), *_step(cell, written)]
        problems += _data(cell, written)
    if problems:
        raise UserError(*problems)


def check_range(node: Node, key: str, value: object) -> None:
    """Refuse the value of a setting that no cell can have, whatever its other settings are.

    Args:
        node: where it was written.
        key: the setting.
        value: as it is typed.

    Raises:
        UserError: it is not above 0, where it must be.
    """
    if key in POSITIVE and isinstance(value, int | float) and value <= 0:
        expected = "above 0" if isinstance(value, float) else "at least 1"
        raise node.refuse(f"{key} is out of range", f"expected {expected}")


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
    problems: list[Problem] = []
    for key in POSITIVE:
        section, _, name = key.partition(".")
        try:
            check_range(_at(written, key), key, owners[section][name])
        except UserError as error:
            problems += error.problems
    return problems


def _heads(cell: Cell, written: Settings) -> list[Problem]:
    width, heads = _size(cell, "width"), _size(cell, "heads")
    own = cell.model.options["head_width"] is not None
    problems = [] if own else _undivided(width, heads, written)
    shared = cell.model.options["kv_heads"]
    if isinstance(shared, int) and heads % shared:
        at = _at(written, "model.kv_heads", "model.heads")
        hints = [f"model.kv_heads = {shared} does not divide model.heads = {heads}"]
        if at.key.startswith("baseline."):
            hints += [
                f"kept from the baseline by a variant that sets model.heads = {heads} alone",
                "give that variant a value of its own, or null; an axis has one for every variant",
                "if it has no `when`: exclude the points that do not divide",
            ]
        problems.append(at.problem("the heads do not divide", *hints))
    return [*problems, *_fan_out(cell, written)]


def _fan_out(cell: Cell, written: Settings) -> list[Problem]:
    """Refuse layers that grow by less than nothing, or by what the heads cannot share."""
    more, width, heads = (_size(cell, name) for name in ("fan_out", "width", "heads"))
    at = _at(written, "model.fan_out")
    if more < 0:
        hint = "expected 0 or more: channels that each layer has more than the one below it"
        return [at.problem("model.fan_out is out of range", hint)]
    if _size(cell, "layers") == 1:
        return []
    if more % heads:
        above = heads * (more // heads + 1)
        near = f"{above - heads} or {above}" if above > heads else str(above)
        hint = f"expected a multiple of model.heads = {heads}, such as {near}"
        return [at.problem("the heads do not divide model.fan_out", hint)]
    if more and width % heads:
        hint = f"model.heads = {heads} does not divide model.width = {width}"
        return [at.problem("heads of layers that grow divide the width", hint)]
    return []


def _windows(cell: Cell, written: Settings) -> list[Problem]:
    window, context = _size(cell, "window"), cell.training.context
    shown = f"training.context = {context}, model.window = {window}"
    at = _at(written, "training.context", "model.window")
    if context % window:
        hint = "set training.context to a multiple of model.window"
        return [at.problem("the context is not a whole number of windows", shown, hint)]
    return []


def _step(cell: Cell, written: Settings) -> list[Problem]:
    tokens = cell.training.batch * cell.training.context
    if tokens <= MOST_TOKENS:
        return []
    shown = f"training.batch x training.context = {tokens} tokens, expected at most {MOST_TOKENS}"
    at = _at(written, "training.batch", "training.context")
    return [at.problem("a step has more tokens than anything here could hold", shown)]


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
