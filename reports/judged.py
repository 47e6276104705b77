"""Which evaluation judges, and what sentences call its loss."""

from collections.abc import Mapping
from typing import Any

from reports.manifest import Manifest
from reports.numbers import count
from reports.readings import trained_length

VALIDATION = "validation loss"
TAIL = "validation loss over the last fifth"
MANY = ("three", "four", "five", "six", "seven", "eight")
TIMES = {0.5: "half", 1.0: "", 2.0: "twice"} | {
    float(share): f"{word} times" for share, word in enumerate(MANY, 3)
}


def judging(manifest: Manifest) -> Mapping[str, Any]:
    """Return the evaluation that verdicts are about: its name and its length."""
    return manifest.evaluations[0]


def has_answers(manifest: Manifest) -> bool:
    """Say whether a synthetic task was trained on, of which only the answers are predicted."""
    return "probe" in manifest.data


def during_training(manifest: Manifest) -> str:
    """Return the name of the evaluation that accompanied the training; no other has a curve."""
    whole = [each for each in manifest.evaluations if each.get("length") is None]
    return str((whole or manifest.evaluations)[0]["name"])


def judged_length(manifest: Manifest) -> int | None:
    """Return the tokens of a sample that judges; None where it is the validation as trained."""
    length = judging(manifest).get("length")
    return None if length is None else int(length)


def is_last_validation(manifest: Manifest) -> bool:
    """Say whether what judges is the end of the validations that accompanied the training."""
    return judged_length(manifest) is None and manifest.final == "last"


def judged_tokens(manifest: Manifest) -> str:
    """Write the length that judges: `1,024 tokens`, or `the trained length`."""
    length = judged_length(manifest)
    return "the trained length" if length is None else f"{count(length)} tokens"


def loss_name(manifest: Manifest) -> str:
    """Write what judges, for a heading or an axis: `validation loss`, `loss at 1,024 tokens`."""
    length = judged_length(manifest)
    return _as_trained(manifest) if length is None else f"loss at {count(length)} tokens"


def loss_words(manifest: Manifest) -> str:
    """Write the same for a sentence: `loss at 1,024 tokens, four times the trained length`."""
    length = judged_length(manifest)
    return _as_trained(manifest) if length is None else f"loss at {length_words(manifest, length)}"


def _as_trained(manifest: Manifest) -> str:
    """Imported runs without a validation loss are judged by the end of their training loss."""
    own = VALIDATION if manifest.final == "last" else TAIL
    return str(judging(manifest).get("called", own))


def length_words(manifest: Manifest, length: int) -> str:
    """Write `1,024 tokens, four times the trained length`."""
    tokens, trained = f"{count(length)} tokens", trained_length(manifest)
    return tokens if trained is None else f"{tokens}, {multiple(length, trained)}"


def multiple(length: int, trained: int) -> str:
    """Write a length in trained lengths: `four times the trained length`."""
    share = length / trained
    return f"{TIMES.get(share, f'{share:.3g} times')} the trained length".strip()
