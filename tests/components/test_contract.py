"""What every registered component must keep. A new file is tested without a change here."""

import copy
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from components.catalogue import read_catalogue
from components.causality import refuse_if_it_sees_the_future
from components.options import HEADINGS, Choice, option_lines, sections
from components.registry import component_class, read_options
from pipelines.checks import unreached
from tests.builders import (
    CONTEXT,
    PARTS,
    VOCABULARY,
    WINDOW,
    component,
    decoder,
    documents,
    random_decoder,
    some_tokens,
    untouched,
    windowed,
)

CATALOGUE = read_catalogue()
ALL = [f"{kind}/{name}" for kind, name in CATALOGUE.entries]
OF_A_MODEL = [path for path in ALL if path.split("/")[0] in PARTS]
MIXERS = CATALOGUE.names("mixer")
CARRYING = [f"{kind}/{name}" for kind in ("memory", "mixer") for name in CATALOGUE.names(kind)]


def with_part(path: str) -> dict[str, str]:
    kind, name = path.split("/")
    return {kind: name}


# What a component declares


@pytest.mark.parametrize("path", ALL)
def test_the_file_says_the_same_with_and_without_an_import(path):
    kind, name = path.split("/")
    entry = CATALOGUE.entry(kind, name)
    cls = component_class(kind, name)
    assert entry.options == read_options(path, cls)
    assert inspect.cleandoc(entry.docstring) == inspect.getdoc(cls)


@pytest.mark.parametrize("path", ALL)
def test_the_name_is_the_file(path):
    kind, name = path.split("/")
    folder = "" if kind == "model" else f"{kind}/"
    assert CATALOGUE.entry(kind, name).path.as_posix().endswith(f"components/{folder}{name}.py")


@pytest.mark.parametrize("path", ALL)
def test_the_docstring_has_its_five_headings_in_order(path):
    found = list(sections(CATALOGUE.entry(*path.split("/")).docstring))
    assert found == ["Summary", *HEADINGS]


@pytest.mark.parametrize("path", ALL)
def test_the_docstring_describes_the_options_and_no_others(path):
    entry = CATALOGUE.entry(*path.split("/"))
    assert list(option_lines(entry.docstring)) == [option.name for option in entry.options]


@pytest.mark.parametrize("path", ALL)
def test_the_docstring_names_a_source(path):
    assert len(CATALOGUE.entry(*path.split("/")).source) > 10


@pytest.mark.parametrize("path", ALL)
def test_written_defaults_make_the_same_choice_as_none(path):
    kind, name = path.split("/")
    bare = CATALOGUE.choice(kind, name, {})
    assert CATALOGUE.choice(kind, name, dict(bare.options)) == bare
    assert list(bare.options) == [option.name for option in CATALOGUE.entry(kind, name).options]


@pytest.mark.parametrize("path", ALL)
def test_a_choice_survives_json(path):
    bare = CATALOGUE.choice(*path.split("/"), {})
    assert Choice.from_json(bare.as_json()) == bare


@pytest.mark.parametrize("path", ALL)
def test_there_is_a_test_of_the_formula_beside_this_contract(path):
    kind, name = path.split("/")
    folder = Path(__file__).parent / ("" if kind == "model" else kind)
    file = folder / f"test_{name}.py"
    assert file.is_file(), f"write {file}: the formula against a slow twin or another library"
    assert "def test_" in file.read_text(encoding="utf-8")


# What a piece of a decoder must keep


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_logits_have_the_shape_of_the_tokens(path):
    logits = windowed(decoder(**with_part(path)), some_tokens(rows=2, length=15))
    assert logits.shape == (2, 15, VOCABULARY)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("path", OF_A_MODEL)
def test_the_dtype_of_the_parameters_is_kept(path, dtype):
    logits = windowed(decoder(**with_part(path)).to(dtype), some_tokens())
    assert logits.dtype == dtype
    assert logits.isfinite().all()


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_mixed_precision_is_near_float32(path):
    model, tokens = decoder(**with_part(path)), some_tokens()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = windowed(model, tokens)
    torch.testing.assert_close(mixed.float(), windowed(model, tokens), atol=0.02, rtol=0.05)


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_the_global_random_state_changes_nothing(path):
    logits = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = decoder(**with_part(path))
        torch.manual_seed(seed)
        logits.append(windowed(model, some_tokens()))
    assert torch.equal(*logits)


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_the_initial_loss_is_that_of_a_guess(path):
    tokens = some_tokens(rows=8)
    logits = windowed(decoder(**with_part(path)), tokens)
    loss = cross_entropy(logits.flatten(0, 1), tokens.flatten())
    assert abs(loss.item() - np.log(VOCABULARY)) < 0.1


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_it_passes_the_causality_check(path):
    refuse_if_it_sees_the_future(decoder(**with_part(path)))


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_a_gradient_reaches_every_parameter(path):
    assert unreached(decoder(**with_part(path))) == ()


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_rows_of_a_batch_do_not_see_one_another(path):
    model, tokens = random_decoder(**with_part(path)), some_tokens(rows=3)
    alone = torch.cat([windowed(model, row[None]) for row in tokens])
    torch.testing.assert_close(windowed(model, tokens), alone)


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_saved_weights_give_the_same_logits(path):
    model, tokens = random_decoder(seed=1, **with_part(path)), some_tokens()
    other = random_decoder(seed=2, **with_part(path))
    other.load_state_dict(model.state_dict())
    assert torch.equal(windowed(other, tokens), windowed(model, tokens))


@pytest.mark.parametrize("path", OF_A_MODEL)
def test_it_runs_without_memory_on_the_meta_device(path):
    with torch.device("meta"):
        model = untouched(**with_part(path))
        logits = windowed(model, torch.zeros(2, 2 * WINDOW, dtype=torch.int64))
    assert logits.is_meta


# Memories, and mixers with a state


@pytest.mark.parametrize("mixer", MIXERS)
def test_a_row_that_is_reset_starts_every_mixer_anew(mixer):
    model = random_decoder(mixer=["attention", mixer])
    first, second, third = some_tokens().split(WINDOW, dim=1)
    rows = torch.tensor([False, True, False])
    state = model(first, model.start(3)).state
    unbroken = _two(model, second, third, state)
    broken = _two(model, second, third, model.reset(rows, state))
    torch.testing.assert_close(broken[1], _two(model, second, third, model.start(3))[1])
    torch.testing.assert_close(broken[~rows], unbroken[~rows])


@pytest.mark.parametrize("path", CARRYING)
def test_documents_stay_apart_where_it_says_so(path):
    model, tokens = random_decoder(**with_part(path)), some_tokens(rows=1)
    if not model.separates_documents:
        return
    documents = torch.zeros(1, CONTEXT, dtype=torch.int64)
    documents[:, 8:12] = 1  # one begins in the second window and goes on in the third
    state, logits = model.start(1), []
    for part, own in zip(tokens.split(WINDOW, 1), documents.split(WINDOW, 1), strict=True):
        each, state, _ = model(part, state, own)
        logits.append(each)
    together = torch.cat(logits, dim=1)
    torch.testing.assert_close(together[:, :8], windowed(model, tokens[:, :8]))
    begun = model(tokens[:, 8:12], model.start(1))
    expected = torch.cat([begun.logits, model(tokens[:, 12:], begun.state).logits], dim=1)
    torch.testing.assert_close(together[:, 8:], expected)


@pytest.mark.parametrize("path", CARRYING)
def test_when_all_rows_are_reset_all_go_on_as_fresh_ones(path):
    model = random_decoder(**with_part(path))
    first, second, third = some_tokens().split(WINDOW, dim=1)
    state = model(first, model.start(3)).state
    state = model.reset(torch.ones(3, dtype=torch.bool), state)
    fresh = _two(model, second, third, model.start(3))
    torch.testing.assert_close(_two(model, second, third, state), fresh)


@pytest.mark.parametrize("path", CARRYING)
def test_a_reset_of_no_row_changes_nothing(path):
    model = random_decoder(**with_part(path))
    first, second, third = some_tokens().split(WINDOW, dim=1)
    state = model(first, model.start(3)).state
    same = model.reset(torch.zeros(3, dtype=torch.bool), state)
    expected = _two(model, second, third, state)
    torch.testing.assert_close(_two(model, second, third, same), expected)


def _two(model, second, third, state):
    logits, state, _ = model(second, state)
    return torch.cat([logits, model(third, state).logits], dim=1)


@pytest.mark.parametrize("path", CARRYING)
def test_it_carries_exactly_if_it_says_so(path):
    model, tokens = random_decoder(**with_part(path)), some_tokens()
    swapped = torch.cat([tokens[:, WINDOW : 2 * WINDOW], tokens[:, :WINDOW]], dim=1)
    straight = windowed(model, tokens[:, : 2 * WINDOW])[:, WINDOW:]
    first = windowed(model, swapped)[:, :WINDOW]
    assert torch.allclose(straight, first) is not model.carries


@pytest.mark.parametrize("path", CARRYING)
def test_a_state_that_was_put_away_goes_on_to_the_same_bits(path, tmp_path):
    model = random_decoder(**with_part(path))
    first, second, third = some_tokens().split(WINDOW, dim=1)
    state = model(first, model.start(3)).state
    torch.save(state, tmp_path / "state.pt")
    loaded = torch.load(tmp_path / "state.pt", weights_only=False)
    assert torch.equal(_two(model, second, third, loaded), _two(model, second, third, state))


# Training


@pytest.mark.parametrize("name", CATALOGUE.names("optimizer"))
def test_an_optimizer_lowers_a_loss(name):
    model = decoder()
    optimizer = component("optimizer", name, list(model.named_parameters())).make()
    tokens = some_tokens()
    losses = [_update(model, optimizer, tokens) for _ in range(20)]
    assert losses[-1] < losses[0] - 0.05


@pytest.mark.parametrize("name", CATALOGUE.names("optimizer"))
def test_every_group_of_an_optimizer_starts_at_the_peak(name):
    made = component("optimizer", name, list(decoder().named_parameters()))
    assert {group["lr"] for group in made.make().param_groups} == {made.learning_rate}


@pytest.mark.parametrize("name", CATALOGUE.names("optimizer"))
def test_an_optimizer_has_every_parameter_once(name):
    named = list(decoder(tied=True).named_parameters())
    groups = component("optimizer", name, named).make().param_groups
    held = [id(each) for group in groups for each in group["params"]]
    assert sorted(held) == sorted(id(each) for _, each in named)


@pytest.mark.parametrize("name", CATALOGUE.names("optimizer"))
def test_a_loaded_optimizer_goes_on_to_the_same_bits(name):
    model, tokens = decoder(), some_tokens()
    optimizer = component("optimizer", name, list(model.named_parameters())).make()
    for _ in range(3):
        _update(model, optimizer, tokens)
    other = copy.deepcopy(model)
    resumed = component("optimizer", name, list(other.named_parameters())).make()
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    straight = [_update(model, optimizer, tokens) for _ in range(3)]
    assert [_update(other, resumed, tokens) for _ in range(3)] == straight


def _update(model, optimizer, tokens):
    logits = windowed(model, tokens)
    loss = cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@pytest.mark.parametrize("steps", [1, 2, 7, 300])
@pytest.mark.parametrize("name", CATALOGUE.names("schedule"))
def test_a_schedule_stays_between_0_and_the_peak(name, steps):
    schedule = component("schedule", name, steps)
    factors = [schedule.factor(step) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)


@pytest.mark.parametrize("name", CATALOGUE.names("batching"))
def test_a_batch_is_a_function_of_seed_and_step(name):
    corpus = documents([5, 9, 4, 30, 2, 7])
    forward = [component("batching", name, corpus, 8, 4, 3).batch(1, step) for step in range(5)]
    made = component("batching", name, corpus, 8, 4, 3)
    np.random.seed(3)  # noqa: NPY002  # the global state must not matter
    backward = [made.batch(1, step) for step in reversed(range(5))][::-1]
    for one, other in zip(forward, backward, strict=True):
        assert np.array_equal(one.tokens, other.tokens)
        assert np.array_equal(one.targets, other.targets)
        assert np.array_equal(one.fresh, other.fresh)


@pytest.mark.parametrize("name", CATALOGUE.names("batching"))
def test_another_seed_gives_other_batches(name):
    made = component("batching", name, documents([5, 9, 4, 30, 2, 7]), 8, 4, 3)
    assert not np.array_equal(made.batch(1, 0).tokens, made.batch(2, 0).tokens)


@pytest.mark.parametrize("name", CATALOGUE.names("batching"))
def test_a_batch_has_the_promised_shapes_and_types(name):
    batch = component("batching", name, documents([5, 9, 4, 30]), 8, 4, 3).batch(0, 0)
    assert batch.tokens.shape == batch.targets.shape == (3, 8)
    assert batch.fresh.shape == (3, 2)
    assert (batch.tokens.dtype, batch.targets.dtype, batch.fresh.dtype) == (
        "int64",
        "int64",
        "bool",
    )
