"""Models are checked before the first cell of a sweep trains."""

from pathlib import Path

import pytest

from tests.ablations.tiny import afresh, call, outcomes, trained, workplace

PEEK = '''"""Positions that look ahead."""

from components.positions import Positions
from components.registry import component


@component("positions", "peek")
class Peek(Positions):
    """Add to each key the one behind it.

    Formula:  k_t + k_(t+1).
    Shapes:   keys [batch, heads, keys, head_width].
    Options:
    Errors:   none.
    Source:   a test.
    """

    def on_queries_and_keys(self, seen):
        return seen.queries, seen.keys + seen.keys.roll(-1, dims=2)
'''

OWN = ["axes.positions=[rotary, peek]", "--components", "mine", "workers=1"]
CHECKING = "checking every model that is to be trained"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a component that sees the future, in which everything was planned."""
    folder = workplace(tmp_path_factory.mktemp("checking"))
    (folder / "mine" / "positions").mkdir(parents=True)
    (folder / "mine" / "positions" / "peek.py").write_text(PEEK)
    assert CHECKING not in call(folder, "plan", *OWN).stderr
    return folder


def copied(source: Path, folder: Path) -> Path:
    afresh(source, folder)
    (folder / "mine" / "positions").mkdir(parents=True)
    (folder / "mine" / "positions" / "peek.py").write_text(PEEK)
    return folder


def test_a_model_that_sees_the_future_is_refused_before_the_baseline_trains(
    planned: Path, tmp_path: Path
):
    folder = copied(planned, tmp_path)
    told = call(folder, "sweep", *OWN, code=2).stderr
    assert "sees" in told
    assert "command line   axes.positions[1]" in told
    assert told.splitlines()[-1] == "1 error; nothing was run"
    assert outcomes(folder) == []


def test_only_models_that_are_to_be_trained_are_checked(planned: Path, tmp_path: Path):
    folder = copied(planned, tmp_path)
    told = call(folder, "sweep", *OWN, "only=rotary/0").stderr
    assert CHECKING in told
    assert trained(told) == ["rotary/0"]


def test_a_model_is_checked_once_whatever_its_seed_and_its_steps(planned: Path, tmp_path: Path):
    folder = copied(planned, tmp_path)
    assert CHECKING in call(folder, "sweep", "workers=1", "only=none/0").stderr
    others = ["set.training.steps=4", "set.optimizer.learning_rate=0.01", "only=none"]
    told = call(folder, "sweep", "workers=1", *others).stderr
    assert trained(told) == ["none/0", "none/1"]
    assert CHECKING not in told
    assert CHECKING in call(folder, "sweep", "set.model.layers=2", "only=none/0").stderr


def test_an_edit_of_a_component_is_a_reason_to_check_again(planned: Path, tmp_path: Path):
    folder = copied(planned, tmp_path)
    file = folder / "mine" / "positions" / "peek.py"
    file.write_text(PEEK.replace("seen.keys + seen.keys.roll(-1, dims=2)", "2 * seen.keys"))
    assert trained(call(folder, "sweep", *OWN, "only=peek/0").stderr) == ["peek/0"]
    file.write_text(PEEK)
    assert "sees" in call(folder, "sweep", *OWN, "only=peek/0", code=2).stderr
