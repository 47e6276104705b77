import hashlib
import subprocess

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


def test_code_outside_a_repository_has_its_digest_alone(folder, monkeypatch):
    monkeypatch.chdir(folder)
    code = dict(facts(read_frames(folder)))["Code"]
    assert code == "digest of the code that the cells reach: c0de0123456789abcdef"


def test_files_that_git_does_not_track_are_no_changes_of_the_code(folder, tmp_path, monkeypatch):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ("git", *who, *arguments)
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    tracked = tmp_path / "code.py"
    tracked.write_text("one\n")
    git("init")
    git("add", "code.py")
    git("commit", "-m", "one")
    monkeypatch.chdir(tmp_path)
    assert ", clean tree," in dict(facts(read_frames(folder)))["Code"]
    tracked.write_text("two\n")
    assert ", with uncommitted changes," in dict(facts(read_frames(folder)))["Code"]


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
