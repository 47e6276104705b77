"""`python -m reports.build --from`: what a user sees, and that the page and the verdict follow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reports.build import main
from reports.errors import UserError
from reports.importers.command import format_of, name_of, read_request
from reports.verdict import main as verdict
from tests.reports.importers.sources import rows_of, without, write_csv

ROOT = Path(__file__).parents[3]
LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.204],
    "none": [3.255, 3.247, 3.260, 3.251],
    "</script><img src=x onerror=alert(1)>": [3.203, 3.196, 3.213, 3.201],
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "runs.csv", rows_of(LOSSES))
    return tmp_path


def test_a_table_becomes_a_page_and_its_json(here, capsys):
    assert main(["--from", "runs.csv", "--plain"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "Report  results/runs.html"
    assert "guess: the baseline is rotary, the first variant" in captured.err
    page = (here / "results/runs.html").read_text()
    assert "<img src=x" not in page
    said = json.loads((here / "results/runs.json").read_text())
    assert [each["label"] for each in said["variants"]] == list(LOSSES)
    (worse,) = (each for each in said["verdict"]["claims"] if each["a"] == "none")
    assert (worse["verdict"], worse["interval"], worse["holm_p"]) == ("worse", "welch", None)


@pytest.mark.usefixtures("here")
def test_the_other_commands_read_it_too(capsys):
    main(["--from=runs.csv", "name=mine"])
    capsys.readouterr()
    assert verdict(["grid=mine"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "4 unpaired runs of each, 2 comparisons" in out
    assert "paired seeds" not in out
    assert main(["grid=mine"]) == 0


@pytest.mark.parametrize("lacking", ["validation_loss", "seed"])
def test_a_page_is_made_of_little(here, lacking):
    rows = rows_of({"a": [3.1], "b": [3.2]} if lacking == "seed" else LOSSES)
    write_csv(here / "runs.csv", without(rows, lacking))
    assert main(["--from", "runs.csv"]) == 0
    said = json.loads((here / "results/runs.json").read_text())
    kinds = [each["kind"] for each in said["verdict"]["caveats"]]
    assert ("training_loss" in kinds) == (lacking == "validation_loss")
    assert (said["verdict"]["kind"] == "one_seed") == (lacking == "seed")


def test_paired_seeds_have_the_interval_of_any_grid(here):
    (here / "m.yaml").write_text("{paired: true, margin: 0.01}")
    assert main(["--from", "runs.csv", "--mapping", "m.yaml"]) == 0
    claims = json.loads((here / "results/runs.json").read_text())["verdict"]["claims"]
    assert {each["interval"] for each in claims} == {"floored"}
    assert claims[0]["rho"] is not None


BAD = {
    "no file": (["--from", "run.csv"], "did you mean runs.csv?"),
    "no value": (["--from"], "a value is missing"),
    "twice": (["--from", "a", "--from", "b"], "given twice"),
    "unknown": (["--from", "runs.csv", "--maping", "m.yaml"], "did you mean --mapping?"),
    "grid": (["--from", "runs.csv", "grid=x"], "unknown argument"),
    "path": (["--from", "runs.csv", "name=../x"], "not a name"),
    "empty name": (["--from", "runs.csv", "name="], "a value is missing"),
    "no mapping": (["--from", "runs.csv", "--mapping", "m.yaml"], "there is no such file"),
    "no runs": (["--from", "empty"], "nothing here can be read"),
    "both": (["--from", "mixed"], "several formats in one folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_said_and_nothing_is_written(here, capsys, case):
    (here / "empty").mkdir()
    (here / "mixed").mkdir()
    (here / "mixed" / "a.wandb").write_text("")
    (here / "mixed" / "events.out.tfevents.1").write_text("")
    arguments, expected = BAD[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.out == ""
    assert not (here / "results").exists()


def test_the_command_that_repeats_it_is_quoted(here):
    write_csv(here / "my runs.csv", rows_of(LOSSES))
    assert main(["--from", "my runs.csv", "name=mine"]) == 0
    manifest = json.loads((here / "results/mine/manifest.json").read_text())
    assert manifest["command"] == "python -m reports.build --from 'my runs.csv' name=mine"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a b/my runs!.csv", "my-runs"), ("x/runs.v2.csv", "runs.v2"), ("x/....csv", "imported")],
)
def test_results_are_named_after_their_source(tmp_path, path, name):
    write_csv(tmp_path / path, rows_of({"a": [3.0]}))
    assert name_of(tmp_path / path) == name
    assert name_of(tmp_path) == tmp_path.name


def test_formats_are_known_by_the_names_of_files(tmp_path):
    (tmp_path / "a").mkdir()
    for name, expected in (("events.out.tfevents.1", "tensorboard"), ("run-x.wandb", "wandb")):
        (tmp_path / "a" / name).write_text("")
        assert format_of(tmp_path / "a") == expected
        assert format_of(tmp_path / "a" / name) == expected
        (tmp_path / "a" / name).unlink()
    with pytest.raises(UserError, match="nothing here can be read"):
        format_of(tmp_path)


def test_a_request_is_what_was_asked_for():
    asked = read_request(["--from", "a.csv", "--mapping=m.yaml", "name=x", "--json"])
    assert (asked.source, asked.mapping, asked.name) == (Path("a.csv"), Path("m.yaml"), "x")
    assert asked.options == {"--json"}


def test_imports_need_no_package_beyond_those_of_reports(here):
    check = (
        "import runpy, sys; sys.argv = ['build', '--from', 'runs.csv', '--plain']\n"
        "try: runpy.run_module('reports.build', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'components', 'pipelines', 'ablations', 'tensorboard', 'wandb'}\n"
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


def test_one_variant_is_drawn_and_gets_no_verdict(here):
    write_csv(here / "one.csv", rows_of({"base": [3.1, 3.2, 3.15]}))
    assert main(["--from", "one.csv"]) == 0
    said = json.loads((here / "results/one.json").read_text())
    assert said["verdict"]["kind"] == "no_baseline"
    assert said["verdict"]["text"] == "No verdict: one variant, and none to compare it with."
    assert "1 variant × 3 seeds" in (here / "results/one.html").read_text()


def test_a_baseline_that_is_no_variant_is_told_at_its_mapping(here, capsys):
    (here / "m.yaml").write_text("baseline: rotery\n")
    assert main(["--from", "runs.csv", "--mapping", "m.yaml"]) == 2
    said = capsys.readouterr().err
    assert "error: the baseline is none of the variants\n  m.yaml   baseline = rotery\n" in said
    assert "did you mean rotary?" in said
    assert not (here / "results").exists()
