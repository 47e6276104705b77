"""What a mixer hands on from window to window, where it has a state of its own."""

from dataclasses import dataclass

from torch import Tensor

from components.truncation import crossed_behind


@dataclass(frozen=True)
class Carried:
    """The state of a mixer; one of zeros knows nothing.

    Fields:
        tensors: each [batch, ..].
        crossed: windows that a gradient crosses since what is kept was detached.
    """

    tensors: tuple[Tensor, ...]
    crossed: int = 0

    def followed_by(self, *tensors: Tensor, backpropagate_windows: int) -> "Carried":
        """Return the state behind the next window.

        Args:
            tensors: what it consists of.
            backpropagate_windows: windows that a gradient may cross; the state is detached once in
                that many windows and one.
        """
        crossed = crossed_behind(self.crossed, backpropagate_windows)
        if crossed == 0:
            tensors = tuple(each.detach() for each in tensors)
        return Carried(tensors, crossed)

    def forgotten(self, rows: Tensor) -> "Carried":
        """Return the state in which the rows of the mask `rows` [batch] are zeros."""
        return Carried(tuple(_without(rows, each) for each in self.tensors), self.crossed)


def _without(rows: Tensor, tensor: Tensor) -> Tensor:
    mask = rows.to(tensor.device).view(-1, *[1] * (tensor.ndim - 1))
    return tensor.masked_fill(mask, 0.0)


def at_least(option: str, value: int, least: int) -> int:
    """Return the value of an option.

    Raises:
        ValueError: it is below `least`.
    """
    if value < least:
        raise ValueError(f"{option}: {value} is below {least}")
    return value
