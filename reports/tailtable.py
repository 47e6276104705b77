"""The table of what the last validation is worth beside the mean of those before it."""

from collections.abc import Sequence

from reports.course import Course, middle
from reports.drawings.drawing import Table
from reports.numbers import THIN, fixed

COLUMNS = (
    "variant",
    "standard error of the last validation",
    f"of the mean over the last 20{THIN}% of tokens",
    "bias of that mean",
    "root mean square error of the last",
    "of the mean",
)


def tails_table(labels: Sequence[str], given: Sequence[Course]) -> Table:
    """Write medians over seeds, in nats; only of variants with enough validations, so often none.

    The mean has less noise and is late by half of its stretch; the smaller mean square error says
    which of the two `final` of a grid should be.
    """
    return Table(COLUMNS, tuple(each for each in map(_row, labels, given) if each))


def _row(label: str, course: Course) -> tuple[str, ...]:
    known = [each for each in course.tails if each is not None]
    if not known:
        return ()
    numbers = (
        middle([each.error_of_last for each in known]),
        middle([each.error_of_mean for each in known]),
        middle([each.bias for each in known]),
        middle([each.mean_square_of_last**0.5 for each in known]),
        middle([each.mean_square_of_mean**0.5 for each in known]),
    )
    return (label, *("–" if each is None else fixed(each, 4) for each in numbers))
