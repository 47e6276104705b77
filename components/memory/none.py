"""Isolated windows."""

import torch
from typing_extensions import override

from components.memory import Memory
from components.registry import component


@component("memory", "none")
class NoMemory(Memory[None]):
    """Process every window as if it were the first: nothing is handed on.

    Formula:  query i of a window sees the keys j <= i of the same window.
    Shapes:   visible [1, queries, keys].
    Options:
    Errors:   none.
    Source:   the block-diagonal causal mask; the baseline of Dai et al. 2019 (arXiv 1901.02860).
    """

    separates_documents = True

    @override
    def start(self, batch: int, device: torch.device) -> None:
        return None
