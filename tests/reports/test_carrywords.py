import re

import pytest

from reports.carrywords import headline, together
from reports.pairwords import pairs_sentences
from tests.reports.test_carrying import BASE, shifted
from tests.results import results
from tests.scales import LARGE, SMALL, at_preset, compared

UP, DOWN, SAME = (shifted(each, noise=0.001, seed=3) for each in (3.3, 3.1, 3.2))
NOISY = shifted(3.21, noise=0.05, seed=2)

HEADLINES = {
    "all hold": (
        {"b": UP, "c": DOWN},
        {"b": UP, "c": DOWN},
        (
            "The verdicts carry over. B is worse than a, c is better than a at laptop and at "
            "pythia-14m."
        ),
    ),
    "one holds, one is resolved later": (
        {"b": UP, "c": NOISY},
        {"b": UP, "c": UP},
        (
            "The verdict carries over. B is worse than a at laptop and at pythia-14m. Resolved at "
            "pythia-14m alone: c is worse than a."
        ),
    ),
    "one holds, one is open": (
        {"b": UP, "c": NOISY},
        {"b": UP, "c": NOISY},
        (
            "The verdict carries over. B is worse than a at laptop and at pythia-14m. 1 contrast "
            "is resolved at neither."
        ),
    ),
    "one flips": (
        {"b": UP, "c": UP},
        {"b": DOWN, "c": UP},
        (
            "B flips. B is worse than a at laptop and better at pythia-14m. 1 of 2 verdicts of "
            "laptop holds at pythia-14m: c is worse than a."
        ),
    ),
    "part": (
        {"b": UP, "c": UP},
        {"b": UP, "c": NOISY},
        (
            "Part of the verdicts carries over. 1 of 2 verdicts of laptop holds at pythia-14m: b "
            "is worse than a. C is worse than a at laptop and not resolved at pythia-14m."
        ),
    ),
    "another verdict": (
        {"b": UP},
        {"b": SAME},
        (
            "No verdict of laptop holds at pythia-14m. B is worse than a at laptop and within the "
            "margin at pythia-14m."
        ),
    ),
    "unresolved there": (
        {"b": UP},
        {"b": NOISY},
        (
            "Whether the verdicts carry over is not resolved. B is worse than a at laptop and not "
            "resolved at pythia-14m."
        ),
    ),
    "nothing resolved": (
        {"b": NOISY},
        {"b": NOISY},
        "Nothing to carry over. No contrast is resolved at laptop, and none at pythia-14m.",
    ),
    "resolved there alone": (
        {"b": NOISY},
        {"b": DOWN},
        (
            "Nothing to carry over. No contrast is resolved at laptop; at pythia-14m b is better "
            "than a."
        ),
    ),
    "nothing in common": (
        {"b": UP},
        {"d": UP},
        "Nothing to carry over. No contrast was asked at laptop and at pythia-14m.",
    ),
}


def told(tmp_path, small, large, **given):
    first = results(tmp_path, {"a": BASE, **small})
    second = at_preset(tmp_path, {"a": BASE, **large}, **given)
    return compared(first, second).told[0]


@pytest.mark.parametrize("case", HEADLINES)
def test_headlines(tmp_path, case):
    small, large, expected = HEADLINES[case]
    text = " ".join(headline(told(tmp_path, small, large)))
    # A name begins a sentence as it is written.
    assert text.lower() == expected.lower()


def test_a_divergence_is_said_and_no_verdict(tmp_path):
    found = told(tmp_path, {"b": UP}, {"b": UP}, status={"b/1": "diverged"})
    assert " ".join(headline(found)).endswith("at laptop and diverged at pythia-14m.")


def test_a_divergence_at_the_small_scale_is_not_told_as_unresolved(tmp_path):
    first = results(tmp_path, {"a": BASE, "b": UP, "c": UP}, status={"c/1": "diverged"})
    second = at_preset(tmp_path, {"a": BASE, "b": UP, "c": NOISY})
    assert " ".join(headline(compared(first, second).told[0])) == (
        "The verdict carries over. b is worse than a at laptop and at pythia-14m. "
        "c diverged at laptop."
    )


def test_other_baselines_are_said(tmp_path):
    lead, rest = headline(told(tmp_path, {"b": UP}, {"b": UP}, baseline="b"))
    assert lead == "Whether the verdicts carry over cannot be told."
    assert rest == "The baselines differ: a at laptop, b at pythia-14m."


def test_pairs_are_counted_in_words(tmp_path):
    high, low = shifted(3.3, noise=0.001, seed=4), shifted(3.1, noise=0.001, seed=4)
    found = told(tmp_path, {"b": UP, "c": low}, {"b": DOWN, "c": high})
    first, second, *_ = pairs_sentences(found)
    assert first == (
        "0 of 3 pairs of variants have the same order of mean losses at laptop and at pythia-14m "
        "(0\u202f%). An order that is not resolved may be luck."
    )
    assert second.startswith(
        "Resolved at both scales: 3 pairs, 0 of them with the same verdict; at one: 0; "
        "at neither: 0."
    )


def test_flips_are_named_apart_from_orders_that_are_not_resolved(tmp_path):
    flips = pairs_sentences(told(tmp_path / "flips", {"b": UP}, {"b": DOWN}))
    low = [2 * 3.2 - each for each in NOISY]
    luck = pairs_sentences(told(tmp_path / "luck", {"b": NOISY}, {"b": low}))
    assert flips[2:] == ("Resolved in opposite directions: b − a.",)
    assert luck[2:] == ("Another order of means, not resolved at both scales: b − a.",)


def test_no_word_claims_more_than_a_verdict(tmp_path):
    found = compared(results(tmp_path, SMALL), at_preset(tmp_path, LARGE))
    text = " ".join([found.text, *pairs_sentences(found.told[0]), *(c.text for c in found.caveats)])
    assert not re.search(r"significant|clearly|slightly|trend|promising|at scale", text)


@pytest.mark.parametrize(("grids", "level"), [(2, "both grids together with 90"), (3, "with 85")])
def test_levels_add_up(grids, level):
    assert level in together(grids)


def test_no_level_is_left_for_twenty_grids():
    assert "no level is known" in together(20)
