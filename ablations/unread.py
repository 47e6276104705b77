"""Settings of the data that the chosen corpus does not read: refused, not ignored in silence."""

from collections.abc import Mapping, Sequence

from ablations.language import Settings
from ablations.tree import Node
from ablations.yaml_source import COMMAND_LINE
from components.errors import Problem, UserError
from pipelines.cell import Cell, Data

TEXT = ("embedded", "files", "hub")

PROBES = ("recall", "copy", "induction", "selective_copy", "parity")

READ_BY: Mapping[str, tuple[str, ...]] = {
    "corpus": (*TEXT, *PROBES),
    "path": ("files",),
    "name": ("hub",),
    "config": ("hub",),
    "text_field": ("files", "hub"),
    "documents": ("files", "hub"),
    "tokenizer": TEXT,
    "vocabulary": TEXT,
    "validation_tokens": (*TEXT, *PROBES),
    "probe_length": PROBES,
    "probe_items": ("recall", "selective_copy", "parity"),
    "probe_symbols": ("recall", "copy", "induction", "selective_copy"),
    "probe_documents": PROBES,
}
"""Field of the data -> the corpora that read it."""


def reads(data: Data, field: str) -> bool:
    """Say whether text that is prepared from `data` may depend on one of its fields."""
    if field == "vocabulary" and data.tokenizer == "byte":
        return False
    return data.corpus in READ_BY[field]


def refuse_unread(fixed: Settings, points: Sequence[Settings], cells: Sequence[Cell]) -> None:
    """Refuse what a grid says of its data where no variant of which it says so reads it.

    What a preset says is passed over: it is about the preset's own corpus. So is what a file says
    where the command line chooses the corpus, and what is null.

    Args:
        fixed: the settings under `set`.
        points: what each variant sets beside them.
        cells: of each variant.

    Raises:
        UserError: all such settings, each with the corpora that read it.
    """
    said: dict[tuple[Node, str], list[Data]] = {}
    for point, cell in zip(points, cells, strict=True):
        written = {**fixed, **point}
        for key, node in written.items():
            section, _, field = key.partition(".")
            if section == "data" and _is_about(node, written.get("data.corpus")):
                said.setdefault((node, field), []).append(cell.data)
    problems = [
        _unread(node, field, used[0])
        for (node, field), used in said.items()
        if not any(reads(data, field) for data in used)
    ]
    if problems:
        raise UserError(*problems)


def _is_about(node: Node, corpus: Node | None) -> bool:
    """Say whether a setting is about the chosen corpus, and not about one that it replaced."""
    other = corpus is not None and corpus.place == COMMAND_LINE != node.place
    return node.value is not None and not other


def _unread(node: Node, field: str, data: Data) -> Problem:
    add = "add set.data.{}={}" if node.place == COMMAND_LINE else "set data.{}: {}"
    if data.corpus in READ_BY[field]:
        hint = f"the tokenizer bpe reads it: {add.format('tokenizer', 'bpe')}"
        return node.problem(f"the tokenizer {data.tokenizer} does not read data.{field}", hint)
    *others, last = READ_BY[field]
    corpora = f"{', '.join(others)} and {last} read" if others else f"{last} reads"
    wanted = last if not others else " or ".join((", ".join(others), last))
    hint = f"{corpora} it: {add.format('corpus', wanted)}"
    return node.problem(f"the corpus {data.corpus} does not read data.{field}", hint)
