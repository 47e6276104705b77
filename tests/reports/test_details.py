"""The details of every claim: numbers of other rules beside the verdict, in the JSON alone."""

import json

import numpy as np
import pytest
from scipy import stats

from reports.frames import read_frames
from reports.page import page
from reports.verdict import judge, main
from tests.browser import BUILT
from tests.reference import known
from tests.results import results

TABLE = known("floored_paired_interval")[0]["table"]


def details(tmp_path, losses=TABLE, **options):
    found = judge(read_frames(results(tmp_path, losses, **options)))
    return {each.a: each.details for each in found.claims}


def test_every_claim_has_its_paired_t_and_equivalence_test(tmp_path):
    found, (_, t), (_, equivalence) = details(tmp_path), known("paired_t"), known("tost")
    for name, reference in t.items():
        assert (found[name].paired_t.t, found[name].paired_t.p) == pytest.approx(
            (reference["t"], reference["p"]), rel=1e-6
        )
    assert found["linspace"].tost.p == pytest.approx(equivalence["p"], rel=1e-6)


def test_sign_flips_and_borrowed_variances_are_of_the_whole_family(tmp_path):
    found = details(tmp_path)
    for name, p in known("signflip_maxT")[1]["p"].items():
        assert found[name].sign_flip.p == pytest.approx(p)
    assert len({each.moderated_t.prior_variance for each in found.values()}) == 1


def test_evidence_has_the_threshold_of_all_comparisons(tmp_path):
    found = details(tmp_path)
    assert found["alibi"].e_value.threshold == 3 / 0.05
    reference = known("e_value_and_confidence_sequence")[1]["e_value"]
    assert found["alibi"].e_value.value == pytest.approx(reference, rel=1e-6)


def test_divergence_is_compared_with_the_baselines(tmp_path):
    found = details(tmp_path, status={"nope/0": "diverged", "nope/1": "diverged"})
    assert (found["nope"].divergence.variant, found["nope"].divergence.baseline) == ((2, 3), (0, 5))
    assert found["nope"].divergence.p == pytest.approx(known("divergence_fisher")[1]["p_two_sided"])
    assert found["alibi"].divergence is None


def test_seeds_and_documents_are_two_sources(tmp_path):
    noise = details(tmp_path)["alibi"].documents
    assert noise.mean == pytest.approx(-0.0138, abs=1e-3)
    assert noise.var_new_documents >= noise.var_fixed_documents > 0


@pytest.mark.parametrize("none", [[3.2, 3.21, 3.25], [3.25, 3.26, 3.30], [3.3, None, None]])
def test_what_needs_a_variance_is_absent_without_one(tmp_path, none):
    status = {f"none/{seed}": "failed" for seed, loss in enumerate(none) if loss is None}
    losses = {"rotary": [3.20, 3.21, 3.25], "none": none}
    one = details(tmp_path, losses, status=status)["none"]
    assert (one.paired_t, one.tost, one.sign_flip) == (None, None, None)
    assert (one.moderated_t, one.e_value) == (None, None)


def test_without_a_margin_nothing_is_tested_against_it(tmp_path):
    assert details(tmp_path, margin=None)["alibi"].tost is None


def test_thirteen_seeds_are_not_flipped(tmp_path):
    rng = np.random.default_rng(0)
    losses = {name: list(3 + rng.normal(0, 0.01, 13)) for name in ("rotary", "none")}
    one = details(tmp_path, losses)["none"]
    assert one.sign_flip is None
    reference = stats.ttest_rel(losses["none"], losses["rotary"])
    assert one.paired_t.p == pytest.approx(reference.pvalue)


def test_p_values_are_in_the_json_and_not_on_the_page(tmp_path, monkeypatch, capsys):
    folder = results(tmp_path, TABLE)
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions", "--json"]) == 0
    claims = json.loads(capsys.readouterr().out)["claims"]
    assert claims[0]["details"]["paired_t"]["p"] == pytest.approx(0.0002066849)
    frames = read_frames(folder)
    text = page(frames, judge(frames), BUILT)
    body = text[text.index("<body>") : text.index('<script type="application/json"')]
    assert "p-value" not in body
    assert "0.0002" not in body
