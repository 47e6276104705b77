"""Where a gradient stops on its way back through the windows."""

import pytest

from components.truncation import crossed_behind
from tests.builders import WINDOW, random_decoder, some_tokens


def stops(most, windows):
    """The windows, counted from 1, behind which it stops."""
    crossed, found = 0, []
    for window in range(1, windows + 1):
        crossed = crossed_behind(crossed, most)
        if crossed == 0:
            found.append(window)
    return found


@pytest.mark.parametrize(
    ("most", "expected"), [(0, [1, 2, 3, 4, 5, 6]), (1, [2, 4, 6]), (2, [3, 6]), (None, [])]
)
def test_it_stops_once_in_so_many_windows_and_one(most, expected):
    assert stops(most, 6) == expected


@pytest.mark.parametrize("part", [{"memory": "xl"}, {"memory": "sliding"}, {"memory": "rmt"}])
def test_numbers_in_a_state_do_not_grow_with_the_windows(part):
    model, seen = random_decoder(**part), []
    state = model.start(3)
    for tokens in some_tokens(length=8 * WINDOW).split(WINDOW, dim=1):
        state = model(tokens, state).state
        seen.append(state.memory[0].crossed)
    assert max(seen) <= 2
