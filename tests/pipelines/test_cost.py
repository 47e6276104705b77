"""Costs against a formula: 2 a multiply-add, masked scores counted, training = 3 times forward."""

import subprocess
import sys
import tracemalloc
from contextlib import contextmanager
from itertools import accumulate

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from components.errors import UserError
from pipelines.cost import measure, remembered
from pipelines.train import carries_gradient, new_model
from tests.known import COMPONENTS
from tests.training import VOCABULARY, cell

USERS = '''"""Mine."""

import torch

from components.positions import Positions
from components.registry import component


@component("positions", "{name}")
class Mine(Positions):
    """Add what is not there.

    Options:
    """

    def on_embeddings(self, x, positions):
        return x + {wrong}

    acts_on_embeddings = True
'''


def sizes_of(own):
    options = own.model.options
    heads, width = options["heads"], options["width"]
    return {
        "width": width,
        "heads": heads,
        "kv_heads": options["kv_heads"] or heads,
        "head_width": options["head_width"] or width // heads,
        "layers": options["layers"],
        "window": options["window"],
    }


def forward_flops(sizes, mlp_width, matrices, cached, vocabulary=VOCABULARY):
    """FLOPs of reading one window beside so many cached keys."""
    n, d, keys = sizes["window"], sizes["width"], sizes["window"] + cached
    inner, shared = (sizes[each] * sizes["head_width"] for each in ("heads", "kv_heads"))
    projections = 2 * n * (2 * d * inner + 2 * d * shared)
    scores = 4 * n * keys * inner
    mlp = 2 * n * matrices * d * mlp_width
    return sizes["layers"] * (projections + scores + mlp) + 2 * n * d * vocabulary


SHAPES = {
    "plain": {},
    "one key-value head": {"model": {"heads": 4, "kv_heads": 1}},
    "one head": {"model": {"heads": 1}},
    "narrow heads": {"model": {"heads": 4, "kv_heads": 2, "head_width": 6}},
    "three layers": {"model": {"layers": 3}},
    "alibi": {"positions": "alibi"},
    "no positions": {"positions": "none"},
    "shared topology": {"topology": "parallel_shared"},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("mlp", "matrices", "memory"), [("plain", 2, "none"), ("gated", 3, "xl")])
def test_flops_are_those_of_the_formula(tmp_path, shape, mlp, matrices, memory):
    own = cell(mlp={mlp: {"width": 40}}, memory=memory, **shape)
    sizes, context = sizes_of(own), own.training.context
    windows = context // sizes["window"]
    cached = sizes["window"] if memory == "xl" else 0
    forward = forward_flops(sizes, 40, matrices, 0)
    forward += (windows - 1) * forward_flops(sizes, 40, matrices, cached)
    cost = measure(own, VOCABULARY, tmp_path)
    assert cost.flops_per_token == 3 * forward / context


def test_flops_and_parameters_of_the_worked_example(tmp_path):
    known = COMPONENTS["flops_example"]
    model = {"width": 32, "layers": 2, "heads": 4, "window": 16}
    parts = {"mlp": {"gated": {"width": 64}}}
    training = {"context": 32}
    without = measure(cell(model=model, training=training, **parts), 100, tmp_path)
    assert without.flops_per_token == 3 * known["forward_flops_no_memory"] / 16
    cached = measure(cell(model=model, training=training, memory="xl", **parts), 100, tmp_path)
    both = known["forward_flops_no_memory"] + known["forward_flops_xl_16"]
    assert cached.flops_per_token == 3 * both / 32


@pytest.mark.parametrize(("experts", "active"), [(1, 1), (4, 1), (4, 2), (4, 4)])
def test_of_experts_those_that_work_on_a_token_are_counted(tmp_path, experts, active):
    own = cell(mlp={"moe": {"experts": experts, "active": active, "width": 24}})
    sizes, context = sizes_of(own), own.training.context
    router = 2 * sizes["layers"] * sizes["window"] * sizes["width"] * experts
    forward = forward_flops(sizes, 24 * active, 3, 0) + router
    expected = 3 * forward * context / sizes["window"] / context
    assert measure(own, VOCABULARY, tmp_path).flops_per_token == pytest.approx(expected)


def test_layers_that_share_an_mlp_compute_it_each(tmp_path):
    model = {"layers": 4, "mlp_sharing": "aabb"}
    for mlp in ("gated", "moe"):
        shared, own = cell(model=model, mlp=mlp), cell(model={"layers": 4}, mlp=mlp)
        costs = [measure(each, VOCABULARY, tmp_path) for each in (shared, own)]
        assert costs[0].flops_per_token == costs[1].flops_per_token
        assert costs[0].parameters < costs[1].parameters


def test_the_cost_of_the_diarys_pristine_model(tmp_path):
    model = {"width": 768, "layers": 12, "heads": 12, "window": 512}
    own = cell(
        model=model,
        training={"context": 512},
        mlp={"gated": {"width": 3072}},
        topology="parallel_shared",
    )
    cost = measure(own, 50277, tmp_path)
    assert cost.flops_per_token == 3 * 322_592_256
    assert cost.parameters == COMPONENTS["params_baka_pristine_vocab50277"]


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_are_those_of_the_built_model_tied_ones_once(tmp_path, tied):
    own = cell(model={"tied": tied})
    model = new_model(own, VOCABULARY)
    assert measure(own, VOCABULARY, tmp_path).parameters == sum(
        each.numel() for each in model.parameters()
    )


def test_a_real_pass_over_matrices_costs_what_is_counted_without_attention(tmp_path):
    # on a CPU the counter does not know attention; one long row of one window has little of it
    own = cell(training={"context": 8, "batch": 1})
    model, tokens = new_model(own, VOCABULARY), torch.zeros(1, 8, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:
        model(tokens, model.start(1)).logits.sum().backward()
    attention = 3 * 2 * 4 * 8 * 8 * 16 / 8  # layers, 4 n K H w, for each token
    counted = counter.get_total_flops() / 8
    assert measure(own, VOCABULARY, tmp_path).flops_per_token == counted + attention


def test_memory_holds_parameters_gradients_and_two_moments_at_least(tmp_path):
    cost = measure(cell(), VOCABULARY, tmp_path)
    assert cost.memory_bytes > 16 * cost.parameters


def test_what_is_kept_for_the_backward_pass_grows_with_the_batch(tmp_path):
    one, two, three = (
        measure(cell(training={"batch": rows}), VOCABULARY, tmp_path).memory_bytes
        for rows in (1, 2, 3)
    )
    assert three - two >= two - one > 0  # the more rows, the less do gradients matter


@contextmanager
def recorded():
    """Bytes that kernels on the CPU ask for and give back, in order."""
    events = []
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        yield events
    found = profiler.profiler.kineto_results.events()
    events += [each.nbytes() for each in found if each.name() == "[memory]"]


def most_of_a_step(own):
    """The most memory that a real step has at once beside the parameters."""
    model, (rows, window) = new_model(own, VOCABULARY), (own.training.batch, 32)
    with recorded() as events:
        state, loss = model.start(rows), torch.zeros(())
        for end in range(window, own.training.context + 1, window):
            tokens = torch.zeros(rows, window, dtype=torch.int64)
            logits, state, _ = model(tokens, state)
            loss = loss + cross_entropy(logits.flatten(0, 1), tokens.flatten())
            if end == own.training.context or not carries_gradient(state):
                loss.backward()
                loss = torch.zeros(())
    return max(accumulate(events))


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"memory": "xl"},
        {"memory": ["xl", "rmt"]},
        {"memory": {"pause": {"count": 4}}},
        {"mlp": "gated", "topology": "parallel"},
        {"positions": "cope"},
    ],
    ids=str,
)
def test_memory_is_that_of_a_real_step_and_not_less(tmp_path, parts):
    model = {"width": 64, "layers": 2, "heads": 4, "window": 32}
    own = cell(model=model, training={"context": 64, "batch": 8}, **parts)
    cost = measure(own, VOCABULARY, tmp_path)
    beside = cost.memory_bytes - 3 * 4 * cost.parameters  # themselves and two moments
    real = most_of_a_step(own)
    assert 0.99 * real < beside < 1.25 * real  # attention on a CPU keeps no scores


def test_no_batch_is_made_to_know_its_cost(tmp_path):
    tracemalloc.start()
    cost = measure(cell(training={"batch": 2**22}), VOCABULARY, tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**25 < 2**35 < cost.memory_bytes


def test_memory_that_runs_out_is_told(tmp_path):
    file = tmp_path / "huge.py"
    file.write_text(USERS.format(name="huge", wrong="len(bytearray(2**62))"))
    with pytest.raises(UserError, match="the model cannot be built: MemoryError"):
        measure(cell(positions="huge", components=[file]), VOCABULARY, tmp_path, [file])


def test_windows_without_a_gradient_between_them_are_kept_one_at_a_time(tmp_path):
    def kept(windows):
        training = {"context": 8 * windows}
        return measure(cell(training=training), VOCABULARY, tmp_path).memory_bytes

    assert kept(4) == kept(2)


def test_a_gradient_through_the_memory_keeps_the_windows(tmp_path):
    def kept(crossed):
        memory = {"xl": {"backpropagate_windows": crossed}}
        training = {"context": 32}
        return measure(cell(memory=memory, training=training), VOCABULARY, tmp_path).memory_bytes

    assert kept(3) > 1.5 * kept(0)


def test_half_precision_keeps_half(tmp_path):
    full, half = (
        measure(cell(training={"precision": each}), VOCABULARY, tmp_path)
        for each in ("float32", "bfloat16")
    )
    state = 16 * full.parameters
    assert 2 * (half.memory_bytes - state) == full.memory_bytes - state


def test_a_cost_is_remembered_for_every_seed(tmp_path):
    cost = measure(cell(), VOCABULARY, tmp_path)
    assert remembered(cell(seed=7), VOCABULARY, tmp_path) == cost


@pytest.mark.parametrize(
    "setting", [{"steps": 9}, {"clip": 2.0}, {"validations": 1}, {"engine": "compiled"}], ids=str
)
def test_a_cost_is_remembered_for_settings_that_change_none(tmp_path, setting):
    cost = measure(cell(), VOCABULARY, tmp_path)
    assert remembered(cell(training=setting), VOCABULARY, tmp_path) == cost


def test_a_cost_is_remembered_without_torch(tmp_path):
    measure(cell(), VOCABULARY, tmp_path)
    check = (
        "import sys; from pathlib import Path; from tests.training import cell, VOCABULARY;"
        "from pipelines.cost import remembered;"
        "assert remembered(cell(), VOCABULARY, Path(sys.argv[1]));"
        "sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", check, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize(
    "other",
    [
        {"model": {"heads": 1}},
        {"training": {"batch": 5}},
        {"training": {"context": 32}},
        {"training": {"precision": "bfloat16"}},
        {"positions": "none"},
    ],
    ids=str,
)
def test_another_shape_is_not_remembered(tmp_path, other):
    measure(cell(), VOCABULARY, tmp_path)
    assert remembered(cell(**other), VOCABULARY, tmp_path) is None


def test_another_vocabulary_is_not_remembered(tmp_path):
    measure(cell(), VOCABULARY, tmp_path)
    assert remembered(cell(), VOCABULARY + 1, tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"parameters": 1}', "\0"])
def test_a_cost_that_cannot_be_read_is_not_remembered(tmp_path, content):
    measure(cell(), VOCABULARY, tmp_path)
    (file,) = (tmp_path / "costs").iterdir()
    file.write_text(content)
    assert remembered(cell(), VOCABULARY, tmp_path) is None


@pytest.mark.parametrize(
    ("wrong", "key", "value"),
    [
        ({"memory": {"xl": {"windows": -1}}}, "memory.windows", "-1"),
        ({"memory": ["none", {"xl": {"windows": -1}}]}, "memory.xl.windows", "-1"),
        ({"model": {"heads": 3}}, "model.heads", "3"),
        ({"model": {"window": 7}}, "model.window", "7"),
        ({"schedule": {"cosine": {"warmup": 2.0}}}, "schedule.warmup", "2.0"),
        ({"optimizer": {"adamw": {"learning_rate": -1.0}}}, "optimizer.learning_rate", "-1.0"),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_refused_with_its_key(tmp_path, wrong, key, value):
    with pytest.raises(UserError) as caught:
        measure(cell(**wrong), VOCABULARY, tmp_path)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (key, value)
    assert not (tmp_path / "costs").exists()


def test_pieces_that_do_not_fit_are_refused_with_their_names(tmp_path):
    file = tmp_path / "unfit.py"
    file.write_text(USERS.format(name="unfit", wrong="torch.zeros(5)"))
    own = cell(positions="unfit", components=[file])
    with pytest.raises(UserError, match="the model cannot be built: RuntimeError") as caught:
        measure(own, VOCABULARY, tmp_path, [file])
    assert "positions/unfit" in str(caught.value)


def test_a_users_component_is_measured_and_remembered(tmp_path):
    file = tmp_path / "fit.py"
    file.write_text(USERS.format(name="fit", wrong="1"))
    own = cell(positions="fit", components=[file])
    cost = measure(own, VOCABULARY, tmp_path, [file])
    assert remembered(own, VOCABULARY, tmp_path, [file]) == cost
    file.write_text(USERS.format(name="fit", wrong="20"))
    assert remembered(own, VOCABULARY, tmp_path, [file]) is None


def apart(**settings):
    return cell(batching={"packed": {"document_mask": True}}, **settings)


@pytest.mark.parametrize("settings", [{}, {"memory": "xl"}, {"mixer": ["attention", "mamba"]}])
def test_documents_of_a_row_are_kept_apart_by_models_that_can(tmp_path, settings):
    assert measure(apart(**settings), VOCABULARY, tmp_path).parameters


@pytest.mark.parametrize(
    ("memory", "named"),
    [("rmt", "memory/rmt"), (["xl", {"pause": {"count": 2}}], "memory/pause")],
)
def test_models_that_cannot_keep_documents_apart_are_refused(tmp_path, memory, named):
    with pytest.raises(UserError) as caught:
        measure(apart(memory=memory), VOCABULARY, tmp_path)
    (problem,) = caught.value.problems
    assert problem.what == f"batching/packed keeps the documents of a row apart, and {named} cannot"
    assert problem.key == "batching"


def test_without_a_mask_every_model_may_read_packed_rows(tmp_path):
    assert measure(cell(memory="rmt"), VOCABULARY, tmp_path).parameters
