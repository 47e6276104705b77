"""What a mapping may say, and what it is told where it says something else."""

import pytest
import yaml

from reports.errors import UserError
from reports.importers.mapping import Said, as_yaml, read_mapping

TEXT = """\
question: Does it need positions?
baseline: rotary
paired: true
margin: 0.01
looks: [3, 5]
run: "{variant}-s{seed}"
variants: [rotary, none]
vocabulary: 257
tokens_per_step: 128
columns: {seed: rng, loss: train/loss}
"""


def read(tmp_path, text):
    path = tmp_path / "m.yaml"
    path.write_text(text)
    return read_mapping(path)


def test_everything_that_is_said_is_read(tmp_path):
    said = read(tmp_path, TEXT)
    assert (said.question, said.baseline, said.paired) == (
        "Does it need positions?",
        "rotary",
        True,
    )
    assert (said.margin, said.looks, said.run) == (0.01, (3, 5), "{variant}-s{seed}")
    assert said.variants == ("rotary", "none")
    assert (said.vocabulary, said.tokens_per_step) == (257, 128)
    assert said.columns == {"seed": "rng", "loss": "train/loss"}
    assert said.text == TEXT


@pytest.mark.parametrize("text", ["", "# nothing\n", "paired:\n"])
def test_what_is_not_said_is_none(tmp_path, text):
    assert read(tmp_path, text).paired is None
    assert read_mapping(None) == Said()


def test_it_is_written_as_it_can_be_given_again(tmp_path):
    said = read(tmp_path, TEXT)
    again = read(tmp_path, as_yaml(said, baseline="none"))
    assert again.baseline == "none"
    assert (again.columns, again.looks, again.variants) == (said.columns, said.looks, said.variants)
    assert "text" not in yaml.safe_load(as_yaml(said))


BAD = {
    "key": ("basline: rotary", "basline", "did you mean baseline?"),
    "column": ("columns: {sed: rng}", "columns.sed", "did you mean seed?"),
    "paired": ("paired: 1", "paired = 1", "expected: true or false"),
    "margin": ("margin: 0", "margin = 0", "expected: a number above 0"),
    "infinite": ("margin: .inf", "margin = inf", "expected: a number above 0"),
    "truth": ("margin: true", "margin = True", "expected: a number above 0"),
    "looks": ("looks: [5, 3]", "looks = [5, 3]", "ascending order"),
    "look": ("looks: 5", "looks = 5", "ascending order"),
    "run": ("run: abc", "run = abc", "a pattern such as"),
    "variants": ("variants: [a, a]", "variants", "a list of different names"),
    "vocabulary": ("vocabulary: 2.5", "vocabulary = 2.5", "a whole number above 0"),
    "question": ("question: [a]", "question", "expected: a text"),
    "list": ("- a", "the mapping has no keys", "keys: question"),
    "columns": ("columns: seed", "columns = seed", "known: variant"),
    "yaml": ("a: 1\nb: ]", "the mapping cannot be read", "m.yaml:2"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_has_no_meaning_is_named_with_what_was_expected(tmp_path, case):
    text, key, hint = BAD[case]
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert key in str(caught.value)
    assert hint in str(caught.value)


def test_all_errors_come_at_once(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path, "basline: a\npaired: 1\ncolumns: {sed: x}")
    assert len(caught.value.problems) == 3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        read_mapping(tmp_path / "none.yaml")
