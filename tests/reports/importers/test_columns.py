"""What columns are taken to mean, and what is told or asked where that is not plain."""

import re
from pathlib import Path

import polars as pl
import pytest

from reports.errors import UserError
from reports.importers.columns import meaning_of, pattern
from reports.importers.mapping import COLUMNS, Said
from reports.importers.raw import PLACE, RUN, Raw


def raw_of(columns, runs=("runs",)):
    rows = {RUN: list(runs), PLACE: [f"runs.csv:{n}" for n, _ in enumerate(runs)]}
    rows |= {name: ["1"] * len(runs) for name in columns}
    return Raw(Path("runs.csv"), "table", (), pl.DataFrame(rows))


def test_plain_names_need_no_guess():
    meaning = meaning_of(raw_of(["variant", "seed", "step", "loss", "tokens"]), Said())
    assert meaning.columns == {each: each for each in ("variant", "seed", "step", "loss", "tokens")}
    assert meaning.guesses == ()


@pytest.mark.parametrize(
    ("kind", "name"), [(k, n) for k in ("seed", "step", "loss", "variant") for n in COLUMNS[k][1:]]
)
def test_known_names_are_taken_and_told(kind, name):
    others = [each for each in ("variant", "seed", "step", "loss") if each != kind]
    meaning = meaning_of(raw_of([*others, name]), Said())
    assert meaning.columns[kind] == name
    assert any(name in guess for guess in meaning.guesses)


def test_of_several_names_the_likelier_is_taken_and_the_others_are_told():
    meaning = meaning_of(raw_of(["variant", "seed", "step", "train_loss", "train/loss"]), Said())
    assert meaning.columns["loss"] == "train_loss"
    assert "loss is the column train_loss, not train/loss" in meaning.guesses


def test_the_mapping_comes_first():
    said = Said(columns={"loss": "nll"})
    meaning = meaning_of(raw_of(["variant", "seed", "step", "loss", "nll"]), said)
    assert meaning.columns["loss"] == "nll"
    assert meaning.guesses == ()


def test_a_column_that_is_not_there_is_named_with_the_nearest():
    said = Said(columns={"loss": "train/los"}, path=Path("m.yaml"))
    with pytest.raises(UserError) as caught:
        meaning_of(raw_of(["variant", "seed", "step", "train/loss"]), said)
    message = str(caught.value)
    assert "m.yaml   columns.loss = train/los" in message
    assert "did you mean train/loss?" in message


def test_everything_that_is_missing_is_listed_at_once_with_the_nearest():
    with pytest.raises(UserError) as caught:
        meaning_of(raw_of(["varient", "stepp", "lss"]), Said())
    message = str(caught.value)
    assert len(caught.value.problems) == 3
    for kind, close in (("variant", "varient"), ("step", "stepp"), ("loss", "lss")):
        assert f"no column says which {kind}" in message
        assert f"did you mean {close}?" in message
    assert "--mapping FILE.yaml" in message


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["rotary-0", "none-12"], ("none", "12")),
        (["rotary_seed0", "no_pos_seed1"], ("no_pos", "1")),
        (["a/b/seed-3", "c/seed-4"], ("a/b", "3")),
        (["rotary.s1"], ("rotary", "1")),
    ],
)
def test_names_of_runs_say_variant_and_seed(names, found):
    meaning = meaning_of(raw_of(["step", "loss"], names), Said())
    matches = [re.fullmatch(meaning.run, each, re.IGNORECASE) for each in names]
    assert found in [(each["variant"], each["seed"]) for each in matches]
    assert any("the names of runs are" in each for each in meaning.guesses)


def test_one_name_that_does_not_fit_is_no_pattern():
    with pytest.raises(UserError, match="no column says which variant"):
        meaning_of(raw_of(["step", "loss"], ["rotary-0", "final"]), Said())


def test_the_one_setting_that_differs_is_the_variant():
    raw = raw_of(["step", "loss", "config.seed"], ["x", "y"])
    texts = {"config.positions": ["rotary", "none"], "config.norm": ["rms", "rms"]}
    raw = Raw(
        raw.path, "wandb", (), raw.rows.with_columns(**{k: pl.Series(v) for k, v in texts.items()})
    )
    meaning = meaning_of(raw, Said())
    assert meaning.columns["variant"] == "config.positions"
    assert meaning.columns["seed"] == "config.seed"
    assert "the variant is config.positions" in meaning.guesses


def test_a_pattern_takes_dots_as_they_are():
    assert re.fullmatch(pattern("{variant}.s{seed}"), "a.b.s3")["variant"] == "a.b"
    assert re.fullmatch(pattern("{variant}.s{seed}"), "axs3") is None
    assert re.fullmatch(pattern("*/{variant}_{seed}"), "logs/x/a_3")["seed"] == "3"
