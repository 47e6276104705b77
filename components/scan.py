"""The selective scan of Mamba: token after token, with a gradient that keeps few states.

All states of a window would take channels x states numbers a token. What is kept for the backward
pass is the state before every chunk of tokens, from which the others are computed once more. Decays
are multiplied and never divided by, so that any step size is safe. Two operators of their own, that
compilation and counters of FLOPs do not look into.
"""

from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

from components.precision import as_they_are

CHUNK = 16
"""Tokens whose states are in memory at once."""

Six: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


class Scanned(NamedTuple):
    """What a scan reads; all are of one dtype.

    Fields:
        x: [batch, length, channels].
        steps: [batch, length, channels], not below 0.
        rates: [channels, states], below 0.
        write: [batch, length, states].
        read: [batch, length, states].
        keep: [batch, length]; 0 where a token knows nothing of those before it, else 1.
    """

    x: Tensor
    steps: Tensor
    rates: Tensor
    write: Tensor
    read: Tensor
    keep: Tensor

    def part(self, tokens: slice) -> "Scanned":
        """Return the same of some tokens."""
        x, steps, write, read, keep = (
            each[:, tokens] for each in (self.x, self.steps, self.write, self.read, self.keep)
        )
        return Scanned(x, steps, self.rates, write, read, keep)


def selective_scan(given: Scanned, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return y_t = h_t read_t, where h_t = exp(steps_t rates) keep_t h_(t-1) + steps_t x_t write_t.

    Args:
        given: what it reads.
        start: [batch, channels, states], h before the first token.

    Returns:
        y [batch, length, channels], and h behind the last token.
    """
    y, last, _ = _scan(*given, start)
    return y, last


@torch.library.custom_op("ablations::selective_scan", mutates_args=())
def _scan(  # noqa: PLR0917  # an operator takes its tensors one by one
    x: Tensor,
    steps: Tensor,
    rates: Tensor,
    write: Tensor,
    read: Tensor,
    keep: Tensor,
    start: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return y, the last state, and the states before each chunk [chunks, batch, ..]."""
    given = Scanned(x, steps, rates, write, read, keep)
    state, found, starts = start, [], []
    with as_they_are(x.device):
        for tokens in _chunks(x.shape[1]):
            starts.append(state)
            _, states = _decays_and_states(given.part(tokens), state)
            found.append(_dot(states, read[:, tokens]))
            state = states[-1]
    return torch.cat(found, dim=1), state.clone(), torch.stack(starts)


@torch.library.custom_op("ablations::selective_scan_backward", mutates_args=())
def _scan_backward(  # noqa: PLR0917  # an operator takes its tensors one by one
    x: Tensor,
    steps: Tensor,
    rates: Tensor,
    write: Tensor,
    read: Tensor,
    keep: Tensor,
    starts: Tensor,
    slope: Tensor,
    slope_of_last: Tensor,
) -> Six:
    """Return the gradients to x, steps, rates, write, read and the first state."""
    given = Scanned(x, steps, rates, write, read, keep)
    found: list[tuple[Tensor, ...]] = []
    of_rates, of_state = torch.zeros_like(rates), slope_of_last
    with as_they_are(x.device):
        for start, tokens in reversed(list(zip(starts, _chunks(x.shape[1]), strict=True))):
            *own, of_rates_here, of_state = _chunk_backward(
                given.part(tokens), start, slope[:, tokens], of_state
            )
            of_rates += of_rates_here
            found.append(tuple(own))
    of_x, of_steps, of_write, of_read = (
        torch.cat(parts[::-1], dim=1) for parts in zip(*found, strict=True)
    )
    return of_x, of_steps, of_rates, of_write, of_read, of_state


def _chunk_backward(given: Scanned, start: Tensor, slope: Tensor, of_last: Tensor) -> Six:
    """Return the gradients to x, steps, write, read, rates and the state before the chunk."""
    decays, states = _decays_and_states(given, start)
    of_states = _outer(slope, given.read)
    of_states[-1] += of_last
    for place in range(len(states) - 1, 0, -1):
        of_states[place - 1].addcmul_(of_states[place], decays[place])
    of_start = of_states[0] * decays[0]
    of_exponents = of_states * decays
    of_exponents[0] *= start
    of_exponents[1:] *= states[:-1]
    of_inputs = _dot(of_states, given.write)
    of_steps = of_inputs * given.x + (of_exponents * given.rates).sum(-1).transpose(0, 1)
    of_rates = (of_exponents * given.steps.transpose(0, 1)[..., None]).sum((0, 1))
    of_write = _over_channels(of_states, given.steps * given.x)
    of_read = _over_channels(states, slope)
    return of_inputs * given.steps, of_steps, of_write, of_read, of_rates, of_start


def _chunks(length: int) -> list[slice]:
    return [slice(begin, begin + CHUNK) for begin in range(0, length, CHUNK)]


def _decays_and_states(given: Scanned, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each token leaves of a state, and the state behind it.

    Both [length, batch, channels, states].
    """
    kept = given.keep.transpose(0, 1)[..., None, None]
    decays = (given.steps.transpose(0, 1)[..., None] * given.rates).exp_().mul_(kept)
    states = _outer(given.steps * given.x, given.write)
    before = start
    for state, decay in zip(states.unbind(), decays.unbind(), strict=True):
        before = state.addcmul_(before, decay)
    return decays, states


def _outer(channels: Tensor, states: Tensor) -> Tensor:
    """[batch, length, channels] and [.., states] -> [length, batch, channels, states]."""
    return channels.transpose(0, 1)[..., None] * states.transpose(0, 1)[..., None, :]


def _dot(full: Tensor, states: Tensor) -> Tensor:
    """Sum [length, batch, channels, states] over the states, to [batch, length, channels]."""
    return (full @ states.transpose(0, 1)[..., None])[..., 0].transpose(0, 1)


def _over_channels(full: Tensor, channels: Tensor) -> Tensor:
    """Sum [length, batch, channels, states] over the channels, to [batch, length, states]."""
    return (channels.transpose(0, 1)[..., None, :] @ full)[..., 0, :].transpose(0, 1)


@_scan.register_fake
def _shapes(*given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, start = given[0], given[-1]
    starts = start.new_empty(len(_chunks(x.shape[1])), *start.shape)
    return x.new_empty(x.shape), start.new_empty(start.shape), starts


@_scan_backward.register_fake
def _shapes_backward(*given: Tensor) -> tuple[Tensor, ...]:
    x, steps, rates, write, read, _, starts, *_ = given
    like = (x, steps, rates, write, read, starts[0])
    return tuple(each.new_empty(each.shape) for each in like)


def _keep_for_backward(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
    ctx.save_for_backward(*inputs[:-1], output[-1])


def _backward(ctx: Any, slope: Tensor, slope_of_last: Tensor, _: Tensor) -> tuple[Any, ...]:
    *of_given, of_start = _scan_backward(*ctx.saved_tensors, slope, slope_of_last)
    return *of_given, None, of_start


_scan.register_autograd(_backward, setup_context=_keep_for_backward)
