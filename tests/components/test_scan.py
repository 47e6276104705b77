"""The selective scan against a loop over numbers, and its gradients against autograd's."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from components import scan
from components.scan import CHUNK, Scanned, selective_scan
from tests.builders import some_values
from tests.known import COMPONENTS
from tests.oracles import mixers as oracle

LENGTHS = [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5]


def some(length, rows=2, channels=3, states=2, begins=()):
    """Random inputs in float64 that ask for gradients, and a first state."""
    x, write, read = (
        some_values(rows, length, size, seed=seed)
        for seed, size in enumerate((channels, states, states))
    )
    steps = some_values(rows, length, channels, seed=3).exp()
    rates = -some_values(channels, states, seed=4).exp()
    start = some_values(rows, channels, states, seed=5)
    keep = torch.ones(rows, length, dtype=torch.float64)
    for row, place in begins:
        keep[row, place] = 0
    asking = [each.requires_grad_() for each in (x, steps, rates, write, read)]
    return Scanned(*asking, keep), start.requires_grad_()


def in_plain_torch(given, start):
    """The same by operations that torch knows the gradients of."""
    state, found = start, []
    for t in range(given.x.shape[1]):
        left = (given.steps[:, t, :, None] * given.rates).exp() * given.keep[:, t, None, None]
        added = (given.steps * given.x)[:, t, :, None] * given.write[:, t, None]
        state = left * state + added
        found.append((state * given.read[:, t, None]).sum(-1))
    return torch.stack(found, dim=1), state


def test_it_has_the_known_values():
    known = COMPONENTS["mamba_scan_scalar_A-1_D1"]
    u, steps, write, read = (
        torch.tensor(known[name], dtype=torch.float64)[None, :, None]
        for name in ("u", "dt", "B", "C")
    )
    rates, start = -torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, 1, dtype=torch.float64)
    given = Scanned(u, steps, rates, write, read, torch.ones(1, 3, dtype=torch.float64))
    y, _ = selective_scan(given, start)
    assert (y + u).flatten().tolist() == pytest.approx(known["y"], abs=1e-15)


@pytest.mark.parametrize("length", LENGTHS)
def test_it_has_the_values_of_the_loop(length):
    given, start = some(length, begins=[(1, length // 2)])
    y, last = selective_scan(given, start)
    for row in range(2):
        x, steps, write, read = (
            each[row].detach().numpy() for each in (given.x, given.steps, given.write, given.read)
        )
        begins = (length // 2,) if row else ()
        expected, state = oracle.scan(
            x,
            steps,
            given.rates.detach().numpy(),
            write,
            read,
            begins=begins,
            start=start[row].detach().numpy(),
        )
        np.testing.assert_allclose(y[row].detach(), expected, atol=1e-12)
        np.testing.assert_allclose(last[row].detach(), state, atol=1e-12)


@pytest.mark.parametrize("length", LENGTHS)
def test_it_has_the_gradients_of_plain_arithmetic(length):
    given, start = some(length, begins=[(0, 0), (1, length - 1), (1, length // 3)])
    asking = [*given[:5], start]
    gradients = []
    for way in (selective_scan, in_plain_torch):
        y, last = way(given, start)
        gradients.append(torch.autograd.grad(y.sin().sum() + last.cos().sum(), asking))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("step", [1e-6, 1e3])
def test_any_step_size_is_safe_in_float32(step):
    given, start = some(2 * CHUNK)
    small = Scanned(*(each.detach().float() for each in given))
    small = small._replace(steps=torch.full_like(small.steps, step).requires_grad_())
    y, last = selective_scan(small, start.detach().float())
    (slope,) = torch.autograd.grad(y.sum() + last.sum(), small.steps)
    assert y.isfinite().all()
    assert slope.isfinite().all()


def test_a_gradient_to_later_tokens_is_exactly_0():
    given, start = some(2 * CHUNK)
    y, _ = selective_scan(given, start)
    (slope,) = torch.autograd.grad(y[:, : CHUNK + 3].square().sum(), given.x)
    assert slope[:, : CHUNK + 3].any()
    assert not slope[:, CHUNK + 3 :].any()


def test_mixed_precision_leaves_it_in_float32():
    given, start = some(CHUNK + 1)
    small = Scanned(*(each.detach().float() for each in given))
    expected = selective_scan(small, start.detach().float())
    with torch.autocast("cpu", torch.bfloat16):
        mixed = selective_scan(small, start.detach().float())
    assert torch.equal(mixed[0], expected[0])
    assert torch.equal(mixed[1], expected[1])


@pytest.mark.parametrize("length", [CHUNK - 1, CHUNK + 1])
def test_torch_finds_the_operators_well_formed(length):
    given, start = some(length)
    torch.library.opcheck(scan._scan, (*given, start))
    _, _, starts = scan._scan(*given, start)
    slopes = some_values(2, length, 3, seed=8), some_values(2, 3, 2, seed=9)
    torch.library.opcheck(
        scan._scan_backward, (*(each.detach() for each in (*given, starts)), *slopes)
    )


def test_a_counter_of_matrix_products_sees_nothing_of_it():
    given, start = some(CHUNK)
    with FlopCounterMode(display=False) as counter:
        y, _ = selective_scan(given, start)
        y.sum().backward()
    assert counter.get_total_flops() == 0
