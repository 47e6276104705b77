"""Whole numbers of a stream of their own, against plain Python integers."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from components.streams import mixed, whole_numbers

MASK = (1 << 64) - 1


def by_hand(x):
    """SplitMix64's mixing in integers without a bound."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@given(st.integers(-(2**63), 2**63 - 1))
def test_mixing_is_that_of_splitmix64(x):
    assert int(mixed(torch.tensor(x))) & MASK == by_hand(x & MASK)


def test_the_first_numbers_of_seed_0_are_the_published_ones():
    golden = torch.tensor(0x9E3779B97F4A7C15 - (1 << 64))
    found = [int(mixed(golden * (index + 1))) & MASK for index in range(2)]
    assert found == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@given(st.integers(0, 2**40), st.integers(1, 5000))
def test_numbers_are_below_the_bound_and_a_function_of_the_key(key, below):
    found = whole_numbers(torch.tensor(key), below, 20)
    assert 0 <= found.min() <= found.max() < below
    assert torch.equal(found, whole_numbers(torch.tensor(key), below, 20))


def test_every_number_is_as_likely():
    found = whole_numbers(torch.tensor(3), 10, 20_000)
    counts = torch.bincount(found, minlength=10)
    assert 1800 < counts.min() < counts.max() < 2200
