"""The whole decoder against three of transformers with the same weights; counted parameters."""

import pytest
import torch
from transformers import (
    GPTJConfig,
    GPTJForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
)
from typing_extensions import override

from components.errors import UserError
from components.memory import Memory, Window
from tests.builders import (
    VOCABULARY,
    WINDOW,
    component,
    decoder,
    parts,
    random_decoder,
    some_tokens,
    windowed,
)
from tests.known import COMPONENTS

LLAMA = {
    "embedding": "model.embed_tokens",
    "head": "lm_head",
    "norm": "model.norm",
    "mixer.query": "self_attn.q_proj",
    "mixer.key": "self_attn.k_proj",
    "mixer.value": "self_attn.v_proj",
    "mixer.out": "self_attn.o_proj",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
    "topology.before_mixer": "input_layernorm",
    "topology.before_mlp": "post_attention_layernorm",
}
GPT_J = {
    "embedding": "transformer.wte",
    "head": "lm_head",
    "norm": "transformer.ln_f",
    "mixer.query": "attn.q_proj",
    "mixer.key": "attn.k_proj",
    "mixer.value": "attn.v_proj",
    "mixer.out": "attn.out_proj",
    "mlp.up": "mlp.fc_in",
    "mlp.down": "mlp.fc_out",
    "topology.before_both": "ln_1",
}
GPT_NEOX = {
    "embedding": "gpt_neox.embed_in",
    "head": "lm_head",
    "norm": "gpt_neox.final_layer_norm",
    "mixer.out": "attention.dense",
    "mlp.up": "mlp.dense_h_to_4h",
    "mlp.down": "mlp.dense_4h_to_h",
    "topology.before_mixer": "input_layernorm",
    "topology.before_mlp": "post_attention_layernorm",
}
SHAPE = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0}


def copied(ours, theirs, names, layer):
    """Copy our weights into their modules; `layer` is where theirs keep layer n."""
    modules = dict(theirs.named_modules())
    for path, module in ours.named_modules():
        parts = path.split(".")
        inside = parts[0] == "layers"
        name = names.get(".".join(parts[2:]) if inside else path)
        if name is not None:
            target = modules[f"{layer}.{parts[1]}.{name}" if inside else name]
            target.load_state_dict(module.state_dict(), strict=path != "head")
    return theirs.double().eval()


def assert_alike(ours, theirs, tokens):
    # Their angles and statistics are float32, whatever the model.
    tolerance = {"atol": 2e-5, "rtol": 1e-4}
    torch.testing.assert_close(windowed(ours, tokens), theirs(tokens).logits, **tolerance)
    windowed(ours, tokens).square().mean().backward()
    theirs(tokens).logits.square().mean().backward()
    mine, other = ours.embedding.weight.grad, theirs.get_input_embeddings().weight.grad
    torch.testing.assert_close(mine, other, **tolerance)


def test_it_is_llama():
    ours = random_decoder(
        kv_heads=2,
        window=18,
        norm="rms",
        mlp={"gated": {"width": 24}},
        activation="silu",
    )
    config = LlamaConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation="eager",
        **SHAPE,
    )
    theirs = copied(ours, LlamaForCausalLM(config), LLAMA, "model.layers")
    assert_alike(ours, theirs, some_tokens())


def test_it_is_gpt_j_whose_mixer_and_mlp_share_a_norm():
    ours = random_decoder(
        window=18,
        head_width=4,
        topology="parallel_shared",
        positions={"rotary": {"layout": "interleaved", "fraction": 0.5}},
        mlp={"plain": {"bias": True}},
    )
    config = GPTJConfig(
        n_embd=16,
        n_layer=2,
        n_head=4,
        n_positions=18,
        rotary_dim=2,
        activation_function="gelu",
        attn_implementation="eager",
        **SHAPE,
    )
    theirs = GPTJForCausalLM(config)
    theirs.lm_head.bias.data.zero_()
    assert_alike(ours, copied(ours, theirs, GPT_J, "transformer.h"), some_tokens())


def test_it_is_gpt_neox_with_one_sub_layer_after_the_other():
    ours = random_decoder(
        window=18,
        heads=2,
        positions={"rotary": {"fraction": 0.25}},
        mixer={"attention": {"bias": True}},
        mlp={"plain": {"bias": True}},
    )
    config = GPTNeoXConfig(
        hidden_size=16,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        use_parallel_residual=False,
        attn_implementation="eager",
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.25,
        },
        **SHAPE,
    )
    theirs = copied(ours, GPTNeoXForCausalLM(config), GPT_NEOX, "gpt_neox.layers")
    for layer, other in zip(ours.layers, theirs.gpt_neox.layers, strict=True):
        fused = other.attention.query_key_value
        fused.weight.data, fused.bias.data = (
            torch.stack(
                [
                    getattr(getattr(layer.mixer, name), kind).data.unflatten(0, (2, 8))
                    for name in ("query", "key", "value")
                ],
                dim=1,
            ).flatten(0, 2)
            for kind in ("weight", "bias")
        )
    assert_alike(ours, theirs, some_tokens())


def on_meta(vocabulary, **settings):
    kinds = {key: settings.pop(key) for key in ("mlp", "norm", "topology", "activation")}
    with torch.device("meta"):
        return component(
            "model", "decoder", parts(**kinds), vocabulary, 512, window=512, **settings
        )


def count(model):
    return sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(("key", "expected"), COMPONENTS["params_grid_V256_d64_L2_H4"].items())
def test_it_has_as_many_parameters_as_the_formula_says(key, expected):
    mlp, norm, *topology, kv_heads = key.removesuffix("_tied").split("_")
    model = on_meta(
        256,
        mlp={mlp[:5]: {"width": int(mlp[5:])}},
        norm=norm,
        topology="_".join(topology),
        activation="gelu",
        kv_heads=int(kv_heads.removeprefix("kv")),
        tied=key.endswith("_tied"),
    )
    assert count(model) == expected


def test_the_diarys_baseline_has_its_190_million_parameters():
    model = on_meta(
        50277,
        mlp={"gated": {"width": 3072}},
        norm="layer",
        topology="parallel_shared",
        activation="silu",
        width=768,
        layers=12,
        heads=12,
    )
    assert count(model) == COMPONENTS["params_baka_pristine_vocab50277"]


def test_a_pattern_of_positions_repeats_over_the_layers():
    model = decoder(layers=3, positions=["rotary", "none"])
    names = [type(layer.positions).__name__ for layer in model.layers]
    assert names == ["Rotary", "NoPositions", "Rotary"]


def test_a_tied_head_is_the_embedding():
    model = decoder(tied=True)
    assert model.head.weight is model.embedding.weight
    assert "head.weight" not in dict(model.named_parameters())


def test_heads_may_be_wider_than_the_model():
    model = decoder(heads=3, head_width=10)
    assert model.layers[0].mixer.query.weight.shape == (30, 16)
    assert windowed(model, some_tokens()).shape == (3, 18, VOCABULARY)


class Registers(Memory[None]):
    """Puts a token of its own before the window."""

    @override
    def start(self, batch, device):
        return None

    @override
    def add_tokens(self, window, state):
        x = torch.cat([torch.ones_like(window.x[:, :1]), window.x], dim=1)
        longer = Window.of(x)
        return Window(x, longer.positions, read=longer.positions[0, 1:])


def test_tokens_that_a_memory_added_predict_nothing():
    model, tokens = random_decoder(), some_tokens(length=WINDOW)
    x = torch.cat([torch.ones(3, 1, 16), model.embedding(tokens)], dim=1)
    everything = model.from_embeddings(x, model.start(3)).logits
    model.memory = Registers(model.sizes)
    torch.testing.assert_close(windowed(model, tokens), everything[:, 1:])


def test_a_last_window_may_be_short():
    model, tokens, short = random_decoder(memory="xl"), some_tokens(), WINDOW + 2
    expected = windowed(model, tokens)[:, :short]
    torch.testing.assert_close(windowed(model, tokens[:, :short]), expected)


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        ({"width": 0}, "width", "width: 0 is below 1"),
        ({"layers": 0}, "layers", "layers: 0 is below 1"),
        ({"heads": 0}, "heads", "heads: 0 is below 1"),
        ({"heads": 3}, "heads", "heads: 3 does not divide width = 16; set head_width"),
        ({"kv_heads": 3}, "kv_heads", "kv_heads: 3 does not divide heads = 4"),
        ({"kv_heads": 0}, "kv_heads", "kv_heads: 0 is below 1"),
        ({"head_width": 0}, "head_width", "head_width: 0 is below 1"),
        ({"window": 0}, "window", "window: 0 is below 1"),
        ({"window": 5}, "window", "window: 5 does not divide training.context = 18"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings, key, message):
    with pytest.raises(UserError) as refused:
        decoder(**settings)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"model/decoder: {message}", key)


def test_a_cap_of_the_logits_is_that_of_gemma_2():
    tokens = some_tokens()
    plain, capped = decoder().double(), decoder(softcap=0.01).double()
    expected = windowed(plain, tokens) / 0.01
    torch.testing.assert_close(windowed(capped, tokens), torch.tanh(expected) * 0.01)
    assert windowed(plain, tokens).abs().max() > 0.01


def test_a_cap_of_the_logits_that_is_not_above_0_is_refused():
    with pytest.raises(UserError, match=r"softcap: 0.0 is not above 0"):
        decoder(softcap=0.0)
