"""Sinusoidal positions against the formula, known values and GPT-J."""

import pytest
import torch
from transformers.models.gptj.modeling_gptj import create_sinusoidal_positions

from components.errors import UserError
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed
from tests.known import COMPONENTS
from tests.oracles.positions import sinusoid


def waves(width, positions, **options):
    encoder = component("positions", "sinusoidal", sizes(width=width), **options)
    x = torch.zeros(1, len(positions), width, dtype=torch.float64)
    return encoder.on_embeddings(x, torch.tensor([list(positions)]))[0]


def test_it_has_the_known_values():
    known = COMPONENTS["sinusoidal_interleaved_d8_pos3"]
    assert waves(8, [3])[0].tolist() == pytest.approx(known, abs=1e-12)


@pytest.mark.parametrize("layout", ["interleaved", "half"])
def test_it_has_the_values_of_the_formula(layout):
    positions = [0, 1, 7, 100_000]
    expected = [sinusoid(place, 10, layout) for place in positions]
    ours = waves(10, positions, layout=layout)
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64))


def test_half_is_that_of_gpt_j():
    theirs = create_sinusoidal_positions(20, 8)
    torch.testing.assert_close(
        waves(8, range(20), layout="half").float(), theirs, atol=2e-6, rtol=0
    )


def test_it_is_added_to_the_embeddings_times_the_scale():
    encoder = component("positions", "sinusoidal", sizes(), scale=0.5)
    x, places = some_values(2, 3, 16), torch.tensor([[1, 2, 3]])
    expected = x + 0.5 * waves(16, [1, 2, 3])
    torch.testing.assert_close(encoder.on_embeddings(x, places), expected)


def test_a_scale_of_0_is_no_positions():
    tokens = some_tokens()
    nothing = random_decoder(positions={"sinusoidal": {"scale": 0.0}})
    without = random_decoder(positions="none")
    assert torch.equal(windowed(nothing, tokens), windowed(without, tokens))


def test_an_odd_width_is_refused():
    with pytest.raises(UserError, match=r"sinusoidal needs an even model\.width, not 9"):
        component("positions", "sinusoidal", sizes(width=9))
