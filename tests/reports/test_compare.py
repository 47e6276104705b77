import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reports import compare
from reports.compare import main, page
from reports.comparejson import document
from tests.results import edit_manifest, results
from tests.scales import BUILT, LARGE, SMALL, at_preset, compared

ROOT = Path(__file__).parents[2]
HOSTILE = "</script><img src=x onerror=alert(1)>"
MEMORY = {"rotary": SMALL["rotary"], "xl": SMALL["none"]}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    results(tmp_path, SMALL)
    results(tmp_path, MEMORY, name="memory", question="Which memory helps?")
    at_preset(tmp_path, LARGE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(here) -> list[str]:
    return sorted(path.name for path in (here / "results").iterdir() if path.is_file())


def test_writes_page_and_json_and_prints_the_path_last(here, capsys):
    assert main(["positions", "memory"]) == 0
    assert written(here) == ["compare-positions-memory.html", "compare-positions-memory.json"]
    lines = capsys.readouterr().out.splitlines()
    said = json.loads((here / "results/compare-positions-memory.json").read_text())
    assert lines[0] == said["text"]
    assert lines[-1] == "Report  results/compare-positions-memory.html"


def test_page_json_and_terminal_say_the_same(here, capsys):
    assert main(["positions", "positions@pythia-14m", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    stem = "results/compare-positions-positions@pythia-14m"
    assert printed == json.loads((here / f"{stem}.json").read_text())
    html = (here / f"{stem}.html").read_text()
    shown = re.search(r'id="headline">(.*?)</p>', html, re.DOTALL).group(1)
    assert re.sub(r"</?b>", "", shown) == printed["text"]
    assert printed["text"].startswith("The verdict carries over.")


def test_three_grids_have_one_page(here):
    assert main(["positions", "memory", "positions@pythia-14m"]) == 0
    html = (here / "results/compare-positions-memory-positions@pythia-14m.html").read_text()
    assert "In positions" not in html  # columns, not groups
    assert html.count('<th scope="col">positions@pythia-14m') == 2


def test_two_builds_differ_in_the_build_time_only(here):
    folders = [here / "results" / name for name in ("positions", "positions@pythia-14m", "memory")]
    first = compared(*folders)
    later = compared(*folders, built=datetime(2027, 1, 2, 3, 4, tzinfo=UTC))
    assert page(first) == page(compared(*folders))
    assert page(first) != page(later)
    assert page(later).replace("2027-01-02 03:04 UTC", "2026-11-24 08:41 UTC") == page(first)
    assert document(later) | {"built": ""} == document(first) | {"built": ""}


def test_the_json_keeps_colours_and_joins_by_fingerprint(here):
    said = document(compared(here / "results/positions", here / "results/memory"))
    assert said["schema"] == "ablations.compare/1"
    assert [(each["id"], each["slot"]) for each in said["variants"]] == [
        ("rotary", 0),
        ("none", 1),
        ("linspace", 2),
        ("xl", 3),
    ]
    assert [each["grid"] for each in said["variants"][0]["members"]] == ["positions", "memory"]
    json.dumps(said, allow_nan=False)


def test_the_json_counts_what_carries_over(here):
    folders = (here / "results/positions", here / "results/positions@pythia-14m")
    (scales,) = document(compared(*folders))["scales"]
    assert scales["decision_accuracy"] == 1.0
    assert (scales["resolved_at_both"], scales["resolved_at_one"]) == (2, 1)
    assert [each["state"] for each in scales["contrasts"]] == ["holds", "large_only"]


def test_nothing_is_fetched_and_no_script_may_run(here):
    html = page(compared(here / "results/positions", here / "results/positions@pythia-14m"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert "script-src" not in policy
    assert policy.startswith("default-src &#39;none&#39;")
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) == [""] * 4
    assert len(html.encode()) < 200_000


def test_the_page_of_a_grid_is_linked_where_there_is_one(here):
    (here / "results/positions.html").write_text("page")
    html = page(compared(here / "results/positions", here / "results/memory"))
    assert re.findall(r'href="([^#d][^"]*)"', html) == ["positions.html"]


def test_hostile_names_are_text(tmp_path):
    losses = {"rotary": SMALL["rotary"], HOSTILE: SMALL["none"], "{{ 7 * 7 }}": SMALL["linspace"]}
    first = results(tmp_path, losses, question=HOSTILE)
    second = at_preset(tmp_path, losses, preset="<b>&amp;", question=HOSTILE)
    for folders in ((first, second), (first, results(tmp_path, losses, name="x<i>y"))):
        html = page(compared(*folders))
        assert "<img" not in html
        assert "<i>" not in html
        assert "&lt;/script&gt;&lt;img" in html
        assert "{{ 7 * 7 }}" in html


def test_one_seed_and_grids_without_results_have_a_page(tmp_path):
    first = results(tmp_path, {"rotary": [3.2], "none": [3.3]})
    second = at_preset(tmp_path, {"rotary": [None], "none": [None]})
    third = results(tmp_path, {"rotary": [3.2]}, name="alone")
    for folders in ((first, second), (first, third), (second, third)):
        assert "compared" in page(compared(*folders))
    assert "Nothing to carry over." in page(compared(first, second))


BAD = {
    "none": ([], "two grids or more are needed"),
    "one": (["positions"], "two grids or more are needed"),
    "twice": (["positions", "positions"], "the same grid twice"),
    "twice in other words": (["positions", "grid=positions"], "the same grid twice"),
    "missing": (["positions", "memry"], "did you mean memory?"),
    "all that are missing": (["far", "away"], "there are no results of away"),
    "path": (["positions", "../memory"], "not a name"),
    "option": (["positions", "memory", "--jsn"], "did you mean --json?"),
    "too long": (["positions", "x" * 240], "too long"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_nothing_is_written(here, capsys, case):
    arguments, expected = BAD[case]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert said.out == ""
    assert written(here) == []


def test_results_of_an_older_schema_are_refused_by_name(here, capsys):
    edit_manifest(here / "results/memory", schema="ablations.results/0")
    assert main(["positions", "memory"]) == 2
    error = capsys.readouterr().err
    assert "unknown schema" in error
    assert "results/memory/manifest.json" in error
    assert written(here) == []


def test_results_of_earlier_versions_that_lack_later_fields_are_compared(here):
    folder = here / "results/memory"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "carries" not in manifest["variants"][0]
    del manifest["looks"]["taken"], manifest["looks"]["stopped"]
    edit_manifest(folder, looks=manifest["looks"])
    assert main(["positions", "memory"]) == 0


def test_help_says_what_it_does(capsys):
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == compare.HELP


def test_runs_as_a_module_without_torch_or_the_other_packages(here):
    check = (
        "import runpy, sys; sys.argv = ['compare', 'positions', 'memory']\n"
        "try: runpy.run_module('reports.compare', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'components', 'pipelines', 'ablations', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=here,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_date_of_the_page_is_that_of_its_making(here):
    assert BUILT.strftime("%Y-%m-%d %H:%M UTC") in page(
        compared(here / "results/positions", here / "results/memory")
    )
