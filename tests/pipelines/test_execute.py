import json
import multiprocessing
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch

from pipelines import attempt, checkpoint, curve, execute, records
from pipelines.cell import Evaluation, Training
from pipelines.events import Finished, Progress, Started
from pipelines.execute import validation_steps
from pipelines.fingerprint import evaluation_digest
from pipelines.runs import DOCUMENTS, EVALUATIONS, STEPS, locked, read_run
from tests.training import cell, data_folder, job, never, nobody

LONGER = Evaluation("length 32", 32)
EXPLODING = {"adamw": {"learning_rate": 1e30}}

BROKEN = '''
import torch
from torch import nn
from components.registry import component


@component("{kind}", "{name}")
class Broken(nn.Module):
    """Not what it should be.

    Formula:  x.
    Shapes:   as they are.
    Options:
    Errors:   none.
    Source:   this test.
    """

    def __init__(self, *_):
        super().__init__()

    def forward(self, x):
        {body}
'''


def user_component(folder, name, body, kind="activation"):
    path = folder / f"{name}.py"
    path.write_text(BROKEN.format(kind=kind, name=name, body=body))
    return path


def run_job(own_job, notify=nobody, should_stop=never):
    return execute.execute(own_job, notify, should_stop)


def contents(run):
    """The bytes of everything that may not depend on how the cell was executed."""
    files = [run.folder / "steps.parquet", run.folder / "model.safetensors"]
    files += sorted((run.folder / "evaluations").iterdir())
    return {file.name: file.read_bytes() for file in files}


def after(count):
    """A should_stop that says stop when it is asked for the `count`-th time."""
    asked = []
    return lambda: len(asked) >= count or bool(asked.append(None))


def test_a_cell_leaves_a_complete_run(tmp_path):
    own = job(tmp_path, cell(), [Evaluation(), LONGER])
    run = run_job(own)
    steps = pl.read_parquet(run.folder / "steps.parquet")
    assert run.status == "complete"
    assert steps.schema == STEPS
    assert steps["step"].to_list() == [1, 2, 3, 4, 5, 6]
    assert steps["tokens"].to_list() == [64 * step for step in range(1, 7)]
    assert not (run.folder / "checkpoint.pt").exists()
    described = json.loads((run.folder / "cell.json").read_text())
    assert described == {"cell": own.cell.as_json(), "fingerprint": own.document}


def test_validations_follow_the_training_and_other_lengths_its_end(tmp_path):
    run = run_job(job(tmp_path, cell(), [Evaluation(), LONGER]))
    folder = run.folder / "evaluations"
    found = {
        evaluation.name: pl.read_parquet(
            folder / f"{evaluation_digest(evaluation, cell())}.parquet"
        )
        for evaluation in (Evaluation(), LONGER)
    }
    assert found["validation"].schema == EVALUATIONS
    assert found["validation"]["step"].to_list() == [3, 6]
    assert found["validation"]["tokens"].to_list() == [192, 384]
    assert found["length 32"]["step"].to_list() == [6]
    assert [len(each) for each in found["validation"]["profile"]] == [16, 16]
    assert run.outcome["loss"] == found["validation"]["loss"][-1]


def test_documents_add_up_to_the_loss(tmp_path):
    run = run_job(job(tmp_path, cell()))
    digest = evaluation_digest(Evaluation(), cell())
    documents = pl.read_parquet(run.folder / "evaluations" / f"{digest}.documents.parquet")
    assert documents.schema == DOCUMENTS
    assert documents["document"].to_list() == [0, 1, 2]
    assert documents["step"].to_list() == [6, 6, 6]
    assert documents["predicted"].to_list() == [21, 1, 40]
    assert documents["bytes"].to_list() == [20, 0, 39]
    assert documents["loss"].sum() / 62 == pytest.approx(run.outcome["loss"], rel=1e-12)


def test_the_outcome_says_what_it_took(tmp_path):
    outcome = run_job(job(tmp_path, cell())).outcome
    parameters = sum(each.numel() for each in execute.new_model(cell(), 16).parameters())
    assert outcome["steps"] == 6
    assert outcome["tokens"] == 384
    assert outcome["parameters"] == parameters
    assert outcome["flops_per_token"] > 0
    assert 0 < 6 * outcome["seconds_per_step"] < outcome["seconds"] < 60
    assert outcome["device"] in {"cpu", "cuda", "mps"}
    assert outcome["environment"]["torch"] == torch.__version__.partition("+")[0]
    assert outcome["started"] <= outcome["finished"]


def test_a_finished_cell_is_found_and_not_trained_again(tmp_path):
    own, events = job(tmp_path, cell()), []
    first = run_job(own)
    stamp = (first.folder / "steps.parquet").stat().st_mtime_ns
    assert run_job(own, events.append) == first
    assert [type(each) for each in events] == [Finished]
    assert (first.folder / "steps.parquet").stat().st_mtime_ns == stamp


def test_news_tell_every_loss_once(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "BLOCK", 2)
    events = []
    run = run_job(job(tmp_path, cell(training={"steps": 7})), events.append)
    losses = [loss for each in events if isinstance(each, Progress) for loss in each.losses]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert losses == pl.read_parquet(run.folder / "steps.parquet")["loss"].to_list()


def test_news_of_a_training_that_goes_on_tell_every_loss_again(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "BLOCK", 2)
    own, events = job(tmp_path, cell(training={"steps": 7})), []
    assert run_job(own, nobody, after(4)) is None
    run = run_job(own, events.append)
    losses = [loss for each in events if isinstance(each, Progress) for loss in each.losses]
    assert events[0].step == 4
    assert losses == pl.read_parquet(run.folder / "steps.parquet")["loss"].to_list()


@pytest.mark.parametrize("block", [1, 4])
def test_when_the_device_is_read_changes_nothing(tmp_path, monkeypatch, block):
    own = cell(memory="xl")
    expected = contents(run_job(job(tmp_path / "one", own)))
    monkeypatch.setattr(execute, "BLOCK", block)
    assert contents(run_job(job(tmp_path / "other", own))) == expected


@pytest.mark.parametrize("stopped", [[1], [3], [6], [2, 2]])
def test_a_stopped_cell_ends_as_an_undisturbed_one_to_the_last_bit(tmp_path, stopped):
    own, evaluations = cell(memory="xl", schedule="cosine"), [Evaluation(), LONGER]
    expected = contents(run_job(job(tmp_path / "one", own, evaluations)))
    disturbed, events = job(tmp_path / "other", own, evaluations), []
    for count in stopped:
        assert run_job(disturbed, should_stop=after(count)) is None
        assert read_run(disturbed.store, disturbed.fingerprint) is None
    assert contents(run_job(disturbed, events.append)) == expected
    assert events[0] == Started(disturbed.fingerprint, sum(stopped), 6)


def test_a_killed_cell_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    own = cell()
    expected = contents(run_job(job(tmp_path / "one", own)))
    killed, events = job(tmp_path / "other", own), []
    monkeypatch.setattr(execute, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)

    def kill(event):
        if isinstance(event, Progress) and event.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(killed, kill)
    assert contents(run_job(killed, events.append)) == expected
    assert events[0].step == 4


def test_seconds_are_summed_over_interruptions(tmp_path):
    own = job(tmp_path, cell())
    run_job(own, should_stop=after(3))
    saved = checkpoint.load(own.store / own.fingerprint / "checkpoint.pt", torch.device("cpu"))
    run = run_job(own)
    assert run.outcome["seconds"] > saved.notes["effort"]["seconds"] > 0
    assert run.outcome["started"] == saved.notes["effort"]["started"]


def test_a_checkpoint_of_another_evaluation_is_not_gone_on_from(tmp_path, monkeypatch):
    own, events = job(tmp_path, cell()), []
    run_job(own, should_stop=after(4))
    monkeypatch.setattr(attempt, "evaluation_digest", lambda *_: "other")
    monkeypatch.setattr(execute, "evaluation_digest", lambda *_: "other")
    run = run_job(own, events.append)
    assert events[0].step == 0
    assert pl.read_parquet(run.folder / "evaluations" / "other.parquet").height == 2


def test_the_same_cell_twice_and_in_a_fresh_process_is_the_same_to_the_last_bit(tmp_path):
    own = cell(memory="xl", positions="linspace")
    expected = contents(run_job(job(tmp_path / "one", own)))
    assert contents(run_job(job(tmp_path / "two", own))) == expected
    script = (
        "from pathlib import Path\n"
        "from tests.training import cell, job, never, nobody\n"
        "from pipelines.execute import execute\n"
        f"own = job(Path({str(tmp_path / 'three')!r}), cell(memory='xl', positions='linspace'))\n"
        "print(execute(own, nobody, never).folder)\n"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    other = replace(run_job(job(tmp_path / "one", own)), folder=Path(said.stdout.strip()))
    assert contents(other) == expected


def test_a_cell_does_not_depend_on_the_cells_before_it(tmp_path):
    expected = contents(run_job(job(tmp_path / "one", cell(seed=1))))
    run_job(job(tmp_path / "two", cell(positions="learned", memory="xl")))
    assert contents(run_job(job(tmp_path / "two", cell(seed=1)))) == expected


def test_a_new_evaluation_is_computed_from_the_weights(tmp_path):
    both = job(tmp_path / "one", cell(), [Evaluation(), LONGER])
    expected = contents(run_job(both))
    late = job(tmp_path / "other", cell())
    run_job(late)
    events = []
    run = run_job(replace(late, evaluations=both.evaluations), events.append)
    assert [type(each) for each in events] == [Finished]
    assert contents(run) == expected


def test_a_new_evaluation_without_weights_trains_again(tmp_path):
    own = job(tmp_path, cell())
    expected = contents(run_job(own))
    (own.store / own.fingerprint / "model.safetensors").unlink()
    events = []
    run = run_job(replace(own, evaluations=(Evaluation(), LONGER)), events.append)
    assert isinstance(events[0], Started)
    assert expected.items() <= contents(run).items()


def test_a_length_out_of_reach_is_a_row_with_a_reason(tmp_path):
    own = job(tmp_path, cell(positions="learned"), [Evaluation(), LONGER])
    run = run_job(own)
    folder, digest = run.folder / "evaluations", evaluation_digest(LONGER, own.cell)
    row = pl.read_parquet(folder / f"{digest}.parquet").row(0, named=True)
    assert run.status == "complete"
    assert row["loss"] is None
    assert "positions/learned has 16 positions" in row["reason"]
    assert pl.read_parquet(folder / f"{digest}.documents.parquet").is_empty()


@pytest.mark.parametrize("block", [1, curve.BLOCK])
def test_divergence_is_an_outcome_dated_at_its_step(tmp_path, monkeypatch, block):
    monkeypatch.setattr(execute, "BLOCK", block)
    own = cell(optimizer=EXPLODING, training={"steps": 8, "validations": 1})
    events = []
    run = run_job(job(tmp_path, own), events.append)
    losses = pl.read_parquet(run.folder / "steps.parquet")["loss"]
    assert run.status == "diverged"
    assert run.reason == f"loss is NaN at step {run.at}"
    assert len(losses) == run.at == run.outcome["steps"] == 2
    assert losses.is_finite().to_list() == [True, False]
    assert run.outcome["loss"] is None
    assert not (run.folder / "checkpoint.pt").exists()
    assert not (run.folder / "model.safetensors").exists()


def test_evaluations_before_a_divergence_stay(tmp_path):
    path = user_component(
        tmp_path,
        "time_bomb",
        "from pipelines.train import _seed_of\n"
        "        its_time = self.training and torch.initial_seed() == _seed_of(0, 10)\n"
        "        return x * float('nan') if its_time else x",
    )
    own = cell(activation="time_bomb", training={"steps": 20}, components=[path])
    own = replace(own, training=replace(own.training, validations=5))
    run = run_job(job(tmp_path, own, components=[path]))
    digest = evaluation_digest(Evaluation(), own)
    found = pl.read_parquet(run.folder / "evaluations" / f"{digest}.parquet")
    assert run.status == "diverged"
    assert run.at == 11
    assert found["step"].to_list() == [4, 8]
    assert pl.read_parquet(run.folder / "evaluations" / f"{digest}.documents.parquet").is_empty()


def test_weights_that_break_in_the_last_step_are_a_divergence(tmp_path):
    own = cell(optimizer=EXPLODING, training={"steps": 1})
    run = run_job(job(tmp_path, own))
    assert (run.status, run.at) == ("diverged", 1)
    assert run.reason == "validation loss is NaN after step 1"
    assert pl.read_parquet(run.folder / "steps.parquet").height == 1


def test_a_divergence_is_found_and_not_tried_again(tmp_path):
    own = job(tmp_path, cell(optimizer=EXPLODING))
    first, events = run_job(own), []
    assert run_job(own, events.append) == first
    assert len(events) == 1


def test_an_option_out_of_range_is_a_failure_with_its_text(tmp_path):
    run = run_job(job(tmp_path, cell(model={"heads": 3})))
    assert run.status == "failed"
    assert run.reason == "model/decoder: heads: 3 does not divide width = 16; set head_width"
    assert "Traceback" in (run.folder / "log.txt").read_text()


def test_an_exception_in_a_component_is_a_failure_with_a_traceback(tmp_path):
    body = "if x.is_meta: return x\n        raise RuntimeError('out of ideas\\nreally')"
    path = user_component(tmp_path, "raising", body)
    own = cell(activation="raising", components=[path])
    run = run_job(job(tmp_path, own, components=[path]))
    log = (run.folder / "log.txt").read_text()
    assert (run.status, run.reason) == ("failed", "RuntimeError: out of ideas")
    assert 'raising.py", line' in log
    assert "really" in log


def test_a_failed_cell_is_tried_again(tmp_path):
    own = job(tmp_path, cell())
    (own.data / "facts.json").rename(tmp_path / "facts.json")
    assert run_job(own).status == "failed"
    (tmp_path / "facts.json").rename(own.data / "facts.json")
    assert run_job(own).status == "complete"


def test_a_component_that_sees_the_future_is_refused(tmp_path):
    path = user_component(tmp_path, "prophet", "return x + x.flip(1)")
    own = cell(activation="prophet", components=[path])
    run = run_job(job(tmp_path, own, components=[path]))
    assert run.status == "failed"
    assert run.reason.startswith("causality: position 0")
    assert not (run.folder / "steps.parquet").exists()


def test_an_odd_initial_loss_is_refused(tmp_path):
    path = user_component(tmp_path, "thunder", "return 1e4 * x", "norm")
    own = cell(norm="thunder", components=[path])
    run = run_job(job(tmp_path, own, components=[path]))
    assert run.status == "failed"
    assert run.reason.startswith("the initial loss is ")
    assert "expected 2.773, the log of 16 token ids" in run.reason


def test_under_other_initial_values_an_odd_start_is_only_written_down(tmp_path):
    path = user_component(tmp_path, "storm", "return 1e2 * x", "norm")
    own = cell(norm="storm", components=[path], model={"init": "torch"})
    run = run_job(job(tmp_path, own, components=[path]))
    assert run.status == "complete"
    assert (run.folder / "log.txt").read_text().startswith("initial loss ")


def test_several_devices_are_a_failure_with_a_reason(tmp_path):
    run = run_job(job(tmp_path, cell(training={"devices": 2})))
    assert run.status == "failed"
    assert run.reason.startswith("one cell on several devices is not supported yet")


def train_in(folder, answers):
    answers.put(run_job(job(Path(folder), cell(training={"steps": 30}))).outcome["finished"])


def test_two_processes_train_a_cell_once(tmp_path):
    data_folder(tmp_path / "data")
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    pair = [context.Process(target=train_in, args=(str(tmp_path), answers)) for _ in range(2)]
    for each in pair:
        each.start()
    finished = [answers.get(timeout=100) for _ in pair]
    for each in pair:
        each.join()
    own = job(tmp_path, cell(training={"steps": 30}))
    assert set(finished) == {read_run(own.store, own.fingerprint).outcome["finished"]}


def test_waiting_for_another_process_can_be_stopped(tmp_path):
    own = job(tmp_path, cell())
    with locked(own.store, own.fingerprint) as ours:
        assert ours
        assert run_job(own, should_stop=after(2)) is None


def fail(own):
    """Fail for a reason that is gone afterwards."""
    kept = own.data.with_name("facts.json")
    (own.data / "facts.json").rename(kept)
    failed = run_job(own)
    kept.rename(own.data / "facts.json")
    return failed


def let_another_work(monkeypatch, work):
    """Let the lock be taken until somebody has waited for it once; meanwhile, `work`."""
    real = execute.runs.locked

    @contextmanager
    def busy(*_):
        yield False

    def worked(_):
        monkeypatch.setattr(execute.runs, "locked", real)
        work()

    monkeypatch.setattr(execute.runs, "locked", busy)
    monkeypatch.setattr(execute.time, "sleep", worked)


def test_the_failure_of_a_process_that_was_waited_for_is_final(tmp_path, monkeypatch):
    own, events = job(tmp_path, cell()), []
    fail(own)
    let_another_work(monkeypatch, lambda: fail(own))
    assert run_job(own, events.append).status == "failed"
    assert [type(each) for each in events] == [Finished]


def test_an_old_failure_is_not_that_of_a_process_that_was_killed(tmp_path, monkeypatch):
    own = job(tmp_path, cell())
    fail(own)
    let_another_work(monkeypatch, lambda: None)
    assert run_job(own).status == "complete"


def broken(*_):
    raise RuntimeError("out of ideas")


def test_a_complete_run_survives_a_training_for_a_new_evaluation_that_fails(tmp_path, monkeypatch):
    own = job(tmp_path, cell())
    before = run_job(own)
    (before.folder / "model.safetensors").unlink()
    monkeypatch.setattr(execute, "begin", broken)
    assert run_job(replace(own, evaluations=(Evaluation(), LONGER))) == before
    assert read_run(own.store, own.fingerprint) == before
    assert "out of ideas" in (before.folder / "log.txt").read_text()


def test_a_complete_run_survives_a_training_for_a_new_evaluation_that_diverges(
    tmp_path, monkeypatch
):
    own = job(tmp_path, cell())
    before = run_job(own)
    (before.folder / "model.safetensors").unlink()
    steps = (before.folder / "steps.parquet").read_bytes()
    ending = records.Ending("diverged", "loss is NaN at step 2", 2)
    monkeypatch.setattr(execute, "_train", lambda *_: ending)
    assert run_job(replace(own, evaluations=(Evaluation(), LONGER))) == before
    assert (before.folder / "steps.parquet").read_bytes() == steps
    assert "loss is NaN at step 2" in (before.folder / "log.txt").read_text()


def test_a_complete_run_survives_an_evaluation_of_its_weights_that_fails(tmp_path, monkeypatch):
    own = job(tmp_path, cell())
    before = run_job(own)
    monkeypatch.setattr(execute, "evaluate", broken)
    assert run_job(replace(own, evaluations=(Evaluation(), LONGER))) == before
    assert "out of ideas" in (before.folder / "log.txt").read_text()


@pytest.mark.parametrize(
    ("steps", "validations", "expected"),
    [
        (300, 5, {60, 120, 180, 240, 300}),
        (7, 3, {2, 5, 7}),
        (2, 5, {1, 2}),
        (5, 0, {5}),
        (5, 1, {5}),
    ],
)
def test_validations_are_evenly_spaced_and_the_last_is_at_the_end(steps, validations, expected):
    assert validation_steps(Training(steps=steps, validations=validations)) == expected
