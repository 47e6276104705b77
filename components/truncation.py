"""Truncated backpropagation: how far back through the windows a gradient goes."""


def crossed_behind(crossed: int, most: int | None) -> int:
    """Return how many windows a gradient crosses behind the next one; 0: it stops there.

    The number never grows beyond `most`: a compiled model is compiled anew for each that it meets.

    Args:
        crossed: the same before it; 0 at the start.
        most: windows that a gradient may cross; what is kept is detached once in that many windows
            and one. None for all.
    """
    return 1 if most is None else (crossed + 1) % (most + 1)
