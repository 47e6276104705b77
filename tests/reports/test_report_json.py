"""docs/report-json.md against the documents of every kind of grid: keys, types, nulls, versions."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest

from reports import build, compare, verdict
from reports.choices import ENDS, OPEN, QUANTITIES
from reports.claims import Kind, Word
from reports.efficiency import By
from reports.endings import tail
from reports.indexing import Told, comparisons, rows
from reports.intervals import Method
from reports.manifest import STATUSES
from reports.reported import Answer
from reports.targets import Statement
from tests.reports.documents import FIVE, Said, every_kind, often_validated, written
from tests.reports.jsontables import (
    by_path,
    documented,
    lines,
    objects,
    page,
    quoted,
    values,
    walked,
)
from tests.results import results

NOTHING = Told(frozenset(), frozenset())
RARE = {
    ("effects.anova.lines[].f", "null"),
    ("effects.anova.lines[].p", "null"),
    ("mislead.contrasts[].worst.points", "integer"),
    ("profile.window", "null"),
    ("verdict.claims[].details.documents.pairing", "null"),
    ("verdict.claims[].details.documents.satterthwaite_df", "null"),
}
"""Documented, and in none of the documents here: losses without noise, and old manifests."""


@pytest.fixture(scope="module")
def table() -> set[tuple[str, str]]:
    return documented(page("report-json.md"))


@pytest.fixture(scope="module")
def documents(tmp_path_factory) -> Mapping[str, Said]:
    return every_kind(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def seen(documents, table) -> dict[tuple[str, str], str]:
    """(path, kind) -> name of a document that has it."""
    known = by_path(table)
    return {pair: name for name, said in documents.items() for pair in walked(said.read, "", known)}


def test_every_key_is_documented(seen, table):
    known = {path for path, _ in table}
    assert {path: name for (path, _), name in seen.items() if path not in known} == {}


def test_types_and_nulls_are_those_documented(seen, table):
    # a whole number is a number
    allowed = table | {(path, "integer") for path, kind in table if kind == "number"}
    assert {pair: name for pair, name in seen.items() if pair not in allowed} == {}


def test_whatever_is_documented_occurs(seen, table):
    found = {*seen} | {(path, "number") for path, kind in seen if kind == "integer"}
    assert table - found == RARE


def test_every_key_is_in_every_document(documents, table):
    known = by_path(table)
    found: dict[str, set[Any]] = {}
    for said in documents.values():
        for path, keys in objects(said.read, "", known):
            found.setdefault(path, set()).add(keys)
    assert {path: keys for path, keys in found.items() if len(keys) > 1} == {}


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, float):
        yield value


def test_all_numbers_are_finite(documents):
    def refused(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    for said in documents.values():
        strict = json.loads(said.text, parse_constant=refused)
        assert all(map(math.isfinite, numbers(strict)))


def as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_lists(each) for key, each in value.items()}
    return [as_lists(each) for each in value] if isinstance(value, list | tuple) else value


def test_what_is_read_is_what_was_made(documents):
    for said in documents.values():
        assert said.read == as_lists(said.made)
        assert json.loads(json.dumps(said.read)) == said.read


def test_indexes_and_names_point_at_what_they_say(documents):
    for said in documents.values():
        read = said.read
        names = [each["id"] for each in read["variants"]]
        pairs = [*read["verdict"]["claims"], *read["settle"]]
        assert {name for each in pairs for name in (each["a"], each["b"])} <= {*names}
        assert {*read["verdict"]["set"]} <= {*names}
        assert {each["v"] for each in read["cells"]} == {*range(len(names))}
        assert all(0 <= each["cell"] < len(read["cells"]) for each in read["evaluations"])
        lists = [each["v"] for each in (read["lengths"] or {"evaluations": []})["evaluations"]]
        lists += [read["profile"]["v"]] if read["profile"] else []
        assert all(len(each) == len(names) for each in lists)
        assert read["variants"][read["baseline"]]["difference"] is None


WORDS: Mapping[str, tuple[str, ...]] = {
    "state": ("complete", "partial"),
    "cells[].status": STATUSES,
    "search.trials[].status": (*ENDS, OPEN),
    "verdict.looks.stopped": ("decided", "exhausted", "budget"),
    "verdict.reported[].answer": get_args(Answer),
    "variants[].volatility.gap_direction": ("closing", "opening", "neither", "changing"),
    "variants[].volatility.leads[].leader": ("variant", "baseline"),
    "efficiency.budgets[].by": get_args(By),
    "efficiency.target.claims[].statement": get_args(Statement),
    "effects.declared[].kind": ("main", "interaction", "at"),
    "search.importance.evaluator": ("fANOVA", "PED-ANOVA"),
    "match.quantity": tuple(QUANTITIES),
}
ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "verdict.kind": get_args(Kind),
    "verdict.claims[].verdict": get_args(Word),
    "verdict.claims[].interval": get_args(Method),
    "verdict.claims[].size": ("beyond", "inside"),
}
"""Words of docs/verdicts-for-scripts.md."""


@pytest.mark.parametrize(("path", "words"), [*WORDS.items(), *ELSEWHERE.items()])
def test_the_words_that_are_given_are_all_there_are(documents, path, words):
    found = {each for said in documents.values() for each in values(said.read, path.split("."))}
    assert found
    assert found <= {*words}


def test_the_words_of_the_program_are_given():
    told = {path: quoted(holds) for path, _, holds in lines(page("report-json.md"))}
    assert {path: {*words} - {*told[path]} for path, words in WORDS.items()} == {
        path: set() for path in WORDS
    }
    scripts = [
        word for line in page("verdicts-for-scripts.md").splitlines() for word in quoted(line)
    ]
    assert {word for words in ELSEWHERE.values() for word in words} <= {*scripts}


def test_what_belongs_to_seeds_has_their_order(tmp_path):
    folder = often_validated(results(tmp_path, {"a": [3.2] * 11, "b": [3.3] * 11}))
    path = folder / "evaluations.parquet"
    noise = (pl.int_range(pl.len()) * 7.0).sin() * 0.01
    table = pl.read_parquet(path).with_columns(loss=pl.col("loss") + noise)
    table.write_parquet(path)
    volatility = written(folder).read["variants"][0]["volatility"]
    seeds = [each["seed"] for each in volatility["runs"]]
    assert seeds == [*range(11)]
    cells = [table.filter(pl.col("cell") == f"a/{seed}").sort("step") for seed in seeds]
    expected = [
        tail(each["tokens"].cast(float).to_numpy(), each["loss"].to_numpy()) for each in cells
    ]
    assert volatility["tails"] == [vars(each) for each in expected]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    results(tmp_path, FIVE)
    monkeypatch.chdir(tmp_path)
    assert build.main(["grid=positions", "--plain"]) == 0
    return tmp_path / "results"


def say(path: Path, **changed: Any) -> None:
    """Change keys of a document that was written."""
    said = json.loads(path.read_text(encoding="utf-8")) | changed
    path.write_text(json.dumps(said), encoding="utf-8")


@pytest.fixture
def example() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", page("report-json.md"), re.DOTALL)
    return str(code)


@pytest.mark.usefixtures("here")
def test_the_example_reads_a_report(example, capsys):
    said = json.loads(Path("results/positions.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    exec(example, {})  # noqa: S102 - the documentation's own code
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == said["verdict"]["text"]
    assert printed[1].startswith("none worse rotary 0.051")
    assert printed[-1].startswith("linspace against rotary needs")


def test_the_example_refuses_another_major(here, example):
    say(here / "positions.json", schema="ablations.report/2")
    with pytest.raises(SystemExit, match=r"ablations\.report/2"):
        exec(example, {})  # noqa: S102 - the documentation's own code


@pytest.mark.parametrize("schema", ["ablations.report/2", "ablations.compare/1", None])
def test_the_index_refuses_another_major_of_a_report(here, schema):
    (row,) = rows(here, NOTHING)
    assert row.problem == ""
    say(here / "positions.json", schema=schema)
    (row,) = rows(here, NOTHING)
    assert (row.headline, row.date) == ((), "–")
    assert row.problem == (
        f"The report has the schema {schema}; this program reads "
        "ablations.report/1. python -m reports.build grid=positions writes it."
    )


def test_the_index_refuses_another_major_of_a_comparison(here):
    results(here.parent, FIVE, name="again")
    assert compare.main(["positions", "again"]) == 0
    path = here / "compare-positions-again.json"
    assert comparisons(here)[0].text == json.loads(path.read_text(encoding="utf-8"))["text"]
    say(path, schema="ablations.compare/2", text={"headline": "in another form"})
    assert comparisons(here)[0].text == (
        "The comparison has the schema ablations.compare/2; this program reads "
        "ablations.compare/1. python -m reports.compare writes it."
    )


def test_no_reader_of_results_takes_another_major(here, capsys):
    say(here / "positions/manifest.json", schema="ablations.results/2")
    for command in (build.main, verdict.main):
        assert command(["grid=positions"]) == 2
        assert "unknown schema" in capsys.readouterr().err
    assert compare.main(["positions", "positions@large"]) == 2
    assert "ablations.results/2" in capsys.readouterr().err
