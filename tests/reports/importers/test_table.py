"""Tables in every form: the same runs give the same results, and hostile names stay names."""

import json
import math

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.errors import UserError
from reports.importers.raw import RUN
from reports.importers.table import read_tables
from tests.reports.importers.sources import finals, imported, rows_of, write_csv
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}
HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "a, b and c",
    'say "no"',
    "two\nlines",
    "../../etc/passwd",
    "=1+1",
    "ünïcödé \N{GREEK SMALL LETTER ALPHA}\N{RIGHT-TO-LEFT OVERRIDE}",
    " spaces around ",
    "{{ 7 * 7 }}",
    "x" * 300,
    "NaN",
    "-",
]


def as_tsv(folder, rows):
    path = folder / "runs.tsv"
    frame_of(rows).write_csv(path, separator="\t")
    return path


def frame_of(rows):
    return pl.DataFrame(rows, infer_schema_length=None)


def as_parquet(folder, rows):
    frame_of(rows).write_parquet(folder / "runs.parquet")
    return folder / "runs.parquet"


def as_lines(folder, rows):
    path = folder / "runs.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n\n" for row in rows))
    return path


def as_csv(folder, rows):
    return write_csv(folder / "runs.csv", rows)


def as_folder(folder, rows):
    for variant in LOSSES:
        for seed in (0, 1):
            own = [r for r in rows if r["variant"] == variant and r["seed"] == seed]
            kept = [{k: v for k, v in r.items() if k not in {"variant", "seed"}} for r in own]
            write_csv(folder / "runs" / f"{variant}-{seed}.csv", kept)
    return folder / "runs"


def as_nested(folder, rows):
    for row in rows:
        row["validation"] = {"loss": row.pop("validation_loss")}
    path = as_lines(folder, rows)
    path.write_text(path.read_text().replace('"validation"', '"val"'))
    return path


def as_semicolons(folder, rows):
    path = folder / "runs.csv"
    frame_of(rows).write_csv(path, separator=";")
    return path


FORMS = [as_csv, as_tsv, as_semicolons, as_parquet, as_lines, as_folder]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_results(tmp_path, form):
    (tmp_path / "plain").mkdir()
    expected = imported(as_csv(tmp_path / "plain", rows_of(LOSSES)), "baseline: rotary")
    frames = imported(form(tmp_path, rows_of(LOSSES)), "baseline: rotary")
    assert finals(frames) == finals(expected)
    ours, theirs = (each.steps.sort("cell", "step") for each in (frames, expected))
    assert ours["loss"].to_list() == theirs["loss"].to_list()


def test_values_inside_values_have_names_with_points(tmp_path):
    path = as_nested(tmp_path, rows_of(LOSSES))
    frames = imported(path, "columns: {validation_loss: val.loss}")
    assert finals(frames)["rotary/1"] == 3.21


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(tmp_path, name):
    path = write_csv(tmp_path / "runs.csv", rows_of({"rotary": [3.20, 3.21], name: [3.3, 3.4]}))
    frames = imported(path)
    assert [each.name for each in frames.manifest.variants] == ["rotary", name]
    assert finals(frames)[f"{name}/1"] == 3.4
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "mapping.yaml",
        "results",
        "runs.csv",
    ]
    assert [each.name for each in (tmp_path / "results").iterdir()] == ["runs"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    losses=st.dictionaries(
        st.text(
            st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=12
        ).filter(lambda name: name.strip()),
        st.lists(st.floats(0.01, 20), min_size=2, max_size=2),
        min_size=1,
        max_size=3,
    )
)
def test_any_names_and_losses_survive_a_csv(tmp_path_factory, losses):
    folder = tmp_path_factory.mktemp("names")
    frames = imported(write_csv(folder / "runs.csv", rows_of(losses, steps=12)))
    expected = {
        f"{name}/{seed}": loss for name, own in losses.items() for seed, loss in enumerate(own)
    }
    assert finals(frames) == expected


def test_names_that_are_equal_numbers_are_different_names(tmp_path):
    rows = rows_of({"1": [3.1, 3.2], "1.0": [3.3, 3.4], "01": [3.5, 3.6]})
    frames = imported(write_csv(tmp_path / "runs.csv", rows))
    assert [each.name for each in frames.manifest.variants] == ["1", "1.0", "01"]


def exported(frames, path):
    """Write what a results folder holds as one table, as anybody would."""
    cells = frames.cells.select("cell", "variant", "seed", "parameters", "flops_per_token")
    steps = frames.steps.join(cells, on="cell")
    points = frames.evaluations.select("cell", "step", pl.col("loss").alias("validation_loss"))
    table = steps.join(points, on=["cell", "step"], how="left", maintain_order="left")
    table.drop("cell").sample(fraction=1, shuffle=True, seed=1).write_csv(path)
    return path


def test_results_that_were_exported_and_imported_are_the_same(tmp_path):
    from reports.frames import read_frames  # noqa: PLC0415

    ours = read_frames(results(tmp_path / "ours", LOSSES))
    frames = imported(exported(ours, tmp_path / "runs.csv"), "{paired: true, baseline: rotary}")
    key = pl.col("cell", "step", "tokens", "loss", "gradient_norm", "learning_rate")
    assert (
        frames.steps.select(key)
        .sort("cell", "step")
        .equals(ours.steps.select(key).sort("cell", "step"))
    )
    assert finals(frames) == finals(ours)
    for column in ("tokens", "parameters", "flops_per_token", "flops", "steps"):
        mine, theirs = (
            dict(zip(f.cells["cell"], f.cells[column], strict=True)) for f in (frames, ours)
        )
        assert mine == theirs
    points = pl.col("cell", "step", "tokens", "loss")
    assert (
        frames.evaluations.select(points)
        .sort("cell", "step")
        .equals(ours.evaluations.select(points).sort("cell", "step"))
    )


def test_documents_have_a_file_of_their_own(tmp_path):
    folder = tmp_path / "runs"
    write_csv(folder / "curves.csv", rows_of(LOSSES))
    rows = [
        {"variant": v, "seed": s, "document": d, "loss": 30.0 + d, "predicted": 10}
        for v in LOSSES
        for s in (0, 1)
        for d in range(4)
    ]
    write_csv(folder / "documents.csv", rows)
    frames = imported(folder)
    assert frames.documents.height == 16
    assert frames.documents["loss"].to_list()[:4] == [30.0, 31.0, 32.0, 33.0]
    assert set(frames.documents["step"]) == {40}


def test_an_exported_chart_has_a_run_in_every_column(tmp_path):
    lines = ["Step,rotary-0 - train/loss,rotary-0 - train/loss__MIN,none-0 - train/loss"]
    lines += [f"{step},{3 + 1 / step},1,{4 + 1 / step}" for step in range(1, 21)]
    path = tmp_path / "chart.csv"
    path.write_text("\n".join(lines))
    raw = read_tables(path)
    assert sorted(set(raw.rows[RUN])) == ["none-0", "rotary-0"]
    frames = imported(path)
    assert [each.name for each in frames.manifest.variants] == ["rotary", "none"]
    assert frames.steps["loss"].max() == pytest.approx(5)
    assert math.isclose(frames.steps["loss"].min(), 3.05, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("runs.csv", "", "the file cannot be read"),
        ("runs.parquet", "no parquet", "the file cannot be read"),
        ("runs.jsonl", '{"step": 1}\n{half', "line 2"),
        ("runs.jsonl", "[1, 2]", "line 1 is no object"),
        ("runs.csv", "variant,seed,step,loss\n", "there are no rows"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError) as caught:
        read_tables(tmp_path / name)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("variant,seed,step,loss\na,0,1,3.2\na,0,2,3.1,x\n", "line 3 has 5 fields, the heading"),
        ('variant,seed,step,loss\n"a\nb",0,1,3.2\na,0,2,3.1,x\n', "line 4 has 5 fields, the head"),
    ],
)
def test_a_line_with_more_fields_than_the_heading_is_named(tmp_path, content, said):
    (tmp_path / "runs.csv").write_text(content)
    with pytest.raises(UserError, match="the file cannot be read") as caught:
        read_tables(tmp_path / "runs.csv")
    assert said in str(caught.value)
