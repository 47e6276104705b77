"""Grids that tune every variant before it is judged, end to end."""

import shutil
from pathlib import Path
from statistics import fmean

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from pipelines.files import read_json, write_json
from tests.ablations.tiny import GRID, afresh, call, manifest, planned, planned_json, workplace
from tests.ablations.told import events, started

TUNE = "tune: {optimizer.learning_rate: [0.001, 0.003, 0.01], seeds: 2}\n"
RATE = "optimizer.learning_rate"
POINTS = (0.001, 0.003, 0.01)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A folder in which the tiny grid was planned, tuned and judged; do not change it."""
    folder = workplace(tmp_path_factory.mktemp("tuned"), GRID + TUNE)
    before = call(folder, "plan", "--plain", "workers=1").stdout
    before_json = planned_json(folder)
    ran = call(folder, "sweep", "workers=1")
    return folder, {"before": before, "json": before_json, "log": ran.stderr}


@pytest.fixture
def copy(tuned: tuple[Path, dict], tmp_path: Path) -> Path:
    """A copy of that folder, to do things to."""
    return shutil.copytree(tuned[0], tmp_path / "copy")


def losses(folder: Path) -> dict[str, list[tuple[float, int, float]]]:
    """What the store has: variant -> learning rate, seed and final loss of each of its cells."""
    found: dict[str, list[tuple[float, int, float]]] = {}
    for outcome in (folder / "runs").glob("*/outcome.json"):
        cell = read_json(outcome.with_name("cell.json"))["cell"]
        rate = cell["parts"]["optimizer"][0]["options"]["learning_rate"]
        name = cell["parts"]["positions"][0]["name"]
        found.setdefault(name, []).append((rate, cell["seed"], read_json(outcome)["loss"]))
    return found


def test_before_it_is_tuned_the_plan_says_what_comes_first(tuned: tuple[Path, dict]):
    text = " ".join(tuned[1]["before"].split())
    assert "tuning: 2 variants × 3 points × 2 seeds = 12 cells first, 12 of them to train" in text
    assert "; then 2 variants × 2 seeds = 4 cells" in text
    plan = tuned[1]["json"]
    assert plan["cells"] == []
    assert plan["search"] is None
    tuning = plan["tuning"]
    assert (tuning["over"], tuning["to_train"], tuning["then"]) == (False, 12, 4)
    assert {each["state"] for each in tuning["cells"]} == {"missing"}
    assert {each["chosen"] for each in tuning["variants"].values()} == {None}


def test_every_variant_is_tuned_on_seeds_of_their_own_before_any_is_judged(
    tuned: tuple[Path, dict],
):
    cells = started(tuned[1]["log"])
    expected = [
        f"{name}, learning_rate={rate}/{seed}"
        for name in ("rotary", "none")
        for rate in POINTS
        for seed in (1000, 1001)
    ]
    assert cells == [*expected, "rotary/0", "rotary/1", "none/0", "none/1"]


def test_the_rate_of_the_lowest_mean_is_chosen_and_judged_and_the_manifest_says_all(
    tuned: tuple[Path, dict],
):
    found, stored = manifest(tuned[0]), losses(tuned[0])
    assert found["tuning"]["seeds"] == [1000, 1001]
    assert found["tuning"]["keys"] == [RATE]
    chose = [
        read_json(path)
        for path in (tuned[0] / "runs").glob("*/outcome.json")
        if read_json(path.with_name("cell.json"))["cell"]["seed"] >= 1000
    ]
    assert found["tuning"]["spent"] == {
        "cells": 12,
        "seconds": pytest.approx(sum(each["seconds"] for each in chose)),
    }
    for variant in found["variants"]:
        own = stored[variant["name"]]
        means = {
            rate: fmean(loss for each, seed, loss in own if each == rate and seed >= 1000)
            for rate in POINTS
        }
        best = min(means, key=lambda rate: means[rate])
        block = found["tuning"]["variants"][variant["name"]]
        assert block["chosen"] == {RATE: best}
        assert [each["mean"] for each in block["trials"]] == pytest.approx([*means.values()])
        assert block["at_edge"] == ([RATE] if best in (POINTS[0], POINTS[-1]) else [])
        assert variant["settings"]["optimizer.adamw.learning_rate"] == best
        assert sorted(seed for rate, seed, _ in own if seed < 1000) == [0, 1]
        assert {rate for rate, seed, _ in own if seed < 1000} == {best}


def test_at_the_edge_is_told(tuned: tuple[Path, dict]):
    # a tiny model gains from the largest rate in 8 steps
    assert "tuned: none has optimizer.learning_rate=0.01 (at the edge" in tuned[1]["log"]


def test_once_tuned_the_plan_shows_the_cells_that_are_judged(tuned: tuple[Path, dict]):
    plan = planned_json(tuned[0])
    assert [each["cell"] for each in plan["cells"]] == ["rotary/0", "rotary/1", "none/0", "none/1"]
    assert {each["state"] for each in plan["cells"]} == {"cached"}
    assert (plan["tuning"]["over"], plan["tuning"]["to_train"]) == (True, 0)
    text = call(tuned[0], "plan", "--plain").stdout
    assert "Nothing to train: all 4 cells are cached." in text
    assert "tuned: rotary has optimizer.learning_rate=0.01" in text


def test_running_again_trains_nothing_and_leaves_the_same_manifest(copy: Path):
    before = manifest(copy)
    assert started(call(copy, "sweep").stderr) == []
    assert manifest(copy) == before


def test_a_tuned_cell_is_the_cell_of_any_other_grid_with_these_settings(copy: Path):
    rate = manifest(copy)["tuning"]["variants"]["none"]["chosen"][RATE]
    (copy / "tiny.yaml").write_text(GRID)
    states = planned(copy, f"set.{RATE}={rate}")
    assert states["none/0"][0] == "cached"


def test_a_cell_that_failed_while_tuning_is_told_and_tried_again(copy: Path):
    tried = next(
        outcome
        for outcome in (copy / "runs").glob("*/outcome.json")
        if read_json(outcome.with_name("cell.json"))["cell"]["seed"] == 1000
    )
    write_json(tried, read_json(tried) | {"status": "failed", "reason": "the disk was full"})
    call(copy, "sweep", "only=none/1", "workers=1")  # the best of the others stays the best
    assert planned_json(copy)["tuning"]["to_train"] == 0
    found = manifest(copy)
    for variant in found["tuning"]["variants"].values():
        for point in variant["trials"]:
            assert point["statuses"] == ["complete", "complete"]


def test_a_point_that_could_not_be_tried_fails_the_check(copy: Path):
    path = copy / "results" / "tiny" / "manifest.json"
    found = read_json(path)
    found["tuning"]["variants"]["none"]["trials"][1]["statuses"][0] = "failed"
    write_json(path, found)
    told = call(copy, "check", code=1).stderr
    assert "failed: tuning none with {optimizer.learning_rate: 0.003}" in told
    assert "again: python -m ablations.run grid=tiny.yaml" in told


def test_a_cell_that_there_will_not_be_is_refused_before_anything_is_tuned(
    tuned: tuple[Path, dict], tmp_path: Path
):
    told = call(afresh(tuned[0], tmp_path), "sweep", "only=nome", code=2).stderr
    assert "the grid tiny has no cell nome" in told
    assert started(told) == []


def test_nothing_is_damaged_where_every_point_diverges(copy: Path):
    path = copy / "results" / "tiny" / "manifest.json"
    before = path.read_bytes()
    bad = [f"tune.{RATE}=[1e20,1e25]", "tune.seeds=1", "name=tiny"]
    told = call(copy, "sweep", "workers=1", *bad, code=2).stderr
    assert "nothing can be chosen for the variant rotary" in told
    assert "nothing was judged" in told
    assert path.read_bytes() == before
    shown = call(copy, "plan", "--plain", *bad).stdout
    assert "nothing can be chosen for the variant none" in " ".join(shown.split())


def test_the_study_has_every_point_of_every_variant(tuned: tuple[Path, dict]):
    journal = tuned[0] / "runs" / "studies" / "tiny.log"
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.load_study(study_name="tiny tuning", storage=storage)
    points = [(each.params["variant"], each.params[RATE]) for each in study.trials]
    assert len(points) == len({*points}) == 6
    assert len(optuna.load_study(study_name="tiny", storage=storage).trials) == 4


def test_looks_and_equal_flops_go_with_tuning(copy: Path):
    (copy / "tiny.yaml").write_text(
        (GRID + TUNE).replace("seeds: 2\n", "seeds: {looks: [2, 3]}\n", 1) + "hold: flops\n"
    )
    plan = planned_json(copy)
    assert plan["tuning"]["over"] is True  # both positions cost the same: the cells are those above
    assert [each["cell"] for each in plan["cells"]] == ["rotary/0", "rotary/1", "none/0", "none/1"]
    assert {each["state"] for each in plan["cells"]} == {"cached"}


def test_a_sampler_tunes_every_variant_alike_and_only_restricts_what_is_judged(
    tuned: tuple[Path, dict], tmp_path: Path
):
    folder = afresh(tuned[0], tmp_path)
    ranged = "tune: {optimizer.learning_rate: {low: 1e-4, high: 1e-1, log: true}, trials: 2}\n"
    (folder / "tiny.yaml").write_text(GRID + ranged)
    log = call(folder, "sweep", "workers=2", "only=none/1").stderr
    assert len(events(log, "tried")) == 4
    assert [each for each in started(log) if "trial" not in each] == ["none/1"]
    statuses = [each["status"] for each in manifest(folder)["cells"]]
    assert statuses == ["missing"] * 3 + ["complete"]
    tuning = manifest(folder)["tuning"]
    assert tuning["sampler"] == "tpe"
    first = [each["trials"][0]["settings"] for each in tuning["variants"].values()]
    assert first[0] == first[1]
    for each in tuning["variants"].values():
        means = {point["mean"]: point["settings"] for point in each["trials"]}
        assert each["chosen"] == means[min(means)]
    assert planned_json(folder)["tuning"]["to_train"] == 0
