"""Documents that end before a length, and tasks that nobody has learned."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.frames import read_frames
from reports.reach import reached, share_beyond
from reports.verdict import judge
from tests.results import CONTEXT, PREDICTED, as_probe, edit_manifest, results

LOSSES = {"rotary": [2.80, 2.83, 2.81], "none": [2.82, 2.81, 2.83]}
EVALUATIONS = (("length 512", 512), ("validation", None), ("length 64", 64))


def written_as_probe(folder: Path, corpus: str = "recall", **shape) -> Path:
    """Results of a synthetic task whose documents have 32 tokens."""
    made = as_probe(results(folder, LOSSES, evaluations=EVALUATIONS, reach=30))
    data = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["data"]
    edit_manifest(made, data=data | {"corpus": corpus, "probe": shape})
    return made


def with_accuracy(folder: Path, accuracy: float, loss: float) -> Path:
    path = folder / "evaluations.parquet"
    columns = (pl.lit(accuracy).alias("accuracy"), pl.lit(loss).alias("loss"))
    pl.read_parquet(path).with_columns(columns).write_parquet(path)
    return folder


def caveats(folder: Path) -> dict[str, str]:
    return {each.kind: each.text for each in judge(read_frames(folder)).caveats}


def test_lengths_that_no_answer_reaches_are_told(tmp_path):
    assert caveats(written_as_probe(tmp_path))["unreached"] == (
        "No validation document asks for anything beyond token 30: at 64 and 512 tokens the losses "
        "say nothing about samples so long."
    )


def test_a_length_that_no_document_of_text_reaches_is_told(tmp_path):
    folder = results(tmp_path, LOSSES, evaluations=EVALUATIONS, reach=400)
    assert reached(read_frames(folder), "length 512") == 400
    assert reached(read_frames(folder), "length 64") == 64
    assert caveats(folder)["unreached"] == (
        "No validation document has more than 400 tokens: at 512 tokens the loss says nothing "
        "about samples so long."
    )


def test_lengths_that_documents_reach_have_no_caveat(tmp_path):
    assert "unreached" not in caveats(results(tmp_path, LOSSES, evaluations=EVALUATIONS))


def counted(sizes, length: int, trained: int) -> float:
    """The same share token by token."""
    places = [token % length for size in sizes for token in range(size)]
    return sum(place >= trained for place in places) / len(places)


@given(length=st.integers(CONTEXT + 1, 700))
def test_the_share_beyond_is_that_of_counting_tokens(tmp_path_factory, length):
    folder = tmp_path_factory.getbasetemp() / "shared"
    if not folder.exists():
        results(folder, LOSSES)
    frames = read_frames(folder / "results" / "positions")
    found = share_beyond(frames, "validation", length, CONTEXT)
    assert found == pytest.approx(counted(PREDICTED.tolist(), length, CONTEXT))
    assert share_beyond(frames, "validation", CONTEXT, CONTEXT) is None


def test_a_length_that_few_tokens_stand_beyond_is_told(tmp_path):
    at = (("length 40", 40), ("validation", None))
    found = caveats(results(tmp_path / "few", LOSSES, evaluations=at))
    assert found["mostly_trained"] == (
        "Of the tokens that judge at 40 tokens 20\u202f% stand beyond the trained length; the "
        "others are read as in training."
    )
    assert counted(PREDICTED.tolist(), 40, CONTEXT) == pytest.approx(0.20, abs=0.005)
    at = (("length 512", 512), ("validation", None))
    assert "mostly_trained" not in caveats(results(tmp_path / "most", LOSSES, evaluations=at))


@pytest.mark.parametrize(
    ("task", "found", "is_told"),
    [
        (("recall", {"probe_symbols": 32}), (0.0625, 2.78), True),
        (("recall", {"probe_symbols": 32}), (0.09, 2.82), True),  # sure of the wrong ones
        (("recall", {"probe_symbols": 32}), (0.07, 2.70), True),  # within the luck of a guess
        (("recall", {"probe_symbols": 32}), (0.12, 2.70), False),
        (("recall", {"probe_symbols": 32}), (0.40, 3.50), False),  # too sure of what it misses
        (("copy", {"probe_symbols": 16}), (0.0625, 2.78), True),
        (("parity", {}), (0.51, 0.70), True),
        (("parity", {}), (0.80, 0.40), False),
        (("recall", {"probe_items": 4}), (0.01, 9.0), False),  # nobody noted how many symbols
    ],
)
def test_a_task_that_no_cell_has_learned_is_told(tmp_path, task, found, is_told):
    corpus, shape = task
    folder = with_accuracy(written_as_probe(tmp_path, corpus, **shape), *found)
    assert ("unlearned" in caveats(folder)) == is_told


def test_what_is_not_learned_names_the_best_and_a_guess(tmp_path):
    folder = with_accuracy(written_as_probe(tmp_path, probe_symbols=32), 0.071, 2.82)
    assert caveats(folder)["unlearned"] == (
        "No variant has learned the task: at best 7.1\u202f% of the answers are right, and a guess "
        "among 16 is right in 6.2\u202f%. A difference between variants is not about the task."
    )


def test_text_is_no_task_to_learn(tmp_path):
    folder = with_accuracy(results(tmp_path, LOSSES), 0.001, 9.0)
    assert "unlearned" not in caveats(folder)


def test_the_scope_of_a_task_says_which_tokens_count(tmp_path):
    scope = judge(read_frames(written_as_probe(tmp_path))).scope
    assert scope.replace("\u202f", " ").startswith(
        "At 7,680 predicted tokens (of a synthetic task only the answers count; 7,680 are read), "
    )
