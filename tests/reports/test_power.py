"""Seeds that would settle a contrast, against numbers computed elsewhere."""

import pytest

from reports.estimates import floored_critical, paired_critical
from reports.power import deviation_limit, power, seeds_needed
from tests.reference import known


def test_seeds_needed_with_bonferroni_are_the_known_answer():
    inputs, expected = known("seeds_needed_bonferroni")

    def critical(pairs):
        return paired_critical(inputs["contrasts"], pairs)

    effect, deviation = inputs["effect"], inputs["sd_of_difference"]
    for pairs, chance in expected["power_by_seeds"].items():
        found = power(effect, deviation, int(pairs), critical(int(pairs)))
        assert found == pytest.approx(chance, rel=1e-5)
    assert seeds_needed(effect, deviation, critical) == expected["seeds_needed"]


def test_seeds_needed_with_the_floor_are_the_known_answer():
    inputs, expected = known("seeds_needed_floored")

    def critical(pairs):
        return floored_critical(inputs["m"], pairs)

    effect, deviation = inputs["effect"], inputs["sd_of_difference"]
    for pairs, chance in expected["power_by_seeds"].items():
        assert critical(int(pairs)) == inputs["c_star"][pairs]
        found = power(effect, deviation, int(pairs), critical(int(pairs)))
        assert found == pytest.approx(chance, rel=1e-5)
    assert seeds_needed(effect, deviation, critical) == expected["seeds_needed"]


def test_the_upper_limit_of_a_deviation_is_the_known_answer():
    inputs, expected = known("sd_upper_limit")
    for pairs, limit in expected.items():
        assert deviation_limit(inputs["sd"], int(pairs)) == pytest.approx(limit, rel=1e-6)


def test_an_effect_far_below_the_noise_needs_more_than_fifty_seeds():
    assert seeds_needed(0.0001, 1.0, lambda pairs: paired_critical(2, pairs)) is None


def test_an_effect_far_above_the_noise_is_certain_to_be_found():
    assert power(1.0, 1e-6, 5, 3.0) == 1.0
    assert power(1.0, 0.0, 5, 3.0) == 1.0
