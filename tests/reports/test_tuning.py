"""What is said of a tuning: the same budget for all, on seeds that judge nothing."""

from reports.frames import read_frames
from reports.marks import marks
from reports.tuning import section, statuses_text
from reports.verdict import judge
from tests.chosen import RATE, RATES, tried, tuned, tuning, usual_tuning
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.2, 3.21, 3.19], "none": [3.25, 3.27, 3.26]}


def frames_of(folder, block, **options):
    return read_frames(results(folder, LOSSES, blocks={"tuning": block}, **options))


def said(folder, block, **options):
    frames = frames_of(folder, block, **options)
    return section(frames.manifest, marks(frames))


def caveats_of(folder, block, **options):
    found = judge(frames_of(folder, block, **options)).caveats
    return [each.text for each in found if each.anchor == "tuning"]


def test_a_grid_that_tunes_nothing_has_no_section(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    assert section(frames.manifest, marks(frames)) is None


def test_the_budget_the_seeds_and_what_judges(tmp_path):
    assert said(tmp_path, usual_tuning("rotary", "none")).sentence == (
        "Every variant, the baseline included, had the same budget: 3 points of "
        "optimizer.learning_rate (all combinations), each trained on seeds 1000 and 1001. "
        "The verdicts are judged on seeds 0 to 2, which chose nothing."
    )


def test_a_sampler_is_named(tmp_path):
    block = usual_tuning("rotary", "none") | {"sampler": "tpe"}
    assert "3 points of optimizer.learning_rate (proposed for it by TPE)" in (
        said(tmp_path, block).sentence
    )


def test_a_tuning_that_goes_on_says_how_far_it_is(tmp_path):
    block = usual_tuning("rotary")
    first = tried(0.001, [3.3, None], "complete", "missing")
    block["variants"]["none"] = tuned(tried(0.003, [3.3, 3.4]), first)
    found = said(tmp_path, block)
    assert found.sentence.startswith(
        "The tuning is not finished: no positions has 1 of 3 points. Every variant, the baseline "
        "included, is given the same budget: 3 points"
    )
    assert [each.points for each in found.chosen] == ["3 of 3", "1 of 3"]
    assert found.chosen[1].values[0].text == "none chosen"
    assert found.chosen[1].mean == "–"


def test_a_variant_without_a_trial_is_open_as_well(tmp_path):
    found = said(tmp_path, usual_tuning("rotary"))
    assert "no positions has 0 of 3 points" in found.sentence


def test_every_variant_has_its_chosen_value_and_mean(tmp_path):
    block = usual_tuning("rotary", "none")
    block["variants"]["none"]["at_edge"] = [RATE]
    found = said(tmp_path, block)
    assert [(each.label, each.values[0].text, each.mean) for each in found.chosen] == [
        ("rotary", "0.003", "3.2200"),
        ("no positions", "0.003", "3.2250"),
    ]
    assert [each.values[0].is_at_edge for each in found.chosen] == [False, True]
    assert [each.is_baseline for each in found.chosen] == [True, False]


def test_every_point_stands_with_its_cells_and_the_chosen_one_is_marked(tmp_path):
    points = said(tmp_path, usual_tuning("rotary", "none")).points
    own = [each for each in points if each.label == "no positions"]
    assert [(each.values, each.mean, each.losses, each.cells) for each in own] == [
        (("0.001",), "3.3250", "3.3200, 3.3300", "2 done"),
        (("0.003",), "3.2250", "3.2200, 3.2300", "2 done"),
        (("0.01",), "–", "3.4000, –", "1 done, 1 diverged"),
    ]
    assert [each.is_chosen for each in own] == [False, True, False]


def test_many_points_are_folded(tmp_path):
    few = said(tmp_path / "few", usual_tuning("rotary", "none"))
    rows = [tried(0.001 * (1 + place), [3.3, 3.4]) for place in range(13)]
    many = said(tmp_path / "many", tuning({name: tuned(*rows) for name in LOSSES}))
    assert (few.is_folded, many.is_folded) == (False, True)


def test_statuses_are_counted():
    assert statuses_text(("complete", "failed", "complete")) == "2 done, 1 failed"


def test_what_was_not_tuned_is_what_all_variants_have_alike(tmp_path):
    folder = results(tmp_path, LOSSES, blocks={"tuning": usual_tuning("rotary", "none")})
    own = {
        "optimizer.adamw.learning_rate": 0.003,
        "optimizer.adamw.weight_decay": 0.1,
        "schedule": "cosine",
        "training.engine": "eager",
        "training.clip": 1.0,
        "model.width": 64,
    }
    read = read_frames(folder).manifest
    variants = [
        {**vars(each), "settings": own | {"schedule": schedule}}
        for each, schedule in zip(read.variants, ("cosine", "linear"), strict=True)
    ]
    edit_manifest(folder, variants=variants)
    frames = read_frames(folder)
    assert section(frames.manifest, marks(frames)).fixed.rows == (
        ("optimizer.adamw.weight_decay", "0.1"),
        ("training.clip", "1"),
    )


def test_the_scope_says_what_was_tuned_for_all_alike(tmp_path):
    found = judge(frames_of(tmp_path, usual_tuning("rotary", "none")))
    assert found.scope.endswith(
        "this data and these hyperparameters, of which optimizer.learning_rate was tuned for every "
        "variant with the same budget (3 points on seeds 1000 and 1001) and the others for none."
    )


def test_the_scope_of_other_grids_is_as_it_was(tmp_path):
    found = judge(read_frames(results(tmp_path, LOSSES)))
    assert found.scope.endswith("these hyperparameters, which were tuned for no variant.")


def test_a_value_at_the_edge_is_a_caveat_that_names_variants_and_values(tmp_path):
    block = usual_tuning("rotary", "none")
    for name in LOSSES:
        block["variants"][name]["at_edge"] = [RATE]
    (text,) = caveats_of(tmp_path, block)
    assert text == (
        "The chosen optimizer.learning_rate lies at the edge of what was tried for rotary (0.003) "
        "and no positions (0.003); a better one may lie beyond it."
    )


def test_seeds_that_chose_and_judge_are_a_caveat_and_not_called_fresh(tmp_path):
    block = usual_tuning("rotary", "none") | {"seeds": [2, 3]}
    assert caveats_of(tmp_path, block) == [
        "The tuning used seed 2, which judges as well; that flatters what was chosen."
    ]
    assert "which chose nothing" not in said(tmp_path, block).sentence


def test_a_variant_for_which_every_point_went_wrong_is_a_caveat(tmp_path):
    block = usual_tuning("rotary")
    wrong = [tried(rate, [None, 3.3], "diverged", "complete") for rate in RATES]
    block["variants"]["none"] = tuned(*wrong)
    (text,) = caveats_of(tmp_path, block)
    assert text == (
        "Nothing could be chosen for no positions: every point that was tried has a cell that "
        "diverged or failed."
    )
