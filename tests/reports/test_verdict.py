"""From a results folder to a verdict: numbers against scipy, words against the rules."""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reports.estimates import floored_critical, floored_errors
from reports.frames import read_frames
from reports.verdict import judge, main
from tests.reference import known
from tests.results import results

TABLE = known("floored_paired_interval")[0]["table"]
EXPECTED = known("floored_paired_interval")[1]["contrasts"]


def verdict(tmp_path, losses, **options):
    return judge(read_frames(results(tmp_path, losses, **options)))


def claim(found, a, b="rotary"):
    (one,) = (each for each in found.claims if (each.a, each.b) == (a, b))
    return one


@pytest.mark.parametrize("variant", ["alibi", "nope", "linspace"])
def test_floored_verdicts_are_the_known_answer(tmp_path, variant):
    one, reference = claim(verdict(tmp_path, TABLE), variant), EXPECTED[variant]
    assert one.verdict == reference["verdict"]
    assert (one.low, one.high) == pytest.approx((reference["low"], reference["high"]), rel=1e-6)
    assert (one.interval, one.critical, one.comparisons) == ("floored", 3.04, 3)
    assert one.level == 0.95


@pytest.mark.parametrize("variant", ["alibi", "nope", "linspace"])
def test_paired_intervals_are_those_of_scipy(tmp_path, variant):
    one = claim(verdict(tmp_path, TABLE, interval="paired"), variant)
    test = stats.ttest_rel(TABLE[variant], TABLE["rotary"])
    limits = test.confidence_interval(1 - 0.05 / 3)
    assert (one.low, one.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    assert one.interval == "paired"


def test_adjusted_p_values_flips_wins_and_medians_are_beside_the_verdict(tmp_path):
    found = verdict(tmp_path, TABLE)
    _, adjusted = known("holm_adjusted_p")
    assert {each.a: each.holm_p for each in found.claims} == pytest.approx(adjusted, rel=1e-6)
    nope = claim(found, "nope")
    assert nope.flip_probability == pytest.approx(known("flip_probability")[1]["predictive"])
    assert (nope.wins, nope.pairs, nope.median) == (1, 5, pytest.approx(0.019))
    common = 1 - np.var(np.array(TABLE["nope"]) - TABLE["rotary"], ddof=1) / (
        np.var(TABLE["nope"], ddof=1) + np.var(TABLE["rotary"], ddof=1)
    )
    assert nope.rho == pytest.approx(common)


def test_a_grid_of_two_variants_has_students_interval(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.26]}
    one = claim(verdict(tmp_path, losses), "none")
    limits = stats.ttest_rel(losses["none"], losses["rotary"]).confidence_interval(0.95)
    assert (one.low, one.high) == pytest.approx((limits.low, limits.high), rel=1e-9)


def test_missing_pairs_are_dropped_from_their_contrast_alone(tmp_path):
    inputs, expected = known("floored_missing_pairs")
    base = [3.0, 3.1, 3.2, 3.1, 3.0]
    a, b = (
        [None if d is None else loss + d for loss, d in zip(base, [*each, None][:5], strict=True)]
        for each in inputs["differences"].values()
    )
    status = {"a/4": "failed"}
    found = verdict(tmp_path, {"rotary": base, "a": a, "b": b}, status=status)
    for name in ("a", "b"):
        one = claim(found, name)
        assert one.critical == 3.42
        half = (one.high - one.low) / 2
        assert half == pytest.approx(expected["half_width"][name], rel=1e-6)
    assert (claim(found, "a").pairs, claim(found, "b").pairs) == (4, 5)


def test_zero_variance_is_refused_and_the_other_contrast_stands(tmp_path):
    inputs, expected = known("floored_zero_variance")
    base = [3.0, 3.0, 3.0]
    losses = {"rotary": base} | {
        name: [loss + d for loss, d in zip(base, each, strict=True)]
        for name, each in inputs["differences"].items()
    }
    found = verdict(tmp_path, losses)
    refused, other = claim(found, "a"), claim(found, "b")
    assert (refused.verdict, refused.low, refused.seeds_needed) == ("unresolved", None, None)
    assert "zero variance between seeds: the seed does not reach the training" in refused.text
    half = (other.high - other.low) / 2
    assert half == pytest.approx(expected["half_width"]["b"], rel=1e-6)


def test_a_diverged_cell_is_never_better_or_worse(tmp_path):
    found = verdict(tmp_path, TABLE, status={"alibi/1": "diverged"})
    one = claim(found, "alibi")
    assert (one.verdict, one.pairs) == ("diverged", 4)
    assert one.high < 0
    assert "alibi" not in found.set


def test_a_diverged_variant_does_not_widen_the_others_critical_value(tmp_path):
    status = {f"nope/{seed}": "diverged" for seed in range(3)}
    found = verdict(tmp_path, TABLE, status=status)
    assert claim(found, "alibi").critical == 3.04
    assert claim(found, "nope").critical > 20


def test_one_seed_has_no_interval_no_set_and_no_order(tmp_path):
    found = verdict(tmp_path, {name: losses[:1] for name, losses in TABLE.items()})
    assert {each.verdict for each in found.claims} == {"one_seed"}
    assert all(each.low is None and each.holm_p is None for each in found.claims)
    assert found.set == ()
    assert found.kind == "one_seed"


def test_equal_losses_are_identical_even_for_one_seed(tmp_path):
    found = verdict(tmp_path, {"rotary": [3.2], "none": [3.2]})
    assert claim(found, "none").verdict == "identical"
    assert found.kind == "identical"


def test_without_a_margin_nothing_is_equivalent(tmp_path):
    found = verdict(tmp_path, TABLE, margin=None)
    assert claim(found, "linspace").verdict == "unresolved"
    assert claim(found, "linspace").seeds_needed is None


def test_all_pairs_take_students_interval_for_all_comparisons(tmp_path):
    found = verdict(tmp_path, TABLE, compare="all")
    assert [(each.a, each.b) for each in found.claims] == [
        ("alibi", "rotary"),
        ("nope", "rotary"),
        ("linspace", "rotary"),
        ("nope", "alibi"),
        ("linspace", "alibi"),
        ("linspace", "nope"),
    ]
    one = claim(found, "linspace", "nope")
    limits = stats.ttest_rel(TABLE["linspace"], TABLE["nope"]).confidence_interval(1 - 0.05 / 6)
    assert (one.low, one.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    assert one.comparisons == 6


def test_more_than_fifteen_contrasts_take_students_interval(tmp_path):
    rng = np.random.default_rng(3)
    losses = {f"v{index}": list(3 + rng.normal(0, 0.01, 3)) for index in range(17)}
    found = verdict(tmp_path, losses)
    one = claim(found, "v16", "v0")
    limits = stats.ttest_rel(losses["v16"], losses["v0"]).confidence_interval(1 - 0.05 / 16)
    assert (one.low, one.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    assert one.interval == "paired"


def test_a_pair_that_only_the_claim_needs_joins_the_family(tmp_path):
    said = {"nope": {"between": ["rotary", "linspace"]}}
    found = verdict(tmp_path, TABLE, claim=said)
    joined, alibi = claim(found, "linspace", "nope"), claim(found, "alibi")
    assert {each.comparisons for each in found.claims} == {4}
    limits = stats.ttest_rel(TABLE["linspace"], TABLE["nope"]).confidence_interval(1 - 0.05 / 4)
    assert (joined.low, joined.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    # three quarters of 5 % are left for the three against the baseline: the table's next is 2.5 %
    assert (alibi.interval, alibi.critical) == ("floored", 3.76)


def test_seeds_added_after_looking_widen_the_intervals(tmp_path):
    found = verdict(tmp_path, TABLE, looks=[[0, 1, 2], [0, 1, 2, 3, 4]])
    one = claim(found, "alibi")
    assert (one.interval, one.level) == ("always-valid", 0.95)
    narrow = claim(verdict(tmp_path, TABLE, looks=[[0, 1, 2, 3, 4]]), "alibi")
    assert one.low < narrow.low
    assert found.caveats[0].kind == "looks"


def test_three_seeds_after_a_look_at_two_refuse_every_verdict(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.26]}
    found = verdict(tmp_path, losses, looks=[[0, 1], [0, 1, 2]])
    assert claim(found, "none").verdict == "unresolved"
    assert claim(found, "none").low is None
    assert found.kind == "unresolved"


def test_declared_looks_share_alpha(tmp_path):
    found = verdict(tmp_path, TABLE, declared=[3, 5, 10])
    one = claim(found, "alibi")
    assert (one.interval, one.critical) == ("floored", 4.23)
    assert one.level == pytest.approx(1 - 0.05 / 3)


def test_a_sweep_that_is_not_finished_names_no_verdict(tmp_path):
    losses = TABLE | {"alibi": [*TABLE["alibi"][:4], None]}
    found = verdict(tmp_path, losses)
    assert found.kind == "not_finished"
    assert {each.verdict for each in found.claims} == {"unresolved"}
    assert claim(found, "alibi").interval == "always-valid"
    assert found.set == ()


def test_an_unresolved_contrast_says_how_many_seeds_would_settle_it(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.22, 3.2], "none": [3.198, 3.215, 3.213, 3.208]}
    low, high = claim(verdict(tmp_path, losses), "none").seeds_needed
    assert low > 4
    assert high is None or high > low


def test_documents_add_their_noise_to_that_of_the_seeds(tmp_path):
    one = claim(verdict(tmp_path, TABLE), "alibi")
    low, high = one.documents
    assert low < one.low < one.high < high
    assert (low + high) / 2 == pytest.approx(one.difference)


def test_everything_a_verdict_says_is_json(tmp_path):
    for status in ({}, {"rotary/0": "diverged"}, {f"rotary/{seed}": "failed" for seed in range(5)}):
        found = verdict(tmp_path, TABLE, status=status)
        text = json.dumps(found.as_json(), allow_nan=False)
        assert json.loads(text)["text"] == found.text


LOSSES = st.floats(2.5, 3.5).map(lambda loss: round(loss, 4))
GRIDS = st.integers(2, 5).flatmap(
    lambda seeds: st.lists(st.lists(LOSSES, min_size=seeds, max_size=seeds), min_size=2, max_size=3)
)
MIRRORED = {"better": "worse", "worse": "better"}


def _judged(rows, baseline=0, seeds=None):
    with tempfile.TemporaryDirectory() as folder:
        losses = {f"v{index}": row for index, row in enumerate(rows)}
        return verdict(Path(folder), losses, baseline=f"v{baseline}", steps=20, seeds=seeds)


@settings(max_examples=15, deadline=None)
@given(GRIDS)
def test_exchanging_variant_and_baseline_mirrors_the_verdict(rows):
    one, other = _judged(rows[:2]).claims[0], _judged(rows[:2], baseline=1).claims[0]
    assert other.verdict == MIRRORED.get(one.verdict, one.verdict)
    if one.low is not None:
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


@settings(max_examples=15, deadline=None)
@given(GRIDS, st.sampled_from([0.5, 1.0, 2.0]))
def test_what_is_added_to_all_losses_changes_no_difference(rows, shift):
    shifted = [[round(loss + shift, 4) for loss in row] for row in rows]
    for one, other in zip(_judged(rows).claims, _judged(shifted).claims, strict=True):
        assert other.difference == pytest.approx(one.difference, abs=1e-9)
        if one.low is not None and other.low is not None:
            assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=1e-7)


@settings(max_examples=15, deadline=None)
@given(GRIDS, st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_is_irrelevant(rows, random):
    order = list(range(len(rows[0])))
    random.shuffle(order)
    shuffled = _judged([[row[index] for index in order] for row in rows], seeds=order)
    for one, other in zip(_judged(rows).claims, shuffled.claims, strict=True):
        assert other.verdict == one.verdict
        assert other.difference == pytest.approx(one.difference, abs=1e-12)
        if one.low is not None:
            assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=1e-9)


def test_the_command_prints_the_verdict(tmp_path, monkeypatch, capsys):
    found = verdict(tmp_path, TABLE)
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(found.text)
    assert found.claims[2].text in printed.replace("\n", " ")


@pytest.mark.parametrize(("columns", "width"), [("60", 60), (None, 100)])
def test_the_command_wraps_at_the_width_of_the_terminal(
    tmp_path, monkeypatch, capsys, columns, width
):
    verdict(tmp_path, TABLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    assert main(["grid=positions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert width - 20 < max(map(len, lines)) <= width


def test_the_command_prints_json(tmp_path, monkeypatch, capsys):
    found = verdict(tmp_path, TABLE)
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(found.as_json()))


def test_a_script_sees_by_the_exit_code_whether_a_contrast_is_open(tmp_path, monkeypatch):
    seeds = [3.41, 3.42, 3.40, 3.43, 3.42]
    worse = [each + 0.1 + index / 1000 for index, each in enumerate(seeds)]
    results(tmp_path, {"rotary": seeds, "none": worse})
    results(tmp_path, {"rotary": seeds, "none": worse, "alibi": seeds[::-1]}, name="open")
    results(tmp_path, {"rotary": [3.4], "none": [3.5]}, name="one")
    monkeypatch.chdir(tmp_path)
    codes = {name: main([f"grid={name}", "--exit-code"]) for name in ("positions", "open", "one")}
    assert codes == {"positions": 0, "open": 1, "one": 1}
    assert main(["grid=open"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no grid was named"),
        (["grid=nothing"], "there are no results of nothing"),
        (["gird=positions"], "did you mean grid?"),
        (["grid=positions", "--jsn"], "did you mean --json?"),
    ],
)
def test_bad_arguments_exit_with_two(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_command_has_help(capsys):
    assert main(["--help"]) == 0
    assert "python -m reports.verdict grid=NAME" in capsys.readouterr().out


def test_the_command_imports_neither_torch_nor_scipy_stats(tmp_path):
    results(tmp_path, TABLE)
    code = (
        "import sys; from reports.verdict import main; main(['grid=positions'])\n"
        "assert not {'torch', 'scipy.stats'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        check=True,
        capture_output=True,
    )


def test_intervals_contain_the_truth_as_often_as_they_say():
    # all differences are 0, so that every interval should contain it; four seeds, three contrasts
    rng = np.random.default_rng(11)
    critical = floored_critical(3, 4)
    wrong = 0
    for _ in range(2000):
        losses = rng.normal(0, 0.01, (4, 4))
        samples = list(losses[1:] - losses[0])
        errors = floored_errors(samples)
        means = np.array([each.mean() for each in samples])
        wrong += bool((abs(means) > critical * errors).any())
    assert wrong / 2000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
