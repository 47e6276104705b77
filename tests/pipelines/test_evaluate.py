import copy
import math

import numpy as np
import pytest
import torch

from components.batching import Documents
from pipelines.cell import Evaluation
from pipelines.evaluate import HeldOut, evaluate
from pipelines.train import new_model
from tests.training import END, VOCABULARY, WINDOW, cell, documents

LENGTHS = (21, 1, 40, 16, 17, 5)


def held_out(lengths=LENGTHS):
    return HeldOut(documents(lengths, seed=3), np.array(lengths, dtype=np.int64) - 1)


def model_of(own):
    """A model whose predictions are far from uniform."""
    model = new_model(own, VOCABULARY)
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            generator = torch.Generator().manual_seed(index)
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def slowly(model, split, length, window):
    """Summed nats of each document and of each place: token by token, in float64."""
    model = copy.deepcopy(model).double()
    of_document, of_place = [], [[] for _ in range(length)]
    for first, last in zip(split.starts[:-1], split.starts[1:], strict=True):
        own = [int(each) for each in split.tokens[first:last]]
        read, total = [END, *own[:-1]], 0.0
        for begin in range(0, len(own), length):
            state, place = model.start(1), 0
            row = range(begin, min(begin + length, len(own)))
            for at in range(row.start, row.stop, window):
                some = range(at, min(at + window, row.stop))
                logits, state, _ = model(torch.tensor([[read[index] for index in some]]), state)
                for index, line in zip(some, logits[0], strict=True):
                    loss = math.log(sum(math.exp(each) for each in line.tolist()))
                    loss -= line[own[index]].item()
                    total += loss
                    of_place[place].append(loss)
                    place += 1
        of_document.append(total)
    return of_document, of_place


@pytest.mark.parametrize("memory", ["none", "xl"])
@pytest.mark.parametrize("batch", [1, 3])
def test_numbers_are_those_of_a_slow_loop(memory, batch):
    own = cell(memory=memory, training={"batch": batch})
    model, data = model_of(own), held_out()
    with torch.no_grad():
        by_document, by_place = slowly(model, data.documents, 2 * WINDOW, WINDOW)
    found = evaluate(model, data, Evaluation(), own.training)
    assert found.nats == pytest.approx(by_document, rel=1e-5)
    assert found.predicted.tolist() == list(LENGTHS)
    assert found.profile == pytest.approx([sum(each) / len(each) for each in by_place], rel=1e-5)
    assert found.loss == pytest.approx(sum(by_document) / sum(LENGTHS), rel=1e-5)
    means = [total / count for total, count in zip(by_document, LENGTHS, strict=True)]
    assert found.document_loss == pytest.approx(sum(means) / len(means), rel=1e-5)
    bits = sum(by_document) / math.log(2)
    assert found.bits_per_byte == pytest.approx(bits / (sum(LENGTHS) - len(LENGTHS)), rel=1e-5)


@pytest.mark.parametrize(
    ("memory", "length", "window"), [("none", 32, 32), ("none", 5, 5), ("xl", 32, 8), ("xl", 20, 8)]
)
def test_another_length_without_a_memory_is_another_window(memory, length, window):
    own = cell(memory=memory)
    model, data = model_of(own), held_out()
    with torch.no_grad():
        by_document, by_place = slowly(model, data.documents, length, window)
    found = evaluate(model, data, Evaluation("longer", length), own.training)
    assert found.nats == pytest.approx(by_document, rel=1e-5)
    assert [place is None for place in found.profile] == [not each for each in by_place]
    assert len(found.profile) == length


def test_a_model_that_cannot_reach_so_far_says_why():
    own = cell(positions="learned")
    found = evaluate(model_of(own), held_out(), Evaluation("length 32", 32), own.training)
    assert found.loss is found.document_loss is found.bits_per_byte is found.accuracy is None
    assert "positions/learned has 16 positions" in found.reason
    assert found.predicted.sum() == 0
    assert found.profile == ()


def test_what_breaks_at_the_trained_length_is_an_error():
    own = cell(positions={"learned": {"size": 4}})
    with pytest.raises(ValueError, match="positions/learned has 4 positions"):
        evaluate(model_of(own), held_out(), Evaluation(), own.training)


def test_documents_do_not_see_one_another():
    own = cell(memory="xl")
    model, (first, second) = model_of(own), (documents([21]), documents([40], seed=1))
    both = Documents(np.concatenate([first.tokens, second.tokens]), np.array([0, 21, 61]))
    together = evaluate(model, HeldOut(both, np.array([20, 39])), Evaluation(), own.training)
    alone = evaluate(model, HeldOut(second, np.array([39])), Evaluation(), own.training)
    assert together.nats[1] == pytest.approx(alone.nats[0], rel=1e-6)


def test_evaluating_leaves_the_model_and_the_random_numbers_as_they_were():
    own = cell()
    model = model_of(own).train()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    evaluate(model, held_out(), Evaluation(), own.training)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(each.grad is None for each in model.parameters())


def test_a_uniform_model_loses_the_log_of_the_vocabulary_everywhere():
    own = cell()
    model = new_model(own, VOCABULARY)
    with torch.no_grad():
        model.head.weight.zero_()
    found = evaluate(model, held_out(), Evaluation(), own.training)
    assert found.loss == pytest.approx(math.log(VOCABULARY), rel=1e-6)
    assert set(np.round(found.profile, 5)) == {round(math.log(VOCABULARY), 5)}


def test_places_that_no_document_reaches_have_no_loss():
    own = cell()
    found = evaluate(model_of(own), held_out((3, 2)), Evaluation(), own.training)
    assert [place is None for place in found.profile] == [False] * 3 + [True] * 13


class Limited(torch.nn.Module):
    """A model that is out of reach of something as soon as it reads."""

    def __init__(self, model, error):
        super().__init__()
        self.embedding, self.sizes, self.carries = model.embedding, model.sizes, model.carries
        self.start, self.error = model.start, error

    def forward(self, *_):
        raise self.error


OF_THE_MACHINE = [
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("Invalid buffer size: 12.00 GB"),
    RuntimeError("CUDA error: an illegal instruction was encountered"),
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory"),
    NotImplementedError("not implemented for 'BFloat16'"),
]


@pytest.mark.parametrize("error", OF_THE_MACHINE, ids=lambda each: str(each)[:20])
def test_what_the_machine_cannot_do_is_no_finding(error):
    own = cell()
    with pytest.raises(type(error)):
        evaluate(Limited(model_of(own), error), held_out(), Evaluation("long", 32), own.training)


def test_tensors_that_do_not_fit_are_a_finding():
    own = cell()
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(3) + torch.zeros(4)
    model = Limited(model_of(own), caught.value)
    found = evaluate(model, held_out(), Evaluation("long", 32), own.training)
    assert "must match the size of tensor" in found.reason


def rightly(model, split, window=WINDOW, length=2 * WINDOW):
    """Whether each token is found likeliest: document by document, in windows of their own."""
    found = []
    for first, last in zip(split.starts[:-1], split.starts[1:], strict=True):
        own = [int(each) for each in split.tokens[first:last]]
        inputs = [END, *own[:-1]]
        for begin in range(0, len(own), length):
            state = model.start(1)
            for at in range(begin, min(begin + length, len(own)), window):
                stop = min(at + window, begin + length, len(own))
                logits, state, _ = model(torch.tensor([inputs[at:stop]]), state)
                likeliest = logits[0].argmax(dim=-1).tolist()
                found += [a == b for a, b in zip(likeliest, own[at:stop], strict=True)]
    return np.array(found)


@pytest.mark.parametrize("memory", ["none", "xl"])
def test_accuracy_is_the_share_of_tokens_that_are_likeliest(memory):
    own = cell(memory=memory)
    model, data = model_of(own), held_out()
    with torch.no_grad():
        expected = rightly(model.eval(), data.documents)
    found = evaluate(model, data, Evaluation(), own.training)
    assert 0 < found.accuracy < 1
    assert found.accuracy == expected.mean()
    assert found.correct.tolist() == np.add.reduceat(expected, data.documents.starts[:-1]).tolist()


def test_only_scored_tokens_count():
    own = cell()
    model, data = model_of(own), held_out()
    scored = np.random.default_rng(0).random(sum(LENGTHS)) < 0.4
    documents = Documents(data.documents.tokens, data.documents.starts, scored)
    found = evaluate(model, HeldOut(documents, data.bytes), Evaluation(), own.training)
    one_by_one = [
        evaluate(
            model,
            HeldOut(
                Documents(documents.tokens, documents.starts, np.arange(len(scored)) == place),
                data.bytes,
            ),
            Evaluation(),
            own.training,
        )
        for place in np.flatnonzero(scored)
    ]
    counts = np.add.reduceat(scored, data.documents.starts[:-1])
    assert found.predicted.tolist() == counts.tolist()
    assert found.loss == pytest.approx(np.mean([each.loss for each in one_by_one]), rel=1e-6)
    assert found.accuracy == np.mean([each.accuracy for each in one_by_one])
    means = found.nats[counts > 0] / counts[counts > 0]
    assert found.document_loss == pytest.approx(means.mean())


def test_what_is_no_text_has_no_bits_per_byte():
    own = cell()
    split = HeldOut(held_out().documents, np.zeros(len(LENGTHS), dtype=np.int64))
    assert evaluate(model_of(own), split, Evaluation(), own.training).bits_per_byte is None
