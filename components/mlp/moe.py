"""A mixture of experts: a router chooses a few MLPs for every token."""

from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.mlp import Mlp, Transformed
from components.mlp.gated import Gated
from components.mlp.plain import Plain
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("mlp", "moe")
class MixtureOfExperts(Mlp):
    r"""Let a router choose `active` of the experts for every token, and sum what these make of it.

    Formula:  out = sum over the chosen e of w_e expert_e(x), sum of w_e = 1. balance loss and none:
              s = softmax(r x), the largest are chosen. bias: s = sigmoid(r x), the largest of
              s_e + b_e are chosen, weighed without b; b_e moves by +-bias_rate behind every step,
              up for experts with less than the mean load. Beside the loss, under loss:
              balance_weight experts sum_e f_e P_e; f_e choices of e per token, P_e the mean of s_e.
    Shapes:   x [batch, length, model width]; s [batch, length, experts]. A token is routed by
              itself: a choice that looked at other tokens would see the future.
    Options:
        experts: how many there are.
        active: how many work on a token.
        expert: the MLP that each is.
        width: channels inside an expert; null means what this MLP has by itself, over `active`, so
            that as many parameters work on a token as without experts.
        balance: what keeps experts equally busy.
        balance_weight: of the loss that does.
        bias_rate: step of the bias that does.
    Errors:   ValueError unless 0 < active <= experts, width > 0, balance_weight and bias_rate >= 0.
    Source:   Shazeer et al. 2017 (arXiv 1701.06538); the loss as Mixtral has it; the bias: Wang et
              al. 2024 (arXiv 2408.15664), DeepSeek-V3 (arXiv 2412.19437). Every expert computes
              every token here, which waits for no device and gives the same bits whatever the other
              tokens are; FLOPs are counted for the chosen ones.
    """

    correction: Tensor
    load: Tensor

    def __init__(
        self,
        sizes: Sizes,
        activation: nn.Module,
        *,
        experts: int = 4,
        active: int = 2,
        expert: Literal["plain", "gated"] = "gated",
        width: int | None = None,
        balance: Literal["loss", "bias", "none"] = "loss",
        balance_weight: float = 0.01,
        bias_rate: float = 1e-3,
    ) -> None:
        super().__init__(sizes, activation)
        if not 0 < active <= experts:
            raise ValueError(f"active: {active} is not between 1 and {experts} experts")
        for name, value in (("balance_weight", balance_weight), ("bias_rate", bias_rate)):
            if value < 0:
                raise ValueError(f"{name}: {value} is below 0")
        made: type[Plain | Gated] = Gated if expert == "gated" else Plain
        inner = made.default_width(sizes) // active if width is None else width
        self.experts = nn.ModuleList(made(sizes, activation, width=inner) for _ in range(experts))
        self.router = nn.Linear(sizes.width, experts, bias=False)
        self.active = active
        self.balance = balance
        self.balance_weight = balance_weight
        self.bias_rate = bias_rate
        self.register_buffer("correction", torch.zeros(experts))
        self.register_buffer("load", torch.zeros(experts))

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.transform(x).x

    @override
    def transform(self, x: Tensor) -> Transformed:
        scores, chosen = self._routed(x)
        weights = scores * chosen
        weights = (weights / weights.sum(dim=-1, keepdim=True)).to(x.dtype)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            out = out + weights[..., index, None] * expert(x)
        if self.training and self.balance == "bias":
            self.load += chosen.detach().sum(dim=(0, 1)).to(self.load.dtype)
        return Transformed(out, self._imbalance(scores, chosen))

    def chosen_between(self) -> nn.Module:
        """Return the modules of which a sample may not reach all."""
        return self.experts

    def after_step(self) -> None:
        """Move the bias of each expert by how busy it was since the last step."""
        if self.balance == "bias":
            self.correction += self.bias_rate * (self.load.mean() - self.load).sign()
            self.load.zero_()

    def uncounted_flops(self, length: int) -> float:
        """Take off the experts that no token would have needed, [] FLOPs of a forward pass."""
        matrices = (each for each in self.experts.parameters() if each.ndim == 2)  # noqa: PLR2004  # not biases
        computed = 2 * length * sum(each.numel() for each in matrices)
        return -computed * (1 - self.active / len(self.experts))

    def _routed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [batch, length, experts], and 1 for the chosen ones; in float32."""
        precision = precise(x)
        logits = nn.functional.linear(x.to(precision), self.router.weight.to(precision))
        scores = logits.sigmoid() if self.balance == "bias" else logits.softmax(dim=-1)
        best = (scores.detach() + self.correction.to(precision)).topk(self.active, dim=-1).indices
        return scores, torch.zeros_like(scores).scatter(-1, best, 1.0)

    def _imbalance(self, scores: Tensor, chosen: Tensor) -> Tensor | None:
        if self.balance != "loss":
            return None
        shares = chosen.mean(dim=(0, 1)) * scores.mean(dim=(0, 1))
        return self.balance_weight * len(self.experts) * shares.sum()
