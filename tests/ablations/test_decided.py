"""Seeds until decided: real sweeps with looks, judged by a real process."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ablations.decided import at_look, is_over, open_variants, still_decided
from ablations.grid import read_grid
from components.catalogue import read_catalogue
from tests.ablations.tiny import GRID, call, manifest, planned_json, trained, workplace

# a tenth of the learning rate is worse beyond doubt; one a little off is not resolved
LOOKS = (
    GRID.replace("{positions: rotary}", "{optimizer.learning_rate: 0.01}")
    .replace("positions: [rotary, none]", "optimizer.learning_rate: [0.01, 0.001, 0.0101]")
    .replace("seeds: 2", "seeds: {looks: [3, 4]}")
    .replace("steps: 8", "steps: 60")
    + "margin: 0.000001\n"
)
WORSE, NEAR = "learning_rate=0.001", "learning_rate=0.0101"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = workplace(tmp_path_factory.mktemp("looks"), LOOKS)
    return folder, call(folder, "run", "--plain").stderr


def seeds_of(found):
    seeds = {}
    for cell in found["cells"]:
        seeds.setdefault(cell["variant"], []).append(cell["seed"])
    return seeds


def test_only_the_baseline_and_what_is_open_get_more_seeds(swept):
    folder, log = swept
    seeds = seeds_of(manifest(folder))
    assert seeds[WORSE] == [0, 1, 2]
    assert seeds[NEAR] == [0, 1, 2, 3]
    assert len(seeds) == 3
    assert sum(map(len, seeds.values())) == 11
    assert len(trained(log)) == 11
    assert "look 2 of 2, at 4 seeds" in log
    assert "no further look: that was the last look" in log


def test_the_manifest_says_which_looks_were_taken_and_why_there_is_no_other(swept):
    looks = manifest(swept[0])["looks"]
    assert looks["declared"] == [3, 4]
    assert looks["taken"] == [3, 4]
    assert looks["stopped"] == "exhausted"
    assert looks["seeds"] == [[0, 1, 2, 3]]  # its own first look is declared, so none of these


def test_a_plan_shows_the_cells_that_were_asked_for(swept):
    cells = planned_json(swept[0])["cells"]
    assert len(cells) == 11
    assert {each["state"] for each in cells} == {"cached"}


def test_a_plan_of_another_question_shows_the_first_look_and_what_may_follow(swept):
    ran = call(swept[0], "plan", "set.training.steps=7")
    assert "3 variants × 3 seeds = 9 cells, at most 3 more at 4 seeds" in ran.stdout


def test_running_again_trains_nothing_and_leaves_the_same_manifest(swept):
    folder, _ = swept
    before = manifest(folder)
    again = call(folder, "run", "--plain")
    assert trained(again.stderr) == []
    assert manifest(folder) == before


def test_a_sweep_ends_where_everything_is_decided(swept):
    folder, _ = swept
    axes = "axes.optimizer.learning_rate=[0.01,0.001]"
    ran = call(folder, "run", "--plain", axes, "name=decided")
    assert "no further look: every contrast is decided" in ran.stderr
    found = manifest(folder, "decided")
    assert found["looks"]["stopped"] == "decided"
    assert found["looks"]["taken"] == [3]
    assert found["seeds"] == [0, 1, 2]


def test_a_budget_ends_the_looks(swept):
    folder, _ = swept
    ran = call(folder, "run", "--plain", "budget=0.0000001", "name=poor")
    assert "would not stay within the budget" in ran.stderr
    found = manifest(folder, "poor")
    assert found["looks"]["stopped"] == "budget"
    assert found["seeds"] == [0, 1, 2]


def test_a_look_with_cells_missing_is_not_taken(swept):
    folder, _ = swept
    call(folder, "sweep", "only=[" + NEAR + "/0]", "set.training.steps=59", "name=half")
    looks = manifest(folder, "half")["looks"]
    assert looks["taken"] == []
    assert looks["stopped"] is None


def test_the_report_has_the_verdict_of_each_look(swept):
    claims = json.loads((swept[0] / "results" / "tiny.json").read_text())["verdict"]["claims"]
    verdicts = {each["a"]: (each["verdict"], each["pairs"]) for each in claims}
    assert verdicts[WORSE] == ("worse", 3)
    assert verdicts[NEAR][1] == 4


def claim(a, b, verdict):
    return {"a": a, "b": b, "verdict": verdict}


def test_open_contrasts_keep_both_of_their_variants_going(tmp_path):
    claims = [
        claim("x", "base", "better"),
        claim("y", "base", "worse"),
        claim("y", "x", "one_seed"),
    ]
    assert open_variants(claims) == {"x", "y"}
    (tmp_path / "tiny.yaml").write_text(LOOKS)
    grid = read_grid(str(tmp_path / "tiny.yaml"), (), read_catalogue())
    here = at_look(grid, 3, {})
    names = [grid.baseline, "x", "y", "z"]
    assert still_decided(here, names, {"x", "y"}) == {"z": (0, 1, 2)}
    later = at_look(grid, 4, {"z": (0, 1, 2)})
    assert later.seeds_of("z") == (0, 1, 2)
    assert later.seeds_of("x") == (0, 1, 2, 3)


def test_what_is_done_counts_towards_the_budget(tmp_path):
    (tmp_path / "tiny.yaml").write_text(LOOKS)
    grid = read_grid(str(tmp_path / "tiny.yaml"), ("budget=1",), read_catalogue())
    done = SimpleNamespace(run=SimpleNamespace(outcome={"seconds": 2000.0}), seconds=None)
    cheap, dear = (SimpleNamespace(run=None, seconds=each) for each in (1500.0, 1700.0))

    def plan(*cells):
        return SimpleNamespace(cells=cells, to_train=[each for each in cells if each.run is None])

    assert not is_over(grid, plan(done, cheap))
    assert is_over(grid, plan(done, dear))
    assert not is_over(replace(grid, budget=None), plan(done, dear))
