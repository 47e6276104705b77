"""The recurrent memory against its windows written out by hand."""

import pytest
import torch

from components.errors import UserError
from tests.builders import WINDOW, component, random_decoder, sizes, some_tokens, windowed

TOKENS = 2


def remembering(**options):
    return random_decoder(memory={"rmt": {"tokens": TOKENS, **options}})


def plain_twin(model):
    plain = random_decoder()
    own = dict(model.named_parameters())
    plain.load_state_dict({name: own[name] for name, _ in plain.named_parameters()})
    return plain


def test_a_window_is_read_between_the_memory_and_the_memory():
    model = remembering()
    plain = plain_twin(model)
    (first,) = [each for name, each in model.named_parameters() if name.startswith("memory.")]
    memory, state = first.expand(3, -1, -1), model.start(3)
    streams = []
    plain.norm.register_forward_hook(lambda *each: streams.append(each[2]))
    for part in some_tokens().split(WINDOW, dim=1):
        x = torch.cat([memory, plain.embedding(part), memory], dim=1)
        expected = plain.from_embeddings(x, plain.start(3)).logits[:, TOKENS:-TOKENS]
        logits, state, _ = model(part, state)
        torch.testing.assert_close(logits, expected)
        memory = streams[-1][:, -TOKENS:]


def test_none_of_its_tokens_is_no_memory():
    tokens = some_tokens()
    none = random_decoder(memory={"rmt": {"tokens": 0}})
    torch.testing.assert_close(windowed(none, tokens), windowed(random_decoder(), tokens))
    assert not none.carries


@pytest.mark.parametrize(
    ("crossed", "expected"), [(0, [False] * 3), (1, [True, False, True]), (3, [True] * 3)]
)
def test_a_gradient_crosses_as_many_windows_as_it_may(crossed, expected):
    model = remembering(backpropagate_windows=crossed)
    embedded = [
        model.embedding(part).detach().requires_grad_()
        for part in some_tokens(length=4 * WINDOW).split(WINDOW, dim=1)
    ]
    state, found = model.start(3), []
    for index, x in enumerate(embedded):
        logits, state, _ = model.from_embeddings(x, state)
        if index:
            (gradient,) = torch.autograd.grad(
                logits.sum(), embedded[index - 1], allow_unused=True, retain_graph=True
            )
            found.append(gradient is not None and bool(gradient.any()))
    assert found == expected


def test_a_row_that_is_reset_reads_what_a_first_window_reads():
    model = remembering()
    first, second, _ = some_tokens().split(WINDOW, dim=1)
    state = model(first, model.start(3)).state
    reset = model.reset(torch.tensor([True, False, True]), state)
    logits, fresh = model(second, reset).logits, model(second, model.start(3)).logits
    torch.testing.assert_close(logits[[0, 2]], fresh[[0, 2]])
    torch.testing.assert_close(logits[1], model(second, state).logits[1])


def test_beside_a_cache_tokens_of_0_and_pauses_of_0_are_the_cache_alone():
    tokens = some_tokens()
    chain = random_decoder(memory=["xl", {"pause": {"count": 0}}, {"rmt": {"tokens": 0}}])
    torch.testing.assert_close(
        windowed(chain, tokens), windowed(random_decoder(memory="xl"), tokens)
    )


@pytest.mark.parametrize("options", [{"tokens": -1}, {"backpropagate_windows": -1}])
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(UserError, match=f"{next(iter(options))}: -1 is below 0"):
        component("memory", "rmt", sizes(), **options)
