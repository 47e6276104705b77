import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from reports.document import document
from reports.frames import read_frames
from reports.judged import during_training, loss_words, multiple
from reports.lengths import drawn, lengths
from reports.material import Material
from reports.measurestable import measures_row
from reports.page import page
from reports.profiles import profile_section
from reports.terminal import plain
from reports.verdict import judge
from reports.yardstick import seed_spread
from tests.results import CANNOT, CONTEXT, edit_manifest, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
LOSSES = {"sinusoidal": [3.20, 3.21, 3.19], "alibi": [3.22, 3.21, 3.20], "learned": [3.2, 3.2, 3.2]}
AT_64 = {"sinusoidal": [3.9, 4.0, 3.95], "alibi": [3.18, 3.19, 3.16], "learned": [None] * 3}
AT_128 = {"sinusoidal": [5.1, 5.4, 5.2], "alibi": [3.15, 3.17, 3.14], "learned": [None] * 3}
WHOLE = ("validation", None)
ALL = (WHOLE, ("length 64", 64), ("length 128", 128))
JUDGED = (("length 128", 128), WHOLE, ("length 64", 64))
TRAINED = {"learned/0": "complete", "learned/1": "complete", "learned/2": "complete"}


def beyond(folder: Path, **settings) -> Path:
    at = {"length 64": AT_64, "length 128": AT_128}
    return results(folder, LOSSES, evaluations=ALL, beyond=at, **settings)


def judged(folder: Path, losses=AT_128, **settings) -> Path:
    at = {"validation": LOSSES, "length 64": AT_64}
    given = {"evaluations": JUDGED, "beyond": at, "status": TRAINED} | settings
    return results(folder, losses, **given)


def material(folder: Path) -> Material:
    frames = read_frames(folder)
    return Material(frames, judge(frames), BUILT)


def text(folder: Path) -> str:
    """The page without its data, script, style and tags."""
    frames = read_frames(folder)
    whole = page(frames, judge(frames), BUILT)
    body = whole[whole.index("<body>") : whole.index('<script type="application/json"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_nothing_changes_where_a_grid_has_only_the_validation(tmp_path):
    folder = results(tmp_path, LOSSES)
    given = material(folder)
    assert (given.lengths, given.by_length, document(given)["lengths"]) == ((), None, None)
    assert "lengths" not in given.figures
    assert "trained length" not in text(folder)
    assert "trained length" not in plain(given, folder)
    assert "validation loss" in plain(given, folder)


def test_every_length_has_its_mean_its_interval_and_the_paired_difference(tmp_path):
    found = lengths(read_frames(beyond(tmp_path)))
    assert [(each.name, each.length) for each in found] == [
        ("validation", CONTEXT),
        ("length 64", 64),
        ("length 128", 128),
    ]
    sinusoidal, alibi, _ = found[2].points
    assert sinusoidal.mean.mean == pytest.approx(np.mean(AT_128["sinusoidal"]))
    low, high = stats.t.interval(
        0.95, 2, np.mean(AT_128["alibi"]), stats.sem(AT_128["alibi"], ddof=1)
    )
    assert (alibi.mean.low, alibi.mean.high) == pytest.approx((low, high))
    differences = np.subtract(AT_128["alibi"], AT_128["sinusoidal"])
    assert alibi.difference == pytest.approx(differences.mean())
    assert sinusoidal.contrast is None


def test_of_one_comparison_the_interval_is_the_paired_t(tmp_path):
    two = {name: values for name, values in LOSSES.items() if name != "learned"}
    at = {"length 64": AT_64}
    found = lengths(read_frames(results(tmp_path, two, evaluations=ALL[:2], beyond=at)))
    differences = np.subtract(AT_64["alibi"], AT_64["sinusoidal"])
    low, high = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences, ddof=1))
    interval = found[1].points[1].interval
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_each_length_has_the_interval_that_it_would_judge_with(tmp_path):
    aside = lengths(read_frames(beyond(tmp_path / "aside")))[2].points[1].interval
    verdict = judge(read_frames(judged(tmp_path / "judged")))
    (claim,) = [each for each in verdict.claims if each.a == "alibi"]
    assert (aside.low, aside.high) == pytest.approx((claim.low, claim.high))


def test_the_evaluation_that_judges_has_the_intervals_of_the_verdicts(tmp_path):
    given = material(judged(tmp_path))
    (found,) = [each for each in given.lengths if each.is_judging]
    assert (found.name, found.level) == ("length 128", 0.95)
    claim = given.against_baseline["alibi"]
    interval = found.points[1].interval
    assert (interval.low, interval.high) == (claim.low, claim.high)


def test_what_cannot_be_evaluated_has_its_reason_and_no_loss(tmp_path):
    given = material(beyond(tmp_path))
    learned = [each.points[2] for each in given.lengths]
    assert [each.reason for each in learned] == ["", CANNOT, CANNOT]
    assert [each.mean is None for each in learned] == [False, True, True]
    (row,) = [each for each in given.by_length.rows if each.label == "learned"]
    assert [cell.loss for cell in row.cells[1:]] == ["cannot be evaluated"] * 2
    sentence = f"learned cannot be evaluated at 64 and 128 tokens: {CANNOT}."
    assert given.by_length.reasons == (sentence,)


def test_a_loss_that_is_not_finite_has_its_reason(tmp_path):
    folder = beyond(tmp_path)
    path = folder / "evaluations.parquet"
    wild = (pl.col("cell") == "alibi/0") & (pl.col("evaluation") == "length 64")
    loss = pl.when(wild).then(float("inf")).otherwise("loss").alias("loss")
    pl.read_parquet(path).with_columns(loss).write_parquet(path)
    alibi = lengths(read_frames(folder))[1].points[1]
    assert (sorted(alibi.losses), alibi.reason) == ([1, 2], "the loss is not finite")
    assert alibi.contrast.pairs == 2


def test_the_trained_length_stands_once_where_both_ways_give_the_same(tmp_path):
    given = (WHOLE, ("length 32", 32), ("length 64", 64))
    found = lengths(read_frames(results(tmp_path, LOSSES, evaluations=given)))
    assert [each.name for each in found] == ["validation", "length 64"]


def test_the_trained_length_stands_twice_where_the_windows_make_a_difference(tmp_path):
    given = (WHOLE, ("length 32", 32), ("length 64", 64))
    shorter = {name: [each - 0.05 for each in values] for name, values in LOSSES.items()}
    at = {"length 32": shorter}
    found = lengths(read_frames(results(tmp_path, LOSSES, evaluations=given, beyond=at)))
    assert [each.name for each in found] == ["validation", "length 32", "length 64"]
    assert [each.name for each in drawn(found)] == ["length 32", "length 64"]


def test_the_validation_gives_way_to_the_same_length_that_judges(tmp_path):
    given = (("length 32", 32), WHOLE, ("length 64", 64))
    found = lengths(read_frames(results(tmp_path, LOSSES, evaluations=given)))
    assert [(each.name, each.is_judging) for each in found] == [
        ("length 32", True),
        ("length 64", False),
    ]


def test_variants_of_different_contexts_have_no_common_trained_length(tmp_path):
    folder = beyond(tmp_path)
    variants = read_frames(folder).manifest.variants
    contexts = [{"settings": {"training.context": length}} for length in (16, 32, 48)]
    own = [vars(each) | its for each, its in zip(variants, contexts, strict=True)]
    edit_manifest(folder, variants=own)
    given = material(folder)
    own = next(each for each in given.lengths if each.is_validation)
    assert own.length is None
    assert [point.length for point in own.points] == [16, 32, 48]
    assert "trained length" in [each.length for each in given.by_length.columns]
    assert given.by_length.drawing.figure.layout.shapes == ()


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (32, "the trained length"),
        (16, "half the trained length"),
        (64, "twice the trained length"),
        (128, "four times the trained length"),
        (48, "1.5 times the trained length"),
        (1000, "31.2 times the trained length"),
    ],
)
def test_a_length_is_told_in_trained_lengths(length, words):
    assert multiple(length, 32) == words


def test_page_json_and_terminal_show_every_length(tmp_path):
    folder = beyond(tmp_path)
    given, shown = material(folder), text(folder)
    assert shown.count("Beyond the trained length") == 3
    share = "Beyond the trained length stand, of the tokens, 47 % in samples of 64 and 70 % in"
    assert share in shown.replace("\u202f", " ")
    for word in ("64 tokens twice the trained length", "128 tokens four times the trained length"):
        assert word in shown
    assert "hold at once for the 2 comparisons of one length, not across lengths" in shown
    assert "The verdicts are about the validation loss." in shown
    lines = plain(given, folder)
    assert "At 64 tokens (twice the trained length): sinusoidal 3.95, alibi 3.18, learned:" in lines
    assert "At 128 tokens (four times the trained length): sinusoidal 5.23, alibi 3.15" in lines
    said = document(given)["lengths"]
    assert said["trained"] == CONTEXT
    assert [each["is_judging"] for each in said["evaluations"]] == [True, False, False]
    assert said["evaluations"][2]["v"][2]["reason"] == CANNOT
    assert said["evaluations"][2]["v"][1]["difference"]["pairs"] == 3


def test_lengths_below_the_trained_one_are_not_said_to_be_beyond_it(tmp_path):
    folder = results(tmp_path, LOSSES, evaluations=(WHOLE, ("length 16", 16)))
    assert material(folder).by_length.drawing.title == "Other lengths than the trained"


def test_of_many_lengths_the_terminal_says_the_shortest_and_the_longest(tmp_path):
    given = (WHOLE, *((f"length {n}", n) for n in (64, 128, 256)))
    folder = results(tmp_path, LOSSES, evaluations=given)
    assert re.findall(r"At (\d+) tokens", plain(material(folder), folder)) == ["64", "256"]


def test_one_seed_has_losses_and_no_interval(tmp_path):
    one = {name: LOSSES[name][:1] for name in ("sinusoidal", "alibi")}
    folder = results(tmp_path, one, evaluations=ALL)
    given = material(folder)
    assert {cell.interval for row in given.by_length.rows[1:] for cell in row.cells} == {
        "no interval (1 seed)"
    }
    assert "Bars:" not in given.by_length.drawing.subtitle
    assert "±" not in text(folder)


def test_a_line_that_ends_early_is_named_where_it_ends(tmp_path):
    notes = material(beyond(tmp_path)).by_length.drawing.figure.layout.annotations
    assert [each.text for each in notes] == ["alibi", "sinusoidal", "learned ends here"]
    assert notes[2].x == pytest.approx(np.log10(CONTEXT))


def test_variants_without_a_colour_are_one_faint_trace(tmp_path):
    many = {f"{v}": [3.2, 3.21 + v / 9] for v in range(9)}
    given = (WHOLE, ("length 64", 64))
    found = material(results(tmp_path, many, evaluations=given))
    faint, *lines = found.by_length.drawing.figure.data
    named = {mark.place for mark in found.marks if mark.slot is not None}
    assert {line.meta["place"] for line in lines if line.visible is not False} == named
    assert list(faint.x) == [CONTEXT, 64, None] * (9 - len(named))


def test_a_variant_without_a_colour_has_a_line_for_the_reader_who_picks_it(tmp_path):
    many = {f"{v}": [3.2, 3.21 + v / 9] for v in range(9)}
    given = (WHOLE, ("length 64", 64))
    found = material(results(tmp_path, many, evaluations=given))
    hidden = [line for line in found.by_length.drawing.figure.data if line.visible is False]
    assert {line.meta["place"] for line in hidden} == {
        mark.place for mark in found.marks if mark.slot is None
    }
    for line in hidden:
        assert line.meta["last"] == line.y[-1]


def test_cells_that_are_not_there_leave_the_section(tmp_path):
    missing = {"rotary": [None, None], "none": [None, None]}
    folder = results(tmp_path, missing, evaluations=ALL)
    assert "No cell has a loss at any of the lengths." in text(folder)


def test_the_headline_says_at_which_length_was_judged(tmp_path):
    both = {name: AT_128[name] for name in ("sinusoidal", "alibi")}
    verdict = judge(read_frames(judged(tmp_path, both)))
    end = "Judged by the loss at 128 tokens, four times the trained length."
    assert verdict.text.startswith("alibi wins.")
    assert verdict.text.endswith(end)
    assert loss_words(read_frames(tmp_path / "results/positions").manifest) in end


def test_the_headline_names_what_cannot_be_judged_and_resolves_the_rest(tmp_path):
    text = judge(read_frames(judged(tmp_path))).text
    assert text.startswith("Which is best is not resolved. alibi is better than sinusoidal by 2.08")
    assert text.endswith("the trained length, at which learned cannot be evaluated.")


def test_what_cannot_be_judged_hides_no_headline_of_the_rest(tmp_path):
    losses = AT_128 | {"alibi": [5.0, 5.5, 5.25]}
    text = judge(read_frames(judged(tmp_path, losses))).text
    assert text.startswith("Not resolved. No difference from sinusoidal is larger than its unc")


def test_only_the_training_curves_speak_of_the_validation_loss(tmp_path):
    folder = judged(tmp_path)
    shown = text(folder)
    assert re.findall("validation loss", shown, re.IGNORECASE) == ["validation loss"]
    assert shown.index("validation loss") > shown.index("Smoothing")
    assert "validation loss" not in plain(material(folder), folder)
    assert "loss at 128 tokens" in plain(material(folder), folder)
    figures = document(material(folder))["figures"]
    for name in ("seeds", "cost"):
        assert figures[name]["layout"]["yaxis"]["title"]["text"] == (
            "final loss at 128 tokens (nats)"
        )


def test_the_curves_keep_the_validation(tmp_path):
    folder = judged(tmp_path)
    given = material(folder)
    assert during_training(given.frames.manifest) == "validation"
    points = [each for each in document(given)["evaluations"] if each["cell"] == 0]
    assert len(points) == 5
    assert points[-1]["loss"] == pytest.approx(LOSSES["sinusoidal"][0])
    assert document(given)["judged"] == {"evaluation": "length 128", "length": 128}


def test_the_verdict_is_about_the_losses_of_the_length_that_judges(tmp_path):
    verdict = judge(read_frames(judged(tmp_path)))
    (claim,) = [each for each in verdict.claims if each.a == "alibi"]
    assert claim.difference == pytest.approx(
        np.mean(AT_128["alibi"]) - np.mean(AT_128["sinusoidal"])
    )
    assert claim.verdict == "better"


def test_a_variant_that_cannot_be_judged_has_a_reason_and_no_verdict(tmp_path):
    folder = judged(tmp_path)
    verdict = judge(read_frames(folder))
    (claim,) = [each for each in verdict.claims if each.a == "learned"]
    assert claim.text == (
        f"No verdict on learned against sinusoidal: learned cannot be evaluated at 128 tokens "
        f"({CANNOT})."
    )
    (caveat,) = [each for each in verdict.caveats if each.kind == "unevaluated"]
    assert caveat.text.startswith("learned cannot be evaluated at 128 tokens")
    assert caveat.anchor == "lengths"
    shown = text(folder)
    assert "cannot be evaluated, no verdict" in shown
    assert "“no result”: done, and without one." in shown
    lines = plain(material(folder), folder)
    assert re.search(r"learned +no result +no verdict: cannot be evaluated +3 of 3 done", lines)


def test_what_cannot_be_judged_has_several_seeds_and_no_spread_between_them(tmp_path):
    given = material(judged(tmp_path))
    measures = given.measures["learned"]
    row = measures_row("learned", measures.estimates, measures.course, "")
    assert row[6] == "no result"
    one = {name: values[:1] for name, values in AT_128.items()}
    status = {"learned/0": "complete"}
    at = {"validation": LOSSES}
    given = material(
        results(tmp_path, one, name="one", evaluations=JUDGED, beyond=at, status=status)
    )
    measures = given.measures["learned"]
    assert measures_row("learned", measures.estimates, measures.course, "")[6] == "one seed"


def test_a_single_seed_that_cannot_be_judged_is_named(tmp_path):
    losses = AT_128 | {"learned": [3.9, None, 3.8]}
    verdict = judge(read_frames(judged(tmp_path, losses)))
    (caveat,) = [each for each in verdict.caveats if each.kind == "unevaluated"]
    assert caveat.text.endswith("seed 1 has no loss here, and no verdict.")
    (claim,) = [each for each in verdict.claims if each.a == "learned"]
    assert claim.pairs == 2


def test_a_baseline_that_cannot_be_judged_leaves_no_verdict(tmp_path):
    folder = judged(tmp_path, baseline="learned")
    verdict = judge(read_frames(folder))
    assert verdict.text == "No verdict: the baseline cannot be evaluated at 128 tokens."
    assert all(CANNOT in each.text for each in verdict.claims)
    assert "No number of seeds settles what cannot be evaluated." in text(folder)


def test_two_variants_of_which_one_cannot_be_judged_leave_no_verdict(tmp_path):
    losses = {name: AT_128[name] for name in ("sinusoidal", "learned")}
    verdict = judge(read_frames(judged(tmp_path, losses)))
    lead = "No verdict: no variant can be compared with the baseline at 128 tokens."
    assert verdict.text.startswith(lead)


def test_nothing_that_can_be_judged_has_a_page(tmp_path):
    losses = {"learned": [None] * 2, "absolute": [None] * 2}
    status = {f"{name}/{seed}": "complete" for name in losses for seed in (0, 1)}
    folder = judged(tmp_path, losses, status=status)
    assert "No cell has a loss at 128 tokens." in text(folder)


def test_a_judged_loss_that_is_not_there_and_has_no_reason_is_a_failure(tmp_path):
    folder = judged(tmp_path)
    cells = read_frames(folder).manifest.cells
    edit_manifest(folder, cells=[vars(each) | {"reason": None} for each in cells])
    (found,) = [e for e in read_frames(folder).manifest.cells if e.cell == "learned/0"]
    assert (found.status, found.reason) == ("failed", "it has no loss at 128 tokens")


def test_a_judged_loss_that_is_not_finite_is_a_divergence(tmp_path):
    losses = AT_128 | {"alibi": [3.15, float("inf"), 3.14]}
    verdict = judge(read_frames(judged(tmp_path, losses)))
    (claim,) = [each for each in verdict.claims if each.a == "alibi"]
    assert claim.verdict == "diverged"
    (caveat,) = [each for each in verdict.caveats if each.kind == "diverged"]
    assert "the loss at 128 tokens is not finite" in caveat.text


def test_the_spread_of_seeds_at_another_length_is_no_yardstick(tmp_path):
    six = {name: [*values, *(each + 0.004 for each in values)] for name, values in LOSSES.items()}
    results(tmp_path, six, name="others")
    one = {name: values[:1] for name, values in LOSSES.items()}
    here = results(tmp_path, one, name="here")
    there = results(tmp_path, one, name="there", evaluations=JUDGED)
    assert seed_spread(read_frames(here)) is not None
    assert seed_spread(read_frames(there)) is None


def test_the_profile_is_of_the_length_that_judges_with_a_border_where_training_ended(tmp_path):
    given = material(judged(tmp_path))
    drawing = profile_section(given.frames, given.marks)
    assert drawing.subtitle.startswith("Final loss at 128 tokens by position")
    assert drawing.subtitle.endswith("Dashed: the trained length.")
    dashed = [each.x0 for each in drawing.figure.layout.shapes if each.line.dash == "dash"]
    assert dashed == [CONTEXT]


def test_names_with_commas_are_quoted_in_the_lines_of_a_terminal(tmp_path):
    folder = results(tmp_path, LOSSES, evaluations=ALL, labels={"alibi": "alibi, long"})
    lines = plain(material(folder), folder)
    assert (
        "At 64 tokens (twice the trained length): sinusoidal 3.200, “alibi, long” 3.210," in lines
    )


def test_a_narrow_figure_grows_by_the_room_of_its_longest_label(tmp_path):
    short = material(beyond(tmp_path)).by_length.drawing.figure.layout.meta["room"]
    labels = {"alibi": "attention+mamba+attention+attention"}
    wide = material(beyond(tmp_path / "wide", labels=labels)).by_length.drawing.figure.layout
    assert 0.3 < short < wide.meta["room"] < 1.3


def test_the_length_that_judges_has_the_verdicts_of_the_looks_and_the_others_their_seeds(tmp_path):
    dice = np.random.default_rng(2)
    base = 3.2 + 0.01 * dice.standard_normal(5)
    far = [*(base[:3] + 0.5 + 0.001 * dice.standard_normal(3))]
    near = base + 0.02 * dice.standard_normal(5)
    at = {"length 64": {"rotary": base + 0.1, "far": [each + 0.1 for each in far], "near": near}}
    losses = {"rotary": base, "far": [*far, None, None], "near": near}
    at["length 64"]["far"] += [None, None]
    looks = {"declared": [3, 5], "taken": [3, 5], "stopped": "exhausted", "asked": {"far": 3}}
    folder = results(tmp_path, losses, evaluations=ALL[:2], beyond=at, **looks)
    frames = read_frames(folder)
    claims = {each.a: each for each in judge(frames).claims}
    assert (claims["far"].decided_at, claims["near"].decided_at) == (3, None)
    whole, other = lengths(frames)
    for point, name in zip(whole.points[1:], ("far", "near"), strict=True):
        assert (point.interval.low, point.interval.high) == (claims[name].low, claims[name].high)
    assert [each.contrast.pairs for each in other.points[1:]] == [3, 5]
    assert whole.level == claims["far"].level
