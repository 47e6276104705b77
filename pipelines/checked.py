"""Which models were checked before they train: remembered for a shape and all of its code.

A seed, an optimizer or a number of steps is no reason to check again; an edit of a component, of
the decoder or of a check is.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from components.catalogue import component_files
from components.registry import load_files
from pipelines.cell import Cell, Training
from pipelines.code import reached
from pipelines.files import write_json
from pipelines.fingerprint import describe, fingerprint
from pipelines.statements import ALL

CHECKS = Path(__file__).with_name("checks.py")

NOT_OF_THE_MODEL = ("optimizer", "schedule", "batching")


def was_checked(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path] = ()) -> bool:
    """Say whether a model of this shape and code passed all checks before. Without torch.

    Args:
        cell: what would be trained.
        vocabulary: token ids of its data.
        store: folder of runs.
        extra: files and folders of the user's components.
    """
    return _file(cell, vocabulary, store, extra).exists()


def remember(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path] = ()) -> None:
    """Keep in mind that a model of this shape and code passed all checks."""
    write_json(_file(cell, vocabulary, store, extra), {"passed": True})


def check(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path] = ()) -> None:
    """Build the model of a cell and check it, and remember that it passed.

    Raises:
        UserError: a token sees its future, or another check of `pipelines.checks` fails.
    """
    from pipelines.checks import refuse_a_broken_model  # noqa: PLC0415  # imports torch
    from pipelines.train import new_model  # noqa: PLC0415  # the same

    load_files([file for path in extra for file in component_files(path)])
    refuse_a_broken_model(cell, new_model(cell, vocabulary))
    remember(cell, vocabulary, store, extra)


def _file(cell: Cell, vocabulary: int, store: Path, extra: Sequence[Path]) -> Path:
    parts = {kind: own for kind, own in cell.parts.items() if kind not in NOT_OF_THE_MODEL}
    context = Training(context=cell.training.context, precision="float32")
    model = replace(cell, seed=0, parts=parts, training=context)
    document = {
        **describe(model, "", "cpu", extra),  # it is checked there, in float32
        "vocabulary": vocabulary,
        "checks": {name: module.digest for name, module in reached({CHECKS: (ALL,)}).items()},
    }
    return store / "checked" / f"{fingerprint(document)}.json"
