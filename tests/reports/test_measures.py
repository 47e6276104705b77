import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reports.course import Course, Run
from reports.drawings.drawing import Mark
from reports.drawings.volatility import Starts
from reports.estimates import Interval
from reports.frames import read_frames
from reports.measures import Measures, finding, measure, measures_table, sentences
from reports.outlook import Outlook
from reports.spread import TOO_FEW_SEEDS
from reports.volatility import BELOW, Volatility
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.2],
    "none": [3.255, 3.247, 3.260, 3.251],
    "linspace": [3.270, 3.262, 3.268, 3.266],
}
ROTARY, NONE, ALIBI = (Mark(each, None, "circle") for each in ("rotary", "none", "alibi"))


def measured(
    ratio: tuple[float, float, float] | None,
    note: str | None = None,
    own: float | None = None,
    spread: Interval | str | None = None,
) -> Measures:
    interval = None if ratio is None else Interval(*ratio, critical=3.0)
    noises = Volatility(0.05, interval, note, own, 0.8, 0.25, 0.0, None, None, (0.05, 0.05))
    runs = (Run(0, None, None, 1.0, ()),) * 2
    course = Course(runs, {}, (), (), spread, "", {})
    return Measures(
        noises, (Starts(()),) * 2, course, Outlook((), None, None, None, 0.0, decays=False)
    )


def test_a_noisier_variant_is_the_finding():
    found = [measured(None), measured((2.13, 1.35, 3.35))]
    assert "none is 2.13 times" in finding([ROTARY, NONE], found)
    assert "2.13 times" in sentences([ROTARY, NONE], found)[0]


def test_without_a_resolved_ratio_the_heading_is_the_plain_noun():
    found = [measured(None), measured((1.1, 0.8, 1.5)), measured((0.9, 0.7, 1.2))]
    assert finding([ROTARY, NONE, ALIBI], found) == "Volatility"
    said = sentences([ROTARY, NONE, ALIBI], found)
    assert said[0] == "none and alibi are not shown to be noisier than the baseline."
    assert len(said) == 2


def test_the_reason_stands_where_the_ratio_is_missing():
    row = measures_table([NONE], [measured(None, "one seed")]).rows[0]
    assert row[2] == "–\none seed"


def test_a_long_reason_stands_in_a_sentence():
    long = "too uncertain here"
    found = [measured(None), measured(None, long), measured(None, long)]
    assert measures_table([ROTARY, NONE, ALIBI], found).rows[1][2] == "–\nnot estimated"
    said = sentences([ROTARY, NONE, ALIBI], found)
    assert said[0] == f"Own noise of none and alibi is not estimated: {long}."


def test_curves_give_a_measure_of_every_variant(tmp_path):
    folder = results(tmp_path, LOSSES, steps=400, noise={"none": 0.05, "rotary": 0.01})
    found = measure(read_frames(folder))
    assert list(found) == list(LOSSES)
    ratio = found["none"].estimates.own_ratio
    assert ratio.low < 5 < ratio.high
    assert found["rotary"].estimates.seed_sd == pytest.approx(np.std(LOSSES["rotary"], ddof=1))
    assert found["none"].as_json()["own_ratio"]["ratio"] == ratio.estimate
    assert len(found["linspace"].spikes) == 4


@pytest.mark.parametrize(("own", "text"), [(0.0, "0"), (0.004, "–")])
def test_a_negative_estimate_is_a_zero_below_the_noise(own, text):
    found = [measured(None), measured(None, BELOW, own)]
    assert measures_table([ROTARY, NONE], found).rows[1][2] == f"{text}\nbelow the noise"
    said = "" if own == 0 else " is not estimated"
    assert sentences([ROTARY, NONE], found)[0] == f"Own noise of none{said}: {BELOW}."


def test_few_seeds_compare_no_spreads():
    found = [measured(None), *[measured(None, spread=TOO_FEW_SEEDS) for _ in range(2)]]
    assert "Seeds too few to compare spreads." in sentences([ROTARY, NONE, ALIBI], found)
    found[2] = measured(None, spread=Interval(3.0, 1.5, 6.0, 2.0))
    said = sentences([ROTARY, NONE, ALIBI], found)
    assert "Seeds too few to compare spreads: none." in said
    assert any("alibi lie 3.00 times as far apart" in each for each in said)


def test_spreads_that_are_not_resolved_are_not_called_equal():
    found = [measured(None), measured(None, spread=Interval(1.5, 0.7, 3.0, 2.0))]
    said = sentences([ROTARY, NONE], found)
    assert said[0] == "The seeds of none are not shown to lie apart unlike the baseline's."


def test_one_run_of_each_variant_says_that_it_covers_no_other_seed(tmp_path):
    one = {name: losses[:1] for name, losses in LOSSES.items()}
    found = tuple(measure(read_frames(results(tmp_path, one, steps=400))).values())
    said = sentences([ROTARY, NONE, ALIBI], found)
    assert said[0] == "One run of each variant: nothing here covers another seed."
    assert not any("spreads" in each for each in said)


def test_a_spike_of_the_batch_is_counted_apart(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=400))
    loss = pl.when(
        (pl.col("step") == 200) | ((pl.col("step") == 300) & (pl.col("cell") == "none/1"))
    )
    steps = frames.steps.with_columns(loss=loss.then(pl.col("loss") + 3).otherwise("loss"))
    found = measure(replace(frames, steps=steps))
    assert found["none"].spikes[1] == Starts((300,), (200,))
    said = {name: each.as_json() for name, each in found.items()}
    assert (said["none"]["spikes_per_run"], said["none"]["batch_spikes_per_run"]) == (0.25, 1.0)
    assert (said["rotary"]["spikes_per_run"], said["rotary"]["batch_spikes_per_run"]) == (0.0, 1.0)


def test_json_of_the_measures_has_no_number_that_is_not_finite(tmp_path):
    status = {"none/0": "failed", "linspace/1": "diverged", "rotary/3": "missing"}
    for steps in (3, 40, 400):
        folder = results(tmp_path, LOSSES, steps=steps, status=status, name=f"of-{steps}")
        for each in measure(read_frames(folder)).values():
            assert json.dumps(each.as_json(), allow_nan=False)
