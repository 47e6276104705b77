"""Probes as prepared data: the files, who is disjoint from whom, what is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from components.errors import UserError
from pipelines.cell import Data
from pipelines.files import read_json
from pipelines.prepare import _digest_of_files, prepare, prepared, request
from pipelines.probes import TASKS, shape_of
from pipelines.synthetic import splits
from pipelines.tokens import document_bytes, read_split


def data(task="recall", **changed):
    small = Data(
        corpus=task,
        probe_length=24,
        probe_symbols=10,
        probe_documents=300,
        validation_tokens=1000,
    )
    return replace(small, **changed)


def rows(instances):
    return [row.tobytes() for row in instances.tokens]


def silent(_):
    """Nobody listens."""


@pytest.mark.parametrize("task", TASKS)
def test_documents_to_validate_on_are_never_trained_on(task):
    train, validation = splits(data(task))
    assert len(train.tokens) == 300
    assert len(validation.tokens) == 42  # 1000 tokens, whole documents
    assert not set(rows(train)) & set(rows(validation))
    assert len(set(rows(validation))) == 42


def test_a_task_with_few_instances_is_still_divided():
    few = data("parity", probe_length=9, probe_items=6, validation_tokens=90)
    train, validation = splits(few)
    assert not set(rows(train)) & set(rows(validation))


def test_more_documents_begin_with_the_same():
    more = splits(replace(data(), probe_documents=1500))[0]
    assert np.array_equal(more.tokens[:300], splits(data())[0].tokens)


@pytest.mark.parametrize(
    "changed", [{"probe_items": 4, "validation_tokens": 9000}, {"probe_items": 1}]
)
def test_a_task_with_too_few_instances_is_refused(changed):
    with pytest.raises(UserError, match="split would need more different instances than there are"):
        splits(replace(data("parity"), probe_length=8, **changed))


@pytest.mark.parametrize("task", TASKS)
def test_prepared_data_are_the_instances(task, tmp_path):
    made = prepare(data(task), tmp_path, silent)
    for name, instances in zip(("train", "validation"), splits(data(task)), strict=True):
        found = read_split(made.folder, name)
        assert np.array_equal(found.tokens, instances.tokens.flatten())
        assert np.array_equal(found.scored, instances.scored.flatten())
        assert np.array_equal(np.diff(found.starts), [24] * len(instances.tokens))
        facts = made.facts[name]
        assert facts["answers"] == instances.scored.sum()
        assert facts["tokens"] == instances.tokens.size
    assert made.vocabulary == shape_of(data(task)).vocabulary
    assert document_bytes(made.folder).tolist() == [0] * 42


def test_prepared_data_are_found_again(tmp_path):
    assert prepared(data(), tmp_path) is None
    made = prepare(data(), tmp_path, silent)
    assert prepared(data(), tmp_path) == made
    assert read_json(made.folder / "facts.json")["probe"]["probe_items"] == 4


def test_without_its_answers_prepared_data_are_not_complete(tmp_path):
    made = prepare(data(), tmp_path, silent)
    (made.folder / "train.scored").unlink()
    assert prepared(data(), tmp_path) is None
    assert prepare(data(), tmp_path, silent).digest == made.digest


def test_other_answers_are_other_data(tmp_path):
    folder = prepare(data(), tmp_path, silent).folder
    assert _digest_of_files(folder) == folder.name
    (folder / "train.scored").write_bytes(b"\0" * 7200)
    assert _digest_of_files(folder) != folder.name


@pytest.mark.parametrize("field", ["vocabulary", "text_field", "tokenizer", "path"])
def test_what_only_text_has_is_not_asked_of_a_task(field):
    other = {"vocabulary": 300, "text_field": "body", "tokenizer": "bpe", "path": "x"}[field]
    assert request(replace(data(), **{field: other})) == request(data())


@pytest.mark.parametrize("field", ["probe_length", "probe_items", "probe_symbols"])
def test_what_only_tasks_have_is_not_asked_of_text(field):
    assert request(replace(Data(), **{field: 50})) == request(Data())


@pytest.mark.parametrize(
    ("task", "field", "matters"),
    [
        ("recall", "probe_items", True),
        ("copy", "probe_items", False),
        ("parity", "probe_symbols", False),
        ("parity", "probe_items", True),
        ("induction", "probe_length", True),
        ("copy", "probe_documents", True),
        ("copy", "validation_tokens", True),
    ],
)
def test_only_what_changes_a_task_is_asked_for(task, field, matters):
    changed = replace(data(task), **{field: 30})
    assert (request(changed) != request(data(task))) == matters
