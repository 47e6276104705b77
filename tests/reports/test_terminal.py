import io
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from reports.frames import read_frames
from reports.material import Material
from reports.numbers import percent
from reports.terminal import plain, show
from reports.verdict import judge
from tests.reference import written
from tests.results import as_probe, edit_manifest, results

PATH = Path("results/positions.html")
LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}
UNRESOLVED = {"rotary": [3.20, 3.21, 3.22], "none": [3.205, 3.219, 3.218]}


def material(folder: Path) -> Material:
    frames = read_frames(folder)
    return Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))


def shown(given: Material, width: int, *, colour: str | None = None) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour is not None, color_system=None)
    show(given, PATH, console)
    return file.getvalue()


def test_the_verdict_comes_first_and_the_path_last(tmp_path):
    given = material(results(tmp_path, LOSSES))
    for text in (shown(given, 120), plain(given, PATH)):
        lines = text.strip().splitlines()
        assert lines[0].strip() == given.verdict.text
        assert lines[-1].split() == ["Report", str(PATH)]


def test_every_row_has_its_numbers_whole_at_eighty_columns(tmp_path):
    text = shown(material(results(tmp_path, LOSSES)), 80)
    assert "…" not in text
    for word in ("rotary", "no positions", "linspace", "baseline", "3 of 3 done"):
        assert word in text
    assert len(re.findall(r"3\.\d+ ± 0\.\d+", text)) == 3


def test_the_drawing_appears_from_a_hundred_columns_on(tmp_path):
    given = material(results(tmp_path, LOSSES))
    assert "├" not in shown(given, 99)
    lines = [line for line in shown(given, 120).splitlines() if line[:1] in set("●◆■")]
    assert [re.search("[●◆■]─*┤|├─*[●◆■]", line) is not None for line in lines] == [True] * 3


def test_cells_that_are_not_done_are_named(tmp_path):
    statuses = {"linspace/2": "diverged", "none/0": "failed"}
    text = plain(material(results(tmp_path, LOSSES, status=statuses)), PATH)
    assert "× linspace, seed 2: diverged at step 40 of 60: loss is NaN" in text
    assert "! no positions, seed 0: failed: OSError: <disk> is full" in text


def test_names_in_brackets_are_no_markup(tmp_path):
    losses = {"[red]rotary[/red]": [3.2, 3.21, 3.22], "[nope,linspace]": [3.205, 3.219, 3.218]}
    folder = results(tmp_path, losses)
    given = material(folder)
    for text in (shown(given, 140), plain(given, PATH)):
        assert "[red]rotary[/red]" in text
        assert "[nope,linspace]" in text


def test_the_command_that_settles_can_be_read_back_whole(tmp_path):
    folder = results(tmp_path, UNRESOLVED)
    long = "python -m ablations.run grid=positions 'axes.positions=[rotary,none]' preset=laptop"
    edit_manifest(folder, command=long)
    given = material(folder)
    command = given.plans[0].command
    assert shlex.split(command)[4] == "axes.positions=[rotary,none]"
    for text in (shown(given, 60), plain(given, PATH)):
        assert f"  {command}\n" in text


def test_plain_lines_have_no_control_and_no_drawing_characters(tmp_path):
    text = plain(material(results(tmp_path, LOSSES)), PATH)
    assert not set(text) & set("├┤─●◆■\x1b\r\t")
    assert "|--" in text


LONG = {"rotary": "heads = 4, no positions, qk norm", "none": "heads = 1, alibi"}


@pytest.mark.parametrize("width", [80, 100])
def test_no_sign_stands_alone_beside_a_long_name(tmp_path, width):
    lines = shown(material(results(tmp_path, LOSSES, labels=LONG)), width).splitlines()
    assert max(len(line) for line in lines if set(line) & set("├─")) <= width
    signed = [line for line in lines if line[:1] in {"●", "◆", "■"}]
    assert [line.split()[1] for line in signed] == ["heads", "heads", "linspace"]
    assert all("±" in line for line in signed)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_limits_are_never_broken(tmp_path, width):
    given = material(results(tmp_path, LOSSES, labels=LONG))
    text = shown(given, width)
    for row in given.rows:
        assert row.interval in text


def test_what_the_intervals_are_stands_below_the_table(tmp_path):
    text = plain(material(results(tmp_path, LOSSES)), PATH)
    own = f"± and |--|: {percent(0.95)} interval of the mean over seeds"
    assert f"{own}; against rotary: paired, simultaneous\n" in text


def test_one_seed_has_a_scale_with_two_different_ends(tmp_path):
    text = plain(material(results(tmp_path, {"rotary": [3.6123], "none": [3.6119]})), PATH)
    assert "3.6119 ----------- 3.6123" in text
    assert written("no verdict -0.0004") in text


def test_seeds_after_looking_are_warned_of_beside_the_command(tmp_path):
    text = plain(material(results(tmp_path, UNRESOLVED)), PATH)
    assert "seeds=" in text
    assert "  Seeds that are added after looking are judged with wider intervals.\n" in text


def test_no_seed_draws_no_bar(tmp_path):
    text = plain(material(results(tmp_path, {"rotary": [3.2], "none": [3.3]})), PATH)
    assert "no verdict +0.100 " in text
    assert "|" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_accuracy_is_shown_where_only_answers_are_predicted(tmp_path, width):
    text = material(results(tmp_path / "text", LOSSES))
    probe = material(as_probe(results(tmp_path / "probe", LOSSES)))
    assert "accuracy" not in shown(text, width) + plain(text, PATH)
    for found in (shown(probe, width), plain(probe, PATH)):
        assert "accuracy" in found
        assert probe.rows[0].accuracy in found


def test_caveats_stand_beside_what_is_robust_the_worst_of_many(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.19, 3.2], "none": [3.26, 3.25, None, 3.27]}
    given = material(results(tmp_path, losses))
    assert 0 < len(given.verdict.caveats) <= 5
    for text in (plain(given, PATH), shown(given, 80)):
        for each in given.verdict.caveats:
            assert f"Caveat: {each.text}\n" in text
    names = [f"v{place}" for place in range(9)]
    many = {
        name: [3.2, 3.2001, 3.9] if place else [3.2, 3.2, 3.2] for place, name in enumerate(names)
    }
    status = {f"{name}/1": "failed" for name in names[1:]}
    given = material(results(tmp_path / "many", many, status=status))
    left = len(given.verdict.caveats) - 5
    assert left > 1
    text = plain(given, PATH)
    assert text.count("Caveat: ") == 5
    assert f"{left} more caveats are in the report.\n" in text


def test_intervals_that_allow_for_looking_are_named_below_the_table(tmp_path):
    losses = {
        "rotary": [3.20, 3.21, 3.19, 3.205, 3.2],
        "none": [3.26, 3.25, 3.262, 3.27, 3.25],
        "linspace": [3.28, 3.26, 3.25, 3.27, 3.26],
    }
    seen = results(tmp_path, losses, looks=[[0, 1, 2], [0, 1, 2, 3, 4]])
    assert "; against rotary: paired, always-valid\n" in plain(material(seen), PATH)
    declared = results(tmp_path / "declared", losses, declared=(3, 5))
    last = f"; against rotary: paired, simultaneous, {percent(0.975)}\n"
    assert last in plain(material(declared), PATH)
