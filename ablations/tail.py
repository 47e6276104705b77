"""The mean of the last validations of a cell."""

import polars as pl

SHARE = 0.2
"""Of the tokens: the end of a training whose validations are averaged."""

FEWEST = 3
"""Validations that make a mean worth the name."""

GONE = f"fewer than {FEWEST} validations of its last fifth are kept"


def tail_mean(validations: pl.DataFrame) -> tuple[float | None, str | None]:
    """Return the mean loss of the last fifth of the tokens; None, and why, where it has none.

    Args:
        validations: of one cell: tokens, loss, reason.
    """
    late = validations.filter(pl.col("tokens") > (1 - SHARE) * pl.col("tokens").max())
    if late.height < FEWEST:
        return None, GONE
    reasons = late.filter(pl.col("loss").is_null())["reason"].to_list()
    return (None, reasons[0]) if reasons else (float(late["loss"].to_numpy().mean()), None)
