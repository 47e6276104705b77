import json
import subprocess
import sys
from pathlib import Path

import pytest

from reports.build import main
from tests.results import results

LOSSES = {"rotary": [3.201, 3.198, 3.209], "none": [3.255, 3.247, 3.260]}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    results(tmp_path, LOSSES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_writes_page_and_json_and_prints_the_path_last(here, capsys):
    assert main(["grid=positions"]) == 0
    assert (here / "results/positions.html").read_text().startswith("<!doctype html>")
    document = json.loads((here / "results/positions.json").read_text())
    assert document["grid"] == "positions"
    assert capsys.readouterr().out.splitlines()[-1] == "Report  results/positions.html"


def test_validation_documents_shorter_than_the_context_have_a_report(tmp_path, monkeypatch):
    results(tmp_path, LOSSES, reach=20)
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions"]) == 0
    document = json.loads((tmp_path / "results/positions.json").read_text())
    assert document["profile"]["x"] == list(range(1, 21))
    page = (tmp_path / "results/positions.html").read_text()
    assert "Positions 21 to 32 are left out: no validation document reaches them." in page


def test_leaves_nothing_half_written_beside_them(here):
    main(["grid=positions"])
    names = sorted(path.name for path in (here / "results").iterdir())
    assert names == ["positions", "positions.html", "positions.json"]


def test_json_prints_the_document_and_nothing_else(here, capsys):
    assert main(["grid=positions", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((here / "results/positions.json").read_text())
    assert "curves" not in printed


def test_a_second_build_of_the_same_results_replaces_the_first(here):
    main(["grid=positions"])
    main(["grid=positions"])
    assert (here / "results/positions.html").stat().st_size > 1e6


BAD = {
    "no grid": ([], "one grid is needed"),
    "two grids": (["grid=a", "grid=b"], "one grid is needed"),
    "empty": (["grid="], "one grid is needed"),
    "unknown option": (["grid=positions", "--jsn"], "did you mean --json?"),
    "unknown word": (["grid=positions", "seeds=3"], "seeds=3"),
    "path": (["grid=../positions"], "not a name"),
    "near": (["grid=position"], "did you mean positions?"),
    "far": (["grid=memory"], "there are: positions"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_nothing_is_written(here, capsys, case):
    arguments, expected = BAD[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.out == ""
    assert sorted(path.name for path in (here / "results").iterdir()) == ["positions"]


def test_help_says_what_it_does(capsys):
    assert main(["--help"]) == 0
    assert "python -m reports.build grid=NAME" in capsys.readouterr().out


def test_runs_as_a_module_without_torch_or_the_other_packages(here):
    check = (
        "import runpy, sys; sys.argv = ['build', 'grid=positions', '--plain']\n"
        "try: runpy.run_module('reports.build', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'components', 'pipelines', 'ablations', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    command = [sys.executable, "-c", check]
    done = subprocess.run(
        command,
        cwd=here,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
