import json
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from reports import build, compare
from reports.index import main, page, read_command
from reports.indexing import Told, comparisons, hours_of_all, rows, states
from tests.results import edit_manifest, results
from tests.scales import SMALL, refingerprint

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"
NOTHING = Told(frozenset(), frozenset())
ALONE = read_command([])


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    results(tmp_path, SMALL)
    results(tmp_path, {"rotary": [3.2, 3.3], "xl": [3.1, None]}, name="memory")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(here, told=NOTHING):
    return {each.name: each for each in rows(here / "results", told)}


def text_of(html: str) -> str:
    body = re.sub(r"</?b>", "", html[html.index("<body>") :])
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_every_grid_has_a_row_with_the_verdict_of_its_report(here, capsys):
    assert build.main(["grid=positions", "--plain"]) == 0
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Index  results/index.html"
    html = (here / "results/index.html").read_text()
    said = json.loads((here / "results/positions.json").read_text())["verdict"]["text"]
    assert text_of(f"<body>{said}").strip() in text_of(html)
    assert 'href="positions.html"' in html
    assert "memory" in html


def test_cells_hours_device_and_date(here):
    build.main(["grid=positions", "--plain"])
    path = here / "results/positions/cells.parquet"
    pl.read_parquet(path).with_columns(seconds=pl.lit(1800.0)).write_parquet(path)
    found = listed(here)
    assert found["positions"].cells == "15 of 15 done"
    assert (found["positions"].hours, found["positions"].device) == ("7.50", "cpu")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", found["positions"].date)
    assert found["memory"].cells == "3 of 4 done, 1 missing"
    assert found["memory"].hours == "<\u202f0.01"
    assert found["memory"].date == "–"


def test_states_are_told_and_never_guessed(here):
    told = Told(frozenset({"memory"}), frozenset({"positions"}))
    found = listed(here, told)
    assert [(each.state, each.checked) for each in found.values()] == [
        ("stale", "partial, but the code or the data changed"),
        ("done", "current"),
    ]
    assert {each.checked for each in listed(here).values()} == {"not checked"}


def test_a_report_of_other_results_says_no_verdict(here):
    build.main(["grid=positions", "--plain"])
    assert listed(here)["positions"].problem == ""
    refingerprint(here / "results/positions", "none")
    row = listed(here)["positions"]
    assert row.headline == ()
    assert row.problem == (
        "The report is older than the results. python -m reports.build grid=positions writes it."
    )
    assert listed(here)["memory"].problem.startswith("There is no report.")


def test_what_cannot_be_read_has_a_row_and_harms_no_other(here):
    edit_manifest(here / "results/memory", schema="ablations.results/0")
    broken = here / "results/broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    (here / "results/list").mkdir()
    (here / "results/list/manifest.json").write_text('{"schema": "ablations.results/1"}')
    edit_manifest(results(here, SMALL, name="odd"), cells=None)
    found = listed(here)
    assert list(found) == ["broken", "list", "memory", "odd", "positions"]
    assert "not of the known form" in found["odd"].problem
    assert "unknown schema ablations.results/0" in found["memory"].problem
    assert "no JSON" in found["broken"].problem
    assert found["positions"].state == "done"
    (here / "results/positions/cells.parquet").unlink()
    assert listed(here)["positions"].hours == "–"
    assert main([]) == 0


def test_cells_that_grids_share_are_counted_once(here):
    for name in ("positions", "memory"):
        path = here / f"results/{name}/cells.parquet"
        hour = pl.when(pl.col("seconds").is_null()).then(None).otherwise(3600.0)
        pl.read_parquet(path).with_columns(seconds=hour).write_parquet(path)
    # 15 cells and 3, of which rotary/0 and rotary/1 are in both
    assert hours_of_all(here / "results") == "16.00 on cpu"


def test_comparisons_are_listed_below(here):
    assert compare.main(["positions", "memory"]) == 0
    (found,) = comparisons(here / "results")
    assert (found.title, found.page) == ("positions and memory", "compare-positions-memory.html")
    assert found.text in text_of(page(ALONE, BUILT))
    (here / "results/compare-positions-memory.json").write_text("[]")
    assert comparisons(here / "results") == ()


@pytest.mark.usefixtures("here")
def test_two_builds_differ_in_the_build_time_only():
    first, later = page(ALONE, BUILT), page(ALONE, datetime(2027, 1, 2, 3, 4, tzinfo=UTC))
    assert first == page(ALONE, BUILT)
    assert later.replace("2027-01-02 03:04 UTC", "2026-11-24 08:41 UTC") == first


def test_hostile_questions_and_folders_are_text(here):
    results(here, SMALL, name=HOSTILE.replace("/", ""), question=HOSTILE)
    (here / f"results/{HOSTILE}.html").write_text("page")
    html = page(ALONE, BUILT)
    assert "<img" not in html
    assert 'href="%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E.html"' in html


def test_no_results_are_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert "There are no results yet." in (tmp_path / "results/index.html").read_text()


BAD = {
    "unknown key": (["stle=memory"], "did you mean stale?"),
    "a name alone": (["memory"], "unknown argument"),
    "unknown name": (["stale=memry"], "did you mean memory?"),
    "both": (["stale=memory", "current=memory,positions"], "both stale and current"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_nothing_is_written(here, capsys, case):
    arguments, expected = BAD[case]
    assert main(arguments) == 2
    assert expected in capsys.readouterr().err
    assert not (here / "results/index.html").exists()


def test_several_names_and_empty_lists_are_read():
    told = read_command(["stale=a,b", "current="])
    assert told == {"stale": frozenset({"a", "b"}), "current": frozenset()}


def test_a_grid_whose_cells_all_failed_is_not_done(here):
    status = {f"{name}/{seed}": "failed" for name in SMALL for seed in range(5)}
    results(here, SMALL, name="dead", status=status)
    results(here, SMALL, name="hurt", status={"none/1": "failed"})
    found = listed(here)
    assert (found["dead"].state, found["dead"].cells) == ("failed", "0 of 15 done, 15 failed")
    assert found["dead"].hours == "–"
    assert found["hurt"].state == "done"
    assert states(found.values()) == "4 grids: 2 done, 1 failed, 1 partial"
