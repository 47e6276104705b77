"""Grids that search, end to end: also stopped, killed and gone on with."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
import polars as pl
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.ablations.tiny import GRID, afresh, call, manifest, planned_json, start, workplace
from tests.ablations.told import events, started

if TYPE_CHECKING:
    import subprocess

RATE = "optimizer.learning_rate"
SEARCH = (
    GRID.replace("baseline: {positions: rotary}", "baseline: {positions: rotary, mlp: gated}")
    .replace("axes:\n  positions: [rotary, none]\n", "")
    .replace("seeds: 2\n", "seeds: 2\nsearch:\n")
    + "  optimizer.learning_rate: {low: 1e-4, high: 1e-1, log: true}\n"
    "  positions: [rotary, none]\n"
    "  trials: 6\n"
    "  pruner: hyperband\n"
)
SAME = (
    SEARCH[: SEARCH.index("search:")].replace(
        "{positions: rotary, mlp: gated}", f"{{{RATE}: 0.01}}"
    )
    + f"search: {{{RATE}: [0.0001, 0.01], sampler: grid}}\n"
)
"""A search that can find nothing better than the baseline."""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A folder in which a tiny search was planned and driven by one worker; do not change it."""
    folder = workplace(tmp_path_factory.mktemp("searched"), SEARCH)
    before = call(folder, "plan", "--plain", "workers=1").stdout
    before_json = planned_json(folder)
    ran = call(folder, "sweep", "workers=1")
    return folder, {"before": before, "json": before_json, "log": ran.stderr}


@pytest.fixture
def begun() -> Iterator[list["subprocess.Popen[str]"]]:
    """Sweeps in groups of their own; whatever still runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_before_the_search_the_plan_says_what_comes_first(searched: tuple[Path, dict]):
    text = " ".join(searched[1]["before"].split())
    assert "search: 6 trials × 1 seed = at most 6 cells first, 6 of them to train" in text
    assert "; then 2 variants × 2 seeds = 4 cells" in text
    plan = searched[1]["json"]
    assert plan["cells"] == []
    assert plan["tuning"] is None
    search = plan["search"]
    assert (search["over"], search["to_train"], search["then"]) == (False, 6, 4)
    assert (search["trials"], search["best"]) == ([], None)


def test_the_best_is_trained_again_on_fresh_seeds_beside_the_baseline(
    searched: tuple[Path, dict],
):
    folder, told = searched
    found = manifest(folder)
    search = found["search"]
    assert found["tuning"] is None
    assert search["seeds"] == [1000]
    assert [each["number"] for each in search["trials"]] == [*range(6)]
    complete = {each["number"]: each for each in search["trials"] if each["values"] is not None}
    best = complete[search["best"]]
    assert best["values"][0] == min(each["values"][0] for each in complete.values())
    baseline, variant = found["variants"]
    assert (baseline["name"], variant["name"]) == ("baseline", "best")
    assert variant["settings"]["optimizer.adamw.learning_rate"] == best["settings"][RATE]
    assert variant["settings"]["positions"] == best["settings"]["positions"]
    assert variant["settings"]["mlp"] == "gated"
    cells = [each for each in started(told["log"]) if not each.startswith("trial ")]
    assert cells == ["baseline/0", "baseline/1", "best/0", "best/1"]
    fingerprints = {each["fingerprint"] for each in found["cells"]}
    assert not fingerprints & {cell for each in search["trials"] for cell in each["cells"]}


def test_pruned_trials_are_seen_in_the_lines_the_manifest_and_the_study(
    searched: tuple[Path, dict],
):
    folder, told = searched
    pruned = [each for each in manifest(folder)["search"]["trials"] if each["status"] == "pruned"]
    assert pruned
    assert all(each["reported"] and each["at"] and each["values"] is None for each in pruned)
    lines = {each["trial"]: each for each in events(told["log"], "tried")}
    assert len(lines) == 6
    for each in pruned:
        assert lines[f"trial {each['number']}"]["status"] == "pruned"
    assert f"{len(pruned)} pruned" in told["log"]
    storage = JournalStorage(JournalFileBackend(str(folder / "runs" / "studies" / "tiny.log")))
    study = optuna.load_study(study_name="tiny search", storage=storage)
    states = [each.state.name for each in study.trials]
    assert (len(states), states.count("PRUNED")) == (6, len(pruned))


def test_what_is_gathered_is_what_is_judged(searched: tuple[Path, dict]):
    cells = pl.read_parquet(searched[0] / "results" / "tiny" / "cells.parquet")
    assert cells["cell"].to_list() == ["baseline/0", "baseline/1", "best/0", "best/1"]
    assert set(cells["status"]) == {"complete"}


def test_once_it_is_over_the_plan_shows_the_cells_that_are_judged(searched: tuple[Path, dict]):
    plan = planned_json(searched[0])
    assert [each["cell"] for each in plan["cells"]] == [
        "baseline/0", "baseline/1", "best/0", "best/1",
    ]  # fmt: skip
    assert {each["state"] for each in plan["cells"]} == {"cached"}
    assert (plan["search"]["over"], plan["search"]["to_train"]) == (True, 0)
    best = plan["search"]["best"]
    assert f"best is trial {best}: {RATE}=" in call(searched[0], "plan", "--plain").stdout


def test_running_again_trains_nothing_and_leaves_the_same_manifest(
    searched: tuple[Path, dict], tmp_path: Path
):
    folder = shutil.copytree(searched[0], tmp_path / "copy")
    before = manifest(folder)
    again = call(folder, "sweep").stderr
    assert (started(again), events(again, "tried")) == ([], [])
    assert manifest(folder) == before
    call(folder, "sweep", "only=best")
    assert manifest(folder) == before
    told = call(folder, "sweep", "only=bets", code=2).stderr
    assert "the grid tiny has no cell bets" in told
    assert "did you mean best?" in told


def test_stopped_and_killed_it_goes_on_to_the_same_trials(
    searched: tuple[Path, dict], tmp_path: Path, begun: list["subprocess.Popen[str]"]
):
    afresh(searched[0], tmp_path)
    stopped = _until(tmp_path, begun, 2)
    stopped.send_signal(signal.SIGTERM)
    _, rest = stopped.communicate(timeout=120)
    assert stopped.returncode == 128 + signal.SIGTERM
    assert rest.splitlines()[-1].endswith(" of 6 cells done; the same command resumes")
    assert not (tmp_path / "results").exists()

    killed = _until(tmp_path, begun, 2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    between = planned_json(tmp_path)["search"]
    assert not between["over"]
    assert 2 < len(between["trials"]) <= 6

    last = call(tmp_path, "sweep", "workers=1").stderr
    again, first = (manifest(each)["search"] for each in (tmp_path, searched[0]))
    assert again["spent"]["cells"] == first["spent"]["cells"]
    assert again | {"spent": None} == first | {"spent": None}  # but for the seconds
    assert manifest(tmp_path)["cells"] == manifest(searched[0])["cells"]
    assert len(events(last, "tried")) < 6


def _until(
    folder: Path, begun: list["subprocess.Popen[str]"], trials: int
) -> "subprocess.Popen[str]":
    """Start a sweep and return it when so many trials have ended."""
    process = start(folder, "sweep", "workers=1", start_new_session=True)
    begun.append(process)
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        trials -= " tried trial=" in line
        if not trials:
            return process
    pytest.fail(f"it ended before:\n{told}")


def test_more_trials_go_on_where_fewer_ended(searched: tuple[Path, dict], tmp_path: Path):
    folder = shutil.copytree(searched[0], tmp_path / "copy")
    more = call(folder, "sweep", "workers=1", "search.trials=7", "name=tiny").stderr
    assert [each["trial"] for each in events(more, "tried")] == ["trial 6"]
    before = manifest(searched[0])["search"]["trials"]
    assert manifest(folder)["search"]["trials"][:6] == before


def test_a_best_that_is_the_baseline_is_judged_as_what_it_is(
    searched: tuple[Path, dict], tmp_path: Path
):
    folder = afresh(searched[0], tmp_path)
    (folder / "tiny.yaml").write_text(SAME)
    log = call(folder, "run", "workers=1").stderr
    found = manifest(folder)
    assert found["search"]["trials"][found["search"]["best"]]["settings"] == {RATE: 0.01}
    assert found["search"]["at_edge"] == [RATE]
    assert [each for each in started(log) if "trial" not in each] == ["baseline/0", "baseline/1"]
    claims = json.loads((folder / "results" / "tiny.json").read_text())["verdict"]["claims"]
    assert [each["verdict"] for each in claims] == ["identical"]


def test_a_search_that_finds_nothing_says_so_and_leaves_no_results(
    searched: tuple[Path, dict], tmp_path: Path
):
    folder = afresh(searched[0], tmp_path)
    (folder / "tiny.yaml").write_text(SAME.replace("[0.0001, 0.01]", "[1e20, 1e25]"))
    told = call(folder, "sweep", "workers=1", code=2).stderr
    assert "the search found no configuration that trains to its end" in told
    assert "loss is NaN at step 2" in told
    assert not (folder / "results").exists()
    assert "what is judged is not chosen yet" in call(folder, "verify", code=2).stderr
