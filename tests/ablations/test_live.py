import signal
import sys
import time

from ablations.command import Command
from ablations.live import Live
from ablations.project import project_of
from ablations.sweep import sweep
from tests.ablations.tiny import manifest, start, workplace


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


def test_what_ended_before_a_stop_is_shown_at_once_and_nothing_where_nothing_did(tmp_path):
    now, written = [0.0], []
    shown = live(tmp_path, now, written)
    assert not shown.stopped()
    assert written == []
    now[0] = 5.0
    shown.cell_ended()
    assert written == []
    assert shown.stopped()
    assert written == [5.0]
    assert (tmp_path / "built").exists()
    assert shown.stopped()
    assert written == [5.0]


def test_a_report_that_was_being_built_at_the_stop_is_built_again(tmp_path):
    begun = tmp_path / "begun"
    code = (
        "import pathlib, time; begun = pathlib.Path('begun'); first = not begun.exists(); "
        "begun.touch(); time.sleep(60 * first); pathlib.Path('built').touch()"
    )
    program = [sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r}); {code}"]
    now, written = [0.0], []
    shown = Live(lambda: written.append(now[0]), program, every=60, clock=lambda: now[0])
    now[0] = 61.0
    shown.cell_ended()
    while not begun.exists():
        time.sleep(0.01)
    shown.close()
    assert not (tmp_path / "built").exists()
    assert shown.stopped()
    assert (tmp_path / "built").exists()
    assert written == [61.0, 61.0]


def test_a_run_that_is_stopped_leaves_the_page_of_what_ended(tmp_path):
    running = start(workplace(tmp_path), "run", "--plain", "set.training.steps=400")
    assert running.stderr is not None
    next(line for line in running.stderr if " done cell=" in line)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    (folder,) = (each for each in (tmp_path / "results").iterdir() if each.is_dir())
    assert told.splitlines()[-1] == f"what there is so far: results/{folder.name}.html"
    page = (tmp_path / "results" / f"{folder.name}.html").read_text()
    assert "Not finished." in page
    found = manifest(tmp_path, folder.name)
    assert found["state"] == "partial"
    done = sum(each["status"] == "complete" for each in found["cells"])
    assert f"{done} of 4 cells done; the same command resumes" in told
