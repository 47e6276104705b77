"""Which component stands in which layer."""

from components.layout import layer_plans
from tests.builders import parts


def test_a_single_member_stands_in_every_layer():
    plans = layer_plans(parts(), 3)
    assert [plan.positions.name for plan in plans] == ["rotary"] * 3


def test_a_list_repeats_over_the_layers():
    plans = layer_plans(parts(positions=["rotary", "rotary", "none"]), 5)
    names = [plan.positions.name for plan in plans]
    assert names == ["rotary", "rotary", "none", "rotary", "rotary"]


def test_kinds_repeat_each_at_its_own_pace():
    plans = layer_plans(parts(positions=["rotary", "none"], mlp=["plain", "gated", "plain"]), 4)
    assert [(plan.positions.name, plan.mlp.name) for plan in plans] == [
        ("rotary", "plain"),
        ("none", "gated"),
        ("rotary", "plain"),
        ("none", "plain"),
    ]
