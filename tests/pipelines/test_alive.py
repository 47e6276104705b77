"""Bytes that are alive, counted by hand."""

import torch

from pipelines.alive import Alive


def zeros(count):
    return torch.zeros(count, device="meta", requires_grad=True)


def test_what_was_there_before_does_not_count_and_a_view_is_no_memory():
    before = zeros(10)
    with Alive([before]) as alive:
        before.view(2, 5)
        assert alive.most == 0
        kept = before + 1
        assert alive.most == 40
        kept.view(5, 2)
    assert alive.most == 40


def test_what_is_gone_counts_no_longer():
    before = zeros(10)
    with Alive([before]) as alive, torch.no_grad():
        for _ in range(3):
            before + 1
        assert alive.most == 40
        one = before + 1
        two = one + 1
        assert alive.most == 80
        del one, two
        torch.zeros(10, device="meta")
    assert alive.most == 80


def test_a_backward_pass_counts_gradients_and_what_it_needs_for_a_moment():
    before = zeros(100)
    with Alive([before]) as alive:
        loss = before.exp().sum()  # keeps its result, and is one number
        assert alive.most == 404
        loss.backward()  # the slope of the sum is no memory; the gradient is
    assert alive.most == 404 + 4 + 400
    assert before.grad is not None


def test_results_of_several_tensors_count_together():
    before = zeros(10)
    with Alive([before]) as alive, torch.no_grad():
        values, places = before.max(dim=0, keepdim=True)
    assert alive.most == 4 + 8
    assert values.shape == places.shape
