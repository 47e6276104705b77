import json
import math
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import polars as pl
import pytest

from pipelines.files import read_json, write_json
from pipelines.fingerprint import describe, fingerprint
from pipelines.runs import (
    DOCUMENTS,
    EVALUATIONS,
    SCHEMA,
    STEPS,
    has_evaluation,
    locked,
    read_run,
    read_runs,
    store,
    write_evaluation,
    write_outcome,
    write_steps,
)
from tests.training import cell

CELL = cell()
DOCUMENT = describe(CELL, "d" * 20, "cpu")
MARK = fingerprint(DOCUMENT)

HOLD = """
import sys, time
from pathlib import Path
from pipelines.runs import locked
with locked(Path(sys.argv[1]), sys.argv[2]) as held:
    print(held, flush=True)
    time.sleep(60)
"""


def steps(losses=(3.0, 2.0)):
    count = len(losses)
    return pl.DataFrame(
        {
            "step": range(1, count + 1),
            "tokens": [10 * step for step in range(1, count + 1)],
            "loss": losses,
            "gradient_norm": [1.0] * count,
            "learning_rate": [0.1] * count,
        }
    )


def evaluation():
    return pl.DataFrame(
        {
            "evaluation": ["validation"],
            "step": [2],
            "tokens": [20],
            "loss": [2.5],
            "reason": [None],
            "document_loss": [2.4],
            "accuracy": [0.4],
            "bits_per_byte": [3.6],
            "predicted": [7],
            "profile": [[3.0, 2.0]],
        }
    )


def documents():
    return pl.DataFrame(
        {
            "evaluation": ["validation"],
            "step": [2],
            "document": [0],
            "predicted": [7],
            "correct": [3],
            "bytes": [6],
            "loss": [17.5],
        }
    )


def written(folder, status="complete", **changed):
    run = folder / MARK
    write_json(run / "cell.json", {"cell": CELL.as_json(), "fingerprint": DOCUMENT})
    write_steps(run, steps())
    write_evaluation(run, "e", evaluation(), documents())
    write_outcome(run, {"status": status, "reason": None, "at": None, "loss": 2.5, **changed})
    return run


def test_a_run_is_read_as_it_was_written(tmp_path):
    folder = written(tmp_path)
    run = read_run(tmp_path, MARK)
    assert (run.fingerprint, run.status, run.folder) == (MARK, "complete", folder)
    assert run.outcome["loss"] == 2.5
    assert run.outcome["schema"] == SCHEMA


def test_a_divergence_is_read_with_its_step(tmp_path):
    written(tmp_path, "diverged", reason="the loss is NaN", at=2)
    run = read_run(tmp_path, MARK)
    assert (run.status, run.reason, run.at) == ("diverged", "the loss is NaN", 2)


def test_there_is_no_run_before_its_outcome(tmp_path):
    (written(tmp_path) / "outcome.json").unlink()
    assert read_run(tmp_path, MARK) is None
    assert list(read_runs(tmp_path)) == []


def test_an_empty_store_has_no_runs(tmp_path):
    assert read_run(tmp_path / "none", MARK) is None
    assert list(read_runs(tmp_path / "none")) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"status": "complete"}', b'{"schema": 1}'],
    ids=repr,
)
def test_an_outcome_that_cannot_be_read_is_no_outcome(tmp_path, content):
    (written(tmp_path) / "outcome.json").write_bytes(content)
    assert read_run(tmp_path, MARK) is None


def test_an_outcome_of_another_version_is_no_outcome(tmp_path):
    path = written(tmp_path) / "outcome.json"
    write_json(path, read_json(path) | {"schema": "ablations.run/0"})
    assert read_run(tmp_path, MARK) is None


@pytest.mark.parametrize("name", ["steps", "evaluations/e", "evaluations/e.documents"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_table_cut_off_counts_as_absent(tmp_path, name, kept):
    folder = written(tmp_path)
    path = folder / f"{name}.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert (read_run(tmp_path, MARK) is None) == (name == "steps")
    assert has_evaluation(folder, "e") == (name == "steps")


def test_no_broken_byte_of_a_table_is_a_crash(tmp_path):
    path = written(tmp_path) / "steps.parquet"
    whole = path.read_bytes()
    for index in range(0, len(whole), 7):
        broken = bytes([whole[index] ^ 0xFF])
        path.write_bytes(whole[:index] + broken + whole[index + 1 :])
        read_run(tmp_path, MARK)


def test_a_table_with_other_columns_counts_as_absent(tmp_path):
    pl.DataFrame({"step": [1]}).write_parquet(written(tmp_path) / "steps.parquet")
    assert read_run(tmp_path, MARK) is None


def test_a_failure_needs_no_table(tmp_path):
    write_outcome(tmp_path / MARK, {"status": "failed", "reason": "out of memory"})
    assert read_run(tmp_path, MARK).reason == "out of memory"


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_a_complete_run_is_not_replaced_by_another_ending(tmp_path, status):
    run = written(tmp_path)
    write_outcome(run, {"status": status, "reason": "out of memory", "at": 1, "loss": None})
    assert read_run(tmp_path, MARK).status == "complete"


def test_a_complete_run_that_cannot_be_read_is(tmp_path):
    run = written(tmp_path)
    (run / "steps.parquet").write_bytes(b"")
    write_outcome(run, {"status": "failed", "reason": "out of memory"})
    assert read_run(tmp_path, MARK).status == "failed"


def test_tables_have_the_declared_types(tmp_path):
    folder = written(tmp_path)
    assert pl.read_parquet_schema(folder / "steps.parquet") == dict(STEPS)
    assert pl.read_parquet_schema(folder / "evaluations" / "e.parquet") == dict(EVALUATIONS)
    whole = folder / "evaluations" / "e.documents.parquet"
    assert pl.read_parquet_schema(whole) == dict(DOCUMENTS)


def test_equal_tables_are_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write_steps(tmp_path / name, steps([math.pi, math.nan, math.inf]))
    one, two = (tmp_path / name / "steps.parquet" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_loss_that_is_no_number_is_kept(tmp_path):
    write_steps(tmp_path, steps([1.0, math.nan]))
    assert math.isnan(pl.read_parquet(tmp_path / "steps.parquet")["loss"][1])


def test_a_status_nobody_knows_is_refused(tmp_path):
    with pytest.raises(ValueError, match="status: done is none of complete, diverged, failed"):
        write_outcome(tmp_path, {"status": "done"})


def test_finished_runs_are_listed_with_their_cell_and_document(tmp_path):
    written(tmp_path)
    assert list(read_runs(tmp_path)) == [{"cell": CELL.as_json(), "fingerprint": DOCUMENT}]


@pytest.mark.parametrize("status", ["failed", None])
def test_other_runs_are_not_listed(tmp_path, status):
    folder = written(tmp_path, "failed")
    if status is None:
        (folder / "outcome.json").unlink()
    assert list(read_runs(tmp_path)) == []


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", '{"cell": {}}', '{"cell": {}, "fingerprint": {}}']
    + [json.dumps({"cell": {}, "fingerprint": value}) for value in (DOCUMENT | {"seed": 9}, [], 3)],
)
def test_a_cell_that_cannot_be_read_is_not_listed(tmp_path, content):
    (written(tmp_path) / "cell.json").write_text(content)
    assert list(read_runs(tmp_path)) == []


def test_the_environment_moves_the_store(monkeypatch):
    monkeypatch.delenv("ABLATIONS_STORE", raising=False)
    assert str(store()) == "runs"
    monkeypatch.setenv("ABLATIONS_STORE", "/elsewhere")
    assert str(store()) == "/elsewhere"


@contextmanager
def holder(folder, mark=MARK):
    """Another process that holds a lock."""
    command = [sys.executable, "-c", HOLD, str(folder), mark]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.kill()


def test_a_lock_that_another_process_has_is_not_given(tmp_path):
    with holder(tmp_path), locked(tmp_path, MARK) as held:
        assert not held


def test_other_cells_are_not_locked(tmp_path):
    with holder(tmp_path), locked(tmp_path, "other") as held:
        assert held


def test_a_lock_goes_with_its_process(tmp_path):
    with holder(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with locked(tmp_path, MARK) as held:
            assert held


def test_a_lock_is_given_back(tmp_path):
    for _ in range(2):
        with locked(tmp_path, MARK) as held:
            assert held


def test_a_lock_is_given_once_within_a_process(tmp_path):
    with locked(tmp_path, MARK), locked(tmp_path, MARK) as again:
        assert not again


def test_a_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path, MARK):
        1 / 0  # noqa: B018  # any error will do
    with locked(tmp_path, MARK) as held:
        assert held
