"""How variants read text: windows, and what of it training has shown together."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reports.document import document
from reports.frames import read_frames
from reports.lengths import drawn, lengths
from reports.material import Material
from reports.readings import Reading, trained_length
from reports.terminal import plain
from reports.verdict import judge
from tests.results import edit_manifest, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
LOSSES = {"none": [3.30, 3.31, 3.29], "xl": [3.285, 3.27, 3.272]}
LABELS = {"none": "no memory", "xl": "xl"}
TRAINED = {"none": [3.20, 3.21, 3.19], "xl": [3.17, 3.19, 3.168]}
AT_256 = {"none": [3.26, 3.27, 3.25], "xl": [3.18, 3.19, 3.17]}
EVALUATIONS = (("length 1024", 1024), ("validation", None), ("length 256", 256))


def laptop(folder: Path, *, none: bool | None, xl: bool | None) -> Path:
    """Results of 64-token windows in 256-token samples; what carries something is said."""
    beyond = {"validation": TRAINED, "length 256": AT_256}
    made = results(folder, LOSSES, labels=LABELS, evaluations=EVALUATIONS, beyond=beyond)
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    sizes = {"training.context": 256, "model.window": 64}
    variants = [
        each | {"settings": each["settings"] | sizes, "carries": carries}
        for each, carries in zip(manifest["variants"], (none, xl), strict=True)
    ]
    training = manifest["training"] | {"context": 256, "window": 64}
    edit_manifest(made, variants=variants, training=training)
    return made


def material(folder: Path) -> Material:
    frames = read_frames(folder)
    return Material(frames, judge(frames), BUILT)


def kinds(folder: Path) -> list[str]:
    return [each.kind for each in judge(read_frames(folder)).caveats]


@pytest.mark.parametrize(
    ("carries", "trained", "at_1024", "at_32"),
    [(False, 64, 1024, 32), (True, 256, 64, 32), (None, 256, 64, 32)],
)
def test_attention_has_seen_one_window_where_nothing_is_carried(carries, trained, at_1024, at_32):
    found = Reading(256, 64, carries)
    assert found.trained == trained
    assert (found.window_of(1024), found.window_of(32)) == (at_1024, at_32)


def test_where_nothing_is_carried_lengths_are_counted_in_windows(tmp_path):
    folder = laptop(tmp_path, none=False, xl=False)
    given = material(folder)
    assert trained_length(given.frames.manifest) == 64
    columns = [(each.length, each.note) for each in given.by_length.columns]
    assert columns == [
        ("64 tokens", "validation, as trained"),
        ("256 tokens", "in one window, four times the trained length"),
        ("1,024 tokens", "in one window, 16 times the trained length, judged"),
    ]
    assert given.verdict.text.endswith("loss at 1,024 tokens, 16 times the trained length.")
    said = (
        "Each sample of a length is one window; training had windows of 64 tokens, with nothing "
        "carried from one to the next."
    )
    assert said in given.by_length.note
    assert said in given.by_length.drawing.subtitle
    assert "windows" not in kinds(folder)
    lines = re.findall(r"^At .*?:", plain(given, folder), re.MULTILINE)
    assert lines == [
        "At 64 tokens (validation, as trained):",
        "At 256 tokens (in one window, four times the trained length):",
    ]


def test_the_validation_is_drawn_at_the_window_and_the_context_beside_it(tmp_path):
    given = material(laptop(tmp_path, none=False, xl=False))
    names = [each.name for each in drawn(given.lengths)]
    assert names == ["validation", "length 256", "length 1024"]
    (line,) = [each for each in given.by_length.drawing.figure.data if each.name == "no memory"]
    assert list(line.text) == ["64", "256", "1,024"]
    (border,) = given.by_length.drawing.figure.layout.shapes
    assert border.x0 == 64
    heads = given.by_length.drawing.table.columns
    assert heads == (
        "variant",
        "64 tokens as trained",
        "256 tokens in one window",
        "1,024 tokens in one window",
    )


def test_where_all_carry_samples_are_read_window_by_window(tmp_path):
    given = material(laptop(tmp_path, none=True, xl=True))
    notes = [each.note for each in given.by_length.columns]
    assert notes[1:] == [
        "in windows of 64, the trained length",
        "in windows of 64, four times the trained length, judged",
    ]
    assert (
        "Samples of a length are read in windows of 64 tokens, as in training, each with what is "
        "carried into it."
    ) in given.by_length.note


def test_variants_that_are_read_in_different_windows_have_a_caveat(tmp_path):
    folder = laptop(tmp_path, none=False, xl=True)
    given = material(folder)
    first = given.verdict.caveats[0]
    assert (first.kind, first.anchor) == ("windows", "lengths")
    assert first.text == (
        "At 256 and 1,024 tokens the variants are read in different windows: no memory reads each "
        "sample of a length in one window (training had windows of 64 tokens), xl in windows of 64 "
        "tokens, as in training. A difference there is one between ways of reading as well."
    )
    assert given.verdict.text.endswith("Judged by the loss at 1,024 tokens.")
    columns = [(each.length, each.note) for each in given.by_length.columns]
    assert columns == [
        ("trained length", "validation, as trained"),
        ("256 tokens", "in different windows"),
        ("1,024 tokens", "in different windows, judged"),
    ]
    lines = re.findall(r"^At .*?:", plain(given, folder), re.MULTILINE)
    assert lines == [
        "At the trained length (validation):",
        "At 256 tokens (in different windows):",
    ]
    assert document(given)["lengths"]["trained"] is None


def test_of_two_losses_at_one_length_a_line_has_that_of_the_length(tmp_path):
    given = material(laptop(tmp_path, none=False, xl=True))
    lines = {each.name: each for each in given.by_length.drawing.figure.data}
    assert list(lines["no memory"].text) == ["64", "256", "1,024"]
    assert list(lines["xl"].text) == ["256", "1,024"]
    assert lines["xl"].y[0] == pytest.approx(3.18)


def test_an_older_manifest_counts_in_samples_and_says_nothing_of_windows(tmp_path):
    folder = laptop(tmp_path, none=None, xl=None)
    given = material(folder)
    assert trained_length(given.frames.manifest) == 256
    assert [each.note for each in given.by_length.columns] == [
        "validation",
        "the trained length",
        "four times the trained length, judged",
    ]
    assert "window" not in given.by_length.note
    assert "windows" not in kinds(folder)
    assert [each.length for each in lengths(given.frames)] == [256, 256, 1024]
