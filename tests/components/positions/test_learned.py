"""Learned positions against nn.Embedding and GPT-2's sum."""

import pytest
import torch

from components.errors import UserError
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed


def learned(**options):
    return component("positions", "learned", sizes(), **options).double()


def test_every_token_gets_the_vector_of_its_position():
    encoder, x = learned(), some_values(2, 3, 16)
    expected = [
        [x[row, i] + encoder.table.weight[p] for i, p in enumerate([4, 0, 17])] for row in (0, 1)
    ]
    ours = encoder.on_embeddings(x, torch.tensor([[4, 0, 17]]))
    torch.testing.assert_close(ours, torch.stack([torch.stack(row) for row in expected]))


def test_the_gradient_reaches_the_rows_that_were_used():
    encoder = learned()
    encoder.on_embeddings(some_values(2, 3, 16), torch.tensor([[4, 0, 17]])).sum().backward()
    assert encoder.table.weight.grad.sum(dim=1).nonzero().flatten().tolist() == [0, 4, 17]
    assert encoder.table.weight.grad[4].unique().tolist() == [2.0]


def test_there_are_as_many_positions_as_the_context_has_tokens():
    assert learned().table.num_embeddings == 18
    assert learned(size=7).table.num_embeddings == 7


@pytest.mark.parametrize("place", [18, -1])
def test_a_position_beyond_the_table_is_refused(place):
    with pytest.raises(ValueError, match=rf"18 positions, 0 to 17: there is none for {place}"):
        learned().on_embeddings(some_values(1, 1, 16), torch.tensor([[place]]))


def test_a_table_without_positions_is_refused():
    with pytest.raises(UserError, match="positions/learned: size: 0 is below 1"):
        learned(size=0)


def test_it_is_one_module_for_the_whole_decoder():
    model = random_decoder(positions="learned")
    assert [name for name, _ in model.named_parameters() if "table" in name] == [
        "embedded.table.weight"
    ]


def test_a_table_of_zeros_is_no_positions():
    model, tokens = random_decoder(positions="learned"), some_tokens()
    model.embedded.table.weight.data.zero_()
    without = random_decoder(positions="none")
    without.load_state_dict(model.state_dict(), strict=False)
    assert torch.equal(windowed(model, tokens), windowed(without, tokens))


def test_it_is_not_free_to_move():
    encoder, x = learned(), some_values(1, 3, 16)
    here = encoder.on_embeddings(x, torch.tensor([[0, 1, 2]]))
    there = encoder.on_embeddings(x, torch.tensor([[5, 6, 7]]))
    assert not torch.allclose(here, there)


def test_a_pattern_over_the_layers_is_refused():
    with pytest.raises(UserError, match="learned acts on the embeddings and has no place in a pat"):
        random_decoder(positions=["learned", "none"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_evaluation_refuses_a_position_beyond_the_table():
    encoder, x = learned().to("cuda").eval(), some_values(1, 1, 16).to("cuda")
    with pytest.raises(ValueError, match="there is none for 18"):
        encoder.on_embeddings(x, torch.tensor([[18]], device="cuda"))
