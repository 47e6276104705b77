import json
import math
from datetime import UTC, datetime

import polars as pl
import pytest
from scipy import stats

from reports.frames import read_frames
from reports.marks import Scale, scale_ticks
from reports.material import Material
from reports.numbers import NO_RESULT, THIN
from reports.parts import variants
from reports.verdict import judge
from tests.results import as_probe, edit_manifest, results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.2],
    "none": [3.255, 3.247, 3.260, 3.251],
    "linspace": [3.270, 3.262, 3.268, 3.266],
}


def material(tmp_path, losses=None, **settings) -> Material:
    frames = read_frames(results(tmp_path, losses or LOSSES, **settings))
    return Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))


def probed(tmp_path, losses, **settings) -> Material:
    frames = read_frames(as_probe(results(tmp_path, losses, **settings)))
    return Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))


def test_the_interval_is_students_of_the_variants_own_mean(tmp_path):
    summary = material(tmp_path).summaries[1]
    losses = LOSSES["none"]
    low, high = stats.t.interval(0.95, 3, stats.tmean(losses), stats.sem(losses))
    assert (summary.wide.low, summary.wide.high) == (pytest.approx(low), pytest.approx(high))
    low, high = stats.t.interval(0.5, 3, stats.tmean(losses), stats.sem(losses))
    assert (summary.narrow.low, summary.narrow.high) == (pytest.approx(low), pytest.approx(high))


def test_a_diverged_seed_is_counted_and_in_no_mean(tmp_path):
    row = material(tmp_path, status={"none/3": "diverged"}).rows[1]
    assert row.seed_signs == ("●", "●", "●", "×")
    assert row.seeds == "3 of 4 done, 1 diverged"
    assert row.loss.startswith("3.254")
    assert len(row.drawn.ticks) == 3


def test_all_rows_of_a_column_take_the_decimals_of_the_widest(tmp_path):
    losses = LOSSES | {"linspace": [3.1, 3.5, 3.3, 3.2]}
    found = material(tmp_path, losses).rows
    assert [row.loss for row in found] == ["3.20 ± 0.01", "3.25 ± 0.01", "3.27 ± 0.27"]


def test_the_baseline_is_ink_and_colours_follow_the_grid_not_the_rank(tmp_path):
    losses = {"b": [3.3, 3.4], "a": [3.1, 3.2], "base": [3.2, 3.3]}
    found = material(tmp_path, losses, baseline="base").marks
    assert [(mark.slot, mark.marker) for mark in found] == [
        (1, "diamond"),
        (2, "square"),
        (0, "circle"),
    ]


def test_beyond_six_variants_the_others_are_ghosts(tmp_path):
    found = material(tmp_path, {str(place): [3.2, 3.3] for place in range(9)}).marks
    assert [mark.slot for mark in found] == [0, *[None] * 6, 1, None]  # all equal but for noise
    assert not material(tmp_path, {str(v): [3.2, 3.3] for v in range(9)}).rows[8].is_shown


def test_the_word_of_the_table_is_the_verdict(tmp_path):
    row = material(tmp_path).rows[1]
    assert (row.word, row.difference) == ("worse", "+0.0512")
    assert row.interval.startswith("+0.0")


def test_settings_stand_below_a_label_that_does_not_say_them(tmp_path):
    found = material(tmp_path).rows
    assert [row.differs for row in found] == ["", "positions: none", ""]


def test_a_mark_says_in_words_what_it_draws(tmp_path):
    spoken = material(tmp_path).rows[0].drawn.spoken
    assert spoken.startswith("rotary: mean 3.202, 95")
    alone = material(tmp_path, {"rotary": [3.2], "none": [3.3]}).rows[1].drawn.spoken
    assert alone == "no positions: 3.300, one seed, no interval"


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (3.18, 3.30, ["3.20", "3.25", "3.30"]),
        (3.2, 3.29, ["3.200", "3.225", "3.250", "3.275"]),
        (0.0, 10.0, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
        (3.2, 3.2004, ["3.2000", "3.2001", "3.2002", "3.2003", "3.2004"]),
    ],
)
def test_the_scale_has_round_numbers_that_are_written_whole(low, high, texts):
    ticks = scale_ticks(Scale(low, high))
    assert [tick.text for tick in ticks] == texts
    assert ticks[0].x >= 8
    assert ticks[-1].x <= 272


def test_tokens_and_flops_of_a_step_are_those_of_the_cells(tmp_path):
    summary = material(tmp_path).summaries[1]
    assert summary.tokens_per_step == 128
    assert summary.flops_per_step == 128 * (7.2e5 + 1)
    assert summary.seconds_per_step == pytest.approx(0.012)


def test_accuracy_is_the_mean_over_seeds_where_only_answers_are_predicted(tmp_path):
    row, other, _ = probed(tmp_path, LOSSES).rows
    own = [100 * math.exp(-loss) for loss in LOSSES["rotary"]]
    half = stats.t.ppf(0.975, 3) * stats.sem(own)
    assert row.accuracy == f"{stats.tmean(own):.3f} ± {half:.3f}{THIN}%"
    mean = 100 * stats.tmean([math.exp(-loss) for loss in LOSSES["none"]])
    assert other.accuracy.startswith(f"{mean:.3f} ± ")


def test_accuracy_of_one_seed_has_no_interval(tmp_path):
    row, _ = probed(tmp_path, {"a": [0.0], "b": [0.5]}).rows
    assert row.accuracy == f"100.0{THIN}%"


def test_a_variant_without_an_accuracy_says_so(tmp_path):
    losses = {"a": [0.1, 0.2], "b": [0.5, 0.6]}
    found = probed(tmp_path, losses, status={"b/0": "failed", "b/1": "failed"})
    assert found.rows[1].accuracy == NO_RESULT


def test_accuracy_of_text_is_not_shown(tmp_path):
    found = material(tmp_path)
    assert [row.accuracy for row in found.rows] == [""] * 3
    assert found.summaries[0].accuracy is not None


def test_flops_of_a_step_are_those_of_its_cells_where_few_places_predict(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "cells.parquet"
    pl.read_parquet(path).with_columns(pl.col("tokens") // 4).write_parquet(path)
    frames = read_frames(folder)
    summary = Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC)).summaries[0]
    assert summary.flops_per_step == pytest.approx(summary.flops / 60)


def test_of_several_that_could_be_the_best_each_is_marked(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "none": [3.21, 3.19, 3.2], "bad": [4.2, 4.21, 4.2]}
    found = material(tmp_path, losses)
    assert found.verdict.set == ("rotary", "none")
    assert [row.could_be_best for row in found.rows] == [True, True, False]
    clear = material(tmp_path / "clear", {**losses, "none": [4.21, 4.19, 4.2]})
    assert not any(row.could_be_best for row in clear.rows)


def test_the_baseline_has_no_noise_where_nothing_ran(tmp_path):
    assert material(tmp_path).rows[0].noise == "1"
    status = {f"{name}/{seed}": "failed" for name in LOSSES for seed in range(4)}
    assert material(tmp_path, status=status).rows[0].noise == "–"


def test_what_nobody_noted_is_not_known(tmp_path):
    folder = results(tmp_path, LOSSES)
    variants = json.loads((folder / "manifest.json").read_text())["variants"]
    edit_manifest(folder, variants=[each | {"parameters": None} for each in variants])
    table = pl.read_parquet(folder / "cells.parquet")
    table.with_columns(flops=pl.lit(None, pl.Float64)).write_parquet(folder / "cells.parquet")
    frames = read_frames(folder)
    row = Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC)).rows[0]
    assert (row.parameters, row.flops) == ("not known", "not known")


def test_a_baseline_in_quotes_gets_no_genitive(tmp_path):
    found = material(tmp_path, labels={"rotary": "rotary, heads = 4"}, steps=400)
    said = variants(found).noise_note
    assert "a multiple of the baseline's" in said
    assert "”'s" not in said
