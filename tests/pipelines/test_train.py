import copy
import math
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from components.batching import IGNORED, Batching
from components.errors import UserError
from pipelines.device import reproducible
from pipelines.samples import sample
from pipelines.train import carries_gradient, new_model, new_trainee, steps
from tests.training import VOCABULARY, cell, documents
from tests.waiting import without_waiting

CPU = torch.device("cpu")


def trainee(own, lengths=(30, 50, 40, 9)):
    return new_trainee(own, VOCABULARY, documents(lengths), CPU)


def by_hand(own, count):
    """The losses and gradient norms of `count` steps: one graph, AdamW as its paper writes it."""
    built = trainee(own)
    model, options = built.model, own.parts["optimizer"][0].options
    rate, epsilon = options["learning_rate"], options["epsilon"]
    betas = options["beta1"], options["beta2"]
    moments = {name: (0.0, 0.0) for name, _ in model.named_parameters()}
    measured = []
    for step in range(1, count + 1):
        own_sample = sample(built.batching, own.seed, CPU, step - 1)
        state, total = model.start(own.training.batch), 0.0
        for part in own_sample.parts:
            logits, state, _ = model(part.tokens, state)
            total = total + cross_entropy(
                logits.flatten(0, 1), part.targets.flatten(), reduction="sum"
            )
        loss = total / own_sample.predicted
        named = list(model.named_parameters())
        gradients = torch.autograd.grad(loss, [each for _, each in named])
        norm = math.sqrt(sum(float((each.double() ** 2).sum()) for each in gradients))
        scale = min(1.0, own.training.clip / norm)
        factor = rate * built.schedule.factor(step - 1)
        with torch.no_grad():
            for (name, parameter), gradient in zip(named, gradients, strict=True):
                weight = parameter.data
                decays = parameter.ndim > 1 and name != "embedding.weight"
                weight *= 1 - factor * options["weight_decay"] * decays
                first, second = moments[name]
                first = betas[0] * first + (1 - betas[0]) * gradient * scale
                second = betas[1] * second + (1 - betas[1]) * (gradient * scale) ** 2
                moments[name] = first, second
                corrected = first / (1 - betas[0] ** step)
                spread = (second / (1 - betas[1] ** step)).sqrt() + epsilon
                weight -= factor * corrected / spread
        measured += [loss.item(), norm]
    return measured


@pytest.mark.parametrize(
    "memory", ["none", "xl", {"xl": {"backpropagate_windows": 1}}], ids=["none", "xl", "crossing"]
)
@pytest.mark.parametrize("clip", [0.5, 100.0])
def test_steps_are_those_of_a_loop_written_by_hand(memory, clip):
    own = cell(memory=memory, schedule="cosine", training={"clip": clip, "context": 24})
    expected = by_hand(own, 3)
    found = list(islice(steps(trainee(own), own), 3))
    assert [float(each.loss) for each in found] == pytest.approx(expected[::2], rel=2e-4)
    assert [float(each.gradient_norm) for each in found] == pytest.approx(expected[1::2], rel=2e-4)


def test_a_gradient_that_crosses_windows_differs_from_one_that_stops():
    norms = [
        float(next(steps(trainee(own), own)).gradient_norm)
        for own in (cell(memory="xl"), cell(memory={"xl": {"backpropagate_windows": 1}}))
    ]
    assert norms[0] != pytest.approx(norms[1], rel=1e-3)


def test_the_loss_falls_on_text_that_repeats_itself():
    own = cell(training={"steps": 20})
    losses = [float(each.loss) for each in steps(trainee(own), own)]
    assert losses[-1] < 0.8 * losses[0]


def test_an_untrained_model_knows_nothing():
    loss = float(next(steps(trainee(cell()), cell())).loss)
    assert loss == pytest.approx(math.log(VOCABULARY), abs=0.1)


def test_windows_with_fewer_targets_weigh_less():
    own = cell()
    built = trainee(own)
    packed = built.batching.batch(own.seed, 0)
    whole = replace(packed, targets=packed.targets.copy())
    whole.targets[:, :7] = IGNORED

    class Holes(Batching):
        def batch(self, *_):
            return whole

    holes = Holes(built.batching.documents, own.training.context, 8, own.training.batch)
    first = next(steps(replace(built, batching=holes), own))
    model = trainee(own).model
    tokens, targets = torch.from_numpy(whole.tokens.copy()), torch.from_numpy(whole.targets.copy())
    total = sum(
        cross_entropy(model(part, model.start(4))[0].flatten(0, 1), aim.flatten(), reduction="sum")
        for part, aim in zip(tokens.split(8, 1), targets.split(8, 1), strict=True)
    )
    assert first.predicted == 4 * 9
    assert float(first.loss) == pytest.approx(total.item() / (4 * 9), rel=1e-5)


def test_steps_are_counted_from_one_and_go_on_from_the_first():
    own = cell()
    assert [each.number for each in steps(trainee(own), own)] == [1, 2, 3, 4, 5, 6]
    assert [each.number for each in steps(trainee(own), own, first=4)] == [5, 6]


def test_the_learning_rate_is_the_peak_times_the_schedule():
    own = cell(schedule={"cosine": {"warmup": 0.5}}, optimizer={"adamw": {"learning_rate": 0.02}})
    built = trainee(own)
    rates = [each.learning_rate for each in steps(built, own)]
    assert rates == pytest.approx([0.02 * built.schedule.factor(step) for step in range(6)])
    assert rates[0] < rates[2] == pytest.approx(0.02)


def test_a_broken_gradient_never_reaches_the_optimizer():
    own = cell()
    built = trainee(own)
    with torch.no_grad():
        built.model.head.weight[0, 0] = float("nan")
    first = next(steps(built, own))
    assert not torch.isfinite(first.loss)
    moments = [value for state in built.optimizer.state.values() for value in state.values()]
    assert all(torch.isfinite(each).all() for each in moments)


class Reads(TorchDispatchMode):
    """Counts how often a value is fetched from the device."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("memory", ["none", "xl"])
def test_a_step_never_waits_for_the_device(memory):
    own = cell(memory=memory)
    with Reads() as reads:
        last = list(steps(trainee(own), own))[-1]
        before = reads.count
        float(last.loss)
    assert reads.count == before + 1  # else the test proves nothing
    assert before == 0


def test_the_same_cell_gives_the_same_bits_twice():
    own = cell(memory="xl")
    one, other = (trainee(own) for _ in range(2))
    for first, second in zip(steps(one, own), steps(other, own), strict=True):
        assert torch.equal(first.loss, second.loss)
    for key, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[key])


def test_what_others_drew_before_changes_nothing():
    own = cell()
    first = [float(each.loss) for each in steps(trainee(own), own)]
    torch.rand(17)
    assert [float(each.loss) for each in steps(trainee(own), own)] == first


def test_what_components_draw_in_a_step_depends_on_the_step_alone():
    own = cell()

    def drawn(first):
        built = trainee(own)
        torch.rand(5)
        return [torch.rand(()).item() for _ in steps(built, own, first)]

    assert drawn(0)[2:] == drawn(2)
    assert len(set(drawn(0))) == 6


def test_what_components_draw_when_they_are_built_depends_on_the_seed_alone():
    drawn = []
    for seed in (0, 0, 1):
        new_model(cell(seed=seed), VOCABULARY)
        drawn.append(torch.rand(()).item())
    assert drawn[0] == drawn[1] != drawn[2]


def test_variants_begin_with_the_same_shared_parameters():
    one = dict(new_model(cell(positions="rotary"), VOCABULARY).named_parameters())
    other = dict(
        new_model(
            cell(positions="linspace", memory="xl", mlp="gated"), VOCABULARY
        ).named_parameters()
    )
    shared = [name for name in one if name in other and one[name].shape == other[name].shape]
    assert len(shared) > 10
    assert all(torch.equal(one[name], other[name]) for name in shared)


def test_variants_see_the_same_batches():
    one, other = trainee(cell(positions="rotary")), trainee(cell(positions="none", memory="xl"))
    for step in (0, 3):
        pair = [sample(each.batching, 0, CPU, step).parts[1].tokens for each in (one, other)]
        assert torch.equal(*pair)


def test_another_seed_has_other_values_and_other_batches():
    one, other = (trainee(cell(seed=seed), range(5, 20)) for seed in (0, 1))
    assert not torch.equal(one.model.head.weight, other.model.head.weight)
    pair = [sample(one.batching, seed, CPU, 0).parts[0].tokens for seed in (0, 1)]
    assert not torch.equal(*pair)


def test_an_option_out_of_range_is_refused():
    with pytest.raises(UserError, match="learning_rate"):
        trainee(cell(optimizer={"adamw": {"learning_rate": -1.0}}))


def test_a_state_carries_gradients_where_a_tensor_in_it_does():
    own = cell(memory={"xl": {"backpropagate_windows": 1}})
    model = new_model(own, VOCABULARY)
    tokens = torch.zeros(1, 8, dtype=torch.int64)
    state = model.start(1)
    assert not carries_gradient(state)
    state = model(tokens, state).state
    assert carries_gradient(state)
    state = model(tokens, state).state
    assert not carries_gradient(state)
    assert carries_gradient({"a": [torch.zeros(1), torch.ones(1, requires_grad=True)]})


def test_training_leaves_the_evaluation_mode():
    own = cell()
    built = trainee(own)
    built.model.eval()
    next(steps(built, own))
    assert built.model.training


class Copies(TorchDispatchMode):
    """Counts how often Python numbers become a tensor, for which a GPU is waited for."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten.lift_fresh.default
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("positions", ["rotary", "alibi", "linspace", "learned", "sinusoidal"])
def test_no_pass_makes_tensors_of_python_numbers(positions):
    model = new_model(cell(memory="xl", positions=positions), VOCABULARY)
    tokens, state = torch.zeros(1, 8, dtype=torch.int64), model.start(1)
    with Copies() as copies:
        for _ in range(2):
            state = model(tokens, state).state
        before = copies.count
        torch.tensor([1.0, 2.0])
    assert copies.count == before + 1  # else the test proves nothing
    assert before == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("positions", ["rotary", "alibi", "learned"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_gives_the_same_bits_twice(precision, positions):
    sizes = {"width": 256, "heads": 4, "window": 256}
    training = {"steps": 10, "precision": precision, "context": 512, "batch": 8}
    own = cell(memory="xl", positions=positions, model=sizes, training=training)
    found = []
    with reproducible(torch.device("cuda")):
        for _ in range(2):
            corpus = documents((3000, 5000, 4000))
            built = new_trainee(own, VOCABULARY, corpus, torch.device("cuda"))
            losses = [float(each.loss) for each in steps(built, own)]
            found.append((losses, built.model.state_dict()))
    (first, one), (second, other) = found
    assert first == second
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("positions", ["rotary", "alibi", "linspace", "learned", "sinusoidal"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_trains_without_waiting(precision, positions):
    training = {"steps": 20, "precision": precision}
    own = cell(memory="xl", positions=positions, training=training)
    built = new_trainee(own, VOCABULARY, documents((30, 50, 40)), torch.device("cuda"))
    walk = steps(built, own)
    first = next(walk)
    with without_waiting():
        last = list(walk)[-1]
    assert float(last.loss) < float(first.loss)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.filterwarnings("ignore:.*script_method.*:DeprecationWarning")  # torch's own import
@pytest.mark.filterwarnings(
    "ignore:TensorFloat32:UserWarning"
)  # whose bits are not those of float32
@pytest.mark.parametrize("parts", [{}, {"memory": "xl"}, {"mixer": "linear_attention"}], ids=str)
def test_a_compiled_model_learns_what_an_eager_one_does(parts):
    losses = {}
    for engine in ("eager", "compiled"):
        own = cell(training={"engine": engine}, **parts)
        built = new_trainee(own, VOCABULARY, documents((30, 50, 40)), torch.device("cuda"))
        losses[engine] = [float(each.loss) for each in steps(built, own)]
    assert losses["compiled"] == pytest.approx(losses["eager"], rel=1e-2)


def test_a_copy_of_the_model_is_not_trained():
    own = cell()
    built = trainee(own)
    before = copy.deepcopy(built.model.state_dict())
    list(steps(built, own))
    assert not torch.equal(before["head.weight"], built.model.head.weight)
    assert torch.equal(before["head.weight"], trainee(own).model.head.weight)
