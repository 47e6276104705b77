"""Groups of keys, by torch's own pooling and convolution where there is no remainder."""

import pytest
import torch
from torch.nn.functional import conv1d

from components.cached import Cached
from components.compression import Compression
from tests.builders import some_values


def kept(keys, dtype=torch.float64, beside=None):
    made = some_values(2, 2, 3, keys, 4).to(dtype)
    return Cached(made[0], made[1], beside)


@pytest.mark.parametrize("how", ["conv", "mean", "max"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_group_is_a_key_of_the_same_kind(how, dtype):
    made = Compression(12, 4, how).to(dtype)(kept(10, dtype))
    assert made.keys.shape == made.values.shape == (2, 3, 3, 4)
    assert made.keys.dtype == made.values.dtype == dtype


@pytest.mark.parametrize(("how", "summary"), [("mean", torch.mean), ("max", torch.amax)])
def test_groups_are_those_that_unfold_has(how, summary):
    own = kept(9)
    made = Compression(12, 3, how)(own)
    torch.testing.assert_close(made.keys, summary(own.keys.unfold(2, 3, 3), dim=-1))
    torch.testing.assert_close(made.values, summary(own.values.unfold(2, 3, 3), dim=-1))


def test_a_convolution_sees_all_heads():
    own, compression = kept(9), Compression(12, 3, "conv").double()
    channels = own.keys.transpose(2, 3).reshape(2, 12, 9)
    expected = conv1d(channels, compression.keys.weight, stride=3).view(2, 3, 4, 3).mT
    torch.testing.assert_close(compression(own).keys, expected)


def test_the_last_group_may_be_smaller():
    own = kept(7)
    made = Compression(12, 3, "mean")(own)
    assert made.length == 3
    torch.testing.assert_close(made.keys[:, :, 2], own.keys[:, :, 6])


def test_a_group_of_one_is_the_key():
    own = kept(5)
    assert torch.equal(Compression(12, 1, "mean")(own).keys, own.keys)
    assert torch.equal(Compression(12, 1, "max")(own).values, own.values)


def test_what_keys_carry_is_summed():
    carried = torch.arange(7.0).view(1, 1, 7, 1).expand(2, 3, -1, -1)
    made = Compression(12, 3, "mean")(kept(7, beside=carried))
    assert made.beside[0, 0, :, 0].tolist() == [3, 12, 6]


def test_keys_that_cannot_be_seen_are_not_in_the_loss():
    compression, own = Compression(12, 2, "conv").double(), kept(6)
    queries = some_values(2, 6, 5, 4, seed=3)
    visible = torch.tensor([False] * 4 + [True] * 2).expand(1, 1, 6)
    loss = compression.loss(queries, own, visible)
    other = own.keys.clone()
    other[:, :, :4] += 1
    torch.testing.assert_close(
        compression.loss(queries, Cached(other, own.values, None), visible), loss
    )
    alone = compression.loss(queries, own.last(2), torch.ones(1, 1, 2, dtype=torch.bool))
    torch.testing.assert_close(alone, loss)
