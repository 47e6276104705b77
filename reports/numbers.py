"""Numbers as text: precision follows uncertainty, signs are written, units keep together."""

import math
from datetime import UTC, datetime

MINUS = "\u2212"
THIN = "\u202f"  # narrow no-break space, before units
NO_RESULT = "no result"
NOT_KNOWN = "not known"
NO_INTERVAL = "no interval (1 seed)"
FEWEST_DECIMALS, MOST_DECIMALS = 2, 4
FINEST = 8  # decimals of a limit that fewer would round to 0
DECIMALS_ALONE = 3
TIMES = "\u00d7"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def decimals(half_width: float | None) -> int:
    """Return the decimals of two significant digits of `half_width`, from 2 to 4; 3 without one."""
    if half_width is None or not math.isfinite(half_width) or half_width <= 0:
        return DECIMALS_ALONE
    exponent = int(f"{half_width:.1e}".split("e")[1])
    return min(max(1 - exponent, FEWEST_DECIMALS), MOST_DECIMALS)


def fixed(value: float | None, places: int) -> str:
    """Write a value with so many decimals and a real minus sign; 0 has no sign."""
    if value is None or not math.isfinite(value):
        return NO_RESULT
    return f"{value:z.{places}f}".replace("-", MINUS)


def with_half_width(
    value: float | None, half_width: float | None, places: int | None = None
) -> str:
    """Write `3.204 ± 0.011`; the value alone without a half-width.

    Args:
        value: in any unit.
        half_width: of its interval; None, 0 and non-finite mean that there is none.
        places: decimals that a column shares; from the half-width if None.
    """
    shared = decimals(half_width) if places is None else places
    text = fixed(value, shared)
    if text == NO_RESULT or half_width is None or not math.isfinite(half_width) or half_width <= 0:
        return text
    return f"{text} ± {fixed(half_width, shared)}"


def decimals_alone(value: float | None) -> int:
    """Return the decimals of a difference without an interval: 3, or 4 where 3 would show none."""
    is_small = value is not None and 0 < abs(value) < 10**-DECIMALS_ALONE / 2
    return MOST_DECIMALS if is_small else DECIMALS_ALONE


def signed(value: float | None, places: int | None = None) -> str:
    """Write `+0.047`, or a real minus; what rounds to 0 has no sign, `0.000`."""
    if value is None or not math.isfinite(value):
        return NO_RESULT
    text = f"{abs(value):.{decimals_alone(value) if places is None else places}f}"
    sign = MINUS if value < 0 else "+"
    return f"{sign}{text}" if float(text) else text


def limit(value: float | None, places: int) -> str:
    """Write a limit of an interval: its side of 0 matters, so it has the decimals that show it."""
    if value is None or not math.isfinite(value):
        return NO_RESULT
    shown = (each for each in range(places, FINEST + 1) if round(abs(value), each))
    return signed(value, next(shown, places))


def interval(low: float | None, high: float | None, places: int | None = None) -> str:
    """Write `+0.026 to +0.068`."""
    if low is None or high is None:
        return "no interval"
    shared = decimals((high - low) / 2) if places is None else places
    return f"{limit(low, shared)} to {limit(high, shared)}"


def difference_of(a: str, b: str) -> str:
    """Write which difference a number is, `a - b` with a real minus."""
    return f"{a} {MINUS} {b}"


def count(number: int) -> str:
    """Write `4,800`."""
    return f"{number:,}".replace("-", MINUS)


def margin(value: float) -> str:
    """Write a margin as it was given, `0.01`."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def amount(number: float | None) -> str:
    """Write parameters or tokens: `14.07 M`, `314.6 M`, `120.0 k`, `812`."""
    if number is None or not math.isfinite(number):
        return NO_RESULT
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        scaled = number / (1e3 if unit == "k" else size)
        if number >= size:
            places = max(0, min(2, 3 - math.floor(math.log10(scaled))))
            return f"{scaled:.{places}f}{THIN}{unit}"
    return count(round(number))


def known_amount(number: float | None) -> str:
    """Write an amount that somebody has to have noted; 0 is none."""
    return amount(number) if number else NOT_KNOWN


def flops(number: float | None) -> str:
    """Write 2.71e16 as a mantissa and a power of ten, `10¹⁶`."""
    if number is None or not math.isfinite(number):
        return NO_RESULT
    if number == 0:
        return "0"
    mantissa, exponent = f"{number:.2e}".split("e")
    return f"{mantissa}{THIN}{TIMES}{THIN}10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def seconds(number: float | None) -> str:
    """Write `0.7 s`, `48 s`, `12.1 min` or `3 h 05 min`."""
    if number is None or not math.isfinite(number):
        return NO_RESULT
    if number < 9.95:  # noqa: PLR2004 - what rounds to less than 10
        return f"{number:.1f}{THIN}s"
    if number < 59.5:  # noqa: PLR2004 - what rounds to less than a minute
        return f"{number:.0f}{THIN}s"
    if number < 59.95 * 60:
        return f"{number / 60:.1f}{THIN}min"
    hours, minutes = divmod(round(number / 60), 60)
    return f"{hours}{THIN}h {minutes:02d}{THIN}min"


def hours(number_of_seconds: float) -> str:
    """Write hours with one decimal, `2.4`."""
    return f"{number_of_seconds / 3600:.1f}"


def percent(share: float | None) -> str:
    """Write whole percent; `< 1 %` above zero, `> 99 %` below one."""
    if share is None or not math.isfinite(share):
        return NO_RESULT
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return f"<{THIN}1{THIN}%"
    if whole == 100 and share < 1:  # noqa: PLR2004 - percent
        return f">{THIN}99{THIN}%"
    return f"{whole}{THIN}%"


def of_all(some: int, every: int, noun: str) -> str:
    """Write `all 5 pairs`, `both pairs`, `4 of 5 pairs`, or `the one pair`."""
    if some == every:
        few = {1: f"the one {noun}", 2: f"both {noun}s"}
        return few.get(every, f"all {every} {noun}s")
    return f"{some} of {every} {noun}s"


def date(moment: datetime) -> str:
    """Write a moment as `2026-11-24 08:41 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
