"""Which component stands in which layer, how wide it is, and which layers share one."""

import pytest

from components.errors import UserError
from components.layout import Shape, layer_plans
from tests.builders import parts


def plans(shape, **kinds):
    return layer_plans(parts(**kinds), shape)


def test_a_single_member_stands_in_every_layer():
    assert [plan.positions.name for plan in plans(Shape(3, 16))] == ["rotary"] * 3


def test_a_list_repeats_over_the_layers():
    made = plans(Shape(5, 16), positions=["rotary", "rotary", "none"])
    names = [plan.positions.name for plan in made]
    assert names == ["rotary", "rotary", "none", "rotary", "rotary"]


def test_kinds_repeat_each_at_its_own_pace():
    made = plans(Shape(4, 16), positions=["rotary", "none"], mlp=["plain", "gated", "plain"])
    assert [(plan.positions.name, plan.mlp.name) for plan in made] == [
        ("rotary", "plain"),
        ("none", "gated"),
        ("rotary", "plain"),
        ("none", "plain"),
    ]


def test_every_layer_is_wider_by_as_much():
    assert [plan.width for plan in plans(Shape(4, 16, fan_out=4))] == [16, 20, 24, 28]


def test_factors_of_the_inner_widths_repeat():
    made = plans(Shape(5, 16, mlp_widths=(2.0, 0.5)))
    assert [plan.mlp_factor for plan in made] == [2.0, 0.5, 2.0, 0.5, 2.0]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [("aabb", [0, 0, 2, 2]), ("abab", [0, 1, 0, 1]), ("abcd", [0, 1, 2, 3]), ("aaaa", [0] * 4)],
)
def test_layers_with_equal_letters_have_the_mlp_of_the_first(letters, expected):
    assert [plan.mlp_of for plan in plans(Shape(4, 16, mlp_sharing=letters))] == expected


@pytest.mark.parametrize("factors", [(), (1.0, 0.0), (-1.0,)])
def test_factors_that_leave_no_width_are_refused(factors):
    with pytest.raises(ValueError, match=r"mlp_widths: .* is not a list of factors above 0"):
        plans(Shape(2, 16, mlp_widths=factors))


def test_letters_for_another_number_of_layers_are_refused():
    with pytest.raises(ValueError, match="mlp_sharing: aab has 3 letters, there are 4 layers"):
        plans(Shape(4, 16, mlp_sharing="aab"))


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [
        (Shape(2, 16, mlp_sharing="aa"), {"mlp": ["plain", "gated"]}),
        (Shape(2, 16, mlp_sharing="aa"), {"activation": ["gelu", "relu"]}),
        (Shape(2, 16, mlp_sharing="aa", mlp_widths=(1.0, 2.0)), {}),
        (Shape(2, 16, mlp_sharing="aa", fan_out=4), {}),
    ],
)
def test_layers_that_differ_cannot_share_an_mlp(shape, kinds):
    with pytest.raises(ValueError, match="mlp_sharing: layers 0 and 1 share an MLP and are not"):
        plans(shape, **kinds)


def test_a_mixer_behind_attention_keeps_the_attention_of_the_pattern():
    after = {"gated_conv": {"placement": "after"}}
    own = {"attention": {"bias": True}}
    made = plans(Shape(3, 16), mixer=[own, after])
    assert [(plan.mixer.name, plan.beside and plan.beside.name) for plan in made] == [
        ("attention", None),
        ("attention", "gated_conv"),
        ("attention", None),
    ]
    assert made[1].mixer.options["bias"] is True


def test_a_mixer_behind_attention_needs_one():
    with pytest.raises(UserError, match="no member of the pattern is an attention"):
        plans(Shape(2, 16), mixer=[{"gated_conv": {"placement": "after"}}])


def test_attention_has_keys_and_a_convolution_has_none():
    assert [plan.has_keys for plan in plans(Shape(2, 16), mixer=["attention", "gated_conv"])] == [
        True,
        False,
    ]
