"""Effects as weights, and the analysis of variance against statsmodels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from reports.factorial import anova, effect_at, interaction, main_effect
from tests.reference import known

CODES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def table():
    """Losses [seeds, variants] of the known answer; rotary with one head is the reference."""
    inputs, expected = known("factorial")
    points = [("rot", "1"), ("rot", "12"), ("nope", "1"), ("nope", "12")]
    found = {(each["pos"], each["heads"], int(each["seed"])): each["y"] for each in inputs["rows"]}
    return np.array([[found[*point, s] for point in points] for s in range(3)]), expected


def test_effects_are_the_known_answer():
    losses, expected = table()
    assert np.mean(losses @ main_effect(CODES, 0, 1)) == pytest.approx(expected["main_positions"])
    assert np.mean(losses @ main_effect(CODES, 1, 1)) == pytest.approx(expected["main_heads"])
    found = losses @ interaction(CODES, 0, 1, 1, 1)
    assert found == pytest.approx(expected["interaction_per_seed"])
    assert found.mean() == pytest.approx(expected["interaction"])
    test = stats.ttest_1samp(found, 0)
    assert test.statistic == pytest.approx(expected["interaction_paired_t"])
    assert test.pvalue == pytest.approx(expected["interaction_paired_p"])


def test_the_analysis_of_variance_is_the_known_answer():
    losses, expected = table()
    found = anova(CODES, losses)
    names = {
        (): "C(seed)",
        (0,): "C(pos, Sum)",
        (1,): "C(heads, Sum)",
        (0, 1): "C(pos, Sum):C(heads, Sum)",
    }
    assert {each.axes for each in found.lines} == names.keys()
    for each in found.lines:
        reference = expected["anova"][names[each.axes]]
        assert (each.sum_sq, each.df, each.f, each.p) == pytest.approx(
            (reference["sum_sq"], reference["df"], reference["F"], reference["p"]), rel=1e-6
        )
    assert found.residual_df == expected["residual_df"]
    assert found.residual_sum_sq == pytest.approx(expected["residual_sum_sq"], rel=1e-6)


def test_the_analysis_of_variance_of_three_axes_is_that_of_statsmodels():
    codes = np.array([(a, b, c) for a in range(3) for b in range(2) for c in range(2)])
    losses = np.random.default_rng(1).normal(3, 0.1, (4, 12))
    frame = pd.DataFrame(
        [
            {"seed": seed, "a": a, "b": b, "c": c, "y": losses[seed, place]}
            for seed in range(4)
            for place, (a, b, c) in enumerate(codes)
        ]
    )
    model = ols("y ~ C(seed) + C(a, Sum) * C(b, Sum) * C(c, Sum)", frame).fit()
    reference = anova_lm(model, typ=2)
    found = anova(codes, losses)
    for each in found.lines:
        name = ":".join(f"C({'abc'[axis]}, Sum)" for axis in each.axes) or "C(seed)"
        row = reference.loc[name]
        assert (each.sum_sq, each.df, each.f, each.p) == pytest.approx(
            (row["sum_sq"], row["df"], row["F"], row["PR(>F)"])
        )
    assert found.residual_df == reference.loc["Residual", "df"] == 33
    assert found.residual_sum_sq == pytest.approx(reference.loc["Residual", "sum_sq"])


def test_the_effects_at_two_levels_differ_by_the_interaction():
    codes = np.array([(a, b) for a in range(3) for b in range(3)])
    for a, b in [(1, 1), (1, 2), (2, 1), (2, 2)]:
        at, reference = effect_at(codes, 0, a, 1, b), effect_at(codes, 0, a, 1, 0)
        assert interaction(codes, 0, a, 1, b) == pytest.approx(at - reference)
    levels = np.mean([effect_at(codes, 0, 2, 1, b) for b in range(3)], axis=0)
    assert main_effect(codes, 0, 2) == pytest.approx(levels)


def test_a_third_axis_is_averaged():
    codes = np.array([(a, b, c) for a in range(2) for b in range(2) for c in range(2)])
    weights = interaction(codes, 0, 1, 2, 1)
    losses = 1.0 * codes[:, 0] + 2.0 * codes[:, 1] + 4.0 * codes[:, 0] * codes[:, 2]
    assert losses @ weights == pytest.approx(4.0)
    assert losses @ main_effect(codes, 1, 1) == pytest.approx(2.0)


def test_seeds_without_any_noise_have_no_f():
    losses = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]])
    assert {each.f for each in anova(CODES, losses).lines} == {None}
