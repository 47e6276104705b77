import numpy as np
import pytest
import torch

from pipelines import checkpoint
from pipelines.train import new_model, new_trainee, steps
from tests.training import VOCABULARY, cell, documents

CPU = torch.device("cpu")


def trainee(own):
    return new_trainee(own, VOCABULARY, documents([30, 50, 40]), CPU)


def test_a_training_goes_on_as_if_nothing_had_happened(tmp_path):
    own = cell(memory="xl", schedule="cosine")
    whole, first, second = trainee(own), trainee(own), trainee(own)
    list(steps(whole, own))
    for step in steps(first, own):
        if step.number == 3:
            checkpoint.save(tmp_path / "checkpoint.pt", first, 3, {})
            break
    saved = checkpoint.load(tmp_path / "checkpoint.pt", CPU)
    checkpoint.restore(second, saved)
    list(steps(second, own, saved.step))
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name])


def test_notes_come_back(tmp_path):
    path, notes = tmp_path / "checkpoint.pt", {"rows": {"a": [{"loss": 1.5, "profile": [None]}]}}
    checkpoint.save(path, trainee(cell()), 2, notes)
    saved = checkpoint.load(path, CPU)
    assert (saved.step, saved.notes) == (2, notes)


def test_a_missing_checkpoint_is_none(tmp_path):
    assert checkpoint.load(tmp_path / "checkpoint.pt", CPU) is None


@pytest.mark.parametrize("kept", [0, 10, 3000])
def test_a_torn_checkpoint_counts_as_missing(tmp_path, kept):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, trainee(cell()), 2, {})
    path.write_bytes(path.read_bytes()[:kept])
    assert checkpoint.load(path, CPU) is None


def test_a_checkpoint_that_would_run_code_is_not_read(tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, trainee(cell()), 2, {"array": np.zeros(2)})
    assert checkpoint.load(path, CPU) is None


@pytest.mark.parametrize("tied", [False, True])
def test_weights_come_back_to_the_last_bit(tmp_path, tied):
    own = cell(model={"tied": tied})
    model, again = new_model(own, VOCABULARY), new_model(cell(seed=9, model={"tied": tied}), 16)
    checkpoint.save_weights(tmp_path / "model.safetensors", model)
    assert checkpoint.load_weights(tmp_path / "model.safetensors", again)
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert (again.head.weight is again.embedding.weight) is tied


def test_weights_that_are_too_large_are_not_kept(tmp_path, monkeypatch):
    model = new_model(cell(model={"tied": True}), VOCABULARY)
    size = sum(each.nbytes for each in model.parameters())  # a tied weight counts once
    monkeypatch.setattr(checkpoint, "LARGEST_MODEL", size - 1)
    checkpoint.save_weights(tmp_path / "model.safetensors", model)
    assert not (tmp_path / "model.safetensors").exists()
    monkeypatch.setattr(checkpoint, "LARGEST_MODEL", size)
    checkpoint.save_weights(tmp_path / "model.safetensors", model)
    assert (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize("content", [None, b"", b"not weights at all"])
def test_weights_that_are_gone_or_torn_are_not_read(tmp_path, content):
    path, model = tmp_path / "model.safetensors", new_model(cell(), VOCABULARY)
    if content is not None:
        path.write_bytes(content)
    assert not checkpoint.load_weights(path, model)


def test_weights_of_another_model_are_not_read(tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save_weights(path, new_model(cell(model={"width": 32}), VOCABULARY))
    assert not checkpoint.load_weights(path, new_model(cell(), VOCABULARY))
