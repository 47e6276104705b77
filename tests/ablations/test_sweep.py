import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ablations.prepare import listed
from pipelines.files import read_json, write_json
from tests.ablations.tiny import (
    REPOSITORY,
    afresh,
    call,
    environment,
    frames,
    manifest,
    outcomes,
    planned,
    trained,
    workplace,
)

CELLS = ["none/0", "none/1", "rotary/0", "rotary/1"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict]:
    """A folder in which the tiny grid was planned, then run; do not change it."""
    folder = workplace(tmp_path_factory.mktemp("swept"))
    before = planned(folder)
    ran = call(folder, "run")
    return folder, ran.stderr, {"before": before, "out": ran.stdout}


@pytest.fixture
def copy(swept: tuple[Path, str, dict], tmp_path: Path) -> Path:
    """A copy of that folder, to do things to."""
    return shutil.copytree(swept[0], tmp_path / "copy")


def test_every_cell_is_missing_before_the_first_run(swept: tuple[Path, str, dict]):
    assert swept[2]["before"] == dict.fromkeys(
        ("rotary/0", "rotary/1", "none/0", "none/1"), ("missing", None)
    )


def test_a_run_trains_every_cell_once_and_ends_with_the_path_of_the_report(
    swept: tuple[Path, str, dict],
):
    folder, log, more = swept
    assert trained(log) == CELLS
    assert more["out"].splitlines()[-1].split() == ["Report", "results/tiny.html"]
    assert (folder / "results" / "tiny.html").exists()


def test_the_manifest_names_every_cell_in_grid_order_with_its_command(
    swept: tuple[Path, str, dict],
):
    found = manifest(swept[0])
    assert [each["cell"] for each in found["cells"]] == ["rotary/0", "rotary/1", "none/0", "none/1"]
    assert {each["status"] for each in found["cells"]} == {"complete"}
    assert found["state"] == "complete"
    command = "python -m ablations.run grid=tiny.yaml only=none/1"
    assert found["cells"][3]["command"] == command
    assert found["looks"]["seeds"] == [[0, 1]]


def test_the_frames_hold_every_step_of_every_cell_in_grid_order(swept: tuple[Path, str, dict]):
    steps = pl.read_parquet(swept[0] / "results" / "tiny" / "steps.parquet")
    expected = [
        (cell, step)
        for cell in ("rotary/0", "rotary/1", "none/0", "none/1")
        for step in range(1, 9)
    ]
    assert steps.select("cell", "step").rows() == expected


def test_a_second_run_trains_nothing_and_writes_the_same_bytes(copy: Path):
    before = {each.name: each.read_bytes() for each in (copy / "results" / "tiny").iterdir()}
    log = call(copy, "sweep").stderr
    assert trained(log) == []
    assert before == {
        each.name: each.read_bytes() for each in (copy / "results" / "tiny").iterdir()
    }


def test_the_plan_of_a_finished_grid_needs_no_torch(swept: tuple[Path, str, dict]):
    program = (
        "import sys; from ablations.plan import main; code = main(['grid=tiny.yaml', '--json']);"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=swept[0], env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    cells = json.loads(done.stdout)["cells"]
    assert {each["state"] for each in cells} == {"cached"}
    assert all(each["parameters"] > 0 and each["flops_per_token"] > 0 for each in cells)
    assert [each["variant"] for each in cells][2:] == [{"positions": "none"}] * 2


def test_the_plan_is_a_table_of_variants_with_the_reasons_below_it(swept: tuple[Path, str, dict]):
    told = call(swept[0], "plan", "set.training.steps=6", "seeds=3", "workers=1").stdout
    rows = [line.split() for line in told.splitlines()]
    assert ["rotary", "11.26", "k"] in [row[:3] for row in rows]
    assert next(row for row in rows if row[:1] == ["none"])[-1] == "positions=none"
    below = told[told.index("stale:") :].splitlines()
    assert below[0] == "stale: training.steps: 8 -> 6"
    assert below[1].split(", ") == ["  rotary/0", "rotary/1", "none/0", "none/1"]
    summary = next(line for line in below if " to train on " in line)
    assert summary.startswith("6 cells to train on 1 worker (cpu, 1 thread each), about ")


def test_names_with_commas_stand_on_lines_of_their_own(swept: tuple[Path, str, dict]):
    two = ["axes.training.clip=[1.0,2.0]", "baseline.training.clip=1.0", "seeds=1"]
    told = call(swept[0], "plan", *two, "set.training.steps=6").stdout
    below = told[told.index("stale:") :].splitlines()
    assert below[:3] == ["stale: training.steps: 8 -> 6", "  rotary, clip=1.0/0", "  clip=2.0/0"]


def test_the_plan_says_which_cells_go_on_from_a_checkpoint(copy: Path):
    for each in json.loads(call(copy, "plan", "--json", "seeds=3").stdout)["cells"]:
        if each["state"] == "missing" and each["cell"] == "none/2":
            (copy / "runs" / each["fingerprint"]).mkdir()
            (copy / "runs" / each["fingerprint"] / "checkpoint.pt").touch()
    told = call(copy, "plan", "seeds=3", "workers=1").stdout
    summary = next(line for line in told.splitlines() if " to train on " in line)
    assert ", 1 of them goes on from a checkpoint, about " in summary


def test_lines_count_cells_and_estimate_before_the_first_one_starts(
    swept: tuple[Path, str, dict], copy: Path
):
    done = [line for line in swept[1].splitlines() if " done cell=" in line]
    assert [line.rpartition("cells=")[2] for line in done] == ["1/4", "2/4", "3/4", "4/4"]
    told = call(copy, "sweep", "seeds=3", "workers=1").stderr.splitlines()
    planned, starting, first = told[:3]
    assert re.search(r" plan .* about=\d+s$", planned)
    assert starting.endswith(" starting workers=1")
    assert " start cell=" in first


def test_it_is_told_when_models_are_built(copy: Path):
    shutil.rmtree(copy / "runs" / "costs")
    assert "building every variant once" in call(copy, "plan").stderr
    assert "building" not in call(copy, "plan").stderr


def test_a_command_of_the_manifest_works_as_it_stands(copy: Path):
    mine = copy / "my parts" / "positions"
    mine.mkdir(parents=True)
    source = (REPOSITORY / "components" / "positions" / "none.py").read_text()
    (mine / "nope.py").write_text(source.replace('"none"', '"nope"'))
    more = ["axes.positions=[rotary,nope]", "seeds=1", "name=mine", "--components", "my parts"]
    call(copy, "sweep", *more)
    found = manifest(copy, "mine")
    assert found["command"].endswith(" name=mine --components 'my parts'")
    words = shlex.split(found["cells"][1]["command"])
    assert words[-1] == "only=nope/0"
    shutil.rmtree(copy / "results")
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=copy, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (copy / "results" / "mine.html").exists()


def test_a_changed_setting_makes_cells_stale_and_the_plan_says_which(
    swept: tuple[Path, str, dict],
):
    assert planned(swept[0], "set.training.steps=6") == dict.fromkeys(
        CELLS, ("stale", "training.steps: 8 -> 6")
    )


PROBE = ["set.data.corpus=recall", "set.data.probe_length=16", "set.data.probe_items=2"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["set.data.validation_tokens=400"], "data.validation_tokens: 800 -> 400"),
        (PROBE, "data.corpus: files -> recall"),
    ],
)
def test_cells_on_other_data_are_stale_and_the_plan_says_what_led_to_it(
    copy: Path, changes: list[str], why: str
):
    assert planned(copy, *changes) == dict.fromkeys(CELLS, ("stale", why))


def test_text_that_has_changed_is_told_by_its_digest(copy: Path):
    (copy / "text" / "0.txt").write_text("another text of a few words\n\nand one more\n")
    states = planned(copy)
    assert {state for state, _ in states.values()} == {"stale"}
    assert all(re.fullmatch(r"data: \w{20} -> \w{20}", why or "") for _, why in states.values())


def test_a_damaged_run_is_named_and_trained_again_to_the_same_bits(copy: Path):
    before = read_json(copy / "results" / "tiny.json")["cells"]
    (fingerprint,) = (c["fingerprint"] for c in manifest(copy)["cells"] if c["cell"] == "none/0")
    for name in ("steps.parquet", "outcome.json"):  # the later one is what is looked at first
        file = copy / "runs" / fingerprint / name
        file.write_bytes(file.read_bytes()[:10])
        states = planned(copy)
        assert states.pop("none/0") == ("stale", f"{name} of its run cannot be read")
        assert {state for state, _ in states.values()} == {"cached"}
    assert trained(call(copy, "run").stderr) == ["none/0"]
    after = read_json(copy / "results" / "tiny.json")["cells"]
    assert [each["val"] for each in after] == [each["val"] for each in before]


def test_cells_of_another_question_are_missing(copy: Path):
    other = planned(copy, *PROBE, "set.training.steps=6")
    assert other == dict.fromkeys(CELLS, ("missing", None))


def test_a_failed_cell_is_planned_as_failed_checked_as_failed_and_trained_again(copy: Path):
    fingerprint = manifest(copy)["cells"][2]["fingerprint"]
    run = copy / "runs" / fingerprint
    outcome = read_json(run / "outcome.json") | {"status": "failed", "reason": "the disk was full"}
    write_json(run / "outcome.json", outcome)
    (run / "log.txt").write_text("Traceback\nOSError: the disk was full\n")
    assert planned(copy)["none/0"] == ("failed", "the disk was full")

    call(copy, "sweep", "only=rotary")
    assert manifest(copy)["cells"][2]["log"] == "Traceback\nOSError: the disk was full"
    told = call(copy, "check", code=1).stderr
    assert "failed: none/0: the disk was full" in told
    assert f"log: runs/{fingerprint}/log.txt" in told

    assert trained(call(copy, "sweep").stderr) == ["none/0"]
    call(copy, "check")


def test_only_the_named_cell_is_trained_and_the_rest_stays_missing(
    swept: tuple[Path, str, dict], tmp_path: Path
):
    folder = afresh(swept[0], tmp_path)
    assert trained(call(folder, "sweep", "only=none/1").stderr) == ["none/1"]
    found = manifest(folder)
    assert found["state"] == "partial"
    assert [each["status"] for each in found["cells"]] == ["missing"] * 3 + ["complete"]
    assert found["looks"]["seeds"] == [[0, 1]]
    assert not (folder / "runs" / "looks.jsonl").exists()
    assert "3 of 4 cells without a result" in call(folder, "check", code=1).stderr


def test_a_cell_that_the_grid_does_not_have_is_refused_with_the_nearest(
    swept: tuple[Path, str, dict],
):
    told = call(swept[0], "sweep", "only=nome/1", code=2).stderr
    assert "the grid tiny has no cell nome/1" in told
    assert "did you mean none/1?" in told


def test_another_seed_trains_its_cells_alone_and_is_another_look(copy: Path):
    grid = copy / "tiny.yaml"
    grid.write_text(grid.read_text().replace("seeds: 2", "seeds: 3"))
    assert trained(call(copy, "sweep", "workers=1").stderr) == ["none/2", "rotary/2"]
    assert manifest(copy)["looks"]["seeds"] == [[0, 1], [0, 1, 2]]


def test_a_look_is_not_forgotten_because_a_variant_joined(copy: Path):
    call(copy, "sweep", "seeds=3", "axes.positions=[rotary,none,alibi]", "name=tiny")
    assert manifest(copy)["looks"]["seeds"] == [[0, 1], [0, 1, 2]]


def test_a_new_evaluation_trains_nothing(copy: Path):
    grid = copy / "tiny.yaml"
    grid.write_text(f"{grid.read_text()}evaluate: {{lengths: [16]}}\n")
    assert {state for state, _ in planned(copy).values()} == {"cached"}
    before = [each.stat().st_mtime_ns for each in outcomes(copy)]
    assert trained(call(copy, "sweep").stderr) == []
    assert [each.stat().st_mtime_ns for each in outcomes(copy)] == before
    evaluations = pl.read_parquet(copy / "results" / "tiny" / "evaluations.parquet")
    assert set(evaluations["evaluation"]) == {"validation", "length 16"}


def test_a_diverged_cell_is_a_result_and_not_trained_again(copy: Path):
    wild = ["set.optimizer.learning_rate=1.0e30", "only=none/0", "name=wild"]
    log = call(copy, "sweep", *wild).stderr
    assert " diverged cell=none/0 " in log
    assert planned(copy, *wild[:1])["none/0"] == ("cached", None)
    assert trained(call(copy, "sweep", *wild).stderr) == []


def test_one_worker_gives_the_same_bytes_as_two(swept: tuple[Path, str, dict], tmp_path: Path):
    folder = afresh(swept[0], tmp_path)
    call(folder, "sweep", "workers=1")
    assert frames(folder) == frames(swept[0])


def test_two_variants_that_are_the_same_cell_are_refused_before_training(
    swept: tuple[Path, str, dict], tmp_path: Path
):
    folder = afresh(swept[0], tmp_path)
    told = call(
        folder,
        "sweep",
        "axes.training.precision=[auto,float32]",
        "baseline.training.precision=auto",
        code=2,
    ).stderr
    assert "are the same cell" in told
    assert outcomes(folder) == []


def test_a_cell_that_cannot_be_built_is_refused_before_the_first_one_trains(
    swept: tuple[Path, str, dict], tmp_path: Path
):
    folder = afresh(swept[0], tmp_path)
    grid = folder / "tiny.yaml"
    grid.write_text(grid.read_text().replace("model.heads: 2", "model.heads: 3"))
    told = call(folder, "sweep", code=2).stderr
    assert "tiny.yaml:11   set.model.heads = 3" in told
    assert told.splitlines()[-1] == "1 error; nothing was run"
    assert outcomes(folder) == []


def test_the_study_lists_every_cell_in_grid_order(swept: tuple[Path, str, dict]):
    journal = (swept[0] / "runs" / "studies" / "tiny.log").read_text().splitlines()
    records = [json.loads(line) for line in journal]
    named = [each["user_attrs"] for each in records if each.get("user_attrs")]
    assert [(each["variant"], each["seed"]) for each in named] == [
        ("rotary", 0), ("rotary", 1), ("none", 0), ("none", 1),
    ]  # fmt: skip


def test_prepare_refuses_every_wrong_grid_at_once(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("grids: [positoins, positions, hedas]\n")
    done = subprocess.run(
        [sys.executable, "-m", "ablations.prepare"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "unknown grid positoins" in done.stderr
    assert "unknown grid hedas" in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_repository_lists_grids_that_exist():
    names = {each.stem for each in (REPOSITORY / "ablations" / "grids").glob("*.yaml")}
    assert set(listed(REPOSITORY / "params.yaml")) <= names
