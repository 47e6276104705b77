"""Layers that are not alike: wider, with shared MLPs, with a mixer behind attention."""

import pytest
import torch
from torch.nn.functional import conv1d, pad

from components.errors import UserError
from tests.builders import WINDOW, decoder, random_decoder, some_tokens, windowed

SIZES = {"width": 8, "heads": 2, "layers": 3, "fan_out": 4}


def parameters(**settings):
    return sum(each.numel() for each in decoder(**settings).parameters())


def test_a_narrower_stream_gets_zeros_behind_the_channels_of_each_head():
    layer = decoder(**SIZES).layers[1]
    x = torch.arange(1.0, 9.0)[None, None]
    widened = [1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0]
    assert layer._widened(x)[0, 0].tolist() == widened


def test_with_nothing_added_a_wider_stream_is_the_embedding_with_zeros():
    model = decoder(norm="rms", **SIZES)
    for layer in model.layers:
        layer.mixer.out.weight.data.zero_()
        layer.mlp.down.weight.data.zero_()
    tokens = some_tokens(rows=1, length=WINDOW)
    x = model.embedding(tokens).unflatten(-1, (2, 4))
    wide = torch.cat([x, torch.zeros(1, WINDOW, 2, 4)], dim=-1).flatten(-2)
    torch.testing.assert_close(windowed(model, tokens), model.head(model.norm(wide)))


def test_every_layer_of_a_fan_out_computes_at_its_own_width():
    model = decoder(**SIZES)
    assert [layer.mixer.query.weight.shape for layer in model.layers] == [
        (8, 8),
        (12, 12),
        (16, 16),
    ]
    assert model.head.weight.shape == (11, 16)


def test_a_fan_out_cannot_be_tied():
    with pytest.raises(UserError, match="with fan_out the head is wider than the embedding"):
        decoder(tied=True, **SIZES)


def test_a_fan_out_that_heads_do_not_divide_is_refused():
    with pytest.raises(UserError, match="heads: 2 does not divide width = 11"):
        decoder(**(SIZES | {"fan_out": 3}))


def test_a_shared_mlp_is_one_module():
    model = decoder(layers=4, mlp_sharing="abba")
    mlps = [layer.mlp for layer in model.layers]
    assert mlps[0] is mlps[3]
    assert mlps[1] is mlps[2]
    assert mlps[0] is not mlps[1]


def test_shared_parameters_are_counted_once():
    own = 2 * 16 * 64
    assert parameters(layers=4) - parameters(layers=4, mlp_sharing="aabb") == 2 * own


def test_letters_that_all_differ_share_nothing():
    tokens = some_tokens()
    shared = random_decoder(layers=3, mlp_sharing="abc")
    torch.testing.assert_close(
        windowed(shared, tokens), windowed(random_decoder(layers=3), tokens), rtol=0, atol=0
    )


def test_factors_of_1_change_nothing():
    one, other = random_decoder(mlp_widths=(1.0,)), random_decoder()
    assert torch.equal(windowed(one, some_tokens()), windowed(other, some_tokens()))


def test_an_hourglass_of_mean_1_has_as_many_parameters():
    factors = (2.0, *[1.0] * 3, *[0.75] * 4, *[1.0] * 4)
    assert parameters(layers=12, mlp_widths=factors) == parameters(layers=12)
    inner = [layer.mlp.up.out_features for layer in decoder(layers=12, mlp_widths=factors).layers]
    assert inner == [128, 64, 64, 64, 48, 48, 48, 48, 64, 64, 64, 64]


def test_the_written_inner_width_is_scaled_as_well():
    model = decoder(mlp={"gated": {"width": 24}}, mlp_widths=(0.5, 2.0))
    assert [layer.mlp.gate.out_features for layer in model.layers] == [12, 48]


@pytest.mark.parametrize("mixer", ["gated_conv", "mamba"])
def test_a_mixer_behind_attention_adds_to_what_the_layer_made(mixer):
    after = {mixer: {"placement": "after"}}
    model = random_decoder(layers=1, mixer=[after, "attention"])
    plain = random_decoder(layers=1)
    tokens = some_tokens(length=WINDOW)
    found = {}
    model.layers[0].norm_after.register_forward_hook(lambda *each: found.update(x=each[1][0]))
    model.norm.register_forward_hook(lambda *each: found.update(y=each[1][0]))
    windowed(model, tokens)
    plain.norm.register_forward_hook(lambda *each: found.update(expected=each[1][0]))
    windowed(plain, tokens)
    torch.testing.assert_close(found["x"], found["expected"])
    assert not torch.allclose(found["y"], found["x"])


def test_a_memory_of_keys_where_no_layer_has_any_is_refused():
    with pytest.raises(UserError, match="memory xl acts on keys, and no layer has any"):
        decoder(mixer="gated_conv", memory="xl")


def test_a_memory_of_the_stream_is_refused_where_the_stream_grows():
    with pytest.raises(UserError, match=r"which model\.fan_out makes wider"):
        decoder(memory="rmt", **SIZES)


def test_encoders_have_no_parameters_in_layers_without_keys():
    model = decoder(positions="linspace", mixer=["attention", "gated_conv"])
    names = [name for name, _ in model.named_parameters() if ".positions." in name]
    assert names == ["layers.0.positions.scale"]


def test_layers_that_choose_a_shared_encoder_alike_have_one():
    model = decoder(positions=["t5", "none", "t5"], layers=3)
    assert model.layers[0].positions is model.layers[2].positions
    own = decoder(positions={"t5": {"shared_across_layers": False}}, layers=2)
    assert own.layers[0].positions is not own.layers[1].positions


@pytest.mark.parametrize("topology", ["sequential", "parallel", "post", "rezero"])
@pytest.mark.parametrize("placement", ["before_mixer", "before_mlp"])
def test_a_short_convolution_acts_on_what_the_mixer_or_the_mlp_is_given(placement, topology):
    pattern = ["attention", {"short_conv": {"placement": placement, "kernel": 3}}]
    model = random_decoder(mixer=pattern, topology=topology)
    layer, given = model.layers[1], {}
    for name in ("beside", "mixer", "mlp"):
        module, method = getattr(layer, name), "transform" if name == "mlp" else "forward"
        inner = getattr(module, method)

        def noted(x, *more, name=name, inner=inner):
            given[name] = x
            return inner(x, *more)

        setattr(module, method, noted)
    tokens = some_tokens(length=6)
    model(tokens, model.start(3))
    weight = layer.beside.convolution.weight
    x = given["beside"]
    convolved = x + conv1d(pad(x.mT, (2, 0)), weight, groups=len(weight)).mT
    reached = "mixer" if placement == "before_mixer" else "mlp"
    torch.testing.assert_close(given[reached], convolved)
    assert not torch.allclose(given[reached], x)


@pytest.mark.parametrize("placement", ["before_mixer", "before_mlp"])
def test_a_short_convolution_beside_attention_needs_one(placement):
    with pytest.raises(UserError, match="beside attention: no member of the pattern"):
        random_decoder(mixer={"short_conv": {"placement": placement}})
