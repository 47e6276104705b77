"""The set of variants that could be the best."""

import pytest

from reports.best import standings
from tests.reference import known


def _by_seed(table):
    return {name: dict(enumerate(losses)) for name, losses in table.items()}


def test_the_set_is_the_known_answer():
    inputs, expected = known("best_set")
    found = standings(_by_seed(inputs["table"]), 3, "floored", 0.05)
    assert [each.name for each in found] == list(expected)
    for each in found:
        reference = expected[each.name]
        assert each.largest_t == pytest.approx(reference["max_t"], rel=1e-6)
        assert each.against == reference["against"]
        assert each.could_be_best == reference["could_be_best"]


@pytest.mark.parametrize("method", ["floored", "paired", "always-valid"])
def test_the_lowest_mean_is_never_out(method):
    table = {"a": [3.0, 3.1, 3.2, 3.1], "b": [4.0, 4.1, 4.2, 4.05], "c": [5.0, 5.2, 5.1, 5.3]}
    found = {each.name: each for each in standings(_by_seed(table), 2, method, 0.05)}
    assert found["a"].could_be_best
    assert not found["c"].could_be_best


def test_a_difference_without_variance_is_no_evidence():
    table = {"a": [3.0, 3.1, 3.2], "b": [4.0, 4.1, 4.2]}
    assert all(each.could_be_best for each in standings(_by_seed(table), 1, "floored", 0.05))


def test_a_variant_without_common_seeds_has_no_standing():
    losses = {"a": {0: 3.0, 1: 3.1}, "b": {0: 3.3, 1: 3.2}, "c": {2: 3.0, 3: 3.1}}
    assert [each.name for each in standings(losses, 2, "floored", 0.05)] == ["a", "b"]


def test_with_two_seeds_nearly_everything_stays():
    table = {"a": [3.0, 3.1], "b": [3.1, 3.3], "c": [3.2, 3.25]}
    assert all(each.could_be_best for each in standings(_by_seed(table), 2, "floored", 0.05))


def test_a_pair_is_read_at_the_look_at_which_it_ended():
    # b and c can be told apart with ten seeds; that a stopped at three must not prevent it
    base = [3.0, 3.01, 2.99, 3.02, 2.98, 3.0, 3.01, 2.99, 3.015, 2.985]
    apart = [0.012, 0.02, 0.001, 0.015, 0.024, 0.006, 0.018, 0.0, 0.011, 0.02]
    losses = _by_seed(
        {
            "a": [3.5, 3.512, 3.487],
            "b": base,
            "c": [one + other for one, other in zip(base, apart, strict=True)],
        }
    )
    asked = {"a": 3, "b": 10, "c": 10}
    found = {each.name: each for each in standings(losses, 2, "floored", 0.05 / 3, asked)}
    assert [name for name, each in found.items() if each.could_be_best] == ["b"]
    assert found["c"].against == "b"
    together = {each.name: each for each in standings(losses, 2, "floored", 0.05 / 3)}
    assert together["c"].could_be_best
