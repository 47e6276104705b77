"""What a page says about runs that were not trained here."""

import pytest

from reports.frames import read_frames
from reports.importedwords import caveats, facts, scope
from reports.numbers import THIN
from reports.verdict import judge
from tests.reports.test_unpaired import SOURCE, unpaired
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.24]}


def said(tmp_path, **source):
    return {each.kind: each.text for each in caveats(unpaired(tmp_path, LOSSES, SOURCE | source))}


def test_nothing_is_said_of_our_own_runs(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    assert list(caveats(frames)) == []
    assert scope(frames) == ""


def test_what_is_always_said(tmp_path):
    found = said(tmp_path, paired=True)
    assert list(found) == ["imported"]
    assert "imported (a table, runs.csv)" in found["imported"]
    assert "was not checked here" in found["imported"]


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ({"pairing_said": True}, "unpaired", "Equal seeds do not share the order of the data"),
        ({"pairing_said": False}, "unpaired", "Nobody said that equal seeds share"),
        ({"looks_said": False}, "looks_unknown", "fixed before anybody looked"),
        ({"lacks": ["validation loss"]}, "training_loss", "the last 5"),
        ({"lacks": ["tokens"]}, "steps_for_tokens", "says tokens, it means steps"),
        ({"lacks": ["seconds", "FLOPs"]}, "lacks", "also lacks: seconds, FLOPs."),
        ({"guesses": ["a is b", "c is d"]}, "guessed", "no mapping says it: a is b; c is d."),
        (
            {"notes": ["Step 1 here is step 0 of the source"]},
            "import_note",
            "step 0 of the source.",
        ),
    ],
)
def test_what_is_missing_is_said(tmp_path, source, kind, words):
    assert words in said(tmp_path, **source)[kind]


def test_the_worst_comes_first(tmp_path):
    lacks = ["seconds", "tokens", "validation loss"]
    found = said(tmp_path, lacks=lacks, guesses=["x"], looks_said=False)
    assert list(found) == [
        "training_loss",
        "steps_for_tokens",
        "unpaired",
        "looks_unknown",
        "imported",
        "guessed",
        "lacks",
    ]


def test_without_tokens_other_budgets_are_seen_by_their_steps(tmp_path):
    source = SOURCE | {"lacks": ["tokens"]}
    frames = unpaired(tmp_path, LOSSES, source, steps_of={"none": 30}, labels={"none": "none"})
    texts = [each.text for each in caveats(frames) if each.kind == "budget"]
    assert texts == [f"Not a fair comparison: none took 50{THIN}% fewer steps."]


def test_the_scope_says_what_is_not_known(tmp_path):
    text = judge(unpaired(tmp_path, LOSSES)).scope
    assert text.startswith(f"At 7,680 tokens and 120.0{THIN}k parameters, as imported: which data")
    assert "tuned for no variant" not in text


def test_provenance_says_where_runs_come_from_and_how_steps_are_counted(tmp_path):
    source = SOURCE | {
        "files": 3,
        "digest": "abc",
        "every": 50,
        "first_step": 0,
        "lacks": ["FLOPs"],
    }
    manifest = unpaired(tmp_path, LOSSES, source).manifest
    found = dict(facts(manifest))
    assert found["Imported from"] == "a table, runs.csv; 3 files, BLAKE2b abc"
    assert found["Steps"] == "one here is 50 of the source, from its step 0"
    assert found["Held equal"] == "not checked"
    assert found["Not in the source"] == "FLOPs"
    assert (manifest.pairing, manifest.evidence) == ("unpaired", "unpaired runs of each")


def test_provenance_of_our_own_runs_is_another(tmp_path):
    manifest = read_frames(results(tmp_path, LOSSES)).manifest
    assert facts(manifest) == ()
    assert (manifest.pairing, manifest.evidence) == ("paired", "paired seeds")
