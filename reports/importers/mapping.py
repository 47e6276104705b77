"""The mapping: a small YAML file that says what the columns of a source mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from reports.errors import Problem, UserError, nearest

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "variant": ("variant", "model", "method", "arm", "condition", "experiment", "config"),
    "seed": ("seed", "random_seed", "rng_seed", "training_seed"),
    "step": ("step", "_step", "global_step", "iteration", "iter", "trainer/global_step", "steps"),
    "loss": ("loss", "train_loss", "train/loss", "training_loss", "loss/train", "train/lm_loss"),
    "validation_loss": (
        "validation_loss",
        "val_loss",
        "valid_loss",
        "eval_loss",
        "val/loss",
        "eval/loss",
        "valid/loss",
        "validation/loss",
        "loss/val",
        "loss/validation",
        "loss/eval",
    ),
    "tokens": ("tokens", "tokens_seen", "num_tokens", "train/tokens", "consumed_tokens"),
    "seconds": ("seconds", "_runtime", "elapsed", "elapsed_seconds", "runtime"),
    "gradient_norm": ("gradient_norm", "grad_norm", "train/grad_norm", "train/gradient_norm"),
    "learning_rate": ("learning_rate", "lr", "train/learning_rate", "train/lr"),
    "parameters": ("parameters", "params", "num_parameters", "n_params"),
    "flops_per_token": ("flops_per_token",),
    "run": ("run", "run_id", "run_name"),
    "document": ("document",),
    "document_loss": ("document_loss", "loss"),
    "document_tokens": ("document_tokens", "predicted"),
}
"""What a column may mean -> names under which it is known without a mapping, likeliest first."""


@dataclass(frozen=True)
class Said:
    """What a user said about a source; None is not said.

    Fields:
        question: that the page answers.
        baseline: name of the variant that the others are compared with.
        paired: whether equal seeds share the order of the data.
        margin: smallest difference of interest, nats per token.
        looks: numbers of seeds at which it was decided beforehand to look.
        columns: what it means -> column.
        run: pattern of the names of runs, `{variant}-seed{seed}`; `*` is anything.
        variants: those that count, in their order; all of them if None.
        vocabulary: of the tokenizer.
        tokens_per_step: where no column counts tokens.
        text: the file as it is; empty without one.
        path: of the file.
    """

    question: str | None = None
    baseline: str | None = None
    paired: bool | None = None
    margin: float | None = None
    looks: tuple[int, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    variants: tuple[str, ...] | None = None
    vocabulary: int | None = None
    tokens_per_step: int | None = None
    text: str = ""
    path: Path | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - of the file, not of us
    return value


def _margin(value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value < float("inf")
    ):
        raise ValueError("a number above 0, in nats per token")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number above 0")
    return value


def _looks(value: Any) -> tuple[int, ...]:
    found = tuple(_count(each) for each in value) if isinstance(value, list) else ()
    if not found or list(found) != sorted(set(found)):
        raise ValueError("numbers of seeds in ascending order, as [3, 5, 10]")
    return found


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise ValueError("a list of different names")
    return tuple(str(each) for each in value)


def _run(value: Any) -> str:
    if "{variant}" not in _text(value) and "{seed}" not in value:
        raise ValueError("a pattern such as {variant}-seed{seed}")
    return str(value)


READ: Mapping[str, Callable[[Any], Any]] = {
    "question": _text,
    "baseline": lambda value: _text(value) if isinstance(value, str) else str(value),
    "paired": _truth,
    "margin": _margin,
    "looks": _looks,
    "run": _run,
    "variants": _names,
    "vocabulary": _count,
    "tokens_per_step": _count,
}


def read_mapping(path: Path | None) -> Said:
    """Read a mapping; without a file nothing is said.

    Raises:
        UserError: the file cannot be read, or has keys or values that have no meaning.
    """
    if path is None:
        return Said()
    text, document = _document(path)
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for key, value in document.items():
        if key == "columns":
            found[key], wrong = _columns(value, path)
            problems += wrong
        elif key not in READ:
            problems.append(_unknown(str(key), [*READ, "columns"], path))
        elif value is not None:
            try:
                found[key] = READ[key](value)
            except ValueError as error:
                hints = (f"expected: {error}",)
                problems.append(Problem("not a value", str(path), key, str(value), hints))
    if problems:
        raise UserError(*problems)
    return Said(**found, text=text, path=path)


def as_yaml(mapping: Said, **found: Any) -> str:
    """Write a mapping with what was found out beside it, as a file that can be given again."""
    said = {
        each.name: getattr(mapping, each.name)
        for each in fields(mapping)
        if each.name not in {"text", "path"}
    }
    document = {key: _plain(value) for key, value in (said | found).items() if value is not None}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _document(path: Path) -> tuple[str, Mapping[Any, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(text)
    except FileNotFoundError:
        raise UserError(
            Problem("there is no such file", "command line", "--mapping", str(path))
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        place = str(path) if mark is None else f"{path}:{mark.line + 1}"
        hints = (str(error).splitlines()[0],)
        raise UserError(Problem("the mapping cannot be read", place, hints=hints)) from None
    if document is None:
        return text, {}
    if not isinstance(document, Mapping):
        hints = (f"keys: {', '.join([*READ, 'columns'])}",)
        raise UserError(Problem("the mapping has no keys", str(path), hints=hints))
    return text, document


def _columns(value: Any, path: Path) -> tuple[dict[str, str], list[Problem]]:
    if not isinstance(value, Mapping):
        hints = (f"known: {', '.join(COLUMNS)}",)
        return {}, [Problem("not a value", str(path), "columns", str(value), hints)]
    wrong = [_unknown(str(key), COLUMNS, path, "columns.") for key in value if key not in COLUMNS]
    return {str(key): str(each) for key, each in value.items() if each is not None}, wrong


def _unknown(key: str, known: Any, path: Path, prefix: str = "") -> Problem:
    hints = (f"known: {', '.join(known)}", *nearest(key, known))
    return Problem("unknown key", str(path), f"{prefix}{key}", hints=hints)
