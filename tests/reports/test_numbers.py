"""Format cases: what a reader sees of a number."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reports import numbers
from tests.reference import written

T = numbers.THIN
X = numbers.TIMES


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (3.2041, 0.0114, "3.204 ± 0.011"),
        (3.2, 0.00042, "3.2000 ± 0.0004"),
        (12.34, 1.6, "12.34 ± 1.60"),
        (float("nan"), 0.1, "no result"),
        (None, 0.1, "no result"),
        (float("inf"), 0.1, "no result"),
        (3.2041, None, "3.204"),
        (3.2041, 0.0, "3.204"),
        (3.2041, float("nan"), "3.204"),
        (3.2041, 0.0999, "3.20 ± 0.10"),
        (-0.5, 0.02, written("-0.500 ± 0.020")),
    ],
)
def test_precision_follows_the_half_width(value, half_width, text):
    assert numbers.with_half_width(value, half_width) == text


def test_a_column_shares_its_decimals():
    assert numbers.with_half_width(3.2041, 0.0114, 2) == "3.20 ± 0.01"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.0468, 3, "+0.047"),
        (-0.012, 3, written("-0.012")),
        (0.0, 3, "0.000"),
        (-0.0001, 3, "0.000"),
        (None, 3, "no result"),
    ],
)
def test_a_difference_is_always_signed(value, places, text):
    assert numbers.signed(value, places) == text


def test_a_small_difference_alone_has_a_fourth_decimal_rather_than_none():
    assert numbers.signed(-0.0004) == written("-0.0004")
    assert numbers.signed(-0.0006) == written("-0.001")
    assert numbers.signed(0.0) == "0.000"


def test_an_interval_is_written_in_words():
    assert numbers.interval(0.026, 0.068) == "+0.026 to +0.068"
    assert numbers.interval(-0.0198188, -0.0077811) == written("-0.0198 to -0.0078")
    assert numbers.interval(None, None) == "no interval"


def test_a_limit_that_would_round_to_nothing_shows_its_side_of_it():
    assert numbers.interval(-0.00003, 0.00002) == written("-0.00003 to +0.00002")
    assert numbers.interval(-0.21, 0.0004) == written("-0.21 to +0.0004")
    assert numbers.interval(0.0, 0.3) == "0.00 to +0.30"
    assert numbers.interval(-1e-12, 1e-12) == "0.0000 to 0.0000"


@pytest.mark.parametrize("value", [-0.001, -0.0, 0.0, 0.004])
def test_what_rounds_to_nothing_has_no_sign(value):
    assert numbers.fixed(value, 2) == "0.00"
    assert numbers.fixed(-0.006, 2) == written("-0.01")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (14_070_000, f"14.07{T}M"),
        (314_600_000, f"314.6{T}M"),
        (1_050_000, f"1.05{T}M"),
        (120_000, f"120.0{T}k"),
        (4_800, "4,800"),
        (1_400_000_000, f"1.40{T}B"),
        (None, "no result"),
    ],
)
def test_amounts_have_a_unit(number, text):
    assert numbers.amount(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.71e16, f"2.71{T}{X}{T}10¹⁶"),
        (9.999e9, f"1.00{T}{X}{T}10¹⁰"),
        (0, "0"),
        (None, "no result"),
    ],
)
def test_flops_are_powers_of_ten(number, text):
    assert numbers.flops(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.66, f"0.7{T}s"),
        (9.96, f"10{T}s"),
        (48, f"48{T}s"),
        (59.6, f"1.0{T}min"),
        (726, f"12.1{T}min"),
        (3599, f"1{T}h 00{T}min"),
        (11_100, f"3{T}h 05{T}min"),
        (float("nan"), "no result"),
    ],
)
def test_times_choose_their_unit(number, text):
    assert numbers.seconds(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.23, f"23{T}%"),
        (0.0, f"0{T}%"),
        (0.001, f"<{T}1{T}%"),
        (0.999, f">{T}99{T}%"),
        (1.0, f"100{T}%"),
        (None, "no result"),
    ],
)
def test_percent_never_rounds_to_nothing_or_everything(share, text):
    assert numbers.percent(share) == text


def test_counts_of_pairs_are_words():
    assert numbers.of_all(5, 5, "pair") == "all 5 pairs"
    assert numbers.of_all(4, 5, "pair") == "4 of 5 pairs"
    assert numbers.of_all(1, 1, "pair") == "the one pair"


def test_hours_margins_counts_and_dates():
    assert numbers.hours(8640) == "2.4"
    assert numbers.margin(0.01) == "0.01"
    assert numbers.margin(1.0) == "1"
    assert numbers.count(-4800) == written("-4,800")
    east = datetime(2026, 11, 24, 10, 41, tzinfo=timezone(timedelta(hours=2)))
    assert numbers.date(east) == "2026-11-24 08:41 UTC"
    assert numbers.date(datetime(2026, 11, 24, 8, 41, tzinfo=UTC)) == "2026-11-24 08:41 UTC"
