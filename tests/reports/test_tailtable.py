"""The table of what the last validation is worth, against the closed form of its known answer."""

from dataclasses import replace

import polars as pl

from reports.course import Course
from reports.endings import tail_average
from reports.frames import read_frames
from reports.page import page
from reports.tailtable import tails_table
from reports.verdict import judge
from tests.reference import known
from tests.results import results
from tests.scales import BUILT


def course(*tails):
    return Course((), {}, (), tails, None, "", {})


def test_a_row_has_the_medians_over_seeds_in_nats():
    inputs, _ = known("tail_average")
    found = tail_average(inputs["sd"], inputs["points"], inputs["tau"], inputs["slope_per_point"])
    noisier = replace(found, error_of_last=1.0, bias=1.0)
    (row,) = tails_table(
        ["none", "rotary"], [course(found, None, found, noisier), course(None)]
    ).rows
    assert row == ("none", "0.0200", "0.0089", "0.0047", "0.0200", "0.0101")


def test_a_grid_with_few_validations_has_no_such_table(tmp_path):
    frames = read_frames(results(tmp_path, {"rotary": [3.0, 3.1], "none": [3.2, 3.3]}))
    title = "what the last validation is worth"
    assert title not in page(frames, judge(frames), BUILT)
    many = pl.concat(
        frames.evaluations.with_columns(
            tokens=pl.col("tokens") + 10 * place, step=pl.col("step") * 100 + place
        )
        for place in range(8)
    )
    frames = replace(frames, evaluations=many)
    assert title in page(frames, judge(frames), BUILT)


def test_a_mean_of_the_last_validations_has_no_documents(tmp_path):
    losses = {"rotary": [3.0, 3.1, 3.05], "none": [3.2, 3.31, 3.24]}
    frames = read_frames(results(tmp_path, losses))
    assert judge(frames).claims[0].documents is not None
    late = replace(frames, manifest=replace(frames.manifest, final="tail"))
    assert judge(late).claims[0].documents is None
    assert judge(late).text.endswith("Judged by the validation loss over the last fifth.")
