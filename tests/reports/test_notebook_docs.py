"""What docs/notebooks.md shows runs, and its tables name what there is."""

import re
from pathlib import Path

from reports import figures
from reports.frames import CELLS, DOCUMENTS, EVALUATIONS, STEPS
from tests.results import results

TEXT = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")


def test_the_example_runs_and_prints_every_variant(tmp_path, monkeypatch, capsys):
    results(tmp_path, {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}, steps=80)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    found: dict[str, object] = {}
    exec(compile(example, "notebooks.md", "exec"), found)  # noqa: S102 - the example of the docs
    told = capsys.readouterr().out
    assert "rotary (baseline), none" in told
    assert "3.205" in told
    assert "'cost-flops': 'Cost in FLOPs'" in told
    assert "#14171a" in (tmp_path / "difference.html").read_text(encoding="utf-8")


def test_every_column_that_is_named_is_there():
    rows = dict(re.findall(r"^\| `(cells|steps|evaluations|documents)` \|(.*)", TEXT, re.MULTILINE))
    known = {"cells": CELLS, "steps": STEPS, "evaluations": EVALUATIONS, "documents": DOCUMENTS}
    assert rows.keys() == known.keys()
    for name, text in rows.items():
        assert set(re.findall(r"`(\w+)`", text)) <= set(known[name])


def test_every_function_that_is_named_is_there():
    calls = re.findall(r"^\| `(\w+)\(", TEXT, re.MULTILINE)
    assert calls == ["names", "figure", "curves", "difference"]
    assert all(callable(getattr(figures, name)) for name in calls)
