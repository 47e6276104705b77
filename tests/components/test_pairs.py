"""Every position encoder with every memory with every mixer: what has a meaning keeps the promises.

What has none is refused when the decoder is built, with the reason.
"""

from itertools import combinations, product

import pytest
import torch

from components.catalogue import read_catalogue
from components.errors import UserError
from components.registry import component_class
from tests.builders import (
    CONTEXT,
    VOCABULARY,
    WINDOW,
    component,
    random_decoder,
    sizes,
    some_tokens,
    windowed,
)

CATALOGUE = read_catalogue()
MIXERS = CATALOGUE.names("mixer")
WITH_KEYS = [name for name in MIXERS if component_class("mixer", name).has_keys]
WITHOUT_KEYS = [name for name in MIXERS if name not in WITH_KEYS]
POSITIONS = CATALOGUE.names("positions")
MEMORIES = CATALOGUE.names("memory")
ON_EMBEDDINGS = [
    name for name in POSITIONS if component_class("positions", name).acts_on_embeddings
]

LAST_KEYS = [name for name in MEMORIES if component("memory", name, sizes()).shows_before(0)]
"""Memories that show a layer the keys right before its window."""

ENOUGH = {"learned": {"size": 4 * CONTEXT}}
"""Options with which a component goes with all others at this size."""

PATTERNS = [[name] for name in WITH_KEYS] + [["attention", name] for name in WITHOUT_KEYS]
TRIPLES = list(product(POSITIONS, MEMORIES, PATTERNS))


def model_of(positions, memory, mixer, **settings):
    named = {positions: ENOUGH[positions]} if positions in ENOUGH else positions
    return random_decoder(positions=named, memory=memory, mixer=list(mixer), **settings)


@pytest.mark.parametrize(("positions", "memory", "mixer"), TRIPLES)
def test_no_output_sees_a_later_token_and_each_sees_its_own(positions, memory, mixer):
    model, changes = model_of(positions, memory, mixer), (1, WINDOW - 1, WINDOW, 2 * WINDOW + 1)
    tokens = some_tokens(rows=1).repeat(len(changes), 1)  # a row for each change
    changed = torch.arange(CONTEXT) >= torch.tensor(changes)[:, None]
    before, after = (
        windowed(model, each)
        for each in (tokens, torch.where(changed, (tokens + 1) % VOCABULARY, tokens))
    )
    assert before.isfinite().all()
    assert torch.equal(before[~changed], after[~changed])
    assert ((before - after)[changed].abs().amax(-1) > 0).all()


@pytest.mark.parametrize(("positions", "memory", "mixer"), TRIPLES)
def test_a_row_that_is_reset_is_a_fresh_one_and_the_others_do_not_notice(positions, memory, mixer):
    model = model_of(positions, memory, mixer)
    first, second, third = some_tokens().split(WINDOW, dim=1)
    rows = torch.tensor([False, True, False])
    state = model(first, model.start(3)).state
    unbroken, broken, fresh = (
        two(model, second, third, each)
        for each in (state, model.reset(rows, state), model.start(3))
    )
    torch.testing.assert_close(broken[1], fresh[1])
    torch.testing.assert_close(broken[~rows], unbroken[~rows])


@pytest.mark.parametrize(("positions", "memory", "mixer"), TRIPLES)
def test_documents_of_a_row_are_apart_where_the_model_says_so(positions, memory, mixer):
    model, tokens = model_of(positions, memory, mixer), some_tokens(rows=1)
    if not model.separates_documents:
        return
    documents = torch.zeros(1, CONTEXT, dtype=torch.int64)
    documents[:, WINDOW + 2 : 2 * WINDOW] = 1  # one begins in the second window, and goes on
    state, logits = model.start(1), []
    for part, own in zip(tokens.split(WINDOW, 1), documents.split(WINDOW, 1), strict=True):
        each, state, _ = model(part, state, own)
        logits.append(each)
    together = torch.cat(logits, dim=1)
    other = torch.cat([(tokens[:, : WINDOW + 2] + 1) % VOCABULARY, tokens[:, WINDOW + 2 :]], dim=1)
    state, logits = model.start(1), []
    for part, own in zip(other.split(WINDOW, 1), documents.split(WINDOW, 1), strict=True):
        each, state, _ = model(part, state, own)
        logits.append(each)
    again = torch.cat(logits, dim=1)
    torch.testing.assert_close(again[:, WINDOW + 2 :], together[:, WINDOW + 2 :])
    assert not torch.allclose(again[:, : WINDOW + 2], together[:, : WINDOW + 2])


@pytest.mark.parametrize(("positions", "mixer"), list(product(ON_EMBEDDINGS, WITHOUT_KEYS)))
def test_an_encoder_of_embeddings_acts_before_mixers_without_keys(positions, mixer):
    tokens = some_tokens()
    with_it = windowed(random_decoder(positions=positions, mixer=mixer), tokens)
    without = windowed(random_decoder(positions="none", mixer=mixer), tokens)
    assert not torch.allclose(with_it, without)


@pytest.mark.parametrize(
    ("positions", "mixer"),
    list(product([each for each in POSITIONS if each not in ON_EMBEDDINGS], WITHOUT_KEYS)),
)
def test_any_other_encoder_is_nothing_to_mixers_without_keys(positions, mixer):
    tokens = some_tokens()
    with_it = random_decoder(positions=positions, mixer=mixer)
    without = random_decoder(positions="none", mixer=mixer)
    assert torch.equal(windowed(with_it, tokens), windowed(without, tokens))


@pytest.mark.parametrize(("memory", "mixer"), list(product(MEMORIES, WITHOUT_KEYS)))
def test_a_memory_of_keys_is_refused_where_there_are_none(memory, mixer):
    if component_class("memory", memory).acts_on_keys:
        with pytest.raises(UserError, match=f"memory {memory} acts on keys, and no layer has any"):
            random_decoder(memory=memory, mixer=mixer)
    else:
        windowed(random_decoder(memory=memory, mixer=mixer), some_tokens())


@pytest.mark.parametrize("placement", ["instead", "after"])
@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("mixer", WITHOUT_KEYS)
def test_a_mixer_that_says_so_stands_behind_attention_under_every_memory(mixer, memory, placement):
    pattern = [{"attention": {}}, {mixer: {"placement": placement}}]
    model = random_decoder(mixer=pattern, memory=memory)
    assert (model.layers[1].beside is not None) is (placement == "after")
    assert windowed(model, some_tokens()).isfinite().all()


def test_the_memories_of_the_last_keys_are_these():
    assert LAST_KEYS == ["compressive", "sliding", "xl"]


@pytest.mark.parametrize("pair", list(combinations(LAST_KEYS, 2)))
def test_two_memories_of_the_last_keys_are_refused_in_one_layer(pair):
    with pytest.raises(UserError, match="both show layer 0 the keys before its window"):
        random_decoder(memory=list(pair))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pair
        for pair in combinations([each for each in MEMORIES if each != "none"], 2)
        if not {*pair} <= {*LAST_KEYS}
    ],
)
def test_memories_compose_in_one_order(one, other):
    tokens = some_tokens()
    here, there = (random_decoder(memory=list(each)) for each in ((one, other), (other, one)))
    before = windowed(here, tokens)
    assert torch.equal(before, windowed(there, tokens))
    changed = torch.cat([tokens[:, :-4], (tokens[:, -4:] + 1) % VOCABULARY], dim=1)
    assert torch.equal(windowed(here, changed)[:, :-4], before[:, :-4])


def two(model, second, third, state):
    logits, state, _ = model(second, state)
    return torch.cat([logits, model(third, state).logits], dim=1)


OTHER_OPTIONS = [
    {"linspace": {"span": "visible", "edge": 2.0}},
    {"linspace": {"per_head": True, "offset": 1.0}},
    {"rotary": {"scaling": "dynamic", "factor": 2.0, "original": 4}},
    {"rotary": {"fraction": 0.5, "layout": "interleaved"}},
    {"kerple": {"variant": "power"}},
    {"t5": {"buckets": 4, "max_distance": 5}},
]
"""Options of encoders that look at more of what is visible than the default ones do."""


@pytest.mark.parametrize("memory", [each for each in MEMORIES if each != "none"])
@pytest.mark.parametrize("positions", OTHER_OPTIONS)
def test_under_other_options_a_row_that_is_reset_is_a_fresh_one(positions, memory):
    model = random_decoder(positions=positions, memory=memory)
    first, second = some_tokens().split(WINDOW, dim=1)[:2]
    state = model(first, model.start(3)).state
    found = model(second, model.reset(torch.tensor([False, True, False]), state)).logits
    untouched = model(second, state).logits
    torch.testing.assert_close(found[1], model(second, model.start(3)).logits[1])
    torch.testing.assert_close(found[[0, 2]], untouched[[0, 2]])
