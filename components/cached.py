"""Keys and values that a memory keeps of one layer, not yet encoded, with what goes with them."""

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor


class Keyed(Protocol):
    """What has keys and values: `Seen`, of which a memory is made."""

    @property
    def keys(self) -> Tensor: ...  # noqa: D102  # see Cached
    @property
    def values(self) -> Tensor: ...  # noqa: D102  # see Cached
    @property
    def beside(self) -> Tensor | None: ...  # noqa: D102  # see Cached


K = TypeVar("K", bound=Keyed)


@dataclass(frozen=True)
class Cached:
    """What is kept of one layer.

    Fields:
        keys: [batch, kv_heads, cached, head_width].
        values: [batch, kv_heads, cached, head_width].
        beside: [batch, any, cached, any], what each key carries for a position encoder; or None.
    """

    keys: Tensor
    values: Tensor
    beside: Tensor | None

    @classmethod
    def of(cls, seen: Keyed) -> "Cached":
        """Take the keys that a layer saw."""
        return cls(seen.keys, seen.values, seen.beside)

    @property
    def length(self) -> int:
        """The number of keys."""
        return self.keys.shape[2]

    def behind(self, earlier: "Cached | None") -> "Cached":
        """Return these keys behind earlier ones."""
        if earlier is None:
            return self
        return Cached(
            torch.cat([earlier.keys, self.keys], dim=2),
            torch.cat([earlier.values, self.values], dim=2),
            _joined(earlier.beside, self.beside),
        )

    def last(self, count: int) -> "Cached":
        """Return the last `count` keys, or all where there are fewer."""
        return self._part(slice(max(self.length - count, 0), None))

    def first(self, count: int) -> "Cached":
        """Return the first `count` keys, or all where there are fewer."""
        return self._part(slice(0, count))

    def detached(self) -> "Cached":
        """Return the same keys, through which no gradient goes."""
        beside = None if self.beside is None else self.beside.detach()
        return Cached(self.keys.detach(), self.values.detach(), beside)

    def before(self, own: K) -> K:
        """Return `own` with these keys in front; positions and visibility are not extended."""
        together = Cached.of(own).behind(self)
        fields = {"keys": together.keys, "values": together.values, "beside": together.beside}
        return replace(own, **fields)  # type: ignore[type-var]  # it is a dataclass, as Seen is

    def _part(self, places: slice) -> "Cached":
        beside = None if self.beside is None else self.beside[:, :, places]
        return Cached(self.keys[:, :, places], self.values[:, :, places], beside)


def _joined(left: Tensor | None, right: Tensor | None) -> Tensor | None:
    if left is None or right is None:
        return None
    return torch.cat([left, right], dim=2)
