"""Axes that exist under a condition, and axes that go together."""

import json
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ablations.cells import cells, variants
from ablations.grid import Grid, read_grid
from components.catalogue import read_catalogue

CATALOGUE = read_catalogue()


def read(document: dict[str, Any], *overrides: str) -> Grid:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "question.yaml"
        path.write_text(json.dumps({"question": "Q", **document}), encoding="utf-8")
        return read_grid(str(path), overrides, CATALOGUE)


def names(document: dict[str, Any], *overrides: str) -> list[str]:
    return [each.name for each in variants(read(document, *overrides), CATALOGUE)]


def differs(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(each.differs) for each in variants(read(document), CATALOGUE)]


def values(document: dict[str, Any], key: str) -> list[Any]:
    return [each.settings.get(key) for each in variants(read(document), CATALOGUE)]


WINDOWS = {"when": {"memory": "xl"}, "values": [1, 2]}

MEMORY = {
    "baseline": {"memory": "none"},
    "axes": {"memory": ["none", "xl"], "memory.xl.windows": WINDOWS},
}

HEADS = {
    "baseline": {"model.heads": 4, "model.kv_heads": 4},
    "axes": {"model.heads": [4, 4, 1], "model.kv_heads": [4, 2, 1]},
    "together": ["model.heads", "model.kv_heads"],
}


# conditions


def test_an_axis_under_a_condition_multiplies_only_where_it_holds() -> None:
    assert names(MEMORY) == ["none", "xl, windows=1", "xl, windows=2"]


def test_a_conditional_option_is_no_part_of_what_the_component_is() -> None:
    assert differs(MEMORY)[2] == {"memory": "xl", "memory.xl.windows": 2}


def test_a_baseline_inside_the_condition_has_a_value_of_the_axis() -> None:
    inside = {**MEMORY, "baseline": {"memory": "xl", "memory.xl.windows": 1}}
    assert names(inside) == ["none", "xl, windows=1", "windows=2"]
    assert differs(inside) == [{"memory": "none"}, {}, {"memory.xl.windows": 2}]


def steps(baseline: dict[str, Any], **more: Any) -> dict[str, Any]:
    axis = {"when": {"positions": ["none", "alibi"]}, "values": [20, 10]}
    axes = {"positions": ["rotary", "none", "alibi"], "training.steps": axis}
    return {"baseline": {"positions": "rotary", **baseline}, "axes": axes, **more}


def test_several_values_of_a_condition_are_alternatives() -> None:
    assert values(steps({}), "positions") == ["rotary", "none", "none", "alibi", "alibi"]


def test_outside_the_condition_a_field_has_the_value_of_preset_or_set() -> None:
    assert values(steps({}), "training.steps") == [300, 20, 10, 20, 10]
    assert values(steps({}, set={"training.steps": 7}), "training.steps") == [7, 20, 10, 20, 10]


def test_outside_the_condition_a_field_has_the_value_of_the_baseline() -> None:
    assert values(steps({"training.steps": 5}), "training.steps") == [5, 20, 10, 20, 10]
    inside = {"positions": "none", "training.steps": 10}
    assert values(steps(inside), "training.steps") == [10, 20, 10, 20, 10]
    assert names(steps(inside))[:3] == ["rotary", "steps=20", "none, steps=10"]


def test_outside_the_condition_an_option_keeps_the_baselines_value_where_it_is_chosen() -> None:
    axis = {"when": {"memory": "xl"}, "values": [0.1, 0.2]}
    axes = {"memory": ["none", "xl"], "optimizer.learning_rate": axis}
    baseline = {"memory": "xl", "optimizer.learning_rate": 0.2}
    found = {"baseline": baseline, "axes": axes}
    assert values(found, "optimizer.adamw.learning_rate") == [0.2, 0.1, 0.2]


def test_outside_the_condition_another_component_keeps_its_own_options() -> None:
    axes = {"mlp": ["gated", "plain"], "mlp.width": {"when": {"mlp": "gated"}, "values": [8, 16]}}
    found = {"baseline": {"mlp": "gated", "mlp.width": 8}, "axes": axes}
    assert names(found) == ["gated, width=8", "width=16", "plain"]
    assert values(found, "mlp.plain.width") == [None, None, None]


def test_a_component_without_options_is_meant_whatever_its_options() -> None:
    memory = ["none", {"xl": {"positions": "absolute"}}, "xl"]
    axes = {"memory": memory, "memory.xl.windows": WINDOWS}
    assert len(names({**MEMORY, "axes": axes})) == 5


def test_a_component_with_options_is_meant_with_these_alone() -> None:
    memory = ["none", {"xl": {"positions": "absolute"}}, "xl"]
    when = {"memory": {"xl": {"positions": "absolute"}}}
    axes = {"memory": memory, "memory.xl.windows": {**WINDOWS, "when": when}}
    assert len(names({**MEMORY, "axes": axes})) == 4


def test_a_condition_may_name_a_conditional_axis_that_is_written_later() -> None:
    axes = {
        "training.steps": {"when": {"memory.xl.windows": 2}, "values": [5, 6]},
        **MEMORY["axes"],
    }
    assert names({**MEMORY, "axes": axes}) == [
        *("none", "xl, windows=1"),
        *("steps=5, xl, windows=2", "steps=6, xl, windows=2"),
    ]


def test_all_settings_of_a_condition_must_hold() -> None:
    axes = {
        "memory": ["none", "xl"],
        "positions": ["rotary", "none"],
        "memory.xl.windows": {**WINDOWS, "when": {"memory": "xl", "positions": "none"}},
    }
    found = {"baseline": {"memory": "none", "positions": "rotary"}, "axes": axes}
    assert len(names(found)) == 5


def test_an_excluded_point_may_name_a_conditional_axis() -> None:
    assert names({**MEMORY, "exclude": [{"memory.xl.windows": 2}]}) == ["none", "xl, windows=1"]


def test_a_conditional_axis_is_reached_from_the_command_line() -> None:
    key = "axes.memory.xl.windows"
    assert names(MEMORY, f"{key}.values=[3]") == ["none", "xl, windows=3"]
    axis = "{when: {memory: xl}, values: [2, 3]}"
    assert names({**MEMORY, "axes": {"memory": ["none", "xl"]}}, f"{key}={axis}") == [
        *("none", "xl, windows=2", "xl, windows=3"),
    ]


# together


def test_axes_that_go_together_are_zipped() -> None:
    assert names(HEADS) == ["heads=4, kv_heads=4", "kv_heads=2", "heads=1, kv_heads=1"]


def test_one_group_and_a_list_of_groups_are_the_same() -> None:
    groups = {**HEADS, "together": [["model.heads", "model.kv_heads"]]}
    assert cells(read(groups), CATALOGUE) == cells(read(HEADS), CATALOGUE)


def test_a_group_multiplies_with_the_other_axes() -> None:
    found = {
        "baseline": {**HEADS["baseline"], "positions": "rotary"},
        "axes": {
            "model.heads": [4, 4, 1],
            "positions": ["rotary", "none"],
            "model.kv_heads": [4, 2, 1],
        },
        "together": HEADS["together"],
    }
    assert len(names(found)) == 6
    assert values(found, "positions") == ["rotary", "none"] * 3


def test_an_excluded_value_excludes_every_row_that_has_it() -> None:
    assert names({**HEADS, "exclude": [{"model.heads": 1}]}) == [
        *("heads=4, kv_heads=4", "kv_heads=2"),
    ]


def test_axes_go_together_from_the_command_line() -> None:
    found = {key: HEADS[key] for key in ("baseline", "axes")}
    assert names(found, "together=[model.heads,model.kv_heads]") == names(HEADS)


def test_axes_under_one_condition_may_go_together() -> None:
    when = {"memory": "xl"}
    axes = {
        "memory": ["none", "xl"],
        "memory.xl.windows": {"when": when, "values": [1, 2]},
        "training.steps": {"when": when, "values": [30, 20]},
    }
    together = ["memory.xl.windows", "training.steps"]
    assert names({**MEMORY, "axes": axes, "together": together}) == [
        *("none", "xl, windows=1, steps=30", "xl, windows=2, steps=20"),
    ]


# everything at once, against a slow enumeration

OPTIONS: dict[str, list[Any]] = {
    "positions": ["rotary", "none", "alibi"],
    "memory": ["none", "xl"],
    "model.heads": [4, 2, 1],
    "training.steps": [10, 20, 30],
}


@st.composite
def conditional(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.permutations(sorted(OPTIONS)))[: draw(st.integers(2, 4))]
    chosen = {
        key: draw(st.lists(st.sampled_from(OPTIONS[key]), min_size=2, unique=True)) for key in keys
    }
    when = {
        key: {keys[place]: draw(st.sampled_from(chosen[keys[place]]))}
        for index, key in enumerate(keys)
        if index and draw(st.booleans())
        for place in [draw(st.integers(0, index - 1))]
    }
    baseline = {key: draw(st.sampled_from(each)) for key, each in chosen.items()}
    order = draw(st.permutations(keys))
    return {"keys": order, "values": chosen, "when": when, "baseline": baseline, "first": keys}


def there(case: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    """Take the axes away whose condition does not hold, each after the one that it names."""
    kept: dict[str, Any] = {}
    for key in case["first"]:
        if all(kept.get(other) == value for other, value in case["when"].get(key, {}).items()):
            kept[key] = point[key]
    return kept


@settings(max_examples=60, deadline=None)
@given(conditional())
def test_the_variants_are_those_of_a_slow_enumeration(case: dict[str, Any]) -> None:
    axes = {
        key: {"when": case["when"][key], "values": case["values"][key]}
        if key in case["when"]
        else case["values"][key]
        for key in case["keys"]
    }
    baseline = there(case, case["baseline"])
    every = product(*(case["values"][key] for key in case["keys"]))
    points = [there(case, dict(zip(case["keys"], each, strict=True))) for each in every]
    expected = {json.dumps({**baseline, **point}, sort_keys=True) for point in points}
    kept = [json.loads(each) for each in expected]

    grid = read({"baseline": baseline, "axes": axes, "seeds": 2})
    found = [
        {key: each.settings[key] for key in case["keys"]} for each in variants(grid, CATALOGUE)
    ]
    presets = {"positions": "rotary", "memory": "none", "model.heads": 4, "training.steps": 300}
    filled = [{**{key: presets[key] for key in case["keys"]}, **each} for each in kept]
    assert sorted(map(repr, (sorted(each.items()) for each in found))) == sorted(
        map(repr, (sorted(each.items()) for each in filled))
    )
