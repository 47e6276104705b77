"""Rows of a large table under the levels of the first axis of the grid."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from reports.frames import read_frames
from reports.groups import MANY
from reports.material import Material
from reports.parts import Variants, variants
from reports.verdict import judge
from tests.results import edit_manifest, results


def table(folder: Path, points: Sequence[dict[str, str]], baseline: int = 0) -> Variants:
    """The table of a grid with one variant for each point: what it changes."""
    names = ["+".join(point.values()) or "plain" for point in points]
    losses = {name: [3.2 + 0.01 * place, 3.21] for place, name in enumerate(names)}
    made = results(folder, losses, baseline=names[baseline])
    both = {"positions": "rotary", "memory": "nothing"}
    changed = [
        {
            "name": name,
            "label": name,
            "differs": point,
            "settings": both | point,
            "parameters": 1,
            "flops_per_token": 1.0,
        }
        for name, point in zip(names, points, strict=True)
    ]
    edit_manifest(made, variants=changed)
    frames = read_frames(made)
    return variants(Material(frames, judge(frames), datetime(2026, 11, 24, tzinfo=UTC)))


def of_two(positions: Sequence[str], memories: Sequence[str]) -> list[dict[str, str]]:
    """All points of two axes, the baseline's levels being empty words."""
    return [
        {key: value for key, value in (("positions", one), ("memory", other)) if value}
        for one, other in product(positions, memories)
    ]


def test_many_variants_of_two_axes_are_grouped_by_the_first(tmp_path):
    found = table(tmp_path, of_two(["", "none", "alibi"], ["", "xl", "rmt"])).groups
    assert [group.heading for group in found] == [
        *("positions: rotary", "positions: none", "positions: alibi"),
    ]
    assert [row.name for row in found[1].rows] == ["none", "none+xl", "none+rmt"]


def test_the_level_of_the_baseline_is_first_wherever_the_grid_has_it(tmp_path):
    found = table(tmp_path, of_two(["none", "alibi", ""], ["xl", "", "rmt"]), baseline=7).groups
    assert found[0].heading == "positions: rotary"
    assert [row.name for row in found[0].rows] == ["xl", "plain", "rmt"]


def test_no_row_is_lost_or_twice_there(tmp_path):
    points = of_two(["", "none", "alibi", "fire"], ["", "xl", "rmt"])
    rows = [row.name for group in table(tmp_path, points).groups for row in group.rows]
    assert len(rows) == len({*rows}) == len(points)


def test_few_variants_are_one_group_without_a_heading(tmp_path):
    found = table(tmp_path, of_two(["", "none"], ["", "xl", "rmt", "pause"]))
    assert [(group.heading, len(group.rows)) for group in found.groups] == [("", MANY)]
    assert not found.is_long


def test_many_variants_of_one_axis_are_one_group_and_get_a_filter(tmp_path):
    found = table(tmp_path, [{}, *({"positions": f"p{place}"} for place in range(8))])
    assert [group.heading for group in found.groups] == [""]
    assert found.is_long
    assert found.has_picks


def test_where_all_have_a_colour_none_is_picked(tmp_path):
    assert not table(tmp_path, of_two(["", "none"], ["", "xl"])).has_picks
