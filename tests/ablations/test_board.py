"""The board of a search, whose cells become known as they are proposed."""

from ablations.board import Board, Row


def row(cell: str, state: str = "queued", seconds: float | None = None) -> Row:
    return Row(cell, "best", 10, 4.0, state, seconds=seconds)


def test_cells_that_are_not_known_yet_count():
    board = Board({}, 2, 3)
    assert (board.total, board.done) == (3, 0)
    board.add("a", row("trial 0/1000", "complete", 2.0))
    board.add("b", row("trial 1/1000"))
    assert (board.total, board.done, board.more) == (3, 1, 1)
    # the queued one as its variant took, the unknown one as the mean of what is known
    assert board.left() == (2.0 + 3.0) / 2


def test_a_cell_of_two_trials_has_one_row():
    board = Board({}, 1, 2)
    board.add("a", row("trial 0/1000", "complete"))
    board.add("a", row("trial 1/1000"))
    assert (board.total, board.done) == (1, 1)
    assert board.rows["a"].cell == "trial 0/1000"


def test_a_pruned_cell_needs_no_more_training_and_one_that_ended_stays():
    board = Board({"a": row("a"), "b": row("b", "complete")}, 1)
    board.prune("a")
    board.prune("b")
    assert [each.state for each in board.rows.values()] == ["pruned", "complete"]
    assert board.done == 2
    assert board.left() == 0.0
