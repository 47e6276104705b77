"""No norm is the identity, and has no parameters."""

import torch

from tests.builders import component, decoder, random_decoder, some_tokens, some_values


def test_the_stream_stays_as_it_is():
    x = some_values(5, 9)
    assert torch.equal(component("norm", "none", 9)(x), x)


def test_a_decoder_without_norms_has_no_parameters_for_them():
    names = [name for name, _ in decoder(norm="none").named_parameters()]
    assert not any("norm" in name or "topology" in name for name in names)


def test_a_stream_of_twice_the_size_gives_twice_the_logits_of_a_model_without_layers_that_add():
    model, tokens = random_decoder(norm="none"), some_tokens(length=6)
    for layer in model.layers:
        layer.mixer.out.weight.data.zero_()
        layer.mlp.down.weight.data.zero_()
    before = model(tokens, model.start(3)).logits
    model.embedding.weight.data *= 2
    torch.testing.assert_close(model(tokens, model.start(3)).logits, 2 * before)
