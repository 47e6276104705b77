"""Verdicts on simulated sweeps: rarely false, and those of the reports."""

import json
import math
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from benchmarks import verdicts_rules
from benchmarks.verdicts import broken, main
from benchmarks.verdicts_check import disagreements
from benchmarks.verdicts_measure import Share, false_share, measure, said_by
from benchmarks.verdicts_noise import LARGE, NOISES, NOISY, WILD, Setting, simulate
from benchmarks.verdicts_others import OTHERS, lowest, oracle
from benchmarks.verdicts_rules import (
    BETTER,
    DIVERGED,
    EQUIVALENT,
    OPEN,
    WORSE,
    false_verdicts,
    judge,
    words_of,
)

SWEEPS = 2000
LOOKS = (3, 5, 10)


def three_errors(share, sweeps=SWEEPS):
    return 3 * math.sqrt(share * (1 - share) / sweeps)


AT_MOST = 0.05 + three_errors(0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The numbers and the text of the short form."""
    file = tmp_path_factory.mktemp("short") / "numbers.json"
    with redirect_stdout(StringIO()) as text:
        assert main(["--short", "--json", str(file)]) == 0
    return json.loads(file.read_text()), text.getvalue()


@pytest.fixture
def short(run):
    return run[0]


def test_the_short_form_keeps_every_promise_and_writes_its_numbers(short):
    assert short["sweeps"] == 1000
    (row,) = (each for each in short["rules"] if (each["rule"], each["seeds"]) == ("floored", 5))
    assert row["false_null"] < AT_MOST
    assert row["error_null"] == pytest.approx(
        math.sqrt(row["false_null"] * (1 - row["false_null"]) / 1000)
    )
    assert {each["setting"] for each in short["decided"]} >= {"3 variants, equal"}


def test_a_promise_that_is_not_kept_is_named(short):
    assert list(broken(short)) == []
    wrong = {"setting": "one", "false": 0.2, "error": 0.01}
    (problem,) = broken({**short, "decided": [wrong]})
    assert problem.startswith("Too many false verdicts, decided: false 0.2000")
    missed = {"covered": 0.9, "error": 0.005}
    (problem,) = broken({**short, "best": [missed]})
    assert problem.startswith("The set misses the best too often")


def test_the_tables_fit_into_eighty_columns(run):
    lines = run[1].splitlines()
    assert lines[-1] == "Every promise is kept."
    assert max(map(len, lines)) <= 80
    assert "…" not in run[1]


def test_arguments_are_help_short_and_a_file(capsys):
    assert main(["--help"]) == 0
    assert "--json FILE" in capsys.readouterr().out
    assert main(["--shrt"]) == 2
    assert main(["--json"]) == 2
    assert "cannot read: --json" in capsys.readouterr().err


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("noise", NOISES)
def test_false_verdicts_are_rare_whatever_the_noise(noise, seeds):
    for variants in (3, 6):
        setting = Setting(variants, seeds, WILD, noise=noise)
        assert false_share(setting, (seeds,), SWEEPS).value < AT_MOST


@pytest.mark.parametrize("rule", ["floored", "paired"])
@pytest.mark.parametrize("noise", NOISES)
def test_looking_again_makes_them_no_more_frequent(noise, rule):
    for variants in (2, 6):
        setting = Setting(variants, 10, WILD, noise=noise)
        assert false_share(setting, LOOKS, SWEEPS, rule).value < AT_MOST


def test_looks_that_each_take_all_of_alpha_do():
    setting = Setting(2, 10, WILD)
    assert false_share(setting, LOOKS, SWEEPS, alpha=0.05).value > AT_MOST + 0.03


def test_students_interval_is_exact():
    found = measure(Setting(2, 5, WILD), (5,), SWEEPS, "paired")
    assert found.said.false.value == pytest.approx(0.05, abs=three_errors(0.05))
    assert found.covered.value == pytest.approx(0.95, abs=three_errors(0.05))


def test_all_intervals_of_a_sweep_hold_at_once_and_the_best_is_in_its_set():
    for looks in ((3,), (5,), LOOKS):
        found = measure(Setting(6, 10, NOISY, LARGE, rho=0.5), looks, SWEEPS)
        assert found.covered.value > 0.95 - three_errors(0.05)
        assert found.best_named.value > 0.95 - three_errors(0.05)
        assert found.said.directed > 0.05  # a rule that says nothing would keep every promise
        assert found.said.resolved < found.oracle


def test_seeds_until_decided_find_more_than_five_and_train_less_than_ten():
    setting = Setting(6, 10, NOISY, LARGE)
    five, ten, looked = (measure(setting, looks, SWEEPS) for looks in ((5,), (10,), LOOKS))
    assert five.said.resolved < looked.said.resolved < ten.said.resolved
    assert five.cells == 30
    assert 30 < looked.cells < ten.cells == 60


def test_the_lowest_curve_of_one_seed_is_always_wrong_where_nothing_differs():
    found = measure(Setting(6, 5, NOISY), (5,), SWEEPS)
    assert found.diary.value == 1
    assert found.said.false.value < AT_MOST


@pytest.mark.parametrize(
    ("rule", "least", "most"),
    [
        ("uncorrected", 0.15, 0.25),
        ("bootstrap", 0.40, 0.60),
        ("pooled", 0.03, 0.07),
        ("moderated", 0.05, 0.10),
        ("Holm", 0.03, AT_MOST),
    ],
)
def test_other_rules_are_as_wrong_as_they_are_known_to_be(rule, least, most):
    found = said_by(Setting(6, 5, WILD), OTHERS[rule], SWEEPS)
    assert least < found.false.value < most


@pytest.mark.parametrize("looks", [(3,), (5,), LOOKS])
@pytest.mark.parametrize("rule", ["floored", "paired"])
@pytest.mark.parametrize("variants", [2, 3, 6, 17])
def test_arrays_are_judged_as_the_reports_judge(looks, rule, variants):
    setting = Setting(variants, 10, NOISY, LARGE, diverged=min(1, variants - 2))
    sweeps = simulate(setting, 6, np.random.default_rng(variants))
    assert list(disagreements(sweeps, looks, rule, range(6))) == []


def test_a_rule_that_is_not_the_reports_is_found_out(monkeypatch):
    monkeypatch.setattr(verdicts_rules, "CAP", 1.0)
    sweeps = simulate(Setting(6, 10, NOISY, LARGE), 6, np.random.default_rng(0))
    assert list(disagreements(sweeps, (5,), "floored", range(6)))


@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize("noise", ["spread", "student", "exponential"])
def test_the_noise_has_the_variance_that_the_oracle_is_told(noise, rho):
    sweeps = simulate(Setting(3, 20_000, NOISY, 0.0, noise, rho), 3, np.random.default_rng(1))
    seen = (sweeps.losses[:, 1:] - sweeps.losses[:, :1]).var(2)
    assert np.allclose(seen, sweeps.difference_variances, rtol=0.15)


def test_one_seed_of_a_variant_diverges_within_the_first_three():
    losses = simulate(Setting(4, 10, diverged=2), 50, np.random.default_rng(2)).losses
    assert (np.isnan(losses[:, 1:3, :3]).sum(2) == 1).all()
    assert np.isfinite(losses[:, [0, 3]]).all()


def test_a_diverged_variant_is_nothing_else():
    sweeps = simulate(Setting(3, 5, diverged=1), 50, np.random.default_rng(3))
    words = judge(sweeps, (3, 5)).words
    assert (words[:, 0] == DIVERGED).all()
    assert (words[:, 1] != DIVERGED).all()


def test_words_are_those_of_their_intervals_and_false_where_the_truth_is_not_there():
    low = np.array([[-0.03, 0.012, -0.004, -0.02, -0.006, 0.001]])
    high = np.array([[-0.02, 0.03, 0.003, 0.02, -0.001, 0.009]])
    words = words_of(low, high)
    assert words[0, :4].tolist() == [BETTER, WORSE, EQUIVALENT, OPEN]
    truths = [
        ([-0.02, 0.02, 0.0, 5.0, -0.002, 0.002], [False] * 6),
        ([0.01, -0.02, 0.01, 0.0, -0.01, 0.02], [True, True, True, False, True, True]),
        ([0.0, 0.0, -0.02, 0.0, 0.001, -0.001], [True, True, True, False, True, True]),
    ]
    for truth, expected in truths:
        assert false_verdicts(words, np.array([truth]))[0].tolist() == expected


def test_the_lowest_mean_always_says_something_and_the_oracle_not():
    sweeps = simulate(Setting(6, 5, NOISY), 100, np.random.default_rng(4))
    assert (lowest(sweeps) != OPEN).all()
    assert (oracle(sweeps) == OPEN).any()


def test_a_share_of_nothing_has_an_error():
    assert Share(0.0, 1000).error == pytest.approx(math.sqrt(0.0005 * 0.9995 / 1000))
    assert Share(0.5, 100).error == 0.05
