"""What `match` and `hold: flops` solve, on real models."""

import pytest

from tests.ablations.tiny import GRID, call, manifest, planned_json, workplace

MATCHED = GRID.replace("positions: rotary}", "mlp: plain}").replace(
    "positions: [rotary, none]", "mlp: [plain, gated]"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return workplace(tmp_path_factory.mktemp("match"), MATCHED)


def test_a_free_option_makes_parameters_equal_within_the_tolerance(place):
    cells = planned_json(place, "match.parameters=mlp.width")["cells"]
    by_name = {each["cell"]: each for each in cells}
    plain, gated = (by_name[f"{name}/0"]["parameters"] for name in ("plain", "gated"))
    assert by_name["gated/0"]["variant"]["mlp.width"] == 43  # 16 * 2 * 64 = 16 * 3 * 42.7
    assert abs(gated / plain - 1) <= 0.01
    unmatched = planned_json(place)["cells"]
    assert "mlp.width" not in unmatched[-1]["variant"]


def test_flops_are_matched_too(place):
    cells = planned_json(place, "match.flops=mlp.width", "match.tolerance=0.02")["cells"]
    plain, gated = (cells[index]["flops_per_token"] for index in (0, -1))
    assert abs(gated / plain - 1) <= 0.02


def test_an_impossible_match_is_refused_before_anything_is_trained(place):
    ran = call(place, "plan", "match.parameters=mlp.width", "match.tolerance=0.0001", code=2)
    assert "gated cannot have as many parameters as the baseline" in ran.stderr
    assert "nearest is mlp.width = 43" in ran.stderr


def test_a_variant_without_the_option_is_refused_where_it_is_asked_for(place):
    ran = call(place, "plan", "match.parameters=mlp.width", "axes.mlp=[plain,none]", code=2)
    assert "none cannot be matched by mlp.width" in ran.stderr
    assert "match.parameters = mlp.width" in ran.stderr


def test_equal_flops_are_met_by_the_steps(place):
    call(place, "run", "hold=flops", "seeds=1", "name=flops", "axes.mlp=[plain,none]")
    found = manifest(place, "flops")
    assert found["hold"] == "flops"
    plain, none = found["variants"]
    steps = none["settings"]["training.steps"]
    assert plain["settings"]["training.steps"] == 8
    assert steps == round(8 * plain["flops_per_token"] / none["flops_per_token"])
    assert steps > 8
