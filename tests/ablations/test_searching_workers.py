import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ablations.test_drive import is_running, wait_until
from tests.ablations.toy_search import starts, trials

SCRIPT = """
import runpy
import sys
from pathlib import Path
from tests.ablations.toy_search import search
if __name__ == "__main__":
    search(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
"""


def command(folder: Path, name: str, workers: int) -> list[str]:
    script = folder / "driver.py"
    folder.mkdir(exist_ok=True)
    script.write_text(SCRIPT)
    return [sys.executable, str(script), str(folder), name, str(workers)]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path.cwd())}


def whole(folder: Path, name: str, workers: int = 1) -> None:
    subprocess.run(command(folder, name, workers), env=ENVIRONMENT, check=True, timeout=120)


def killed(folder: Path, name: str, workers: int, when: Callable[[], bool]) -> None:
    """Start a search, kill its driver, and wait until its workers have noticed."""
    driver = subprocess.Popen(command(folder, name, workers), env=ENVIRONMENT)
    wait_until(when, 60)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    processes = {pid for file in folder.glob("*.starts") for pid in starts(folder, file.stem)}
    wait_until(lambda: not any(is_running(each) for each in processes))


def under_way(folder: Path, first: int) -> list[int]:
    """The trials from the `first` number on that have done some steps and not ended."""
    found = []
    for trial in trials(folder)[first:]:
        checkpoint = folder / f"{trial.cells[0]}.step"
        if trial.is_open and checkpoint.exists() and int(checkpoint.read_text()) >= 3:
            found.append(trial.number)
    return found


@pytest.mark.parametrize("name", ["tpe", "hyperband"])
def test_a_search_killed_in_mid_training_goes_on_to_the_same_trials(tmp_path: Path, name: str):
    whole(tmp_path / "whole", name)
    cut = tmp_path / "cut"
    killed(cut, name, 1, lambda: bool(under_way(cut, 4)))
    killed(cut, name, 1, lambda: bool(under_way(cut, 11)))
    whole(cut, name)
    assert trials(cut) == trials(tmp_path / "whole")
    assert len(trials(cut)) == 14
    taken = Counter(len(starts(cut, each.cells[0])) for each in trials(cut))
    assert taken == {1: 12, 2: 2}


def test_two_workers_lose_no_trial_and_train_none_twice(tmp_path: Path):
    killed(tmp_path, "tpe", 2, lambda: len(under_way(tmp_path, 4)) == 2)
    before = trials(tmp_path)
    cut = [each.number for each in before if each.is_open]
    whole(tmp_path, "tpe", 2)
    after = trials(tmp_path)
    assert [each.asked for each in after[: len(before)]] == [each.asked for each in before]
    assert {each.status for each in after} == {"complete"}
    assert len(after) == len({each.cells for each in after}) == 14
    taken = [len(starts(tmp_path, each.cells[0])) for each in after]
    assert taken == [2 if number in cut else 1 for number in range(14)]


def test_a_pruned_cell_keeps_its_checkpoint_alone_and_its_worker_takes_the_next(tmp_path: Path):
    whole(tmp_path, "hyperband")
    found = trials(tmp_path)
    pruned = [each for each in found if each.status == "pruned"]
    assert 0 < len(pruned) < 14
    for trial in pruned:
        cell = trial.cells[0]
        assert trial.at < 40
        assert int((tmp_path / f"{cell}.step").read_text()) >= trial.at
        if trial.at <= 20:  # time enough to hear of it
            assert not (tmp_path / f"{cell}.json").exists()
    assert [len(starts(tmp_path, each.cells[0])) for each in found] == [1] * 14
    assert len({pid for each in found for pid in starts(tmp_path, each.cells[0])}) == 1
