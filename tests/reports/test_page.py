import json
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import reports
from reports.context import headline, title_sentences
from reports.document import document
from reports.frames import read_frames
from reports.material import Material
from reports.page import page
from reports.provenance import digest
from reports.verdict import judge
from tests.results import as_probe, edit_manifest, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}
TEMPLATES = Path(reports.__file__).parent / "templates"


def written(folder: Path, built: datetime = BUILT) -> str:
    frames = read_frames(folder)
    return page(frames, judge(frames), built)


def said(folder: Path) -> dict:
    frames = read_frames(folder)
    return document(Material(frames, judge(frames), BUILT))


def words(text: str) -> str:
    """The page without its data, script, style and tags."""
    body = text[text.index("<body>") : text.index('<script type="application/json"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_two_builds_differ_in_the_build_time_only(tmp_path):
    folder = results(tmp_path, LOSSES)
    first = written(folder)
    second = written(folder, datetime(2027, 1, 2, 3, 4, tzinfo=UTC))
    assert first == written(folder)
    assert first != second
    changed = second.replace("2027-01-02 03:04 UTC", "2026-11-24 08:41 UTC")
    assert changed.replace("2027-01-02T03:04:00", "2026-11-24T08:41:00") == first


def test_fifteen_cells_of_five_thousand_steps_stay_below_two_and_a_half_megabytes(tmp_path):
    losses = {f"variant {index}": [3.2 + 0.01 * index] * 5 for index in range(3)}
    assert len(written(results(tmp_path, losses, steps=5000)).encode()) < 2.5e6


def test_nothing_is_fetched(tmp_path):
    text = written(results(tmp_path, LOSSES))
    head = text[: text.index('<script type="application/octet-stream"')]
    assert not re.search(r'(?:src|href)="(?!#|data:)', head)
    assert "@import" not in head
    assert "url(" not in head


def test_only_blocks_that_the_page_makes_itself_are_put_in_unescaped():
    found = [
        (path.name, name)
        for path in sorted(TEMPLATES.iterdir())
        for name in re.findall(r"\{\{\s*([\w.]+)\s*\|\s*safe\s*\}\}", path.read_text())
    ]
    assert found == [("base.html.j2", "css"), ("base.html.j2", "data"), ("base.html.j2", "js")]
    everything = "".join(path.read_text() for path in TEMPLATES.iterdir())
    assert everything.count("safe") == 3
    assert "autoescape" not in everything


def test_the_json_is_what_the_page_holds_but_for_curves_and_style(tmp_path):
    folder = results(tmp_path, LOSSES)
    block = re.search(r'id="report-data">(.*?)</script>', written(folder), re.DOTALL).group(1)
    inside = json.loads(block)
    curves, _ = inside.pop("curves"), inside.pop("style")
    assert inside == json.loads(json.dumps(said(folder)))
    assert curves["shape"] == [9, 60]


def test_the_json_has_its_schema_and_the_digest_of_the_manifest(tmp_path):
    folder = results(tmp_path, LOSSES)
    found = said(folder)
    assert found["schema"] == "ablations.report/1"
    assert found["provenance"]["manifest_digest"] == digest(folder / "manifest.json")
    assert [file["name"] for file in found["files"]] == [
        "manifest.json",
        "cells.parquet",
        "steps.parquet",
        "evaluations.parquet",
        "documents.parquet",
    ]


def test_the_json_names_every_variant_and_cell_in_the_order_of_the_grid(tmp_path):
    found = said(results(tmp_path, LOSSES))
    assert [each["id"] for each in found["variants"]] == ["rotary", "none", "linspace"]
    assert [(each["v"], each["seed"]) for each in found["cells"]] == [
        (v, seed) for v in range(3) for seed in range(3)
    ]
    assert found["variants"][0]["loss"]["mean"] == pytest.approx(3.2026666)
    assert found["variants"][0]["difference"] is None
    assert found["variants"][1]["difference"]["verdict"] == "worse"


def test_the_title_is_the_first_and_the_last_sentence():
    text = "Rotary wins. NoPE ends 0.047 nats above it. Linspace diverged in 1 of 5 seeds."
    assert title_sentences(text) == "Rotary wins. Linspace diverged in 1 of 5 seeds."
    assert title_sentences("Identical.") == "Identical."


def test_the_parts_of_the_headline_are_the_headline():
    text = "Not a fair comparison: NoPE saw 12 % fewer tokens. Rotary wins. It ends lower."
    parts = headline(text, ("Not a fair comparison:", "Rotary wins."))
    assert "".join(part.text for part in parts) == text
    assert [part.text for part in parts if part.is_lead] == [
        "Not a fair comparison:",
        "Rotary wins.",
    ]


STATES = {
    "one seed": ({"rotary": [3.2], "none": [3.25]}, {}, "No verdict: one seed."),
    "two seeds": ({"rotary": [3.2, 3.21], "none": [3.25, 3.27]}, {}, "Two seeds:"),
    "partial": ({"rotary": [3.2, 3.21, None], "none": [3.25, 3.27, None]}, {}, "4 of 6 cells"),
    "not run": ({"rotary": [None, None], "none": [None, None]}, {}, "Not run yet."),
    "failed": (
        {"rotary": [3.2, 3.21, 3.22], "none": [3.25, None, 3.27]},
        {"none/1": "failed"},
        "OSError: &lt;disk&gt; is full",
    ),
    "no baseline": (
        {"rotary": [None, None], "none": [3.25, 3.27]},
        {"rotary/0": "failed", "rotary/1": "failed"},
        "No verdict: the baseline has no finished cell.",
    ),
    "all diverged": (
        {"rotary": [3.2, 3.21], "none": [None, None]},
        {"none/0": "diverged", "none/1": "diverged"},
        "diverged in 2 of 2 seeds",
    ),
    "one variant": ({"rotary": [3.2, 3.21]}, {}, "The grid has one variant."),
    "nine variants": ({f"{v}": [3.2, 3.21 + v / 9] for v in range(9)}, {}, "9 variants"),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_page_with_all_sections(tmp_path, state):
    losses, statuses, expected = STATES[state]
    text = written(results(tmp_path, losses, status=statuses))
    assert expected in words(text)
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections == [
        *("verdict", "variants", "curves", "mislead", "volatility", "profile"),
        *("seeds", "cost", "settle", "cells", "provenance"),
    ]


def test_one_seed_shows_no_interval_anywhere(tmp_path):
    text = words(written(results(tmp_path, {"rotary": [3.2], "none": [3.25]})))
    assert "no interval (1 seed)" in text
    assert "±" not in text
    assert "Needs a second seed. python -m ablations.run grid=positions seeds=2" in text


def test_the_page_names_data_licence_and_every_command(tmp_path):
    text = words(written(results(tmp_path, LOSSES)))
    assert "synthetic curves; no text was read" in text
    assert "CC0-1.0" in text
    for name, losses in LOSSES.items():
        for seed in range(len(losses)):
            assert f"only={name}/{seed}" in text


def test_a_profile_that_is_missing_is_said(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "evaluations.parquet"
    frame = pl.read_parquet(path)
    empty = pl.lit(None, pl.List(pl.Float32)).alias("profile")
    frame.with_columns(empty).write_parquet(path)
    assert "evaluations.parquet has no profile" in words(written(folder))


def test_labels_stand_in_the_page_and_names_in_the_json(tmp_path):
    folder = results(tmp_path, LOSSES, labels={"none": "NoPE & co"})
    assert "NoPE &amp; co" in written(folder)
    assert said(folder)["variants"][1]["id"] == "none"


def test_a_grid_without_a_margin_has_a_page(tmp_path):
    folder = results(tmp_path, LOSSES, margin=None)
    assert "margin: none" in words(written(folder))


def test_what_was_reported_elsewhere_is_compared(tmp_path):
    claim = {"none": {"between": ["rotary", "linspace"]}, "source": "a diary"}
    text = words(written(results(tmp_path, LOSSES, claim=claim)))
    assert "a diary" in text


def test_overrides_stand_beside_the_grid(tmp_path):
    folder = results(tmp_path, LOSSES)
    edit_manifest(folder, overrides=["set.training.steps=200"])
    assert "set.training.steps=200" in words(written(folder))


def test_accuracy_stands_beside_the_loss_where_only_answers_are_predicted(tmp_path):
    text = words(written(results(tmp_path / "text", LOSSES)))
    probe = words(written(as_probe(results(tmp_path / "probe", LOSSES))))
    assert "accuracy" not in text
    assert re.search(r"nats per token\s*accuracy", probe)
    assert re.search(r"3\.203 ± 0\.014 4\.065 ± 0\.057", probe)


def test_machines_are_always_told_the_accuracy(tmp_path):
    first = said(results(tmp_path, LOSSES))["variants"][0]["accuracy"]
    assert first["low"] < first["mean"] < first["high"]
    assert first["mean"] == pytest.approx(0.0406, abs=1e-4)


def test_results_of_earlier_versions_have_no_accuracy(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "evaluations.parquet"
    pl.read_parquet(path).drop("accuracy").write_parquet(path)
    assert said(folder)["variants"][0]["accuracy"] is None
