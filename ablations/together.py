"""Several searches that share the workers: one for each variant that is tuned."""

from collections.abc import Sequence
from typing import Any

from ablations.searching import Searching


class Together:
    """The `Order` of several searches; the first that has a cell to train goes first.

    Args:
        searches: in grid order.
    """

    def __init__(self, searches: Sequence[Searching]) -> None:
        self._searches = searches

    @property
    def waiting(self) -> bool:
        """Whether cells are still to be handed out."""
        return any(each.waiting for each in self._searches)

    def ask(self) -> str | None:
        """Return the fingerprint of the next cell; None while there is none to train now."""
        asked = (each.ask() for each in self._searches)
        return next((fingerprint for fingerprint in asked if fingerprint is not None), None)

    def tell(self, fingerprint: str, loss: float | None) -> None:
        """Hear that a cell has ended."""
        for each in self._searches:
            each.tell(fingerprint, loss)

    def hear(self, event: Any) -> None:
        """Hear what a worker says while it trains."""
        for each in self._searches:
            each.hear(event)

    def wants(self, fingerprint: str) -> bool:
        """Say whether a cell that was handed out shall go on."""
        return all(each.wants(fingerprint) for each in self._searches)

    def let_go(self, fingerprint: str) -> None:
        """Hear that the worker of a cell that was no longer wanted is free."""
        for each in self._searches:
            each.let_go(fingerprint)
