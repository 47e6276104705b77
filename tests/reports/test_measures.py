import numpy as np
import pytest

from reports.estimates import Interval
from reports.figures import Mark
from reports.frames import read_frames
from reports.measures import Measures, finding, measure, measures_table, sentences
from reports.volatility import Volatility
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.2],
    "none": [3.255, 3.247, 3.260, 3.251],
    "linspace": [3.270, 3.262, 3.268, 3.266],
}
ROTARY, NONE, ALIBI = (Mark(each, None, "circle") for each in ("rotary", "none", "alibi"))


def measured(ratio: tuple[float, float, float] | None, note: str | None = None) -> Measures:
    interval = None if ratio is None else Interval(*ratio, critical=3.0)
    return Measures(Volatility(0.05, interval, note, 0.8, 0.25, None, None, (0.05, 0.05)), ((), ()))


def test_a_noisier_variant_is_the_finding():
    found = [measured(None), measured((2.13, 1.35, 3.35))]
    assert "none is 2.13 times" in finding([ROTARY, NONE], found)
    assert "2.13 times" in sentences([ROTARY, NONE], found)[0]


def test_without_a_resolved_ratio_the_heading_is_the_plain_noun():
    found = [measured(None), measured((1.1, 0.8, 1.5)), measured((0.9, 0.7, 1.2))]
    assert finding([ROTARY, NONE, ALIBI], found) == "Volatility"
    assert sentences([ROTARY, NONE, ALIBI], found) == (
        "None and alibi are not shown to be noisier than the baseline.",
    )


def test_the_reason_stands_where_the_ratio_is_missing():
    row = measures_table([NONE], [measured(None, "one seed")]).rows[0]
    assert row[2] == "– (one seed)"


def test_a_long_reason_stands_in_a_sentence():
    long = "too uncertain here"
    found = [measured(None), measured(None, long), measured(None, long)]
    assert measures_table([ROTARY, NONE, ALIBI], found).rows[1][2] == "– (not estimated)"
    assert sentences([ROTARY, NONE, ALIBI], found) == (
        f"Own noise of none and alibi is not estimated: {long}.",
    )


def test_curves_give_a_measure_of_every_variant(tmp_path):
    folder = results(tmp_path, LOSSES, steps=400, noise={"none": 0.05, "rotary": 0.01})
    found = measure(read_frames(folder))
    assert list(found) == list(LOSSES)
    ratio = found["none"].estimates.own_ratio
    assert ratio.low < 5 < ratio.high
    assert found["rotary"].estimates.seed_sd == pytest.approx(np.std(LOSSES["rotary"], ddof=1))
    assert found["none"].as_json()["own_ratio"]["ratio"] == ratio.estimate
    assert len(found["linspace"].spikes) == 4
