import torch
from torch.nn.functional import cross_entropy

from components.batching import IGNORED
from pipelines.train import new_model
from pipelines.windows import Part, read
from tests.training import VOCABULARY, WINDOW, cell


def some_parts(windows=2, rows=3, fresh=None):
    generator = torch.Generator().manual_seed(1)
    shape = (rows, WINDOW)
    return tuple(
        Part(
            torch.randint(VOCABULARY, shape, generator=generator),
            torch.randint(VOCABULARY, shape, generator=generator),
            fresh if index else None,
        )
        for index in range(windows)
    )


def nats(model, parts):
    with torch.no_grad():
        return [each.nats for each in read(model, parts, "float32")]


def test_without_a_memory_windows_are_independent():
    model, parts = new_model(cell(), VOCABULARY), some_parts()
    together = nats(model, parts)
    assert torch.equal(together[0], nats(model, parts[:1])[0])
    assert torch.equal(together[1], nats(model, parts[1:])[0])


def test_a_memory_is_handed_on():
    model, parts = new_model(cell(memory="xl"), VOCABULARY), some_parts()
    assert not torch.allclose(nats(model, parts)[1], nats(model, parts[1:])[0], atol=1e-5)


def test_a_fresh_row_has_forgotten_and_the_others_have_not():
    model = new_model(cell(memory="xl"), VOCABULARY)
    fresh = torch.tensor([False, True, False])
    kept, reset = nats(model, some_parts())[1], nats(model, some_parts(fresh=fresh))[1]
    alone = nats(model, some_parts()[1:])[0]
    assert torch.allclose(reset[1], alone[1], atol=1e-6)
    assert torch.equal(reset[[0, 2]], kept[[0, 2]])


def test_the_loss_of_each_place_is_that_of_its_target():
    model, (part, _) = new_model(cell(), VOCABULARY), some_parts()
    logits = model(part.tokens, model.start(3)).logits
    expected = cross_entropy(logits.transpose(1, 2), part.targets, reduction="none")
    torch.testing.assert_close(nats(model, (part,))[0], expected.detach())


def test_a_place_without_a_target_has_no_loss():
    model, (part, _) = new_model(cell(), VOCABULARY), some_parts()
    part.targets[1, 2] = IGNORED
    losses = nats(model, (part,))[0]
    assert losses[1, 2] == 0
    assert (losses != 0).sum() == losses.numel() - 1


def test_bfloat16_computes_in_half_precision_and_loses_in_float32():
    model, parts = new_model(cell(), VOCABULARY), some_parts()
    with torch.no_grad():
        halves = [each.nats for each in read(model, parts, "bfloat16")]
    assert halves[0].dtype == torch.float32
    assert not torch.equal(halves[0], nats(model, parts)[0])
    torch.testing.assert_close(halves[0], nats(model, parts)[0], atol=0.02, rtol=0)
