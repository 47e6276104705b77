"""What statistics are compared with: numbers computed outside this project, and written text."""

import json
from pathlib import Path
from typing import Any

from reports import numbers

PATH = Path(__file__).parent / "reports" / "known_answers.json"


def known(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the inputs and the expected numbers of one entry."""
    (entry,) = (each for each in json.loads(PATH.read_text()) if each["name"] == name)
    return entry["inputs"], entry["expected"]


def differences(inputs: dict[str, Any]) -> dict[str, list[float]]:
    """Return variant -> differences to the baseline of a table of losses."""
    table, baseline = inputs["table"], inputs["table"][inputs.get("baseline", "rotary")]
    return {
        name: [mine - ours for mine, ours in zip(losses, baseline, strict=True)]
        for name, losses in table.items()
        if losses is not baseline
    }


def written(text: str) -> str:
    """Return `text` with a real minus for each hyphen, a thin space for each underscore."""
    return text.replace("-", numbers.MINUS).replace("_", numbers.THIN)
