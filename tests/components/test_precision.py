"""Recurrences keep float32 where the model does not."""

import pytest
import torch

from components.precision import as_they_are, precise


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_a_recurrence_is_in_float32_or_better(given, expected):
    assert precise(torch.zeros(1, dtype=given)) == expected


def test_products_keep_the_dtype_of_their_factors_under_mixed_precision():
    x = torch.ones(2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ x).dtype == torch.bfloat16
        with as_they_are(x.device):
            assert (x @ x).dtype == torch.float32


def test_the_meta_device_has_no_mixed_precision_to_leave():
    with as_they_are(torch.device("meta")):
        assert (torch.ones(2, 2, device="meta") @ torch.ones(2, 2, device="meta")).is_meta
