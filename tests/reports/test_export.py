"""The command: what it writes and where, what it refuses, and how it stops."""

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from reports.export import FORMATS, HELP, main
from tests.results import results

LOSSES = {"rotary": [3.201, 3.198, 3.209], "none": [3.255, 3.247, 3.260]}
ROOT = Path(__file__).parents[2]
EVENTS = "events.out.tfevents.0000000000.ablations"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    results(tmp_path, LOSSES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reports.export", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("what", FORMATS)
def test_an_export_stands_beside_the_report_unless_said(here, capsys, what):
    assert main(["grid=positions", what]) == 0
    assert names(here / "results") == ["positions", f"positions.{what}"]
    assert capsys.readouterr().out.endswith(f"  results/positions.{what}\n")


@pytest.mark.parametrize("what", FORMATS)
def test_it_is_written_where_it_is_wanted(here, what):
    assert main([what, "to=deep/place", "grid=positions"]) == 0
    assert names(here / "results") == ["positions"]
    found = [each.name for each in (here / "deep").rglob("*") if each.is_file()]
    assert found == ([EVENTS] * 6 if what == "tensorboard" else ["place"])


@pytest.mark.parametrize("what", [each for each in FORMATS if each != "tensorboard"])
def test_what_is_printed_is_what_is_written(here, capfdbinary, what):
    main(["grid=positions", what, "to=file"])
    capfdbinary.readouterr()
    assert main(["grid=positions", what, "to=-"]) == 0
    assert capfdbinary.readouterr().out == (here / "file").read_bytes()
    assert names(here) == ["file", "results"]


def test_several_grids_share_a_folder_of_runs(here, capsys):
    results(here, LOSSES, name="memory")
    for grid in ("positions", "memory"):
        assert main([f"grid={grid}", "tensorboard", "to=logs"]) == 0
    assert capsys.readouterr().out == "6 runs  logs\n6 runs  logs\n"
    assert names(here / "logs") == ["memory", "positions"]
    assert (here / "logs" / "memory" / "none" / "2" / EVENTS).is_file()


@pytest.mark.parametrize("what", FORMATS)
def test_a_grid_that_is_half_finished_has_an_export(tmp_path, monkeypatch, capsys, what):
    results(tmp_path, LOSSES, status={"none/1": "failed", "none/2": "missing"})
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions", what]) == 0
    said = "no curve of none/1: failed\nno curve of none/2: missing\n"
    assert capsys.readouterr().err == ("" if what.startswith("table") else said)


BAD = {
    "nothing": ([], "one grid is needed"),
    "no format": (["grid=positions"], "one of curves.csv, tensorboard, table.tex, table.md"),
    "two formats": (["grid=positions", "table.md", "table.tex"], "one format is needed"),
    "a near format": (["grid=positions", "table.text"], "did you mean table.tex?"),
    "an option": (["grid=positions", "table.md", "--json"], "unknown argument"),
    "a near key": (["gird=positions", "table.md"], "did you mean grid=?"),
    "two grids": (["grid=a", "grid=b", "table.md"], "one grid is needed"),
    "no name": (["grid=", "table.md"], "one grid is needed"),
    "a path": (["grid=../positions", "table.md"], "not a name"),
    "a near grid": (["grid=position", "table.md"], "did you mean positions?"),
    "no place": (["grid=positions", "table.md", "to="], "a value is missing"),
    "two places": (["grid=positions", "table.md", "to=a", "to=b"], "given twice"),
    "a printed folder": (["grid=positions", "tensorboard", "to=-"], "cannot be printed"),
    "results": (["grid=positions", "curves.csv", "to=results/positions/steps.parquet"], "no place"),
    "a folder": (["grid=positions", "table.md", "to=results"], "Is a directory"),
    "below a file": (["grid=positions", "tensorboard", "to=note/logs"], "Not a directory"),
    "others": (["grid=positions", "tensorboard", "to=results"], "files that are no export"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_nothing_is_written(here, capsys, case):
    arguments, expected = BAD[case]
    (here / "note").write_text("")
    before = sorted(here.rglob("*"))
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.err.startswith("error: ")
    assert captured.out == ""
    assert sorted(here.rglob("*")) == before


def test_help_says_every_format(capsys):
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == f"{HELP}\n"
    assert all(f"\n    {each} " in HELP for each in FORMATS)
    assert max(map(len, HELP.splitlines())) <= 100


@pytest.fixture
def long(tmp_path) -> Path:
    """Results whose curves fill a pipe that nobody reads."""
    results(tmp_path, LOSSES, steps=3000)
    return tmp_path


@pytest.mark.usefixtures("heard")
def test_ctrl_c_prints_no_traceback_and_is_130(long):
    with started(long, "grid=positions", "curves.csv", "to=-") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("variant,seed,step")
        process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == "interrupted\n"
    assert process.returncode == 130


def test_a_reader_who_has_seen_enough_is_no_error(long):
    with started(long, "grid=positions", "curves.csv", "to=-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("variant,seed,step")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_reader_who_never_looks_is_no_error(here):
    with started(here, "grid=positions", "table.md", "to=-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_an_export_that_fails_leaves_the_one_before(here, monkeypatch):
    main(["grid=positions", "curves.csv"])
    before = (here / "results/positions.curves.csv").read_bytes()
    write, written = pl.DataFrame.write_csv, []

    def write_and_stop(frame, **options):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(write(frame, **options))
        return written[-1]

    results(here, {"rotary": [3.2], "none": [3.3]})
    monkeypatch.setattr(pl.DataFrame, "write_csv", write_and_stop)
    with pytest.raises(KeyboardInterrupt):
        main(["grid=positions", "curves.csv"])
    assert (here / "results/positions.curves.csv").read_bytes() == before
    assert names(here / "results") == ["positions", "positions.curves.csv"]


@pytest.mark.parametrize("what", FORMATS)
def test_runs_as_a_module_without_torch_or_the_other_packages(here, what):
    check = (
        f"import runpy, sys; sys.argv = ['export', 'grid=positions', '{what}']\n"
        "try: runpy.run_module('reports.export', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'tensorboard', 'components', 'pipelines', 'ablations', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
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
