"""The table of volatility: what a cell says."""

import pytest

from reports.autocorrelation import Memory
from reports.course import Course, Run
from reports.crossings import Lead
from reports.measurestable import COLUMNS, measures_row, stretches_table
from reports.numbers import THIN
from reports.volatility import Volatility
from reports.wander import Motion

NOISES = Volatility(0.05, None, None, None, 0.8, 0.25, 0.5, 0.004, (0.002, 0.025), (0.05,))
STRETCH = Motion(1000.0, 2_000_000.0, 0.05, 0.1, 0.25)
SETTLED = COLUMNS.index("lead settled since\ntokens, one value a seed")
CORRELATED = COLUMNS.index("correlated over")


def run(tau=2.0, *, is_reliable=True, late=STRETCH):
    memory = None if tau is None else Memory(tau, 10, 1000, 0.1, is_reliable)
    return Run(0, late, memory, 128.0, (STRETCH,) * 10)


def course(runs, leads=()):
    return Course(tuple(runs), dict(enumerate(leads)), (), (), None, "", {})


def lead(changes=(), first=1e6, *, leader=-1, is_from_start=True, share=0.5):
    return Lead(tuple(changes), first, leader, is_from_start, 40e6, 3, 4.0, share)


def row(runs=(), leads=(), found=NOISES):
    return measures_row("none", found, course(runs, leads), "2.13\n1.35 to 3.35")


def test_a_row_has_a_cell_for_each_column():
    assert row([run()], [lead()]) == (
        "none",
        "0.0500\nwander 0.1000",
        "2.13\n1.35 to 3.35",
        f"25{THIN}%",
        "2.0 steps\n256 tokens",
        "0.2\nand 0.5 of the batches",
        "0.0040\n0.0020 to 0.0250",
        f"the start\nahead for 50{THIN}% of tokens",
    )
    assert len(COLUMNS) == len(row())


def test_a_time_that_some_run_is_too_short_for_is_at_least():
    found = row([run(2.0), run(4.0, is_reliable=False)])[CORRELATED]
    assert found == "at least 3.0 steps\n384 tokens"


def test_one_step_is_no_plural():
    assert row([run(1.0)])[CORRELATED].startswith("1.0 step\n")


def test_short_runs_have_too_few_points_and_no_runs_no_result():
    short = Volatility(None, None, None, None, None, None, None, None, None, ())
    cells = row([run(None, late=None)], [None], short)
    assert cells[1] == cells[4] == cells[5] == cells[SETTLED] == "too few points"
    assert cells[3] == "–"
    assert cells[6] == "one seed"
    assert row([], (), short)[1] == "no result"


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ([], "–"),
        ([lead([12e6]), lead([31e6]), lead([2e6, 35e6])], "12.00 M, 31.00 M, 35.00 M"),
        ([lead([12e6]), lead([39e6])], "12.00 M, not settled"),
        ([lead(), lead()], "the start"),
        ([lead(first=3e6, is_from_start=False), lead()], "3.00 M, the start"),
        ([lead(first=None, leader=0), lead([12e6])], "no lead, 12.00 M"),
        ([lead([12e6])] * 5 + [lead([39e6])], "12.00 M to 12.00 M in 5 of 6"),
        ([lead([39e6])] * 6, "not settled"),
        ([lead([39e6])] * 5 + [lead(first=None, leader=0)], "0 of 6"),
    ],
)
def test_a_lead_has_a_value_for_each_seed(leads, expected):
    found = row([run()], leads)[SETTLED].split("\n")[0]
    assert found.replace(THIN, " ") == expected


def test_seeds_that_settle_on_unlike_leaders_are_said_to():
    cell = row([run()], [lead([12e6]), lead([13e6], leader=1)])[SETTLED]
    assert "not the same leader:\nahead at the end in 1 of 2 seeds\n" in cell
    unsettled = row([run()], [lead([12e6]), lead([39e6], leader=1)])[SETTLED]
    assert "not the same leader" not in unsettled


def test_stretches_have_a_row_each_and_a_column_for_each_variant():
    found = stretches_table(["rotary", "none"], [course([run()]), course([])])
    assert found.columns == ("tokens", "rotary", "none")
    assert found.rows[0] == (f"1,000 to 2.00{THIN}M", "0.0500 / 0.1000", "–")
    assert len(found.rows) == 10
    assert stretches_table(["rotary"], [course([])]).rows == ()


def test_a_stretch_of_few_steps_says_so():
    few = Run(0, None, None, 128.0, (Motion(1.0, 2.0, None, None, None),) * 10)
    assert stretches_table(["rotary"], [course([few])]).rows[0][1] == "under 30 steps"


def test_a_share_that_seeds_differ_in_is_said_to_be_their_median():
    cell = row([run()], [lead(share=0.0), lead(share=0.1, leader=1), lead(share=0.9)])[SETTLED]
    assert cell.endswith(f"ahead for 10{THIN}% of tokens\nmedian over seeds")
    assert "median" not in row([run()], [lead(share=0.5), lead(share=0.5)])[SETTLED]
