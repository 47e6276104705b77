"""The section about a search: words, tables, and which figures there are."""

import numpy as np
import pytest

from reports.choices import read_search
from reports.frames import read_frames
from reports.searches import expected_best
from reports.searchtables import MOST_ROWS, slice_table, trials_table
from reports.searchviews import as_json, section
from tests.chosen import HIDDEN, RATE, search
from tests.results import results

LOSSES = {"baseline": [3.30, 3.31, 3.29], "best": [3.22, 3.233, 3.208]}
ENDED = {3: "pruned", 7: "diverged", 11: "pruned", 12: "failed", 20: "pruned"}


def manifest(folder, block, losses=None):
    written = results(folder, losses or LOSSES, name="lr", blocks={"search": block})
    return read_frames(written).manifest


def said(folder, block, losses=None):
    return section(manifest(folder, block, losses))


def read(block):
    return read_search(block, "manifest.json")


def test_a_grid_that_searches_nothing_has_no_section(tmp_path):
    assert section(manifest(tmp_path, None)) is None
    assert as_json(None) is None


def test_what_was_proposed_and_what_became_of_it(tmp_path):
    assert said(tmp_path, search(40, statuses=ENDED)).sentence == (
        "TPE proposed 40 configurations of optimizer.learning_rate, model.layers and "
        "mlp.activation, each trained on seed 1000: 35 completed, 3 ended early by hyperband, "
        "1 diverged and 1 failed."
    )


def test_a_search_that_goes_on_says_of_how_many(tmp_path):
    block = search(5, budget=12)
    block["trials"][4] |= {"status": "asked", "values": None}
    found = said(tmp_path, block, {"baseline": [3.3, 3.31]})
    assert "TPE proposed 5 configurations of" in found.sentence
    assert "mlp.activation, of 12, each" in found.sentence
    assert found.sentence.endswith(": 4 completed and 1 not ended yet.")
    assert found.luck == ""
    assert found.importance.problem == "Not estimated below 20 completed trials: there are 4."


def test_before_the_rerun_the_command_stands_there(tmp_path):
    found = said(tmp_path, search(12), {"baseline": [3.3, 3.31], "best": [None, None]})
    assert found.command == "python -m ablations.run grid=lr"
    assert found.luck.endswith(
        "As the lowest of 12 it is chosen by its luck as well: only a re-run with fresh seeds can "
        "judge it."
    )


def test_after_the_rerun_it_is_what_judges(tmp_path):
    block = search(12)
    best = block["trials"][block["best"]]
    found = said(tmp_path, block)
    assert found.command == ""
    assert found.luck.startswith(
        f"Trial {best['number']} has the lowest loss: {best['values'][0]:.4f} nats with "
        f"optimizer.learning_rate = {best['settings'][RATE]:g}, "
    )
    assert found.luck.endswith("what judges it is its re-run on seeds 0 to 2.")


def test_a_front_of_several_objectives_is_named_and_has_a_column(tmp_path):
    block = search(3) | {"objectives": ["loss", "seconds"], "front": [0, 2]}
    for each in block["trials"]:
        each["values"] = [*each["values"], 61.0 + each["number"]]
    found = said(tmp_path, block)
    assert "No trial beats any of 0 and 2 in loss and seconds at once." in found.luck
    assert found.history.table.columns[3] == "seconds"
    assert found.history.table.rows[0][3] == "1.0\u202fmin"


def test_the_subtitle_tells_the_hollow_dots_the_crosses_and_what_is_outside(tmp_path):
    block = search(40, statuses=ENDED)
    block["trials"][3]["reported"] = [[20, 9.0]]
    assert said(tmp_path, block).history.subtitle == (
        "Dots: the final validation loss of each trial, mean over its seeds. Line: the lowest so "
        "far; diamond: the best. Hollow: pruned, at the last training loss that the pruner was "
        "told, 1 above the frame. Crosses at the top: diverged or failed."
    )


def test_without_a_completed_trial_nothing_is_drawn_but_the_table_stands(tmp_path):
    block = search(3, statuses=dict.fromkeys(range(3), "diverged"))
    found = said(tmp_path, block, {"baseline": [3.3, 3.31]})
    assert found.history.problem == "No trial was completed yet."
    assert len(found.history.table.rows) == 3
    assert found.slices == ()
    assert found.parallel is None
    assert found.tenth.rows == ()
    assert found.expected.problem == "Needs two completed trials."


def test_importance_names_its_method_and_its_spread(tmp_path):
    found = said(tmp_path, search(40)).importance
    assert found.subtitle.startswith(
        "fANOVA on 40 completed trials: the share of the variance of the loss that a setting alone "
        "explains. Bars: mean of 10 random forests; whiskers: lowest and highest."
    )
    assert found.table.rows[0] == (RATE, "0.700", "0.650", "0.750")


def test_the_other_method_is_not_read_as_variance_and_has_no_spread(tmp_path):
    found = said(tmp_path, search(40, importance="PED-ANOVA")).importance
    assert found.subtitle.startswith(
        "PED-ANOVA on 40 completed trials: how far the values of the best 12\u202f% of trials "
        "differ"
    )
    assert "forests" not in found.subtitle
    assert "variance" not in found.subtitle + found.label


def test_one_setting_has_no_importance(tmp_path):
    block = search(30, importance=None) | {"keys": [RATE]}
    assert said(tmp_path, block).importance.problem.startswith("One setting was searched")


def test_the_best_of_k_is_that_of_the_completed_trials(tmp_path):
    block = search(40, statuses=ENDED)
    losses = np.array([each["values"][0] for each in block["trials"] if each["values"]])
    found = as_json(read(block))["expected_best"]
    assert len(found) == 35
    assert found[4] == expected_best(losses, 5)
    assert found[0] == pytest.approx(losses.mean())
    assert found[-1] == pytest.approx(losses.min())
    drawn = said(tmp_path, block).expected
    assert "Dotted beyond 17, half of them" in drawn.subtitle
    assert drawn.table.rows[0] == ("1", f"{losses.mean():.4f}")


def test_every_trial_stands_in_the_table_and_a_pruned_loss_in_brackets():
    block = search(40, statuses=ENDED)
    table = trials_table(read(block), read(block).trials)
    assert table.columns == ("trial", "status", "loss", *block["keys"], "remark")
    assert len(table.rows) == 40
    last = block["trials"][3]["reported"][-1][1]
    assert table.rows[3][1:3] == ("pruned", f"({last:.4f})")
    assert table.rows[3][-1] == "pruned at step 40 of 300"
    assert (table.rows[7][2], table.rows[7][-1]) == ("–", "loss is <NaN>")
    assert table.rows[block["best"]][-1] == "the best"


def test_seeds_are_named_where_the_pruner_compares_seeds():
    block = search(5, statuses={3: "pruned"}) | {"pruner": "wilcoxon"}
    block["trials"][3] |= {"at": 4, "steps": None}
    assert trials_table(read(block), read(block).trials).rows[3][-1] == "pruned after 4 seeds"


def test_a_slice_lists_the_lowest_loss_first_and_unknown_losses_last():
    block = search(40, statuses=ENDED)
    rows = slice_table(read(block), HIDDEN, read(block).trials).rows
    known = [float(row[1].strip("()")) for row in rows if row[1] != "–"]
    assert known == sorted(known)
    assert [row[2] for row in rows[-2:]] == ["diverged", "failed"]


def test_a_slice_of_very_many_trials_leaves_its_numbers_to_the_table_of_all():
    block = search(MOST_ROWS + 1)
    assert slice_table(read(block), HIDDEN, read(block).trials).rows == ()


def test_the_tenth_of_the_lowest_losses_stands_beside_the_lines(tmp_path):
    block = search(40, statuses=ENDED)
    found = said(tmp_path, block).tenth
    losses = sorted(each["values"][0] for each in block["trials"] if each["values"])
    assert [row[1] for row in found.rows] == [f"{each:.4f}" for each in losses[:4]]


def test_every_figure_has_its_place_in_the_page(tmp_path):
    found = said(tmp_path, search(40)).drawings
    slices = [f"search-slice-{place}" for place in range(3)]
    assert [*found] == ["search-history", "search-importance", "search-expected", *slices]
    assert [found[each].title for each in slices] == [RATE, "model.layers", HIDDEN]
