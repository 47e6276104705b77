import sys
import time

from ablations.command import Command
from ablations.live import Live
from ablations.project import project_of
from ablations.sweep import sweep
from tests.ablations.tiny import workplace


def live(tmp_path, now, written, seconds=0.0):
    code = f"import pathlib, time; time.sleep({seconds}); pathlib.Path('built').touch()"
    program = [sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r}); {code}"]
    return Live(lambda: written.append(now[0]), program, every=60, clock=lambda: now[0])


def test_a_report_is_written_once_in_a_while(tmp_path):
    now, written = [0.0], []
    shown = live(tmp_path, now, written)
    for now[0] in (10.0, 59.0, 61.0, 70.0):
        shown.cell_ended()
    assert written == [61.0]
    shown._building.wait()
    assert (tmp_path / "built").exists()
    now[0] = 121.0
    shown.cell_ended()
    assert written == [61.0, 121.0]
    shown.close()


def test_nothing_is_gathered_while_a_report_is_built(tmp_path):
    now, written = [0.0], []
    shown = live(tmp_path, now, written, seconds=60)
    for now[0] in (61.0, 200.0):
        shown.cell_ended()
    assert written == [61.0]
    begun = time.monotonic()
    shown.close()
    assert time.monotonic() - begun < 30
    assert not (tmp_path / "built").exists()
    shown.close()


def test_results_are_partial_until_the_last_cell_has_ended(tmp_path, monkeypatch):
    monkeypatch.chdir(workplace(tmp_path))
    monkeypatch.delenv("ABLATIONS_STORE", raising=False)
    command, seen = Command(grid="tiny.yaml", workers=1, plain=True), []

    def watch(name, gathered):
        assert name == "tiny"
        return lambda: seen.append(gathered())

    swept = sweep(command, project_of(command), watch)
    done = [sum(cell["status"] == "complete" for cell in each["cells"]) for each in seen]
    assert done == [1, 2, 3, 4]
    assert [each["state"] for each in seen] == ["partial"] * 3 + ["complete"]
    assert seen[-1] == swept.manifest
    assert seen[0]["looks"]["seeds"] == [[0, 1]]
