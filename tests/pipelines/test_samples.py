from itertools import islice

import numpy as np
import torch

from components.batching import IGNORED, Batch, Batching
from pipelines.samples import sample, samples
from pipelines.train import new_batching
from tests.training import WINDOW, cell, documents

CPU = torch.device("cpu")


class Fixed(Batching):
    """Two rows of two windows; one target is missing, the second row forgets."""

    def batch(self, *_):
        tokens = np.arange(4 * self.window).reshape(2, -1)
        targets = tokens + 1
        targets[0, 0] = IGNORED
        return Batch(tokens, targets, np.array([[True, False], [True, True]]))


def fixed():
    return Fixed(documents([9]), 2 * WINDOW, WINDOW, 2)


def packed():
    return new_batching(cell(), WINDOW, documents([30, 50, 9]))


def test_a_sample_is_cut_into_its_windows():
    parts = sample(fixed(), 0, CPU, 0).parts
    assert [part.tokens.shape for part in parts] == [(2, WINDOW), (2, WINDOW)]
    assert torch.equal(
        torch.cat([part.tokens for part in parts], dim=1), torch.arange(4 * WINDOW).view(2, -1)
    )


def test_targets_stand_beside_their_tokens():
    parts = sample(fixed(), 0, CPU, 0).parts
    assert parts[0].targets[0, 0] == IGNORED
    assert torch.equal(parts[1].targets, parts[1].tokens + 1)


def test_places_without_a_target_are_not_counted():
    assert sample(fixed(), 0, CPU, 0).predicted == 4 * WINDOW - 1


def test_rows_that_forget_are_named_before_their_window():
    first, second = sample(fixed(), 0, CPU, 0).parts
    assert first.fresh is None  # nothing is remembered yet
    assert second.fresh.tolist() == [False, True]


def test_a_window_in_which_no_row_forgets_says_so():
    assert sample(packed(), 0, CPU, 0).parts[1].fresh is None


def test_samples_go_on_where_a_training_stopped():
    late = list(samples(packed(), 3, CPU, 2, 5))
    whole = list(islice(samples(packed(), 3, CPU, 0, 5), 2, None))
    assert len(late) == 3
    for one, other in zip(late, whole, strict=True):
        assert torch.equal(one.parts[0].tokens, other.parts[0].tokens)


def test_the_order_of_asking_changes_nothing():
    batching = packed()
    late = sample(batching, 0, CPU, 40).parts[0].tokens
    assert torch.equal(
        sample(batching, 0, CPU, 0).parts[0].tokens, sample(packed(), 0, CPU, 0).parts[0].tokens
    )
    assert torch.equal(sample(packed(), 0, CPU, 40).parts[0].tokens, late)
