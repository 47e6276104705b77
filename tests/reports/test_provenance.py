import hashlib

import pytest

from reports.frames import read_frames
from reports.provenance import (
    differences_table,
    facts,
    files,
    licences_table,
    settings_table,
    written,
)
from reports.verdict import judge
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.201, 3.198], "none": [3.255, 3.26]}


@pytest.fixture
def folder(tmp_path):
    return results(tmp_path, LOSSES, hardware={"none/1": "another machine"})


def test_every_file_has_its_size_and_digest(folder):
    for file in files(folder):
        content = (folder / file.name).read_bytes()
        assert file.bytes == len(content)
        assert file.digest == hashlib.blake2b(content, digest_size=10).hexdigest()


def test_differences_name_key_old_and_new_value(folder):
    rows = differences_table(read_frames(folder).manifest).rows
    assert rows == (("rotary", "the baseline"), ("no positions", "positions: rotary → none"))


def test_settings_are_those_of_the_baseline_in_order(folder):
    assert settings_table(read_frames(folder).manifest).rows == (
        ("model.width", "64"),
        ("positions", "rotary"),
        ("training.steps", "60"),
    )


def test_licences_of_the_text_are_listed(folder):
    assert licences_table(read_frames(folder).manifest).rows == (("nothing", "1", "CC0-1.0"),)


def test_different_machines_are_named(folder):
    hardware = dict(facts(read_frames(folder)))["Hardware"]
    assert hardware == "differs: Synthetic CPU, AVX2; another machine"


def test_data_without_facts_is_not_said_rather_than_a_crash(folder):
    edit_manifest(folder, data={"vocabulary": 257})
    found = dict(facts(read_frames(folder)))
    assert found["Data"] == found["Licence"] == found["Split"] == "not said"


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (
            {"duplicates": 3, "shared_paragraphs": 1175, "blank": 2},
            "documents left out: 3 that repeat another one, 1,175 to train on that share a passage",
        ),
        ({"duplicates": 0, "shared_paragraphs": 2, "blank": 0}, "left out: 2 to train on that"),
        ({"duplicates": 0, "shared_paragraphs": 0, "blank": 0}, "2 documents"),
    ],
)
def test_each_reason_to_leave_documents_out_is_told_with_its_own_count(folder, left_out, said):
    validation = {"tokens": 9, "documents": 2, "bytes": 9}
    edit_manifest(folder, data={"vocabulary": 257, "validation": validation, "left_out": left_out})
    split = dict(facts(read_frames(folder)))["Split"]
    assert split.startswith("validation 9 tokens in 2 documents")
    assert said in split
    assert ("left out" in split) == any(left_out.values())
    assert " 0 " not in split


def test_code_of_no_repository_has_its_digest_alone(folder):
    code = dict(facts(read_frames(folder)))["Code"]
    assert code == "digest of the code that the cells reach: c0de0123456789abcdef"


@pytest.mark.parametrize(
    ("changes", "said"),
    [(None, "its code unchanged"), ("d1ff" * 5, f"and changes with the digest {'d1ff' * 5}")],
)
def test_code_of_a_repository_has_its_commit_and_what_was_changed(folder, changes, said):
    edit_manifest(folder, source_tree={"commit": "abcdef0123456789", "changes": changes})
    code = dict(facts(read_frames(folder)))["Code"]
    assert code.startswith(f"commit abcdef0123, {said}, when the results were gathered; digest of")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "true"),
        (0.1, "0.1"),
        (3e-4, "0.0003"),
        (["xl", {"edge": 0.1}], "[xl, {edge: 0.1}]"),
    ],
)
def test_values_are_written_as_a_grid_has_them(value, text):
    assert written(value) == text


NOISY = {
    "rotary": [3.20, 3.21, 3.19, 3.205, 3.195],
    "none": [3.24, 3.27, 3.25, 3.26, 3.23],
    "x": [3.21, 3.22, 3.18, 3.2, 3.21],
}
MANY = {f"v{place}": [3.2 + place / 1000, 3.21, 3.19 + place / 700] for place in range(18)}
CLAIM = {"none": {"between": ["rotary", "x"]}, "source": "a diary"}


@pytest.mark.parametrize(
    ("losses", "options", "said"),
    [
        (NOISY, {}, "floored paired t, 95"),
        (NOISY, {"interval": "paired"}, "paired t, Bonferroni, 95"),
        (NOISY, {"compare": "all"}, "paired t, Bonferroni, 95"),
        (MANY, {}, "paired t, Bonferroni, 95"),
        (NOISY, {"looks": [[0, 1], [0, 1, 2, 3, 4]]}, "always-valid paired t, 95"),
        (
            NOISY,
            {"claim": CLAIM},
            "floored paired t (2 of 3) and paired t, Bonferroni (1 of 3), 95",
        ),
        ({"rotary": [3.2], "none": [3.3]}, {}, "none, since no contrast has one; margin: 0.01"),
    ],
)
def test_intervals_are_named_as_the_claims_have_them(tmp_path, losses, options, said):
    frames = read_frames(results(tmp_path, losses, **options))
    assert dict(facts(frames))["Intervals"].startswith(said)
    names = {"floored": "floored", "paired": "Bonferroni", "always-valid": "always-valid"}
    for claim in judge(frames).claims:
        assert claim.low is None or names[claim.interval] in said
