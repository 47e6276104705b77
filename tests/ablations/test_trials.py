import json
from pathlib import Path

import pytest

from ablations.trials import Record, Trial, one_driver
from components.errors import UserError

FIRST = Trial(0, {"rate": 1e-3, "memory": ["xl", "rmt"]}, ("aa", "ab"))
SECOND = Trial(1, {"rate": 0.1 + 0.2, "memory": "none"}, ("ba", "bb"))
DONE = Trial(
    0,
    FIRST.settings,
    FIRST.cells,
    "complete",
    (1 / 3,),
    None,
    ((0, 1.5),),
    None,
    None,
    ("complete", "complete"),
    (1.0, 2.0),
)
PRUNED = Trial(
    1,
    SECOND.settings,
    SECOND.cells,
    "pruned",
    None,
    40,
    ((20, 4.5), (40, 4.25)),
    400,
    statuses=(),
    losses=(),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studies" / "rates.trials.jsonl"


def filled(path: Path) -> Record:
    record = Record(path, "one")
    for trial in (FIRST, SECOND):
        record.ask(trial)
    return record


def test_what_was_asked_and_told_is_read_back_exactly(path: Path):
    record = filled(path)
    assert record.trials() == (FIRST, SECOND)
    record.tell(PRUNED)
    record.tell(DONE)
    assert Record(path, "one").trials() == (DONE, PRUNED)
    assert Record(path, "one").trials()[1].asked == SECOND


def test_what_was_told_last_counts(path: Path):
    record = filled(path)
    record.tell(Trial(0, {}, (), "failed", reason="no memory"))
    record.tell(DONE)
    assert record.trials()[0] == DONE


def test_another_search_is_left_alone(path: Path):
    filled(path)
    other = Record(path, "two")
    assert other.trials() == ()
    other.ask(Trial(0, {"rate": 1.0}, ("cc",)))
    assert len(Record(path, "one").trials()) == 2
    assert len(other.trials()) == 1


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_line_is_passed_over_and_ended_by_the_next_one(path: Path, cut: int):
    record = filled(path)
    path.write_bytes(path.read_bytes()[:-cut])
    whole = (FIRST, SECOND) if cut == 1 else (FIRST,)  # only the end of the line is gone
    assert record.trials() == whole
    record.ask(SECOND)
    assert Record(path, "one").trials() == (FIRST, SECOND)


def test_every_line_is_on_the_disk_at_once_and_valid(path: Path):
    filled(path).tell(DONE)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["number"] for line in lines] == [0, 1, 0]
    assert {line["search"] for line in lines} == {"one"}


def test_trials_whose_cells_are_others_now_count_no_longer(path: Path):
    record = filled(path)
    record.tell(DONE)
    record.again_from(1)
    assert record.trials() == (DONE,)
    record.ask(Trial(1, SECOND.settings, ("new",)))
    assert [each.cells for each in record.trials()] == [FIRST.cells, ("new",)]


def test_a_trial_that_was_asked_twice_is_the_first(path: Path):
    record = filled(path)
    record.ask(Trial(1, {"rate": 9.0}, ("zz",)))
    assert record.trials()[1] == SECOND


def test_one_process_at_a_time_drives_a_search(path: Path):
    with (
        one_driver(path),
        pytest.raises(UserError, match="another process drives"),
        one_driver(path),
    ):
        pass
    with one_driver(path):
        pass
