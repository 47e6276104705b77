import io
import math
import re
import shlex

import pytest
from rich.console import Console

from ablations import progress
from ablations.board import Board, Row, loss_range, sparkline
from ablations.progress import Lines, LiveTable, display, duration, line, picture


def board(count: int = 3, workers: int = 2) -> Board:
    rows = {f"f{index}": Row(f"none/{index}", "none", 100, None) for index in range(count)}
    return Board(rows, workers)


def drawn(state: Board, height: int = 24, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(picture(state, height))
    return console.file.getvalue()


def test_a_line_has_an_iso_time_and_values_a_shell_can_split():
    told = line("diverged", {"cell": "linspace(edge=0.1)/3", "reason": 'loss is "NaN"\x1b[31m'})
    time, event, *facts = shlex.split(told)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time)
    assert event == "diverged"
    assert facts == ["cell=linspace(edge=0.1)/3", 'reason=loss is "NaN" [31m']


def test_lines_are_told_when_the_stream_is_no_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert isinstance(display(board(), io.StringIO()), Lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_lives_on_a_terminal_unless_plain_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(display(board(), Terminal()), LiveTable)
    assert isinstance(display(board(), Terminal(), plain=True), Lines)


def test_the_table_leaves_what_it_showed_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    stream, state = Terminal(), board()
    with display(state, stream) as shown:
        state.start("f0", 0, 100)
        shown.event("lost", cell="none/0", worker="exit code -9")
        state.end("f0", "complete", None, 3.0)
    assert "1/3 cells done" in stream.getvalue()
    assert "lost cell=none/0" in stream.getvalue()


def test_a_running_cell_has_a_heartbeat_and_no_more(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    stream, state = io.StringIO(), board()
    lines = Lines(state, stream)
    lines.event("start", cell=state.start("f0", 0, 100).cell)
    for step in range(1, 101):
        now[0] += 1.0
        lines.moved(state.advance("f0", step, [4.0]))
    told = [each.split()[1:] for each in stream.getvalue().splitlines()]
    assert told[:2] == [
        ["start", "cell=none/0"],
        ["step", "cell=none/0", "step=30/100", "loss=4.000", "left=70s"],
    ]
    assert len(told) == 4


def test_a_cell_that_was_handed_out_before_the_stop_is_not_told_to_start_after_it():
    stream = io.StringIO()
    lines = Lines(board(), stream)
    for event in ("start", "stopping", "start"):
        lines.event(event, cell="none/0")
    assert [each.split()[1] for each in stream.getvalue().splitlines()] == ["start", "stopping"]


def test_a_sparkline_shows_the_largest_loss_of_each_column():
    state = board()
    row = state.start("f0", 0, 32)
    state.advance("f0", 8, [8.0, 8.0, 4.0, 4.0, 8.0, 2.0, 2.0, 1.0])
    assert row.peaks[:5] == [8.0, 4.0, 8.0, 2.0, None]
    assert sparkline(row.peaks, 1.0, 8.0) == "█▆█▃"


def test_a_loss_that_is_not_finite_is_seen_and_does_not_set_the_scale():
    state = board()
    state.start("f0", 0, 16)
    row = state.advance("f0", 3, [4.0, math.nan, math.inf])
    assert loss_range([row]) == (4.0, 4.0)
    assert sparkline(row.peaks, *loss_range([row])) == "▁xx"


def test_running_cells_come_first_then_those_that_went_wrong_then_the_last_done():
    state = board(9)
    for index in range(5):
        state.start(f"f{index}", 0, 100)
        state.end(f"f{index}", "complete", None, 1.0)
    state.end("f5", "diverged", "loss is NaN", 1.0)
    state.start("f6", 0, 100)
    cells = re.findall(r"none · (\d)", drawn(state))
    assert cells == ["6", "5", "4", "3", "2"]
    assert "2 more queued, 2 more not shown" in drawn(state)


def test_the_table_is_never_higher_than_the_window():
    state = board(60)
    for index in range(60):
        state.start(f"f{index}", 0, 100)
    assert len(drawn(state, height=12).rstrip().splitlines()) <= 12


def test_a_name_that_looks_like_markup_is_shown_as_it_is():
    state = Board({"f": Row("memory=[xl,rmt]/0", "memory=[xl,rmt]", 10, None)}, 1)
    state.start("f", 0, 10)
    assert "memory=[xl,rmt] · 0" in drawn(state)


def test_what_is_left_is_measuring_until_something_was_measured():
    state = board()
    assert "measuring" in drawn(state)
    assert state.left() is None


def test_what_is_left_comes_from_finished_cells_of_the_variant():
    state = board(5, workers=2)
    state.end("f0", "complete", None, 10.0)
    assert state.left() == pytest.approx(20.0)


def test_what_is_left_is_at_least_the_longest_cell():
    state = board(2, workers=2)
    state.rows["f0"].expected, state.rows["f1"].expected = 2.0, 60.0
    assert state.left() == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (14.2, "14 s"), (126, "2.1 min"), (9000, "2.5 h")]
)
def test_times_are_rough(seconds: float | None, text: str):
    assert duration(seconds) == text
