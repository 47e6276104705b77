"""Seeds that would settle a contrast, against numbers computed elsewhere."""

import math
from functools import cache

import numpy as np
import pytest
from scipy.special import chdtri, ndtr

from reports.estimates import always_valid_critical, floored_critical, paired_critical
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


@cache
def deviations_of(degrees):
    levels = (np.arange(20_000) + 0.5) / 20_000
    return np.sqrt(chdtri(degrees, levels) / degrees)


def power_over_deviations(shift, critical, degrees):
    """The other way round: over the quantiles of the deviation, how often |Z + shift| > c s."""
    limit = critical * deviations_of(degrees)
    return float(np.mean(ndtr(shift - limit) + ndtr(-limit - shift)))


@pytest.mark.parametrize("pairs", [2, 3, 5, 9, 21, 50])
@pytest.mark.parametrize("critical", [2.2, 4.9, 13.0, 26.0, 63.0])
def test_the_chance_is_a_number_for_every_shift_and_that_of_another_integral(pairs, critical):
    for shift in [each * critical / 10 for each in range(30)]:
        found = power(shift / math.sqrt(pairs), 1.0, pairs, critical)
        assert found == pytest.approx(power_over_deviations(shift, critical, pairs - 1), abs=2e-4)


def test_more_noise_never_needs_fewer_seeds():
    deviations = [0.0005 * 1.05**step for step in range(70)]
    needed = [
        seeds_needed(0.01, each, lambda pairs: always_valid_critical(pairs, 7))
        for each in deviations
    ]
    numbers = [each for each in needed if each is not None]
    assert numbers == sorted(numbers)
    assert needed[: len(numbers)] == numbers


def test_the_upper_limit_of_a_deviation_is_the_known_answer():
    inputs, expected = known("sd_upper_limit")
    for pairs, limit in expected.items():
        assert deviation_limit(inputs["sd"], int(pairs)) == pytest.approx(limit, rel=1e-6)


def test_an_effect_far_below_the_noise_needs_more_than_fifty_seeds():
    assert seeds_needed(0.0001, 1.0, lambda pairs: paired_critical(2, pairs)) is None


def test_an_effect_far_above_the_noise_is_certain_to_be_found():
    assert power(1.0, 1e-6, 5, 3.0) == 1.0
    assert power(1.0, 0.0, 5, 3.0) == 1.0
