"""What the views of a grid tell, and when there is nothing to tell."""

import json

import numpy as np
import polars as pl
import pytest

from reports.document import document
from reports.frames import read_frames
from reports.material import Material
from reports.misleading import as_json, misleading
from reports.observed import observe, pair_up
from reports.told import tell
from reports.verdict import judge
from tests.browser import BUILT
from tests.pictures import views
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
    "linspace": [3.250, 3.242, 3.248, 3.247],
}
NOISE = {"none": 0.06}


def found(folder, noises=None):
    frames = read_frames(folder)
    return misleading(frames, judge(frames), noises or {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return results(tmp_path_factory.mktemp("views"), LOSSES, steps=200, noise=NOISE)


@pytest.fixture(scope="module")
def counted(folder):
    return found(folder)


def test_every_view_of_every_seed_is_counted(counted):
    assert [(each.claim.a, each.claim.b) for each in counted.contrasts] == [
        ("none", "rotary"),
        ("linspace", "rotary"),
    ]
    assert [(each.views, each.seeds) for each in counted.contrasts] == [
        (4 * 1620, (0, 1, 2, 3))
    ] * 2


def test_shares_are_those_of_loops_over_the_parquet(folder, counted):
    steps = pl.read_parquet(folder / "steps.parquet")
    cells = {
        name: part.select("tokens", "loss").cast(pl.Float64)
        for (name,), part in steps.partition_by("cell", as_dict=True).items()
    }
    shares = []
    for seed in range(4):
        a, b = cells[f"none/{seed}"], cells[f"rotary/{seed}"]
        shares += views(*(each.to_list() for each in (b["tokens"], a["loss"], b["loss"])))
    told = counted.contrasts[0].told
    assert counted.contrasts[0].claim.verdict == "worse"
    assert told == tell(np.array(shares), "worse")
    assert told.opposite == told.lower > 0.02
    assert told.opposite + told.equal + told.agreeing == pytest.approx(1)


def test_the_values_of_each_factor_average_to_the_whole(counted):
    for each in counted.contrasts:
        for values in each.by_factor.values():
            lower = np.mean([told.lower for told in values.values()])
            assert lower == pytest.approx(each.told.lower)
    assert [len(values) for values in each.by_factor.values()] == [9, 3, 5, 3, 2, 2]


def test_stretches_contradict_the_verdict_in_the_curves(folder, counted):
    steps = pl.read_parquet(folder / "steps.parquet")
    none = counted.contrasts[0]
    assert none.shortest.share <= none.longest.share
    for stretch in (none.shortest, none.longest):
        means = [
            steps.filter(
                (pl.col("cell") == f"{variant}/{stretch.seed}")
                & (pl.col("tokens") > stretch.start)
                & (pl.col("tokens") <= stretch.end)
            )["loss"].cast(pl.Float64).mean()
            for variant in ("none", "rotary")
        ]  # fmt: skip
        assert means[0] - means[1] == pytest.approx(stretch.mean, abs=1e-9)
        assert stretch.mean < 0
        assert stretch.share == pytest.approx((stretch.end - stretch.start) / (200 * 128))
        assert stretch.start >= 0.1 * 200 * 128


def with_batches(folder, factors):
    """Let the tokens of the steps grow by other amounts, the same in every cell."""
    path = folder / "steps.parquet"
    frame = pl.read_parquet(path)
    tokens = np.cumsum(128 * np.asarray(factors))
    grown = pl.Series("tokens", tokens[frame["step"].to_numpy() - 1], pl.Int64)
    frame.with_columns(grown).write_parquet(path)
    return tokens.astype(float)


def test_windows_follow_tokens_where_batches_grow(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, noise=NOISE)
    before = found(folder)
    tokens = with_batches(folder, np.r_[np.ones(100), np.full(100, 8)].astype(int))
    after = found(folder)
    assert before.contrasts[0].told != after.contrasts[0].told
    frames = read_frames(folder)
    claims = judge(frames).claims
    pair = pair_up(frames, claims)[0][0]
    expected = views(list(tokens), list(pair.a), list(pair.b))
    seen = observe(claims, pair_up(frames, claims))[0].gaps.shares[0].ravel()
    np.testing.assert_allclose(seen, expected, atol=1e-9)
    # Pictures are drawn over steps, as the page draws them, whatever a step has seen.
    assert after.pictures == before.pictures is not None
    assert after.contrasts[0].worst == before.contrasts[0].worst


def test_a_stretch_weighs_each_step_by_its_tokens(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, noise=NOISE)
    tokens = with_batches(folder, np.tile([1, 9], 100))
    longest = found(folder).contrasts[0].longest
    frames = read_frames(folder)
    (pair,) = (
        each for each in pair_up(frames, judge(frames).claims)[0] if each.seed == longest.seed
    )
    inside = (tokens > longest.start) & (tokens <= longest.end)
    weights = np.diff(tokens, prepend=0.0)
    mean = np.average((pair.a - pair.b)[inside], weights=weights[inside])
    assert longest.mean == pytest.approx(mean)
    assert longest.share == pytest.approx(weights[inside].sum() / tokens[-1])


def test_the_first_tenth_of_the_tokens_is_in_no_stretch(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, noise=NOISE)
    path = folder / "steps.parquet"
    early = (pl.col("step") <= 20) & pl.col("cell").str.starts_with("none/")
    lower = pl.when(early).then(pl.col("loss") - 0.45).otherwise("loss").alias("loss")
    before = found(folder).contrasts[0].longest
    pl.read_parquet(path).with_columns(lower).write_parquet(path)
    assert found(folder).contrasts[0].longest == before


def test_runs_of_unequal_length_are_compared_as_far_as_both_went(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, steps_of={"none": 150}, hold="flops")
    frames = read_frames(folder)
    lengths = [len(pairs[0].steps) for pairs in pair_up(frames, judge(frames).claims)]
    assert lengths == [150, 200]


STATES = {
    "one seed": ({"rotary": [3.2], "none": [3.25]}, {}, "Needs a second seed"),
    "one variant": ({"rotary": [3.2, 3.21]}, {}, "The grid has one variant"),
    "nothing in common": (
        {"rotary": [3.2, 3.21], "none": [None, None]},
        {"none/0": "diverged", "none/1": "diverged"},
        "No two variants have two finished seeds in common",
    ),
    "too short": ({"rotary": [3.2, 3.21], "none": [3.25, 3.27]}, {"steps": 99}, "at least 100"),
}


@pytest.mark.parametrize("state", STATES)
def test_where_nothing_is_counted_it_says_why(tmp_path, state):
    losses, changed, why = STATES[state]
    steps = changed.get("steps", 120)
    status = {name: word for name, word in changed.items() if "/" in name}
    none = found(results(tmp_path, losses, steps=steps, status=status))
    assert why in none.problem
    assert as_json(none) is None


def test_a_verdict_about_another_length_is_contradicted_by_no_curve(tmp_path):
    at = (("length 128", 128), ("validation", None))
    folder = results(tmp_path, LOSSES, steps=120, evaluations=at)
    assert "about the loss at 128 tokens" in found(folder).problem


def test_an_unresolved_contrast_has_no_story_to_contradict(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.2], "none": [3.19, 3.23, 3.205]}
    views_ = found(results(tmp_path, losses, steps=200, noise={"none": 0.05})).contrasts[0]
    assert views_.claim.verdict == "unresolved"
    assert (views_.told.opposite, views_.told.visible, views_.longest, views_.worst) == (None,) * 4
    assert views_.told.lower > 0.02 < views_.told.higher


def test_an_equivalent_contrast_is_contradicted_by_a_visible_gap(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.2], "none": [3.2002, 3.2103, 3.1999]}
    views_ = found(results(tmp_path, losses, steps=200, noise={"none": 0.03})).contrasts[0]
    assert views_.claim.verdict == "equivalent"
    assert 0.02 < views_.told.visible == views_.told.contradicting < 1
    assert views_.worst is not None


def test_of_a_diverged_variant_the_finished_seeds_are_drawn(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, status={"linspace/2": "diverged"})
    views_ = found(folder).contrasts[1]
    assert views_.claim.verdict == "diverged"
    assert views_.seeds == (0, 1, 3)
    assert views_.told.contradicting is None


def test_the_json_is_plain_and_complete(folder):
    frames = read_frames(folder)
    said = document(Material(frames, judge(frames), BUILT))["mislead"]
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    first = said["contrasts"][0]
    assert {*first} >= {
        *("a", "b", "verdict", "views", "opposite", "equal", "agreeing", "lower", "higher"),
    }
    assert set(said) == {"contrasts", "triple", "good", "bad", "place"}
    assert {*said["bad"]} >= {"seed", "smoothing", "points", "left", "right", "y_range"}
