"""A selective state space: a recurrence whose step sizes and directions each token chooses."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad, silu, softplus
from typing_extensions import override

from components.carried import Carried, at_least
from components.convolution import DrawnConvolution
from components.initialise import OutputLinear
from components.memory import Recall, Window
from components.mixer import Mixed, Mixer
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.scan import Scanned, selective_scan
from components.sizes import Sizes

SLOWEST, FASTEST = 1e-3, 0.1
"""Step sizes at the start lie between these, evenly in their logarithm."""

CHANNELS_A_RANK = 16
"""Channels of the stream for each one through which the step sizes are projected."""


class StepSizes(nn.Linear):
    """The projection to step sizes, before softplus, with initial values of its own."""

    def draw(self, name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the initial values of one parameter, in place."""
        if name == "weight":
            bound = self.in_features**-0.5
            tensor.uniform_(-bound, bound, generator=generator)
        else:
            tensor.uniform_(math.log(SLOWEST), math.log(FASTEST), generator=generator)
            steps = tensor.exp()
            tensor.copy_(steps + torch.log(-torch.expm1(-steps)))  # the inverse of softplus


@component("mixer", "mamba")
class Mamba(Mixer):
    """Let each channel keep a few numbers, which every token lets fade and adds to as it chooses.

    Formula:  [u, z] = W_in x; u = silu(convolution(u)), causal and depthwise;
              [s, B, C] = W_x u; dt = softplus(W_dt s + b_dt); A = -exp(log_rates);
              h_t = exp(dt_t A) h_(t-1) + dt_t B_t u_t; y_t = C_t h_t + skip u_t;
              out = W_out (y silu(z)).
    Shapes:   x and out [batch, length, width]; u, z, dt, y [.., expand width]; B, C [.., states];
              h and A [expand width, states], h in float32 or better.
    Options:
        states: numbers that each channel keeps.
        expand: channels inside for each of the width.
        kernel: tokens that the convolution sees, its own with them.
        rank: channels of s; null means width / 16, rounded up.
        placement: instead of attention, or after a layer that has it.
        backpropagate_windows: windows that a gradient may cross; h and the inputs that the
            convolution has yet to see are detached once in that many windows and one.
    Errors:   ValueError unless states, expand, kernel, rank >= 1, backpropagate_windows >= 0.
    Source:   Gu & Dao 2023 (arXiv 2312.00752), algorithm 2; initial values: log_rates ln 1 .. ln
              states, skip 1, softplus(b_dt) log-uniform in 0.001 .. 0.1, as in mamba_ssm.
    """

    carries = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        states: int = 16,
        expand: int = 2,
        kernel: int = 4,
        rank: int | None = None,
        placement: Literal["instead", "after"] = "instead",
        backpropagate_windows: int = 0,
    ) -> None:
        super().__init__(sizes)
        self.placement = placement
        self.backpropagate_windows = at_least("backpropagate_windows", backpropagate_windows, 0)
        inner = sizes.width * at_least("expand", expand, 1)
        narrow = math.ceil(sizes.width / CHANNELS_A_RANK) if rank is None else rank
        self.split = (at_least("rank", narrow, 1), at_least("states", states, 1), states)
        self.enter = nn.Linear(sizes.width, 2 * inner, bias=False)
        self.convolution = DrawnConvolution(inner, at_least("kernel", kernel, 1), bias=True)
        self.choose = nn.Linear(inner, sum(self.split), bias=False)
        self.steps = StepSizes(narrow, inner)
        rates = torch.arange(1, states + 1, dtype=torch.get_default_dtype())
        self.log_rates = nn.Parameter(rates.log().repeat(inner, 1))
        self.skip = nn.Parameter(torch.ones(inner))
        self.out = OutputLinear(inner, sizes.width, bias=False)

    @override
    def start(self, batch: int, device: torch.device) -> Carried:
        shape = (batch, *self.log_rates.shape)
        h = torch.zeros(shape, dtype=precise(self.log_rates), device=device)
        return Carried((self.convolution.start(batch, device), h))

    @override
    def reset(self, rows: Tensor, state: Carried) -> Carried:
        return state.forgotten(rows)

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall, state: Carried
    ) -> Mixed:
        tail, h = state.tensors
        u, z = self.enter(x).chunk(2, dim=-1)
        u, tail = self.convolution(u, tail, window.documents)
        u = silu(u)
        y, h = self._scan(u, _keep(window, h), h)
        carried = state.followed_by(tail, h, backpropagate_windows=self.backpropagate_windows)
        return Mixed(self.out(y.to(u.dtype) * silu(z)), state=carried)

    def _scan(self, u: Tensor, keep: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return y [batch, length, inner width] and the last h, both in the dtype of h."""
        narrow, write, read = self.choose(u).split(self.split, dim=-1)
        steps = softplus(linear(narrow, self.steps.weight).to(h.dtype) + self.steps.bias)
        rates = -self.log_rates.to(h.dtype).exp()
        u, write, read = (each.to(h.dtype) for each in (u, write, read))
        y, h = selective_scan(Scanned(u, steps, rates, write, read, keep), h)
        return y + self.skip * u, h

    def uncounted_flops(self, length: int) -> float:
        """Return the FLOPs of a window's scan, which a counter of matrix products does not see.

        A multiply-add for each number of h to move it on, and one to read it.
        """
        return 4.0 * length * self.log_rates.numel()


def _keep(window: Window, like: Tensor) -> Tensor:
    """Return 0 for each token that begins a document in this window, else 1, [batch, length]."""
    if window.documents is None:
        return like.new_ones(window.x.shape[:2])
    goes_on = pad(window.documents, (1, 0)).diff(dim=1) == 0
    return goes_on.to(like.dtype)
