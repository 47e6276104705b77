"""A logit in the softmax that has no value: attention to nothing."""

from dataclasses import replace

import torch
from torch import nn
from typing_extensions import override

from components.memory import Memory, Seen
from components.registry import component
from components.remembered import acting
from components.sizes import Sizes


@component("memory", "sinks")
class Sinks(Memory[None]):
    r"""Let every head attend to nothing, by one more logit in the denominator of its softmax.

    Formula:  weight of key j = exp(s_j) / (exp(b) + sum_i exp(s_i)), with a logit b of each head.
              Far below the scores, such as -1e9, b is no sink; 0 and not learned, attention off
              by one.
    Shapes:   b [heads], in every layer with keys that `layers` chooses.
    Options:
        learned: whether b is.
        initial: b, or what it begins with where it is learned.
        layers: which layers have a sink, repeating.
    Errors:   ValueError for layers without a member.
    Source:   gpt-oss, `eager_attention_forward` of its model in transformers; off by one: Miller
              2023, Attention is off by one.
    """

    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        learned: bool = True,
        initial: float = 0.0,
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        self.learned = learned
        self.initial = initial
        self.acting = acting(sizes, layers)
        own = (layer for layer, acts in enumerate(self.acting) if acts and learned)
        self.logits = nn.ParameterDict({str(each): self._begin(sizes.heads) for each in own})

    @override
    def start(self, batch: int, device: torch.device) -> None:
        return None

    @override
    def recall(self, layer: int, own: Seen, state: None) -> Seen:
        if not self.acting[layer]:
            return own
        if self.learned:
            return replace(own, sink=self.logits[str(layer)])
        return replace(own, sink=own.queries.new_full(own.queries.shape[1:2], self.initial))

    def _begin(self, heads: int) -> nn.Parameter:
        return nn.Parameter(torch.full((heads,), float(self.initial)))
