"""Documents as a second source of noise."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from reports.contrasts import contrast
from reports.frames import read_frames
from reports.others import (
    document_noise,
    documents_by_cell,
    on_other_documents,
    ratio_error,
    seed_by_document,
)
from tests.reference import known
from tests.results import results


def test_the_error_of_a_ratio_is_the_known_answer():
    inputs, expected = known("document_ratio_se")
    found = ratio_error(np.array(inputs["tokens"], float), np.array(inputs["difference_per_token"]))
    assert found == pytest.approx((expected["estimate"], expected["se"]), rel=1e-6)


def test_documents_of_equal_length_have_the_error_of_a_mean():
    differences = np.array([0.1, 0.3, -0.2, 0.4])
    _, error = ratio_error(np.full(4, 7.0), differences)
    assert error == pytest.approx(stats.sem(differences))


def test_one_pair_of_runs_has_the_interval_of_its_documents(tmp_path):
    frames = read_frames(results(tmp_path, {"rotary": [3.20], "none": [3.25]}))
    low, high = on_other_documents(
        documents_by_cell(frames), contrast(frames, "none", "rotary"), None
    )
    assert (low + high) / 2 == pytest.approx(0.05)
    sums = {
        name: frames.documents.filter(pl.col("cell") == f"{name}/0").sort("document")
        for name in ("rotary", "none")
    }
    weights = sums["none"]["predicted"].to_numpy().astype(float)
    difference = (sums["none"]["loss"] - sums["rotary"]["loss"]).to_numpy() / weights
    error = ratio_error(weights, difference)[1]
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, len(weights) - 1) * error)


def test_without_documents_there_is_no_second_interval(tmp_path):
    folder = results(tmp_path, {"rotary": [3.20], "none": [3.25]})
    pl.read_parquet(folder / "documents.parquet").head(0).write_parquet(
        folder / "documents.parquet"
    )
    frames = read_frames(folder)
    assert (
        on_other_documents(documents_by_cell(frames), contrast(frames, "none", "rotary"), None)
        is None
    )


def test_seeds_and_documents_are_the_known_answer():
    inputs, expected = known("seed_by_document")
    found = seed_by_document(np.array(inputs["difference"]))
    for key, value in expected.items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-6)


def test_other_documents_never_make_the_mean_surer():
    # documents agree better than seeds and documents together would by chance
    rest = np.array([[0.01, -0.01, 0.0], [-0.01, 0.01, 0.0], [0.0, 0.0, 0.0]])
    found = seed_by_document(rest + np.array([[0.0], [0.01], [0.02]]))
    assert found.ms_document < found.ms_residual
    assert found.var_new_documents == found.var_fixed_documents


def test_differences_without_any_spread_have_no_degrees_of_freedom():
    assert seed_by_document(np.full((2, 3), 0.125)).satterthwaite_df is None


def test_pairing_documents_takes_their_difficulty_off(tmp_path):
    losses = {"rotary": [3.20, 3.21], "none": [3.25, 3.27]}
    frames = read_frames(results(tmp_path, losses))
    documents = documents_by_cell(frames)
    pair = contrast(frames, "none", "rotary")
    rows = {
        name: np.array(
            [documents[f"{name}/{s}"].losses / documents[f"{name}/{s}"].predicted for s in (0, 1)]
        )
        for name in losses
    }
    found = document_noise(documents, pair)
    spread = np.std((rows["none"] - rows["rotary"]).mean(axis=0), ddof=1)
    assert found.pairing == pytest.approx(np.std(rows["rotary"].mean(axis=0), ddof=1) / spread)
    assert found.mean == pytest.approx((rows["none"] - rows["rotary"]).mean())
    assert document_noise({}, pair) is None
