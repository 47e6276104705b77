"""The sample of each step: a function of the cell's seed and the step alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from components.batching import IGNORED, Batching
from pipelines.windows import Part, parts


@dataclass(frozen=True)
class Sample:
    """What one optimizer step learns from.

    Fields:
        parts: the windows of the rows, in order.
        predicted: how many targets there are, over all rows and windows.
    """

    parts: tuple[Part, ...]
    predicted: int


def samples(
    batching: Batching, seed: int, device: torch.device, first: int, steps: int
) -> Iterator[Sample]:
    """Yield the samples of the steps `first` (counted from 0) to `steps` - 1."""
    for step in range(first, steps):
        yield sample(batching, seed, device, step)


def sample(batching: Batching, seed: int, device: torch.device, step: int) -> Sample:
    """Return the sample of the `step`-th step, counted from 0."""
    batch = batching.batch(seed, step)
    predicted = int(np.count_nonzero(batch.targets != IGNORED))
    return Sample(parts(batch, device), predicted)
